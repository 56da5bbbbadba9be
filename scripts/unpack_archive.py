"""unpack_archive.py ARCHIVE FOLDER: unpacks a .tar.gz into a new folder, which is removed when that fails."""
import shutil
import sys
import tarfile

archive, folder = sys.argv[1:]
shutil.rmtree(folder, ignore_errors=True)
try:
    with tarfile.open(archive, "r:gz") as opened:
        # Links and names that lead out of the folder are refused, where this Python can.
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        opened.extractall(folder, **safely)
except BaseException:
    shutil.rmtree(folder, ignore_errors=True)
    raise

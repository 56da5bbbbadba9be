"""Prints the licences of Python packages as JSON: read_licences.py FOLDER NAME==VERSION...

What is installed in this version is read from its metadata; the wheel of anything else is downloaded into FOLDER first.
"""

import email
import importlib.metadata as metadata
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

# What packages wrote before licences were SPDX expressions: in the field License, or as a classifier.
SPDX = {
    "MIT": ("MIT", "MIT License", "MIT license"),
    "Apache-2.0": (
        "Apache-2.0", "Apache 2.0", "Apache Software License", "Apache License, Version 2.0",
        "OSI Approved :: Apache Software License",
    ),
    "BSD-3-Clause": ("BSD-3-Clause", "BSD 3-Clause License", "3-Clause BSD License"),
    "BSD-2-Clause": ("BSD-2-Clause", "BSD 2-Clause License"),
    "ISC": ("ISC", "ISC license", "ISC License (ISCL)"),
    "MPL-2.0": ("MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)"),
    "PSF-2.0": ("PSFL", "Python Software Foundation License"),
}
NAMES = {name: licence for licence, names in SPDX.items() for name in names}
PLATFORMS = ("manylinux_2_28_x86_64", "win_amd64", "macosx_14_0_arm64")


def licence(package: email.message.Message, texts: list[str]) -> str | None:
    if package["License-Expression"]:
        return package["License-Expression"]
    field = (package["License"] or "").strip()
    classifiers = [each.split(" :: ")[-1] for each in package.get_all("Classifier", []) if each.startswith("License")]
    for stated in (field.split("\n")[0].strip(), *classifiers):
        if stated in NAMES:
            return NAMES[stated]
    # "BSD" alone says nothing: the third clause, on endorsement, tells which.
    if "BSD" in " ".join((field[:40], *classifiers)):
        return bsd([field, *texts])
    return None


def bsd(texts: list[str]) -> str | None:
    text = re.sub(r"\s+", " ", " ".join(texts))
    if "Redistributions of source code must retain" not in text:
        return None
    return "BSD-3-Clause" if re.search(r"endorse or promote", text) else "BSD-2-Clause"


def installed(name: str, version: str) -> str | None:
    package = metadata.distribution(name)
    if package.version != version:
        raise metadata.PackageNotFoundError(name)
    files = [file for file in package.files or [] if is_licence(str(file))]
    texts = [file.locate().read_text(errors="replace") for file in files if file.locate().is_file()]
    return licence(package.metadata, texts)


def downloaded(name: str, version: str, folder: Path) -> str | None:
    target = folder / name
    for python in ("3.10", "3.12"):
        for platform in PLATFORMS:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            command += ["--python-version", python, "--platform", platform, "--dest", str(target), f"{name}=={version}"]
            if subprocess.run(command, capture_output=True).returncode == 0:
                with zipfile.ZipFile(next(target.glob("*.whl"))) as wheel:
                    names = wheel.namelist()
                    package = email.message_from_bytes(
                        wheel.read(next(each for each in names if each.endswith(".dist-info/METADATA")))
                    )
                    texts = [wheel.read(each).decode(errors="replace") for each in names if is_licence(each)]
                return licence(package, texts)
    raise SystemExit(f"No wheel of {name}=={version} could be downloaded.")


def is_licence(path: str) -> bool:
    return ".dist-info" in path and bool(re.search(r"licen[sc]e|copying", path.split("/")[-1], re.IGNORECASE))


def main() -> None:
    folder = Path(sys.argv[1])
    found = {}
    for entry in sys.argv[2:]:
        name, version = entry.split("==")
        try:
            found[entry] = installed(name, version)
        except metadata.PackageNotFoundError:
            found[entry] = downloaded(name, version, folder)
    print("\n" + json.dumps(found))


if __name__ == "__main__":
    main()

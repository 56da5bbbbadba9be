"""The verdict of the safetensors package on files that come over standard input: for each, four bytes of length and the
file; answered with a line of JSON: {"error": text} or {"tensors": [[name, dtype, shape], ...], "metadata": {...}}.
compare-safetensors.ts starts it, with safetensors 0.8.
"""
import json
import os
import struct
import sys
import tempfile

import safetensors


def verdict(raw, path):
    try:
        tensors = safetensors.deserialize(raw)
    except Exception as error:  # SafetensorError and, for some inputs, others
        return {"error": str(error)[:300]}
    with open(path, "wb") as file:
        file.write(raw)
    with safetensors.safe_open(path, framework="numpy") as opened:
        metadata = opened.metadata()
    found = sorted([name, info["dtype"], [str(dim) for dim in info["shape"]]] for name, info in tensors)
    return {"tensors": found, "metadata": metadata or {}}


def main():
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        path = os.path.join(folder, "file.safetensors")
        while length := sys.stdin.buffer.read(4):
            raw = sys.stdin.buffer.read(struct.unpack("<I", length)[0])
            sys.stdout.write(json.dumps(verdict(raw, path)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

"""convert_once.py CHECKPOINT FOLDER: converts once in a fresh process and prints {milliseconds, peak_bytes} as JSON.

Counts what a user waits for: importing PyTorch and transformers, loading the weights, tracing and saving.
"""
import time

START = time.perf_counter()

import json  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from tutorial_pipeline import convert, load_checkpoint  # noqa: E402

convert(load_checkpoint(sys.argv[1]), Path(sys.argv[2]))
print(json.dumps({
    "milliseconds": (time.perf_counter() - START) * 1000,
    "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
}))

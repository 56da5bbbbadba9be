"""quantize_tutorial.py IR_FOLDER OUT_FOLDER SAMPLES CHECKPOINT: the tutorial's second notebook, on its own IRs.

nncf.quantize for the vision model and the text encoder (model_type TRANSFORMER), nncf.compress_weights for the decoder.
Calibration inputs are random here: the benchmark looks at times and sizes only, and says so.
"""
import json
import sys
from pathlib import Path

import nncf
import numpy as np
import openvino as ov
from tutorial_pipeline import PARTS

source, target, samples = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
target.mkdir(parents=True, exist_ok=True)
core, random = ov.Core(), np.random.default_rng(0)
vision = core.read_model(source / f"{PARTS[0]}.xml")
encoder = core.read_model(source / f"{PARTS[1]}.xml")
config = json.loads((Path(sys.argv[4]) / "config.json").read_text())["vision_config"]
size, patch, hidden = config["image_size"], config["patch_size"], config["hidden_size"]
tokens = (size // patch) ** 2 + 1


def pixels():
    return random.standard_normal((1, 3, size, size), dtype=np.float32)


def question():
    ids = random.integers(5, 1000, (1, 10))
    return [
        ids,
        np.ones_like(ids),
        random.standard_normal((1, tokens, hidden), dtype=np.float32),
        np.ones((1, tokens), np.int64),
    ]


transformer = nncf.ModelType.TRANSFORMER
quantized = nncf.quantize(
    vision, nncf.Dataset([pixels() for _ in range(samples)]), model_type=transformer, subset_size=samples
)
ov.save_model(quantized, target / f"{PARTS[0]}.xml")
quantized = nncf.quantize(
    encoder, nncf.Dataset([question() for _ in range(samples)]), model_type=transformer, subset_size=samples
)
ov.save_model(quantized, target / f"{PARTS[1]}.xml")
ov.save_model(nncf.compress_weights(core.read_model(source / f"{PARTS[2]}.xml")), target / f"{PARTS[2]}.xml")

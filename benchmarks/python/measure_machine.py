"""measure_machine.py: what this machine can do at most, as JSON: the roof that every stage is held against.

Matrix multiply in f32, bf16 and int8 and reading weights from memory, both through OpenVINO: what no model can beat.
"""
import json
import statistics
import time

import numpy as np
import openvino as ov
from openvino import opset13 as op

SIZE = 2048  # large enough that packing and start-up do not count, small enough for three in a second
STREAM_ROWS, STREAM_LAYERS = 4096, 8  # 8 weight matrices of 4096 x 4096: 256 MB at bf16, far beyond any cache
RUNS = 15


def best(compiled, data) -> float:
    """Seconds of the median run after a warm-up: what a pipeline can count on."""
    request = compiled.create_infer_request()
    request.set_input_tensor(ov.Tensor(data))
    times = []
    for _ in range(RUNS + 3):
        start = time.perf_counter()
        request.infer()
        times.append(time.perf_counter() - start)
    return statistics.median(times[3:])


def quantized(node, low: float, high: float, levels: int):
    bounds = [op.constant(np.float32(v)) for v in (low, high, low, high)]
    return op.fake_quantize(node, *bounds, levels)


def multiply(int8: bool) -> ov.Model:
    random = np.random.default_rng(0)
    x = op.parameter([SIZE, SIZE], np.float32)
    w = op.constant(random.uniform(-1, 1, (SIZE, SIZE)).astype(np.float32))
    left, right = (quantized(x, 0, 2, 256), quantized(w, -1, 1, 255)) if int8 else (x, w)
    # A chain of two: the tail is as cheap as inside a network, where the next layer takes the result in its own type.
    first = op.matmul(left, right, False, True)
    if int8:
        first = quantized(first, 0, 2, 256)
    return ov.Model([op.matmul(first, right, False, True)], [x], "multiply")


def stream() -> ov.Model:
    random = np.random.default_rng(0)
    x = op.parameter([1, STREAM_ROWS], np.float32)
    node = x
    weights = random.uniform(-1, 1, (STREAM_ROWS, STREAM_ROWS)).astype(np.float32)
    for layer in range(STREAM_LAYERS):
        node = op.matmul(node, op.constant(np.roll(weights, layer, 0) / STREAM_ROWS), False, True)
    return ov.Model([node], [x], "stream")


def main() -> None:
    core = ov.Core()
    config = {"PERFORMANCE_HINT": "LATENCY"}
    default = str(core.get_property("CPU", "INFERENCE_PRECISION_HINT"))
    square = np.random.default_rng(1).uniform(0, 1, (SIZE, SIZE)).astype(np.float32)
    flop = 2 * 2 * SIZE**3
    result = {
        "processor": core.get_property("CPU", "FULL_DEVICE_NAME"),
        "precision": "bf16" if "bfloat16" in default or "bf16" in default else default,
    }
    for name, int8, hint in (("f32", False, "f32"), ("bf16", False, "bf16"), ("int8", True, "bf16")):
        try:
            compiled = core.compile_model(multiply(int8), "CPU", {**config, "INFERENCE_PRECISION_HINT": hint})
        except RuntimeError:
            continue  # a processor without bf16
        result[f"{name}_gflops"] = flop / best(compiled, square) / 1e9
    for name, hint, size in (("f32", "f32", 4), ("bf16", "bf16", 2)):
        compiled = core.compile_model(stream(), "CPU", {**config, "INFERENCE_PRECISION_HINT": hint})
        bytes_read = STREAM_LAYERS * STREAM_ROWS**2 * size
        result[f"stream_{name}_gbs"] = bytes_read / best(compiled, np.ones((1, STREAM_ROWS), np.float32)) / 1e9
    print(json.dumps(result))


main()

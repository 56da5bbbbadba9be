"""Runs NNCF for nncf-worker.ts: one job in, lines of JSON out.

Standard input: one line of JSON, {"tasks": […]} (`NncfTask` in nncf-task.ts). The pipe then stays open; its end means
that the parent is gone, and the worker stops. Standard output carries the protocol alone: whatever a library prints
goes to standard error. Each line is an object with a "type" (`NncfMessage` in nncf-messages.ts).
"""

import errno
import json
import logging
import os
import shutil
import signal
import sys
import threading
import time
import traceback

PHASES = {
    "Statistics collection": "statistics",
    "Applying Smooth Quant": "SmoothQuant",
    "Applying Fast Bias correction": "bias correction",
    "Applying Bias correction": "bias correction",
    "Applying Weight Compression": "weight compression",
}
SECONDS_BETWEEN_REPORTS = 0.1  # a bar that changes faster than this is only load

protocol = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
os.dup2(2, 1)  # prints and native code now write to standard error
send_lock = threading.Lock()


def send(kind, **fields):
    with send_lock:
        protocol.write(json.dumps({"type": kind, **fields}) + "\n")
        protocol.flush()


def stop_when_parent_ends():
    while os.read(0, 4096):  # not sys.stdin: its lock, held here, would stop every process that a library forks
        pass
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # what a library started goes too
    os._exit(3)


class LogLines(logging.Handler):
    """NNCF's messages as protocol lines."""

    def emit(self, record):
        send("log", level=record.levelname, message=record.getMessage())


class Counter:
    """How many items each phase of the current task went through."""

    def __init__(self):
        self.totals = {}
        self.ignored = 0

    def reset(self):
        self.__init__()


def follow_progress(counter):
    """Turns NNCF's progress bars into protocol lines.

    The class is changed in place, because NNCF's modules hold references to it. Where a later NNCF has no such
    class, the work goes on without progress.
    """
    from nncf.common.logging.track_progress import track

    def iterate(bar):
        sequence = bar.sequence
        weighted = bar.weights is not None
        total = bar.total if bar.total is not None and not weighted else None
        if total is None and hasattr(sequence, "__len__"):
            total = len(sequence)
        phase = PHASES.get(bar.description, bar.description)
        last = 0.0
        done = 0
        send("progress", phase=phase, done=0, total=total)
        for item in sequence:
            yield item
            done += 1
            now = time.monotonic()
            if now - last > SECONDS_BETWEEN_REPORTS:
                last = now
                send("progress", phase=phase, done=done, total=total)
        counter.totals[phase] = done
        send("progress", phase=phase, done=done, total=total if total is not None else done)

    track.__iter__ = iterate


def count_ignored(counter):
    """Counts the nodes that NNCF leaves unquantized because of the model type's patterns or the caller's scope."""
    from nncf.quantization.algorithms.min_max.algorithm import MinMaxQuantization

    original = MinMaxQuantization._get_ignored_names

    def counted(self, *args, **kwargs):
        names = original(self, *args, **kwargs)
        counter.ignored = len(names)
        return names

    MinMaxQuantization._get_ignored_names = counted


def hook(what, install):
    try:
        install()
    except Exception as error:  # another NNCF version: its counts and bars are lost, not its work
        send("log", level="WARNING", message=f"{what} cannot be followed in this NNCF version: {error}")


def calibration_dataset(index_path):
    import nncf
    from calibration_data import CalibrationData

    data = CalibrationData(index_path)
    return nncf.Dataset(data.samples, data.read)


def ignored_scope(parameters):
    import nncf

    scope = parameters.get("ignored_scope")
    if not scope:
        return None
    return nncf.IgnoredScope(
        names=scope.get("names", []), patterns=scope.get("patterns", []), types=scope.get("types", [])
    )


# The smallest half with all its digits: below it, a scale would lose some.
SMALLEST_NORMAL_HALF = 2.0**-14
LARGEST_HALF = 65504


def store_as_halves(model):
    """Stores the scales and biases that NNCF added as f16, as the weights of the model it was given are.

    ov.save_model leaves a model with FakeQuantize operations as it is; of BLIP-base these constants are 0.4 %.
    Ranges of quantizers are single numbers and stay f32. Every device folds the conversion when it compiles.
    """
    import numpy as np
    from openvino import opset13 as ops

    for node in model.get_ordered_ops():
        if node.get_type_name() != "Constant" or node.get_element_type().get_type_name() != "f32":
            continue
        values = node.data
        magnitudes = np.abs(values[values != 0])
        if values.size == 1 or magnitudes.size == 0:
            continue
        if magnitudes.max() > LARGEST_HALF or magnitudes.min() < SMALLEST_NORMAL_HALF:
            continue
        users = list(node.output(0).get_target_inputs())
        stored = ops.constant(values.astype(np.float16), name=node.get_friendly_name())
        converted = ops.convert(stored, "f32", name=f"{node.get_friendly_name()}/to_f32")
        for user in users:
            user.replace_source_output(converted.output(0))


def quantize(model, task):
    import nncf
    from nncf.quantization.advanced_parameters import AdvancedQuantizationParameters, AdvancedSmoothQuantParameters

    parameters = task["parameters"]
    advanced = AdvancedQuantizationParameters()
    if parameters.get("smooth_quant_alpha") is not None:
        advanced.smooth_quant_alphas = AdvancedSmoothQuantParameters(matmul=parameters["smooth_quant_alpha"])
    preset = parameters.get("preset")
    quantized = nncf.quantize(
        model,
        calibration_dataset(task["calibration"]),
        preset=nncf.QuantizationPreset(preset) if preset else None,
        subset_size=parameters["subset_size"],
        fast_bias_correction=parameters.get("fast_bias_correction", True),
        model_type=nncf.ModelType.TRANSFORMER,
        ignored_scope=ignored_scope(parameters),
        advanced_parameters=advanced,
    )
    store_as_halves(quantized)
    return quantized


def compress_weights(model, task):
    import nncf

    parameters = task["parameters"]
    options = {"mode": nncf.CompressWeightsMode[parameters["mode"]], "ignored_scope": ignored_scope(parameters)}
    for name in ("group_size", "ratio", "all_layers"):
        if parameters.get(name) is not None:
            options[name] = parameters[name]
    return nncf.compress_weights(model, **options)


# Where more room would not help.
ADVICE = {
    errno.EROFS: "The disk is mounted read-only: choose another output folder",
    errno.EACCES: "Choose an output folder that you may write to",
    errno.EPERM: "Choose an output folder that you may write to",
    errno.EIO: "The disk reports a failure: choose another output folder on another disk",
    errno.EMFILE: "Too many files are open: close some, or raise the limit (ulimit -n)",
}


def save(model, output, core):
    """Writes the IR under a name of this process, reads it back, and gives it its name: the .bin first, so that no
    reader finds an .xml without its weights. What is left under the first name when the process is ended, the parent
    removes."""
    import openvino as ov

    folder = os.path.dirname(output)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"{folder} is missing: expected the folder that {os.path.basename(output)} goes to")
    part = f"{output[:-len('.xml')]}.{os.getpid()}.part"
    try:
        ov.save_model(model, f"{part}.xml", compress_to_fp16=True)
        # A writer may cut a file short on a full disk without an error: reading it back finds out.
        wrote, read = len(model.get_ops()), len(core.read_model(f"{part}.xml").get_ops())
        if wrote != read:
            raise OSError(f"wrote {wrote} operations, read back {read}")
        for extension in ("bin", "xml"):
            os.replace(f"{part}.{extension}", f"{output[:-len('xml')]}{extension}")
    except Exception as error:
        free = shutil.disk_usage(folder).free
        advice = ADVICE.get(
            getattr(error, "errno", None),
            f"{free / 1e6:.0f} MB are free there; make room, lift the limit on the size of files if there is one, or "
            "choose another output folder",
        )
        raise OSError(f"{output} could not be written: {error}. {advice}") from error


def run(task, core, counter):
    counter.reset()
    started = time.monotonic()
    model = core.read_model(task["model"])
    action = {"quantize": quantize, "compress_weights": compress_weights}[task["action"]]
    changed = action(model, task)
    seconds = time.monotonic() - started
    send("progress", phase="writing", done=0, total=1)
    save(changed, os.path.abspath(task["output"]), core)
    send("progress", phase="writing", done=1, total=1)
    send(
        "result",
        name=task["name"],
        seconds=seconds,
        samples=counter.totals.get("statistics", 0),
        smooth_quant_nodes=counter.totals.get("SmoothQuant", 0),
        ignored_nodes=counter.ignored,
        bias_corrected_nodes=counter.totals.get("bias correction", 0),
        compressed_weights=counter.totals.get("weight compression", 0),
    )


def main():
    # Ctrl-C reaches every process of a terminal or a kernel: what it means, the parent decides. Its end ends this one
    # too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    job = json.loads(sys.stdin.buffer.raw.readline())
    threading.Thread(target=stop_when_parent_ends, daemon=True).start()
    os.environ.setdefault("NNCF_CI", "1")  # NNCF's switch for no telemetry: a notebook sends nothing
    import nncf
    import openvino as ov

    logger = logging.getLogger("nncf")
    logger.handlers = [LogLines()]
    counter = Counter()
    hook("Progress", lambda: follow_progress(counter))
    hook("Ignored nodes", lambda: count_ignored(counter))
    send("ready", nncf=nncf.__version__, openvino=ov.get_version())
    core = ov.Core()
    for task in job["tasks"]:
        send("task", name=task["name"])
        run(task, core, counter)
    send("done")


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        send("error", error=type(error).__name__, message=str(error), traceback=traceback.format_exc())
        protocol.flush()
        os._exit(1)
    protocol.flush()
    os._exit(0)  # nothing is left to do: skip the native libraries' slow teardown

"""Reads the calibration inputs that calibration-file.ts wrote, one sample at a time.

Each read allocates what one sample needs and no more: a memory map would count every page that was ever read as this
process's memory, and 300 samples of BLIP-base are 660 MB.
"""

import json
import os

import numpy as np

TYPES = {"f32": np.dtype("<f4"), "i64": np.dtype("<i8"), "i32": np.dtype("<i4")}
# An 8-bit RGB image, [height, width, 3], that stands for pixel_values, [1, 3, height, width] f32.
IMAGE = "rgb"


class CalibrationData:
    """The samples of one index; `read` gives the inputs of one of them, as NumPy arrays by name."""

    def __init__(self, index_path):
        with open(index_path, encoding="utf-8") as file:
            index = json.load(file)
        self.samples = index["samples"]
        self.tables = np.asarray(index["image_tables"], np.float32)  # [3, 256]: what each value of a channel becomes
        self.file = open(os.path.join(os.path.dirname(index_path), index["data"]), "rb")

    def read(self, sample):
        return {name: self.tensor(entry) for name, entry in sample.items()}

    def tensor(self, entry):
        if entry["type"] == IMAGE:
            return self.pixel_values(entry)
        return self.values(TYPES[entry["type"]], entry["offset"], entry["shape"])

    def pixel_values(self, entry):
        _, _, height, width = entry["shape"]
        image = self.values(np.dtype(np.uint8), entry["offset"], [height, width, 3])
        return np.stack([table[image[:, :, channel]] for channel, table in enumerate(self.tables)])[np.newaxis]

    def values(self, kind, offset, shape):
        count = int(np.prod(shape, dtype=np.int64))
        self.file.seek(offset)
        values = np.fromfile(self.file, kind, count)
        if values.size != count:
            raise OSError(f"{self.file.name}: {values.size} of {count} values at byte {offset}: the file was cut short")
        return values.reshape(shape)

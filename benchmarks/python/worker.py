"""The tutorial's pipeline as a server (serve.py). It stays alive between measurements, so that sides can take turns:
{"do": "run", "stage": "caption", "tokens": 10} -> {"ms": ..., "value": ...}.
"""
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import openvino as ov  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from serve import serve  # noqa: E402
from transformers import AutoTokenizer, BlipImageProcessor  # noqa: E402
from tutorial_pipeline import TutorialPipeline, load_checkpoint  # noqa: E402


class Worker:
    def __init__(self, checkpoint: str):
        self.torch_model = load_checkpoint(checkpoint)
        self.image_processor = BlipImageProcessor.from_pretrained(checkpoint)
        self.tokenizer = AutoTokenizer.from_pretrained(checkpoint)
        self.inputs: dict[str, np.ndarray] = {}

    def set_inputs(self, image: str, input_ids: list[int]) -> dict:
        """The same picture and the same question ids for both sides."""
        from PIL import Image

        self.read = lambda: Image.open(image)
        ids = np.array([input_ids], np.int64)
        self.inputs = {"pixel_values": self.preprocess(), "input_ids": ids, "attention_mask": np.ones_like(ids)}
        return {}

    def preprocess(self) -> np.ndarray:
        return self.image_processor(self.read(), return_tensors="np")["pixel_values"]

    def load(self, folder: str, device: str, config: dict) -> dict:
        start = time.perf_counter()
        self.pipeline = TutorialPipeline(self.torch_model, Path(folder), device, config)
        elapsed = (time.perf_counter() - start) * 1000
        self.states = self.image_states()
        return {"ms": elapsed}

    def timed(self, fn) -> dict:
        start = time.perf_counter()
        value = fn()
        return {"ms": (time.perf_counter() - start) * 1000, "value": value}

    def run(self, stage: str, tokens: int, times: int = 1) -> dict:
        """One measured run, `times` in a row or on a batch of as many. `tokens` new tokens, exactly: neither side may
        stop early.
        """
        exact = {"min_new_tokens": tokens, "max_new_tokens": tokens, "do_sample": False}
        pixel_values = self.inputs["pixel_values"]
        if stage == "preprocess":
            return self.timed(lambda: list(self.preprocess().shape))
        if stage == "vision":
            return self.timed(lambda: list(self.pipeline.vision(pixel_values)[0].shape))
        if stage == "text_encoder":
            return self.timed(lambda: list(self.encode_question().shape))
        if stage == "caption":
            return self.timed(lambda: self.pipeline.generate_caption(pixel_values, **exact).tolist())
        if stage == "vqa":
            return self.timed(
                lambda: [self.pipeline.generate_answer(**self.inputs, **exact).tolist() for _ in range(times)][-1]
            )
        if stage == "caption_batch":
            batch = np.repeat(pixel_values, times, 0)
            return self.timed(lambda: self.pipeline.generate_caption(batch, **exact).tolist())
        if stage in ("decoder_image", "decoder_question"):
            states = self.states if stage == "decoder_image" else self.encode_question()
            start = torch.full((1, 1), self.pipeline.config.bos_token_id)
            return self.timed(lambda: self.pipeline.generate(states, start, **exact).tolist())
        if stage == "torch_vqa":
            inputs = {name: torch.from_numpy(value) for name, value in self.inputs.items()}
            forward = self.torch_model.text_decoder.__dict__.pop("forward", None)
            try:
                with torch.no_grad():
                    return self.timed(lambda: self.torch_model.generate(**inputs, **exact).tolist())
            finally:
                if forward is not None:
                    self.torch_model.text_decoder.forward = forward
        raise ValueError(f"unknown stage {stage}")

    def folder(self, files: list[str], tokens: int, seconds: float) -> dict:
        """Files from disk to captions, one after the other, until all are done or the time is up."""
        from PIL import Image

        exact = {"min_new_tokens": tokens, "max_new_tokens": tokens, "do_sample": False}
        done, start = 0, time.perf_counter()
        while done < len(files) and time.perf_counter() - start < seconds:
            with Image.open(files[done]) as picture:
                pixel_values = self.image_processor(picture.convert("RGB"), return_tensors="np")["pixel_values"]
            ids = self.pipeline.generate_caption(pixel_values, **exact)
            self.tokenizer.decode(ids[0], skip_special_tokens=True)
            done += 1
        return {"images": done, "ms": (time.perf_counter() - start) * 1000}

    def image_states(self) -> np.ndarray:
        return self.pipeline.vision(self.inputs["pixel_values"])[0]

    def encode_question(self) -> np.ndarray:
        mask = np.ones(self.states.shape[:-1], np.int64)
        return self.pipeline.encoder([self.inputs["input_ids"], self.inputs["attention_mask"], self.states, mask])[0]


serve(Worker, {
    "openvino": ov.__version__,
    "torch": torch.__version__,
    "transformers (tutorial)": transformers.__version__,
})

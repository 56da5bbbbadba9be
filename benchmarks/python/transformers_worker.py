"""transformers with PyTorch as people use it today, as a server (serve.py).

Sides: f32 and bf16, each eager and under torch.compile. All are in one process and share its threads; they take turns.
"""
import time
import warnings

warnings.filterwarnings("ignore")

import torch  # noqa: E402
import transformers  # noqa: E402
from PIL import Image  # noqa: E402
from serve import serve  # noqa: E402
from transformers import (  # noqa: E402
    AutoTokenizer,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    BlipImageProcessor,
)

transformers.logging.set_verbosity_error()
TYPES = {"f32": torch.float32, "bf16": torch.bfloat16}


class Models:
    """One precision: the answering model, and a captioning model of the same modules."""

    def __init__(self, checkpoint: str, dtype: torch.dtype):
        self.dtype = dtype
        self.answering = BlipForQuestionAnswering.from_pretrained(checkpoint, dtype=dtype).eval()
        with torch.device("meta"):
            self.captioning = BlipForConditionalGeneration(self.answering.config).eval()
        self.captioning.vision_model = self.answering.vision_model
        self.captioning.text_decoder = self.answering.text_decoder
        self.compiled: dict = {}

    def use(self, compiled: bool) -> None:
        """With torch.compile for the vision model and the decoder, as its documentation has it for generate."""
        for name, dynamic in (("vision_model", None), ("text_decoder", True)):
            module = getattr(self.answering, name)
            module.__dict__.pop("forward", None)
            if not compiled:
                continue
            if name not in self.compiled:
                self.compiled[name] = torch.compile(module.forward, dynamic=dynamic)
            module.forward = self.compiled[name]


class Worker:
    def __init__(self, checkpoint: str):
        self.checkpoint = checkpoint
        self.processor = BlipImageProcessor.from_pretrained(checkpoint)
        self.tokenizer = AutoTokenizer.from_pretrained(checkpoint)
        self.models: dict[str, Models] = {}
        self.images: dict[int, torch.Tensor] = {}

    def set_inputs(self, image: str, input_ids: list[int]) -> dict:
        self.image, self.input_ids = image, torch.tensor([input_ids])
        return {}

    def pixels(self, files: list[str]) -> torch.Tensor:
        pictures = []
        for file in files:
            with Image.open(file) as picture:
                pictures.append(picture.convert("RGB"))
        return self.processor(images=pictures, return_tensors="pt")["pixel_values"]

    def side(self, name: str) -> Models:
        precision, _, mode = name.partition("+")
        if precision not in self.models:
            self.models[precision] = Models(self.checkpoint, TYPES[precision])
        models = self.models[precision]
        models.use(mode == "compile")
        return models

    def prepare(self, side: str) -> dict:
        """Loads and, where asked, compiles: what is not possible here fails now."""
        start = time.perf_counter()
        self.run(side, "caption", 2)
        return {"ms": (time.perf_counter() - start) * 1000}

    @torch.inference_mode()
    def run(self, side: str, stage: str, tokens: int, batch: int = 1) -> dict:
        """One measured run on a batch of the same image; `tokens` new tokens, exactly."""
        models = self.side(side)
        exact = {"min_new_tokens": tokens, "max_new_tokens": tokens, "do_sample": False}
        if batch not in self.images:
            self.images[batch] = self.pixels([self.image] * batch)
        pixel_values = self.images[batch].to(models.dtype)
        start = time.perf_counter()
        if stage == "vision":
            models.answering.vision_model(pixel_values)
            value = None
        elif stage == "caption":
            value = models.captioning.generate(pixel_values=pixel_values, **exact).tolist()
        elif stage == "question":
            ids = self.input_ids.repeat(batch, 1)
            value = models.answering.generate(
                input_ids=ids, attention_mask=torch.ones_like(ids), pixel_values=pixel_values, **exact
            ).tolist()
        else:
            raise ValueError(f"unknown stage {stage}")
        return {"ms": (time.perf_counter() - start) * 1000, "value": value}

    @torch.inference_mode()
    def folder(self, side: str, files: list[str], batch: int, tokens: int, seconds: float) -> dict:
        """Files from disk to captions in batches, until all are done or the time is up; the first batch warms up."""
        models = self.side(side)
        exact = {"min_new_tokens": tokens, "max_new_tokens": tokens, "do_sample": False}

        def caption(some: list[str]) -> list[str]:
            ids = models.captioning.generate(pixel_values=self.pixels(some).to(models.dtype), **exact)
            return self.tokenizer.batch_decode(ids, skip_special_tokens=True)

        caption(files[:batch])
        done, start = 0, time.perf_counter()
        while done < len(files) and time.perf_counter() - start < seconds:
            done += len(caption(files[done:done + batch]))
        return {"images": done, "ms": (time.perf_counter() - start) * 1000}


serve(Worker, {"torch": torch.__version__, "transformers (today)": transformers.__version__})

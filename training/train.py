"""train.py SCENES_FOLDER VOCAB.txt CHECKPOINT.pt MINUTES: trains the bundled BLIP on the CPU.

The first tenth of the time the vision model learns alone, from labels per patch (which things cover it, whose middle it
holds, its column) and per picture (counts, colors, sides, place): that is quick, since no text is involved. Then
questions and captions join. The extra heads are dropped at the end. A checkpoint is written every three minutes and
continued by a later run. What is exported is a running average of the weights.
"""
import copy
import math
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from build_scenes import GRID
from model import HIDDEN, answer_logits, caption_logits, encode_images, make_model, pixels
from sample_scenes import CLASSES, COLORS, PLACES
from write_language import QTYPES

BATCH, QUESTIONS_PER_STEP, MAX_COUNT = 48, 6, 4
PEAK_RATE, FLOOR, WARM_UP_STEPS = 1e-3, 0.02, 200
VISION_ONLY, LABELS_FADE = 0.10, 0.7  # parts of the training time
# Where a thing is, and what is next to it, is learned last: these kinds count more.
KIND_WEIGHTS = {"side": 4.0, "next": 2.5, "count": 1.3}
REPORT_SECONDS = 180


class Labels(nn.Module):
    """The extra heads: per patch from its own vector, per picture from the class vector."""

    def __init__(self):
        super().__init__()
        classes = len(CLASSES)
        self.patch, self.column = nn.Linear(HIDDEN, 2 * classes), nn.Linear(HIDDEN, GRID)
        self.count, self.color = nn.Linear(HIDDEN, classes * (MAX_COUNT + 1)), nn.Linear(HIDDEN, classes * len(COLORS))
        self.place, self.side = nn.Linear(HIDDEN, len(PLACES) + 1), nn.Linear(HIDDEN, classes)

    def loss(self, pictures, batch):
        binary, classes = F.binary_cross_entropy_with_logits, len(CLASSES)
        patch, whole = pictures[:, 1:], pictures[:, 0]
        rows = len(pictures)
        shown = self.patch(patch).float()
        loss = 4 * (binary(shown[..., :classes], batch["covered"]) + 2 * binary(shown[..., classes:], batch["centre"]))
        loss = loss + F.cross_entropy(
            self.count(whole).float().view(-1, MAX_COUNT + 1), batch["counts"].clamp(max=MAX_COUNT).reshape(-1)
        )
        loss = loss + 0.5 * F.cross_entropy(
            self.color(whole).float().view(-1, len(COLORS)), batch["colors"].reshape(-1), ignore_index=-1
        )
        place = self.place(whole).float()
        loss = loss + 0.1 * (
            F.cross_entropy(place[:, :-1], batch["place"][:, 0]) + binary(place[:, -1], batch["place"][:, 1].float())
        )
        columns = batch["centre"].view(rows, GRID, GRID, classes).sum(1)
        left, right = columns[:, : GRID // 2 - 1].sum(1), columns[:, GRID // 2 + 1 :].sum(1)
        clear = (
            (columns.sum(1) == 1) & (left + right == 1) & (batch["counts"] == 1)
        ).float()  # one thing, away from the middle
        side = binary(self.side(whole).float(), left.clamp(max=1), reduction="none")
        loss = loss + (side * clear).sum() / clear.sum().clamp(min=1)
        target = torch.arange(GRID).repeat(GRID).expand(rows, GRID * GRID)
        return loss + 0.2 * F.cross_entropy(self.column(patch).float().transpose(1, 2), target)


class Scenes:
    """All training scenes in memory; batches in random order, half of them mirrored."""

    def __init__(self, files, vocab):
        parts = [np.load(file) for file in files]
        self.data = {name: np.concatenate([part[name] for part in parts]) for name in parts[0].files}
        self.left, self.right = vocab.index("left"), vocab.index("right")
        self.random, self.order = np.random.default_rng(0), np.empty(0, np.int64)

    def batch(self):
        if len(self.order) < BATCH:
            self.order = self.random.permutation(len(self.data["images"]))
        rows, self.order = np.sort(self.order[:BATCH]), self.order[BATCH:]
        picked = {name: values[rows] for name, values in self.data.items()}
        asked = self.random.permutation(picked["answers"].shape[1])[:QUESTIONS_PER_STEP]
        mirrored = self.random.random() < 0.5
        batch = {
            name: torch.tensor(picked[name].astype(np.int64)) for name in ("captions", "counts", "colors", "place")
        }
        batch |= {
            name: torch.tensor(picked[name][:, asked].astype(np.int64)) for name in ("questions", "answers", "kinds")
        }
        images = picked["images"][:, :, ::-1] if mirrored else picked["images"]
        batch["pixels"] = pixels(images.copy())
        for name in ("covered", "centre"):
            grid = picked[name].reshape(-1, GRID, GRID)
            bits = torch.tensor((grid[:, :, ::-1] if mirrored else grid).reshape(BATCH, -1).astype(np.int64))
            batch[name] = ((bits[..., None] >> torch.arange(len(CLASSES))) & 1).float()
        if mirrored:
            answers = batch["answers"]
            batch["answers"] = torch.where(
                answers == self.left, self.right, torch.where(answers == self.right, self.left, answers)
            )
        return batch


def text_loss(model, pictures, batch, bos, end, weights):
    """Answers (weighted by kind), their end token, and captions."""
    questions = batch["questions"][..., : int((batch["questions"] > 0).sum(-1).max())]
    answers, weight = batch["answers"].reshape(-1), weights[batch["kinds"].reshape(-1)]
    logits = answer_logits(model, pictures, questions, torch.stack([torch.full_like(answers, bos), answers], 1)).float()
    answer = (F.cross_entropy(logits[:, 0], answers, reduction="none") * weight).sum() / weight.sum()
    captions = batch["captions"][:, : int((batch["captions"] > 0).sum(-1).max())]
    words = caption_logits(model, pictures, captions)[:, :-1].flatten(0, 1).float()
    caption = F.cross_entropy(words, captions[:, 1:].flatten(), ignore_index=0)
    return 2 * answer + 0.1 * F.cross_entropy(logits[:, 1], torch.full_like(answers, end)) + caption


@torch.no_grad()
def accuracy(model, scenes, bos):
    """First answer token, per kind, on the held-out scenes."""
    right, total = np.zeros(len(QTYPES)), np.zeros(len(QTYPES))
    for start in range(0, len(scenes["images"]), 100):
        part = {name: scenes[name][start : start + 100] for name in ("images", "questions", "answers", "kinds")}
        questions = torch.tensor(part["questions"].astype(np.int64))
        pictures = encode_images(model, pixels(part["images"]))
        first = torch.full((questions.shape[0] * questions.shape[1], 1), bos)
        guesses = (
            answer_logits(model, pictures, questions, first)[:, 0].argmax(-1).numpy().reshape(part["answers"].shape)
        )
        for kind in range(len(QTYPES)):
            asked = part["kinds"] == kind
            right[kind] += (guesses == part["answers"])[asked].sum()
            total[kind] += asked.sum()
    return right.sum() / total.sum(), {
        QTYPES[kind]: round(float(right[kind] / max(1, total[kind])), 3) for kind in range(len(QTYPES))
    }


def main() -> None:
    folder, vocab_file, checkpoint, minutes = (
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        Path(sys.argv[3]),
        float(sys.argv[4]),
    )
    torch.set_num_threads(os.cpu_count() or 1)
    vocab = vocab_file.read_text().split("\n")[:-1]
    bos, end = vocab.index("[DEC]"), vocab.index("[SEP]")
    model, labels = make_model(vocab).train(), Labels()
    average, parameters = copy.deepcopy(model), [*model.parameters(), *labels.parameters()]
    optimizer = torch.optim.AdamW(parameters, PEAK_RATE, weight_decay=0.05, betas=(0.9, 0.98))
    weights = torch.tensor([KIND_WEIGHTS.get(kind, 1.0) for kind in QTYPES])
    step, spent = 0, 0.0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        for part, name in ((model, "model"), (average, "average"), (labels, "labels"), (optimizer, "optimizer")):
            part.load_state_dict(saved[name])
        step, spent = saved["step"], saved["seconds"]
    scenes, held_out = Scenes(sorted(folder.glob("train-*.npz")), vocab), dict(np.load(folder / "held-out.npz"))
    budget, start, reported = minutes * 60, time.time() - spent, time.time()

    def report():
        total, kinds = accuracy(average.eval(), held_out, bos)
        print(f"{(time.time() - start) / 60:.1f} min, step {step}: {total:.3f} {kinds}", flush=True)
        state = {"model": model, "average": average, "labels": labels, "optimizer": optimizer}
        temporary = checkpoint.with_suffix(".tmp")
        torch.save(
            {name: part.state_dict() for name, part in state.items()} | {"step": step, "seconds": time.time() - start},
            temporary,
        )
        temporary.replace(checkpoint)

    while (done := (time.time() - start) / budget) < 1:
        rate = (
            PEAK_RATE
            * min(1, (step + 1) / WARM_UP_STEPS)
            * (FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * done)))
        )
        for group in optimizer.param_groups:
            group["lr"] = rate
        batch = scenes.batch()
        with torch.autocast("cpu", torch.bfloat16):
            pictures = encode_images(model, batch["pixels"])
            loss = labels.loss(pictures, batch) * (1 if done < LABELS_FADE else max(0.1, 1 - 3 * (done - LABELS_FADE)))
            if done > VISION_ONLY:
                loss = loss + text_loss(model, pictures, batch, bos, end, weights)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        step += 1
        keep = min(0.999, step / (step + 10))
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), model.parameters()):
                slow.lerp_(fast, 1 - keep)
        if time.time() - reported > REPORT_SECONDS:
            report()
            reported = time.time()
    report()


if __name__ == "__main__":
    main()

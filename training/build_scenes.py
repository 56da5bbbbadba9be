"""build_scenes.py COUNT SEED VOCAB.txt OUT.npz: draws scenes for training, with questions, captions, and labels per
patch and picture.

16,000 scenes take about a minute on one core. Seeds 1 to 8 with 8,000 scenes each are the training set; 777 is held
out.
"""
import random
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from build_vocabulary import words
from draw_scenes import draw_scene
from model import IMAGE_SIZE, PATCH_SIZE
from sample_scenes import CLASSES, COLORS, PLACES, sample_scene
from write_language import QTYPES, ask, caption, info

QUESTIONS, QUESTION_TOKENS, CAPTION_TOKENS = 12, 14, 24
GRID = IMAGE_SIZE // PATCH_SIZE
# Users' pictures are reduced by all kinds of filters.
FILTERS = [Image.BOX, Image.BICUBIC, Image.BILINEAR, Image.LANCZOS]
# Kinds that are hard or have many forms are asked more often.
KINDS = (
    ["count"] * 3
    + ["color"] * 2
    + ["exists"] * 2
    + ["place", "daynight", "next", "next", "animal", "side", "side", "colorcheck", "playing", "sky"]
)
# A patch shows a thing when more than this part of it is covered by the thing's box.
COVERED = 0.3


def ask_questions(scene, generator, token):
    """[QUESTIONS, QUESTION_TOKENS] ids, answer ids, kinds."""
    ids, answers, kinds = (
        np.zeros((QUESTIONS, QUESTION_TOKENS), np.int16),
        np.zeros(QUESTIONS, np.int16),
        np.zeros(QUESTIONS, np.int8),
    )
    order, found, tried = list(KINDS), 0, 0
    generator.shuffle(order)
    while found < QUESTIONS:
        kind = order[tried] if tried < len(order) else generator.choice(["count", "exists"])
        tried += 1
        asked = ask(scene, kind, generator)
        if asked is None:
            continue
        row = [token["[CLS]"], *(token[word] for word in words(asked[0])), token["[SEP]"]]
        ids[found, : len(row)], answers[found], kinds[found] = row, token[asked[1]], QTYPES.index(kind)
        found += 1
    return ids, answers, kinds


def label_patches(scene):
    """Bit k of a patch: does class k cover it (first array), is the middle of a class k thing in it (second)?"""
    covered, centre = np.zeros(GRID * GRID, np.int16), np.zeros(GRID * GRID, np.int16)
    edges = np.arange(GRID) / GRID
    for thing in scene["objs"]:
        bit, (x0, y0, x1, y1) = CLASSES.index(thing["c"]), thing["box"]
        across = np.clip(np.minimum(x1, edges + 1 / GRID) - np.maximum(x0, edges), 0, 1) * GRID
        down = np.clip(np.minimum(y1, edges + 1 / GRID) - np.maximum(y0, edges), 0, 1) * GRID
        covered |= ((down[:, None] * across[None]).reshape(-1) > COVERED).astype(np.int16) << bit
        column, row = min(GRID - 1, int((x0 + x1) / 2 * GRID)), min(GRID - 1, int((y0 + y1) / 2 * GRID))
        centre[row * GRID + column] |= 1 << bit
    return covered, centre


def main() -> None:
    count, seed, vocab_file, out = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    token = {text: index for index, text in enumerate(vocab_file.read_text().split("\n")[:-1])}
    generator = random.Random(seed)
    rows = {
        name: []
        for name in (
            "images",
            "questions",
            "answers",
            "kinds",
            "captions",
            "counts",
            "colors",
            "place",
            "covered",
            "centre",
        )
    }
    for _ in range(count):
        scene = sample_scene(generator)
        size = 384 if generator.random() < 0.15 else 256
        rows["images"].append(
            np.asarray(draw_scene(scene, size).resize((IMAGE_SIZE, IMAGE_SIZE), generator.choice(FILTERS)))
        )
        text = np.zeros(CAPTION_TOKENS, np.int16)
        ids = [token["[DEC]"], *(token[word] for word in words(caption(scene))[: CAPTION_TOKENS - 2]), token["[SEP]"]]
        text[: len(ids)] = ids
        rows["captions"].append(text)
        numbers, colors = info(scene)
        rows["counts"].append(np.array([numbers[name] for name in CLASSES], np.int8))
        rows["colors"].append(
            np.array([COLORS.index(colors[name]) if name in colors else -1 for name in CLASSES], np.int8)
        )
        rows["place"].append(np.array([PLACES.index(scene["place"]), scene["night"]], np.int8))
        for name, value in zip(("covered", "centre"), label_patches(scene)):
            rows[name].append(value)
        for name, value in zip(("questions", "answers", "kinds"), ask_questions(scene, generator, token)):
            rows[name].append(value)
    np.savez(out, **{name: np.stack(values) for name, values in rows.items()})
    print(f"{count} scenes of seed {seed} in {out}")


if __name__ == "__main__":
    main()

"""embed_scenes.py COUNT SEED MODEL_FOLDER OUT: draws scenes and keeps what the vision model makes of them.

Writes OUT.npy, image embeddings [COUNT, patches + 1, hidden] in float16, and OUT.json, the scenes. The vision model
stays as it is while the text parts are trained, so every scene is drawn and encoded once. 48,000 scenes take about ten
minutes on one core and 1.2 GB on disk.
"""

import json
import random
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import BlipForQuestionAnswering

from draw_scenes import draw_scene
from model import IMAGE_SIZE, encode_images, pixels
from sample_scenes import sample_scene

BATCH = 64
# Users' images are reduced by all kinds of filters; BlipImageProcessor's own is the most frequent.
FILTERS = [Image.BICUBIC, Image.BICUBIC, Image.BICUBIC, Image.BOX, Image.BILINEAR, Image.LANCZOS]
DRAWN_SIZES = [256, 256, 384]


def draw(scene: dict, generator: random.Random) -> np.ndarray:
    """[S, S, 3] u8"""
    image = draw_scene(scene, generator.choice(DRAWN_SIZES))
    return np.asarray(image.resize((IMAGE_SIZE, IMAGE_SIZE), generator.choice(FILTERS)))


def main() -> None:
    count, seed, folder, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    torch.set_num_threads(1)
    model = BlipForQuestionAnswering.from_pretrained(folder).float().eval()
    generator, drawing = random.Random(seed), random.Random(seed + 1)
    scenes = [sample_scene(generator) for _ in range(count)]
    out.with_suffix(".json").write_text(json.dumps(scenes))
    positions, hidden = model.vision_model.embeddings.position_embedding.shape[1:]
    kept = np.lib.format.open_memmap(out.with_suffix(".npy"), "w+", np.float16, (count, positions, hidden))
    with torch.inference_mode():
        for start in range(0, count, BATCH):
            images = np.stack([draw(scene, drawing) for scene in scenes[start : start + BATCH]])
            kept[start : start + BATCH] = encode_images(model, pixels(images)).numpy()
    kept.flush()
    print(f"{count} scenes of seed {seed} in {out}")


if __name__ == "__main__":
    main()

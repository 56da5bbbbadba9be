"""evaluate.py MODEL_FOLDER [SCENES]: accuracy of the exported model on scenes that training never saw; writes
evaluation.json.

Every scene is drawn at 384 x 384 and reduced with PIL's bicubic filter, as BlipImageProcessor does. Answers are
generated greedily and must match word for word. A caption counts as right when the things and numbers in it are those
of the true caption.
"""
import json
import random
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import AutoTokenizer, BlipForQuestionAnswering

from draw_scenes import draw_scene
from model import IMAGE_SIZE, answer_logits, caption_logits, encode_pictures
from sample_scenes import CLASSES, NUM, PLURAL, sample_scene
from train import pixels
from write_language import QTYPES, ask, caption

SEED, SCENE_SIZE, BATCH = 50_001, 384, 50
ANSWER_TOKENS, CAPTION_TOKENS = 3, 24


def things(text: str) -> set[tuple[str, int]]:
    """The things a caption names, with their number: 'two red balls and a dog' -> {(ball, 2), (dog, 1)}."""
    found, number = set(), 1
    for word in text.split():
        if word in ("a", "an"):
            number = 1
        elif word in NUM:
            number = NUM.index(word)
        for name in CLASSES:
            if word in (name, PLURAL[name]):
                found.add((name, number))
    return found


@torch.no_grad()
def greedy(logits_of, rows, bos, end, steps):
    """Token ids [rows, 1 + steps] from the begin token on."""
    ids = torch.full((rows, 1), bos)
    for _ in range(steps):
        ids = torch.cat([ids, logits_of(ids)[:, -1:].argmax(-1)], 1)
        if bool((ids == end).any(1).all()):
            break
    return ids


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    model, tokenizer = (
        BlipForQuestionAnswering.from_pretrained(folder).float().eval(),
        AutoTokenizer.from_pretrained(folder),
    )
    bos, end = model.config.text_config.bos_token_id, model.config.text_config.sep_token_id
    generator = random.Random(SEED)
    right, total, captions_right = dict.fromkeys(QTYPES, 0), dict.fromkeys(QTYPES, 0), 0

    def read(row):
        text = row[1:].tolist()
        return tokenizer.decode(text[: text.index(end)] if end in text else text)

    for start in range(0, count, BATCH):
        scenes = [sample_scene(generator) for _ in range(min(BATCH, count - start))]
        images = [
            np.asarray(draw_scene(scene, SCENE_SIZE).resize((IMAGE_SIZE, IMAGE_SIZE), Image.BICUBIC))
            for scene in scenes
        ]
        with torch.no_grad():
            pictures = encode_pictures(model, pixels(np.stack(images)))
        for kind in QTYPES:
            asked = [(index, *found) for index, scene in enumerate(scenes) if (found := ask(scene, kind, generator))]
            if not asked:
                continue
            ids = [tokenizer(question).input_ids for _, question, _ in asked]
            longest = max(map(len, ids))
            questions = torch.tensor([row + [0] * (longest - len(row)) for row in ids])[:, None]
            states = pictures[[index for index, _, _ in asked]]
            answers = greedy(
                lambda so_far: answer_logits(model, states, questions, so_far), len(asked), bos, end, ANSWER_TOKENS
            )
            right[kind] += sum(read(row) == answer for row, (_, _, answer) in zip(answers, asked))
            total[kind] += len(asked)
        texts = greedy(lambda so_far: caption_logits(model, pictures, so_far), len(scenes), bos, end, CAPTION_TOKENS)
        captions_right += sum(things(read(row)) == things(caption(scene)) for row, scene in zip(texts, scenes))
    result = {
        "scenes": count,
        "questions": sum(total.values()),
        "accuracy": round(sum(right.values()) / sum(total.values()), 4),
        "by_kind": {
            kind: {"questions": total[kind], "accuracy": round(right[kind] / total[kind], 4)} for kind in QTYPES
        },
        "captions": round(captions_right / count, 4),
    }
    (folder / "evaluation.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

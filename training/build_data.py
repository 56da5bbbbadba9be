"""build_data.py DATA_FOLDER: draws the pictures that the project ships, with questions, answers and captions.

DATA_FOLDER/pictures: eight pictures worth looking at, 768 x 768, and pictures.json with what is true about them.
DATA_FOLDER/vqa-scenes: a small set in VQAv2's own files (questions and annotations as JSON, images by number), captions
in COCO's. Seeds differ from the training scenes', so the model has seen none of them.
"""
import json
import random
import sys
from pathlib import Path

from PIL import Image
from draw_scenes import draw_scene
from sample_scenes import sample_scene
from write_language import QTYPES, ask, caption

PICTURE_SIZE, SET_SIZE = 768, 256
SPLITS = {"train": (20_001, 110, 3), "val": (30_001, 140, 4)}  # name: (seed, pictures, questions per picture)
DEMO_QUESTION = "how many dogs are in the picture?"


def save(scene: dict, size: int, file: Path, quality: int) -> None:
    """Drawn at twice the size and reduced, so that edges are smooth."""
    draw_scene(scene, 2 * size).resize((size, size), Image.LANCZOS).save(file, quality=quality)


def questions_about(scene: dict, count: int, generator: random.Random) -> list[tuple[str, str, str]]:
    """Distinct questions as (kind, question, answer), of different kinds as far as the scene allows."""
    kinds = list(QTYPES)
    generator.shuffle(kinds)
    found: dict[str, tuple[str, str, str]] = {}
    for kind in kinds * 4:
        asked = ask(scene, kind, generator)
        if asked and asked[0] not in found:
            found[asked[0]] = (kind, *asked)
        if len(found) == count:
            break
    return list(found.values())


def answer_type(answer: str) -> str:
    return "yes/no" if answer in ("yes", "no") else "number" if answer.isdigit() else "other"


def write_split(folder: Path, split: str) -> None:
    seed, pictures, per_picture = SPLITS[split]
    generator = random.Random(seed)
    (folder / split).mkdir(parents=True, exist_ok=True)
    questions, annotations, captions = [], [], []
    for image_id in range(1, pictures + 1):
        scene = sample_scene(generator)
        save(scene, SET_SIZE, folder / split / f"scenes_{split}_{image_id:012d}.jpg", 90)
        captions.append({"image_id": image_id, "id": image_id, "caption": caption(scene)})
        for kind, question, answer in questions_about(scene, per_picture, generator):
            question_id = image_id * 1000 + len(questions) % 1000
            questions.append({"image_id": image_id, "question": question, "question_id": question_id})
            annotations.append(
                {
                    "question_id": question_id,
                    "image_id": image_id,
                    "question_type": kind,
                    "answer_type": answer_type(answer),
                    "multiple_choice_answer": answer,
                    "answers": [{"answer": answer, "answer_confidence": "yes", "answer_id": i + 1} for i in range(10)],
                }
            )
    head = {
        "info": {"description": "Questions about drawn scenes, in VQAv2's format"},
        "data_type": "scenes",
        "data_subtype": split,
        "license": {"name": "Apache-2.0"},
    }
    dump(folder / f"questions_{split}.json", head | {"task_type": "Open-Ended", "questions": questions})
    dump(folder / f"annotations_{split}.json", head | {"annotations": annotations})
    dump(folder / f"captions_{split}.json", head | {"annotations": captions})
    print(split, pictures, "pictures", len(questions), "questions")


def write_pictures(folder: Path) -> None:
    """The first shows dogs on a beach; the others go through places, day and night, and many things."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = random.Random(40_001)
    wanted = [
        ("beach", False, "dog", 2),
        ("park", False, "cat", 1),
        ("street", True, "car", 2),
        ("snow", False, "snowman", 1),
        ("beach", True, "umbrella", 1),
        ("park", True, "kite", 2),
        ("street", False, "bird", 3),
        ("snow", True, "cat", 2),
    ]
    pictures = []
    for place, night, thing, count in wanted:
        while True:
            scene = sample_scene(generator)
            things = [o["c"] for o in scene["objs"]]
            if (
                (scene["place"], scene["night"], things.count(thing)) == (place, night, count)
                and 4 <= len(things) <= 7
                and len(set(things)) >= 3
            ):
                break
        name = "demo.jpg" if not pictures else f"{place}-{'night' if night else 'day'}-{thing}.jpg"
        save(scene, PICTURE_SIZE, folder / name, 92)
        asked = [] if pictures else [("count", DEMO_QUESTION, str(count))]
        asked += [item for item in questions_about(scene, 6, generator) if item[1] != DEMO_QUESTION][:5 - len(asked)]
        # The model was trained on both spellings, and the question set keeps both; what people read here has one.
        pictures.append(
            {
                "file": name,
                "caption": caption(scene),
                "questions": [{"question": q.replace("colour", "color"), "answer": a} for _, q, a in asked],
            }
        )
    dump(folder / "pictures.json", {"pictures": pictures})


def dump(file: Path, value: dict) -> None:
    file.write_text(json.dumps(value, indent=1) + "\n")


def main() -> None:
    folder = Path(sys.argv[1])
    write_pictures(folder / "pictures")
    for split in SPLITS:
        write_split(folder / "vqa-scenes", split)


if __name__ == "__main__":
    main()

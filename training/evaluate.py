"""evaluate.py MODEL_FOLDER SCENES: accuracy and calibration on scenes that training never saw. Writes evaluation.json,
and into config.json from which score on answers are right.

SCENES is what embed_scenes.py wrote. One question of each kind is asked about each scene, in a wording by chance;
answers are generated greedily and must match word for word. A caption is right when it names the things and numbers of
the true caption; after a prompt, when all that it names is there in that number. The calibration says which share of
the answers that score at least so much is right.
"""

import json
import random
import sys
from pathlib import Path

import numpy as np
import torch

from ask_questions import KINDS, ask_kind
from export_model import write_notes
from generate_texts import Writer, named_things
from scene_facts import Facts
from write_language import caption

SEED, BATCH = 60_001, 100
PROMPTS = ["a picture of", "a photo of", "there are", "this is", "the picture shows", "i see"]
SCORES = [0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99]
WANTED = 0.95


def load(scenes: Path) -> tuple[np.ndarray, list[Facts]]:
    facts = [Facts(scene) for scene in json.loads(scenes.with_suffix(".json").read_text())]
    return np.load(scenes.with_suffix(".npy"), mmap_mode="r"), facts


def calibrate(scored: list[tuple[float, bool]]) -> list[dict]:
    """For each threshold: the share of answers at or above it, and the share of them that is right."""
    table = []
    for threshold in SCORES:
        kept = [right for score, right in scored if score >= threshold]
        if kept:
            table.append(
                {
                    "score": threshold,
                    "answers": round(len(kept) / len(scored), 4),
                    "correct": round(sum(kept) / len(kept), 4),
                }
            )
    return table


def measure_questions(writer: Writer, images, facts) -> tuple[dict, list[tuple[float, bool]]]:
    generator, by_kind, scored = random.Random(SEED), {}, []
    for kind in KINDS:
        asked = [(index, *one) for index, each in enumerate(facts) if (one := ask_kind(each, kind, generator))]
        asked.sort(key=lambda one: len(one[1]))
        right = 0
        for start in range(0, len(asked), BATCH):
            part = asked[start : start + BATCH]
            given = writer.answer(images[[index for index, _, _ in part]], [question for _, question, _ in part])
            marks = [answer == wanted for (answer, _), (_, _, wanted) in zip(given, part)]
            right += sum(marks)
            scored += [(score, mark) for (_, score), mark in zip(given, marks)]
        by_kind[kind] = {"questions": len(asked), "accuracy": round(right / len(asked), 4)}
    return by_kind, scored


def measure_captions(writer: Writer, images, facts) -> dict[str, float]:
    found = {}
    for prompt in ["", *PROMPTS]:
        right = 0
        for start in range(0, len(facts), BATCH):
            for (text, _), each in zip(
                writer.caption(images[start : start + BATCH], prompt), facts[start : start + BATCH]
            ):
                named, true = named_things(text), {(kind, each.count[kind]) for kind in each.have}
                right += named == named_things(caption(each.scene)) if prompt == "" else bool(named) and named <= true
        found[prompt or "no prompt"] = round(right / len(facts), 4)
    return found


def main() -> None:
    folder, (images, facts) = Path(sys.argv[1]), load(Path(sys.argv[2]))
    torch.set_num_threads(1)
    writer = Writer(folder)
    by_kind, scored = measure_questions(writer, images, facts)
    calibration = calibrate(scored)
    reliable = next((row for row in calibration if row["correct"] >= WANTED), None)
    result = {
        "scenes": len(facts),
        "questions": len(scored),
        "accuracy": round(sum(right for _, right in scored) / len(scored), 4),
        "by_kind": by_kind,
        "captions": measure_captions(writer, images, facts),
        "calibration": calibration,
        "reliable_from": reliable and {"score": reliable["score"], "correct": WANTED},
    }
    (folder / "evaluation.json").write_text(json.dumps(result, indent=1) + "\n")
    if result["reliable_from"]:
        write_notes(folder, {"reliable_from": result["reliable_from"]})
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

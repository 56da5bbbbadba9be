"""evaluate_wordings.py MODEL_FOLDER SCENES [WORDINGS.txt]: accuracy on wordings that somebody else wrote, per section.

free_wordings.txt holds them: `[section]`, then one wording a line, with {thing}, {things}, {a_thing}, {color},
{place}, {other} and {others} to fill. Whoever writes the grammar does not read it: this prints figures alone. Each
wording is asked about some unseen scenes where its section has a clear answer. For what the image cannot answer, "i
don't know" and "none" both count.
"""

import json
import random
import re
import sys
from pathlib import Path

import torch

from ask_scene import UNANSWERED
from evaluate import load
from generate_texts import Writer, named_things
from sample_scenes import CLASSES, COLORS, PLACES, PLURAL
from scene_facts import Facts
from word_lists import ABSENT_NOUNS, a

SEED, SCENES_PER_WORDING = 70_001, 12
FILLER = re.compile(r"\{([a-z_]+)\}")
PLACE_NAMES = {"snow": "snowy place"}


def read_sections(file: Path) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    for line in file.read_text().splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            current = sections.setdefault(line[1:-1], [])
        elif line and not line.startswith("#"):
            current.append(line)
    return sections


def yes(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def fillers(kind: str | tuple[str, str] | None, other: str | None = None, **more: str) -> dict[str, str]:
    one, many = kind if isinstance(kind, tuple) else (kind, PLURAL[kind]) if kind else ("thing", "things")
    found = {"thing": one, "things": many, "a_thing": a(one)} | more
    return found | ({"other": other, "others": PLURAL[other], "a_other": a(other)} if other else {})


def relation(wording: str, facts: Facts, r: random.Random, side: str):
    """ "is {thing} left of {other}" wants yes or no, "what is left of {thing}" a thing."""
    if "{other" not in wording:
        found = [(kind, near) for kind in facts.have if (near := facts.beside(kind, side))]
        return found and [(fillers(kind), near) for kind, near in [r.choice(found)]][0]
    pairs = [
        (one, two, left) for one in facts.have for two in facts.have if (left := facts.is_left_of(one, two)) is not None
    ]
    if not pairs:
        return None
    one, two, left = r.choice(pairs)
    first_is_subject = wording.find("{thing") != -1 or wording.find("{a_thing") != -1
    return fillers(one, two), yes((left == (side == "left")) == first_is_subject)


def compare(wording: str, facts: Facts, r: random.Random, how: str):
    if len(facts.have) < 2:
        return None
    one, two = r.sample(facts.have, 2)
    if how == "bigger":
        winner = facts.bigger(one, two)
        return winner and (fillers(one, two), winner)
    mine, theirs = facts.count[one], facts.count[two]
    if how == "which more":
        return None if mine == theirs else (fillers(one, two), PLURAL[one if mine > theirs else two])
    return fillers(one, two), yes(mine > theirs)


def single(facts: Facts, r: random.Random, kinds=CLASSES) -> str | None:
    found = [kind for kind in facts.have if kind in kinds and facts.count[kind] == 1]
    return r.choice(found) if found else None


def expected(section: str, wording: str, facts: Facts, r: random.Random):
    """(fillers, answers that count), or nothing where the scene has no clear answer."""
    present = r.choice(facts.have)
    # A wording with {things} is about several, one with {thing} about one.
    wants_one = "{thing}" in wording or "{a_thing}" in wording
    fitting = [kind for kind in facts.have if (facts.count[kind] == 1) == wants_one]
    asked = r.choice(fitting) if fitting else present
    if section == "count thing":
        kind = r.choice(facts.have + [present] + facts.lack[:1])
        return fillers(kind), str(facts.count[kind])
    if section == "total animals":
        return {}, str(facts.total(facts.animals))
    if section == "exists thing":
        kind = r.choice(facts.have if r.random() < 0.5 or not facts.lack else facts.lack)
        return fillers(kind), yes(facts.count[kind] > 0)
    if section == "color thing":
        return fillers(asked), facts.color[asked]
    if section == "is color thing":
        color = facts.color[asked] if r.random() < 0.5 else r.choice(COLORS)
        return fillers(asked, color=color), yes(color == facts.color[asked])
    if section in ("where", "is place"):
        place = facts.place if section == "where" or r.random() < 0.5 else r.choice(PLACES)
        filled = fillers(present, place=PLACE_NAMES.get(place, place))
        return (filled, facts.place) if section == "where" else (filled, yes(place == facts.place))
    if section in ("time", "is night", "is day"):
        return {}, {
            "time": "night" if facts.night else "day",
            "is night": yes(facts.night),
            "is day": yes(not facts.night),
        }[section]
    if section in ("next to thing", "color next to thing"):
        found = [(kind, near) for kind in facts.have if (near := facts.next_to(kind))]
        if not found:
            return None
        kind, near = r.choice(found)
        return fillers(kind), near if section == "next to thing" else facts.color[near]
    if section == "side thing":
        found = [kind for kind in facts.have if facts.side(kind) and (facts.count[kind] == 1) == wants_one]
        return found and [(fillers(kind), facts.side(kind)) for kind in [r.choice(found)]][0]
    if section in ("left of thing", "right of thing"):
        return relation(wording, facts, r, section.split()[0])
    if section == "animal":
        return ({}, facts.animals[0]) if len(facts.animals) == 1 else None
    if section in ("playing with thing", "doing thing"):
        found = [
            kind
            for kind in ("dog", "cat")
            if facts.count[kind] and (facts.count[kind] == 1) == wants_one and facts.count["ball"]
        ]
        return (
            found
            and [(fillers(kind), "ball" if section.startswith("playing") else "playing") for kind in [r.choice(found)]][
                0
            ]
        )
    if section == "sky":
        return {}, facts.sky()
    if section == "weather":
        return {}, facts.weather()
    if section in ("more things", "which more", "bigger"):
        return compare(wording, facts, r, section)
    if section == "unknown":
        return fillers(present), (UNANSWERED, "none")
    if section in ("absent", "absent count"):
        return fillers(r.choice(ABSENT_NOUNS)), "no" if section == "absent" else "0"
    raise SystemExit(f"unknown section: {section}")


def measure(writer: Writer, section: str, wordings: list[str], images, every: list[Facts]) -> tuple[int, int]:
    r, indexes, questions, wanted = random.Random(SEED), [], [], []
    for wording in wordings:
        tries = asked = 0
        while asked < SCENES_PER_WORDING and tries < 200:
            tries += 1
            index = r.randrange(len(every))
            found = expected(section, wording, every[index], r)
            if not found:
                continue
            filled, answer = found
            questions.append(FILLER.sub(lambda slot: filled[slot.group(1)], wording))
            indexes.append(index)
            wanted.append((answer,) if isinstance(answer, str) else answer)
            asked += 1
    given = [
        answer
        for start in range(0, len(questions), 100)
        for answer, _ in writer.answer(images[indexes[start : start + 100]], questions[start : start + 100])
    ]
    return sum(answer in fine for answer, fine in zip(given, wanted)), len(given)


def measure_prompts(writer: Writer, prompts: list[str], images, every: list[Facts]) -> tuple[int, int]:
    right, count = 0, 60
    for prompt in prompts:
        for (text, _), facts in zip(writer.caption(images[:count], prompt), every):
            named = named_things(text)
            right += bool(named) and named <= {(kind, facts.count[kind]) for kind in facts.have}
    return right, count * len(prompts)


def main() -> None:
    folder, (images, every) = Path(sys.argv[1]), load(Path(sys.argv[2]))
    file = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(__file__).with_name("free_wordings.txt")
    torch.set_num_threads(1)
    writer, sections, result = Writer(folder), read_sections(file), {}
    for section, wordings in sections.items():
        how = measure_prompts if section == "empty prompt caption" else None
        right, asked = (
            how(writer, wordings, images, every) if how else measure(writer, section, wordings, images, every)
        )
        result[section] = {"wordings": len(wordings), "questions": asked, "accuracy": round(right / max(1, asked), 4)}
        print(section, result[section], flush=True)
    wordings = sum(each["wordings"] for each in result.values())
    average = sum(each["wordings"] * each["accuracy"] for each in result.values()) / wordings
    saved = json.loads((folder / "evaluation.json").read_text()) | {
        "free_wordings": {"wordings": wordings, "accuracy": round(average, 4), "by_section": result}
    }
    (folder / "evaluation.json").write_text(json.dumps(saved, indent=1) + "\n")
    print(f"{wordings} wordings: {average:.4f}")


if __name__ == "__main__":
    main()

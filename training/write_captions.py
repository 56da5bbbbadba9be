"""Captions of several styles, with and without a prompt that they continue.

The plain caption (write_language.py) names the main things; the others name all things, begin with the place, or speak
of the light. Things, numbers, colors and places are always those of the scene.
"""

import random

from expand_templates import expand
from phrase_things import PIC_TEMPLATE
from read_wordings import read_sections
from scene_facts import Facts
from write_language import WHERE, caption, np_

ATMOSPHERE = {
    (False, "beach"): [
        "on a sunny beach",
        "on the beach by day",
        "on the beach under the sun",
        "at the beach on a sunny day",
    ],
    (False, "park"): ["in a sunny park", "in the park by day", "in the park under the sun", "in a green park"],
    (False, "street"): [
        "on a sunny street",
        "on the street by day",
        "on the street under the sun",
        "on a street in the city",
    ],
    (False, "snow"): ["in the snow by day", "in the snow on a winter day", "in the white snow", "in a snowy landscape"],
    (True, "beach"): [
        "on a dark beach",
        "on the beach at night",
        "on the beach under the moon",
        "on the beach by night",
    ],
    (True, "park"): ["in a dark park", "in the park at night", "in the park under the moon", "in the park by night"],
    (True, "street"): [
        "on a dark street",
        "on the street at night",
        "on the street under the moon",
        "on the street by night",
    ],
    (True, "snow"): [
        "in the snow at night",
        "in the snow on a winter night",
        "in the snow under the moon",
        "in the snow by night",
    ],
}
PLACE_FIRST = {
    "beach": ["a beach", "a sandy beach"],
    "park": ["a park", "a green park"],
    "street": ["a street", "a city street"],
    "snow": ["a snowy place", "a snow landscape"],
}
DAY_FIRST = {
    True: ["it is night and there {is}", "a night scene with", "at night there {is}"],
    False: ["it is day and there {is}", "a day scene with", "on a sunny day there {is}"],
}
PROMPTS = read_sections("prompts.txt")["prompt"]


def join(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def be(facts: Facts, first: str) -> str:
    return "is" if facts.count[first] == 1 else "are"


def all_things(facts: Facts, colored: bool = True) -> str:
    return join([np_(facts.count[kind], kind, facts.color[kind] if colored else None) for kind in facts.have])


def write_caption(facts: Facts, generator: random.Random) -> str:
    """A caption without a prompt, mostly the plain one."""
    chance, scene = generator.random(), facts.scene
    plain = caption(scene)
    if chance < 0.6:
        return plain
    return styled(facts, plain, generator)


def styled(facts: Facts, plain: str, generator: random.Random) -> str:
    style, first = generator.randrange(5), facts.have[0]
    atmosphere = generator.choice(ATMOSPHERE[facts.night, facts.place])
    if style == 0:
        return f"{np_(facts.count[first], first, facts.color[first])} {WHERE[facts.place]}"
    if style == 1:
        return (
            f"{generator.choice(PLACE_FIRST[facts.place])}{' at night' if facts.night else ''} with {all_things(facts)}"
        )
    if style == 2:
        return f"there {be(facts, first)} {all_things(facts)} {atmosphere}"
    if style == 3:
        start = generator.choice(DAY_FIRST[facts.night]).replace("{is}", be(facts, first))
        return f"{start} {all_things(facts)} {WHERE[facts.place]}"
    ending = " at night" if facts.night else ""
    return plain.removesuffix(WHERE[facts.place] + ending).strip() + " " + atmosphere


def write_prompted(facts: Facts, generator: random.Random) -> tuple[str, str]:
    """(prompt, what continues it)"""
    prompt = expand(generator.choice(PROMPTS), generator, {"pic": expand(PIC_TEMPLATE, generator, {})})
    chance = generator.random()
    plain = caption(facts.scene)
    if chance < 0.7:
        return prompt, plain
    if chance < 0.85:
        return prompt, f"{all_things(facts)} {generator.choice(ATMOSPHERE[facts.night, facts.place])}"
    return prompt, styled_things(facts, generator)


def styled_things(facts: Facts, generator: random.Random) -> str:
    first = facts.have[0]
    return (
        f"{np_(facts.count[first], first, facts.color[first])} {generator.choice(ATMOSPHERE[facts.night, facts.place])}"
    )


def full_caption(facts: Facts) -> str:
    """All things, the place and the time of day: what a search for this very image would say."""
    return f"{all_things(facts)} {WHERE[facts.place]} {'at night' if facts.night else 'by day'}"

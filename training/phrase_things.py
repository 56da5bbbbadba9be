"""How a question speaks of a thing: "the dog", "these dogs", "puppies", "a little dog", with verbs that agree."""

import random

from expand_templates import expand
from read_wordings import OTHERS
from sample_scenes import COLORS
from word_lists import COLOR_WORDS, GROUPS, SYNONYMS, a

ADJECTIVES = "little small big cute nice lovely funny large tiny beautiful old young pretty happy".split()
ONE, MANY = ["the"] * 9 + ["this", "that", "your", ""], ["the"] * 9 + ["these", "those", "all the", "our", ""]
NEAR = (
    ["next to"] * 4
    + ["beside"] * 2
    + ["near"] * 2
    + [
        "by",
        "close to",
        "right next to",
        "alongside",
        "nearby",
        "near to",
        "at the side of",
        "adjacent to",
        "by the side of",
        "just next to",
        "in the neighbourhood of",
        "around",
    ]
)
ASIDE = (
    ["to the {0} of"] * 4
    + ["{0} of"] * 3
    + [
        "on the {0} of",
        "on the {0} side of",
        "{0} from",
        "to the {0} from",
        "at the {0} of",
        "on the {0} hand side of",
        "directly {0} of",
        "just {0} of",
        "to the {0} side of",
        "{0} to",
    ]
)
BIGGER = {
    True: ["bigger"] * 4
    + ["larger"] * 3
    + ["the bigger", "the larger", "greater", "the biggest", "the largest", "more big"],
    False: ["smaller"] * 4 + ["the smaller", "tinier", "the smallest", "less big", "littler"],
}
LOCATION_TEMPLATES, PIC_TEMPLATE = OTHERS["location"], OTHERS["pic"][0]
PHRASE_WORDS = " ".join([*ADJECTIVES, *ONE, *MANY, *NEAR, *ASIDE, *BIGGER[True], *BIGGER[False], "left right"])


def location(generator: random.Random) -> str:
    if generator.random() < 0.6:
        return ""
    weights = [4] * 2 + [1] * (len(LOCATION_TEMPLATES) - 2)
    return " " + expand(generator.choices(LOCATION_TEMPLATES, weights)[0], generator, {})


def base(generator: random.Random) -> dict[str, str]:
    """The slots that have nothing to do with a thing."""
    group = generator.choice(GROUPS["animal"][1])
    return {
        "loc": location(generator),
        "pic": expand(PIC_TEMPLATE, generator, {}),
        "hue": "colour" if generator.random() < 0.3 else "color",
        "near": generator.choice(NEAR),
        "animal": group,
        "animals": group + "s",
    }


def color_word(color: str, generator: random.Random) -> str:
    return generator.choice(COLOR_WORDS.get(color, [color]))


def other_color(not_this: str, generator: random.Random) -> str:
    return generator.choice([color for color in COLORS if color != not_this])


def words_for(kind: str, generator: random.Random) -> tuple[str, str]:
    return generator.choice(SYNONYMS[kind])


def thing(words: tuple[str, str], count: int, generator: random.Random) -> dict[str, str]:
    """The slots of a thing that the scene has `count` times."""
    one, many = words
    if generator.random() < 0.04:
        adjective = generator.choice(ADJECTIVES)
        one, many = f"{adjective} {one}", f"{adjective} {many}"
    chance = 0.85 if count > 1 else 0.08 if count == 1 else 0.25
    plural = generator.random() < chance
    x = f"{generator.choice(MANY if plural else ONE)} {many if plural else one}".strip()
    return {
        "thing": one,
        "things": many,
        "a_thing": a(one),
        "x": x,
        "is": "are" if plural else "is",
        "isnt": "aren t" if plural else "isn t",
        "does": "do" if plural else "does",
    }


def second(words: tuple[str, str], count: int, generator: random.Random) -> dict[str, str]:
    """The slots of the second thing of a question."""
    slots = thing(words, count, generator)
    return {
        "other": slots["thing"],
        "others": slots["things"],
        "a_other": slots["a_thing"],
        "y": slots["x"],
        "is2": slots["is"],
    }


def aside(side: str, generator: random.Random) -> dict[str, str]:
    leftof = generator.choice(ASIDE).format(side)
    return {
        "leftof": leftof,
        "leftofit": f"to the {side} of it",
        "leftword": side,
        "leftside": f"on the {side} side of",
    }

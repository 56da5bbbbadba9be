"""Questions about a scene and their answers: the kinds, how often each is asked, and a question of a kind by chance."""

import random

import ask_scene
import ask_things
from question import Asked, Question
from scene_facts import Facts

ASK = {
    "count": (ask_things.ask_count, 14),
    "exists": (ask_things.ask_exists, 11),
    "number": (ask_things.ask_number, 8),
    "color": (ask_things.ask_color, 5),
    "is_color": (ask_things.ask_is_color, 5),
    "which_color": (ask_things.ask_which_color, 3),
    "next": (ask_things.ask_next, 10),
    "is_next": (ask_things.ask_is_next, 10),
    "side": (ask_things.ask_side, 6),
    "beside": (ask_things.ask_beside, 20),
    "doing": (ask_things.ask_doing, 6),
    "more": (ask_things.ask_more, 11),
    "bigger": (ask_things.ask_bigger, 10),
    "same_color": (ask_things.ask_same, 5),
    "animals": (ask_scene.ask_animals, 8),
    "things": (ask_scene.ask_things, 4),
    "place": (ask_scene.ask_place, 7),
    "light": (ask_scene.ask_light, 6),
    "weather": (ask_scene.ask_weather, 6),
    "sky": (ask_scene.ask_sky, 4),
    "unknown": (ask_scene.ask_unknown, 7),
    "none": (ask_scene.ask_none, 2),
}
KINDS = list(ASK)
WEIGHTS = [weight for _, weight in ASK.values()]


def ask_kind(facts: Facts, kind: str, generator: random.Random) -> Asked | None:
    """(question, answer), or None where the scene has no clear answer of this kind."""
    return ASK[kind][0](Question(facts, generator))


def ask(facts: Facts, generator: random.Random) -> tuple[str, str, str]:
    """(kind, question, answer) of a kind by chance."""
    while True:
        kind = generator.choices(KINDS, WEIGHTS)[0]
        asked = ask_kind(facts, kind, generator)
        if asked:
            return kind, *asked

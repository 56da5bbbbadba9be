"""Questions about a scene and their answers: chooses a kind, what it is asked about, and a wording."""

import random

from careless_typing import as_claim, as_clause, type_carelessly
from expand_templates import Template, compile_all, expand
from phrase_things import BIGGER, aside, base, color_word, other_color, second, thing, words_for
from sample_scenes import CLASSES, COLORS, PAL, PLACES, PLURAL
from scene_facts import Facts
from templates_scene import SCENE, SCENE_YES_NO
from templates_things import WORDINGS
from templates_unknown import ABSENT_NONE, UNKNOWN
from templates_yes_no import YES_NO
from word_lists import ABSENT_NOUNS, GROUPS, NUMBER_WORDS, OTHER_COLORS, OTHER_PLACES, PLACE_WORDS, SCENERY, a

OPEN = {kind: {form: compile_all(texts) for form, texts in forms.items()} for kind, forms in {**WORDINGS, **SCENE}.items()}
CLOSED = {kind: {form: compile_all(texts) for form, texts in forms.items()} for kind, forms in {**YES_NO, **SCENE_YES_NO}.items()}
UNKNOWN_TEMPLATES, NONE_TEMPLATES = compile_all(UNKNOWN), compile_all(ABSENT_NONE)
UNANSWERED = "i don't know"
ACTIONS = ["playing", "flying", "sleeping", "eating", "running", "standing", "sitting", "swimming", "sailing", "driving", "reading", "jumping", "parked", "dancing", "cooking", "fighting"]
# An action that the drawing neither shows nor rules out is not asked about.
UNCLEAR = {("dog", "playing"), ("cat", "playing"), ("dog", "sitting"), ("dog", "running"), ("cat", "standing"), ("car", "driving"), ("car", "standing"), ("boat", "swimming"), ("boat", "standing"), ("dog", "jumping"), ("bird", "running")}
SCENERY_COLORS = {"grass": ("park", "green"), "sand": ("beach", "yellow"), "road": ("street", "gray"), "sea": ("beach", "blue"), "water": ("beach", "blue"), "ocean": ("beach", "blue"), "snow": ("snow", "white")}
WEATHER = {"snowy": ["snowy", "snowing", "wintry", "cold", "freezing", "icy"], "sunny": ["sunny"], "clear": ["clear"]}
NEVER = ["rainy", "raining", "stormy", "foggy", "windy and rainy", "thundering", "hailing", "wet"]
INSIDE, OUTSIDE = ["inside", "indoors", "in a room", "in a house", "in a building"], ["outside", "outdoors", "in the open air", "in the open", "out of doors"]

Asked = tuple[str, str]


class Question:
    """One question in the making."""

    def __init__(self, facts: Facts, generator: random.Random):
        self.facts, self.r, self.slots = facts, generator, base(generator)

    def put(self, kind_or_words, count: int | None = None) -> None:
        """The thing that is asked about: one of the scene's kinds, or words with a count."""
        self.slots.update(self.describe(thing, kind_or_words, count))

    def put_second(self, kind_or_words, count: int | None = None) -> None:
        self.slots.update(self.describe(second, kind_or_words, count))

    def describe(self, how, kind_or_words, count):
        if isinstance(kind_or_words, str):
            return how(words_for(kind_or_words, self.r), self.facts.count[kind_or_words], self.r)
        return how(kind_or_words, count or 0, self.r)

    def some(self, kinds, missing: float = 0.12):
        """A kind of `kinds` that is there; or, sometimes, words of something that is not. -> (kind or words, kind or None)"""
        if self.r.random() < missing or not kinds:
            if self.facts.lack and self.r.random() < 0.4:
                return self.r.choice(self.facts.lack), None
            return absent(self.r), None
        kind = self.r.choice(kinds)
        return kind, kind

    def open(self, kind: str, answer: str) -> Asked:
        chance, forms = self.r.random(), OPEN[kind]
        if chance < 0.68:
            text = expand(self.r.choice(forms["ask"]), self.r, self.slots)
        elif chance < 0.84:
            text = as_clause(expand(self.r.choice(forms["tell"]), self.r, self.slots), self.r)
        else:
            text = expand(self.r.choice(forms["short"]), self.r, self.slots)
        return type_carelessly(text, self.r), answer

    def closed(self, kind: str, answer: bool) -> Asked:
        chance, forms = self.r.random(), CLOSED[kind]
        if chance < 0.66:
            text = expand(self.r.choice(forms["ask"]), self.r, self.slots)
        elif chance < 0.9:
            text = as_claim(expand(self.r.choice(forms["say"]), self.r, self.slots), self.r)
        else:
            text = expand(self.r.choice(forms["short"]), self.r, self.slots)
        return type_carelessly(text, self.r), "yes" if answer else "no"

    def template(self, template: Template, answer: str) -> Asked:
        return type_carelessly(expand(template, self.r, self.slots), self.r), answer


def absent(generator: random.Random) -> tuple[str, str]:
    """Something that is never drawn; sometimes a word that nobody knows."""
    if generator.random() < 0.08:
        word = "".join(generator.choice("bcdfghjklmnprstvwz") + generator.choice("aeiou") for _ in range(generator.randint(2, 3)))
        return word, word + "s"
    return generator.choice(ABSENT_NOUNS)


def ask_count(q: Question) -> Asked:
    facts, r = q.facts, q.r
    chance = r.random()
    if chance < 0.08:
        q.put(absent(r))
        return q.open("count", "0")
    if chance < 0.13:
        kinds, words = GROUPS[group := r.choice(["pet", "toy", "vehicle"])]
        word = r.choice(words)
        q.put((word, word + "s"), facts.total(kinds))
        return q.open("count", str(facts.total(kinds)))
    if chance < 0.2:
        kind = r.choice(facts.have)
        right = r.random() < 0.6
        color = facts.color[kind] if right else other_color(facts.color[kind], r)
        q.put(tuple(f"{color_word(color, r)} {word}" for word in words_for(kind, r)), facts.count[kind])
        return q.open("count", str(facts.count[kind]) if right else "0")
    if chance < 0.3:
        word = r.choice(["thing", "object", "item"])
        q.put((word, word + "s"), 5)
        return q.open("count", str(len(facts.scene["objs"])))
    weighted = [kind for kind in facts.have for _ in range((0, 2, 3, 5, 7, 7)[facts.count[kind]])]
    kind = r.choice(weighted) if r.random() < 0.88 else r.choice(CLASSES)
    q.put(kind)
    return q.open("count", str(facts.count[kind]))


def ask_exists(q: Question) -> Asked:
    facts, r = q.facts, q.r
    chance = r.random()
    if chance < 0.3:
        q.put(absent(r))
        return q.closed("exists", False)
    if chance < 0.36:
        kinds, words = GROUPS[r.choice(list(GROUPS))]
        word = r.choice(words)
        q.put((word, word + "s"))
        return q.closed("exists", facts.total(kinds) > 0)
    if chance < 0.4:
        name, places = r.choice(list(SCENERY.items()))
        q.put((name, name))
        return q.closed("exists", facts.place in places)
    if chance < 0.48:
        one, other = r.sample(CLASSES, 2) if r.random() < 0.4 or len(facts.have) < 2 else r.sample(facts.have, 2)
        q.put(one)
        q.put_second(other)
        return q.closed("exists_two", facts.count[one] > 0 and facts.count[other] > 0)
    kind = r.choice(facts.have if r.random() < 0.6 or not facts.lack else facts.lack)
    q.put(kind)
    return q.closed("exists", facts.count[kind] > 0)


def ask_number(q: Question) -> Asked:
    facts, r = q.facts, q.r
    kind = r.choice(facts.have)
    count, more = facts.count[kind], r.random() < 0.35
    number = max(0 if more else 1, count if r.random() < 0.5 else count + r.choice([-1, 1, 2, -2]))
    q.put(kind)
    q.slots["n"] = r.choice([NUMBER_WORDS[number], NUMBER_WORDS[number], str(number)])
    q.slots["some"], q.slots["is1"] = (q.slots["thing"], "is") if number == 1 else (q.slots["things"], "are")
    return q.closed("more_than", count > number) if more else q.closed("number_check", count == number)


def ask_color(q: Question) -> Asked:
    chosen, kind = q.some(q.facts.have)
    q.put(chosen)
    return q.open("color", q.facts.color[kind] if kind else "none")


def ask_is_color(q: Question) -> Asked:
    facts, r = q.facts, q.r
    chosen, kind = q.some(facts.have, 0.08)
    right = kind is not None and r.random() < 0.5
    color = facts.color[kind] if right else other_color(facts.color.get(kind, ""), r)
    if kind and not right and r.random() < 0.5:
        color = r.choice([each for each in PAL[kind] if each != facts.color[kind]] or [color])
    if not right and r.random() < 0.06:
        color = r.choice(OTHER_COLORS)
    q.put(chosen)
    q.slots["color"] = color_word(color, r)
    return q.closed("is_color" if r.random() < 0.75 else "exists_color", right)


def ask_which_color(q: Question) -> Asked | None:
    facts, r = q.facts, q.r
    color = r.choice(list(facts.color.values()) if r.random() < 0.88 else COLORS)
    kinds = [kind for kind in facts.have if facts.color[kind] == color]
    if len(kinds) > 1 or (not kinds and color in ("green", "white", "blue", "yellow", "gray")):
        return None
    q.slots["color"] = color_word(color, r)
    return q.open("which_color", kinds[0] if kinds else "none")


def ask_next(q: Question) -> Asked | None:
    """What is next to it, and which color that has."""
    facts, r = q.facts, q.r
    found = [(kind, near) for kind in facts.have if (near := facts.next_to(kind))]
    if not found or r.random() < 0.1:
        q.put(q.some([], 1)[0])
        return q.open(r.choice(["next", "next_color"]), "none")
    kind, near = r.choice(found)
    q.put(kind)
    return q.open("next", near) if r.random() < 0.6 else q.open("next_color", facts.color[near])


def ask_is_next(q: Question) -> Asked | None:
    facts, r = q.facts, q.r
    pairs = [(one, other, near) for one in facts.have for other in facts.have if one != other and (near := facts.is_next_to(one, other)) is not None]
    wanted = r.random() < 0.5
    pairs = [pair for pair in pairs if pair[2] == wanted]
    if not pairs:
        return None
    one, other, near = r.choice(pairs)
    q.put(one)
    q.put_second(other)
    return q.closed("is_next", near)


def ask_side(q: Question) -> Asked | None:
    facts, r = q.facts, q.r
    found = [kind for kind in facts.have if facts.side(kind)]
    chosen, kind = q.some(found, 0.06)
    q.put(chosen)
    if r.random() < 0.65:
        return q.open("side", facts.side(kind) if kind else "none")
    side = r.choice(["left", "right"])
    q.slots.update(aside(side, r))
    return q.closed("is_side", kind is not None and facts.side(kind) == side)


def ask_beside(q: Question) -> Asked | None:
    facts, r = q.facts, q.r
    side = r.choice(["left", "right"])
    q.slots.update(aside(side, r))
    if r.random() < 0.4:
        found = [(kind, near) for kind in facts.have if (near := facts.beside(kind, side))]
        if not found:
            return None
        kind, near = r.choice(found)
        q.put(kind)
        return q.open("beside", near)
    pairs = [(one, other, left) for one in facts.have for other in facts.have if (left := facts.is_left_of(one, other)) is not None]
    if not pairs:
        return None
    one, other, left = r.choice(pairs)
    q.put(one)
    q.put_second(other)
    return q.closed("is_left", left == (side == "left"))


def ask_doing(q: Question) -> Asked | None:
    facts, r = q.facts, q.r
    chosen, kind = q.some([kind for kind in facts.have if kind in ("dog", "cat", "bird", "kite", "boat", "car")], 0.06)
    q.put(chosen)
    chance = r.random()
    if kind is None:
        return q.open("doing", "none")
    if chance < 0.3 and kind in ("dog", "cat"):
        return q.open("playing", "ball" if facts.count["ball"] else "none")
    if chance < 0.6:
        action = facts.doing(kind) if r.random() < 0.5 else r.choice(ACTIONS)
        if action != facts.doing(kind) and (kind, action) in UNCLEAR and not (action == "playing"):
            return None
        q.slots["action"] = action
        return q.closed("is_doing", action == facts.doing(kind))
    return q.open("doing", facts.doing(kind))


def ask_more(q: Question) -> Asked | None:
    facts, r = q.facts, q.r
    one, other = r.choice(facts.have), r.choice(CLASSES)
    if one == other:
        return None
    if r.random() < 0.5:
        one, other = other, one
    mine, theirs = facts.count[one], facts.count[other]
    q.put(one)
    q.put_second(other)
    chance = r.random()
    if chance < 0.5:
        return q.closed("more", mine > theirs)
    if chance < 0.6:
        return q.closed("as_many", mine == theirs)
    return q.open("which_more", "same" if mine == theirs else PLURAL[one if mine > theirs else other])


def ask_bigger(q: Question) -> Asked | None:
    facts, r = q.facts, q.r
    if len(facts.have) < 2:
        return None
    one, other = r.sample(facts.have, 2)
    winner = facts.bigger(one, other)
    if winner is None:
        return None
    big = r.random() < 0.75
    q.put(one)
    q.put_second(other)
    q.slots.update(bigger=r.choice(BIGGER[big]), smaller=r.choice(BIGGER[not big]), spacemore="more space" if big else "less space")
    if r.random() < 0.4:
        return q.closed("is_bigger", (winner == one) == big)
    return q.open("which_bigger", winner if big else one if winner == other else other)


def ask_same(q: Question) -> Asked | None:
    facts, r = q.facts, q.r
    same = [(one, other) for one in facts.have for other in facts.have if one != other and facts.color[one] == facts.color[other]]
    if len(facts.have) < 2:
        return None
    one, other = r.choice(same) if same and r.random() < 0.5 else r.sample(facts.have, 2)
    q.put(one)
    q.put_second(other)
    return q.closed("same_color", facts.color[one] == facts.color[other])


def ask_animals(q: Question) -> Asked:
    facts, r = q.facts, q.r
    chance = r.random()
    if chance < 0.45:
        return q.open("total_animals", str(facts.total(facts.animals)))
    if chance < 0.55:
        return q.open("kinds", str(len(facts.animals)))
    return q.open("animal", facts.listing(facts.animals))


def ask_things(q: Question) -> Asked | None:
    return q.open("things", q.facts.listing(q.facts.have)) if len(q.facts.have) < 8 else None


def ask_place(q: Question) -> Asked:
    facts, r = q.facts, q.r
    chance = r.random()
    if chance < 0.45:
        return q.open("place", facts.place)
    if chance < 0.6:
        chosen, kind = q.some(facts.have)
        q.put(chosen)
        return q.open("where_thing", facts.where(kind) if kind else "none")
    right = r.random() < 0.5
    place = facts.place if right else r.choice([each for each in PLACES if each != facts.place])
    word = r.choice(PLACE_WORDS[place])
    if not right and r.random() < 0.4:
        word = r.choice(OTHER_PLACES)
    q.slots.update(place=word, a_place=a(word))
    if place == "snow" and word in PLACE_WORDS["snow"] and r.random() < 0.3:
        q.slots.update(place="snow", a_place="snow")
    return q.closed("is_place", right)


def ask_light(q: Question) -> Asked:
    facts, r = q.facts, q.r
    chance = r.random()
    if chance < 0.4:
        return q.open("time", "night" if facts.night else "day")
    return q.closed("is_night", facts.night) if chance < 0.7 else q.closed("is_day", not facts.night)


def ask_weather(q: Question) -> Asked:
    facts, r = q.facts, q.r
    chance = r.random()
    if chance < 0.5:
        return q.open("weather", facts.weather())
    if chance < 0.6:
        return q.open("season", "winter" if facts.place == "snow" else "summer")
    if chance < 0.7:
        return q.open("inside", "outside")
    if chance < 0.78:
        outside = r.random() < 0.5
        q.slots["inout"] = r.choice(OUTSIDE if outside else INSIDE)
        return q.closed("is_outside", outside)
    if r.random() < 0.3:
        q.slots["weather"] = r.choice(NEVER)
        return q.closed("is_weather", False)
    weather = facts.weather() if r.random() < 0.5 else r.choice(["snowy", "sunny"])
    q.slots["weather"] = r.choice(WEATHER[weather])
    return q.closed("is_weather", weather == facts.weather())


def ask_sky(q: Question) -> Asked:
    facts, r = q.facts, q.r
    if r.random() < 0.7:
        return q.open("sky", facts.sky())
    if r.random() < 0.5:
        q.slots["scenery"] = "sky"
        return q.open("scenery_color", "dark blue" if facts.night else "blue")
    name, (place, color) = r.choice(list(SCENERY_COLORS.items()))
    q.slots["scenery"] = name
    return q.open("scenery_color", color if facts.place == place else "none")


def ask_unknown(q: Question) -> Asked:
    r = q.r
    q.put(q.some(q.facts.have, 0.25)[0])
    return q.template(r.choice(UNKNOWN_TEMPLATES), UNANSWERED)


def ask_none(q: Question) -> Asked:
    q.put(absent(q.r))
    return q.template(q.r.choice(NONE_TEMPLATES), "none")


ASK = {
    "count": (ask_count, 14), "exists": (ask_exists, 11), "number": (ask_number, 4), "color": (ask_color, 8), "is_color": (ask_is_color, 7),
    "which_color": (ask_which_color, 3), "next": (ask_next, 10), "is_next": (ask_is_next, 8), "side": (ask_side, 6), "beside": (ask_beside, 9),
    "doing": (ask_doing, 6), "more": (ask_more, 7), "bigger": (ask_bigger, 7), "same_color": (ask_same, 3), "animals": (ask_animals, 8),
    "things": (ask_things, 3), "place": (ask_place, 7), "light": (ask_light, 6), "weather": (ask_weather, 6), "sky": (ask_sky, 4),
    "unknown": (ask_unknown, 7), "none": (ask_none, 2),
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

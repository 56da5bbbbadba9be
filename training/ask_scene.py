"""Questions about the whole scene, and those that no picture answers."""

from phrase_things import color_word
from question import Asked, Question, absent
from read_wordings import OTHERS
from sample_scenes import PLACES
from word_lists import OTHER_PLACES, PLACE_WORDS, a

UNANSWERED = "i don't know"
SCENERY_COLORS = {
    "grass": ("park", "green"),
    "sand": ("beach", "yellow"),
    "road": ("street", "gray"),
    "sea": ("beach", "blue"),
    "water": ("beach", "blue"),
    "ocean": ("beach", "blue"),
    "snow": ("snow", "white"),
}
WEATHER = {"snowy": ["snowy", "snowing", "wintry", "cold", "freezing", "icy"], "sunny": ["sunny"], "clear": ["clear"]}
NEVER = ["rainy", "raining", "stormy", "foggy", "windy and rainy", "thundering", "hailing", "wet"]
INSIDE, OUTSIDE = (
    ["inside", "indoors", "in a room", "in a house", "in a building"],
    ["outside", "outdoors", "in the open air", "in the open", "out of doors"],
)


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
    return q.template(r.choice(OTHERS["unknown"]), UNANSWERED)


def ask_none(q: Question) -> Asked:
    q.put(absent(q.r))
    return q.template(q.r.choice(OTHERS["none"]), "none")

"""Questions about things: what is asked about, and the answer."""

from phrase_things import BIGGER, aside, color_word, other_color, words_for
from question import Asked, Question, absent
from sample_scenes import CLASSES, COLORS, PAL, PLURAL
from word_lists import GROUPS, NUMBER_WORDS, OTHER_COLORS, SCENERY

ACTIONS = [
    "playing",
    "flying",
    "sleeping",
    "eating",
    "running",
    "standing",
    "sitting",
    "swimming",
    "sailing",
    "driving",
    "reading",
    "jumping",
    "parked",
    "dancing",
    "cooking",
    "fighting",
]
# An action that the drawing neither shows nor rules out is not asked about.
UNCLEAR = {
    ("dog", "playing"),
    ("cat", "playing"),
    ("dog", "sitting"),
    ("dog", "running"),
    ("cat", "standing"),
    ("car", "driving"),
    ("car", "standing"),
    ("boat", "swimming"),
    ("boat", "standing"),
    ("dog", "jumping"),
    ("bird", "running"),
}


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
    pairs = [
        (one, other, near)
        for one in facts.have
        for other in facts.have
        if one != other and (near := facts.is_next_to(one, other)) is not None
    ]
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
    pairs = [
        (one, other, left)
        for one in facts.have
        for other in facts.have
        if (left := facts.is_left_of(one, other)) is not None
    ]
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
    q.slots.update(
        bigger=r.choice(BIGGER[big]), smaller=r.choice(BIGGER[not big]), spacemore="more space" if big else "less space"
    )
    if r.random() < 0.4:
        return q.closed("is_bigger", (winner == one) == big)
    return q.open("which_bigger", winner if big else one if winner == other else other)


def ask_same(q: Question) -> Asked | None:
    facts, r = q.facts, q.r
    same = [
        (one, other)
        for one in facts.have
        for other in facts.have
        if one != other and facts.color[one] == facts.color[other]
    ]
    if len(facts.have) < 2:
        return None
    one, other = r.choice(same) if same and r.random() < 0.5 else r.sample(facts.have, 2)
    q.put(one)
    q.put_second(other)
    return q.closed("same_color", facts.color[one] == facts.color[other])

"""One question in the making: the slots of its wording, and how a wording is chosen."""

import random

from careless_typing import as_claim, as_clause, type_carelessly
from expand_templates import Template, expand
from phrase_things import base, second, thing, words_for
from read_wordings import read_kinds
from scene_facts import Facts
from word_lists import ABSENT_NOUNS

OPEN, CLOSED = read_kinds("things.txt", "scene.txt"), read_kinds("yes_no.txt", "scene_yes_no.txt")

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
        """(kind or words, kind or None): a kind of `kinds`; sometimes words of something that is not there."""
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
        word = "".join(
            generator.choice("bcdfghjklmnprstvwz") + generator.choice("aeiou") for _ in range(generator.randint(2, 3))
        )
        return word, word + "s"
    return generator.choice(ABSENT_NOUNS)

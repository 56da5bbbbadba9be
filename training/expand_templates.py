"""Templates: `(a|b)` is one of several, `[a]` may be left out, `{thing}` is a slot that the caller fills.
Choices are words: spaces around them need not be written.

    expand(Template("how many {things} (are there|do you see)[ here]"), generator, {"things": "dogs"})
"""

import random
import re

TOKEN = re.compile(r"[()\[\]|]|[^()\[\]|]+")
SLOT = re.compile(r"\{[a-z_0-9]+\}")
Filler = dict[str, str]


class Template:
    """A template as nested lists: a sequence holds strings and choices, a choice is a list of sequences."""

    def __init__(self, text: str):
        self.text, self.tokens, self.at = text, TOKEN.findall(text), 0
        self.sequence = self.read_sequence("")
        if self.at < len(self.tokens):
            raise ValueError(f"{text}: {self.tokens[self.at]} closes nothing")

    def read_sequence(self, end: str) -> list:
        found: list = []
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token in ("|", ")", "]"):
                if not end:
                    raise ValueError(f"{self.text}: {token} stands outside")
                return found
            self.at += 1
            if token in "([":
                close = ")" if token == "(" else "]"
                choice = [self.read_sequence(close)]
                while self.at < len(self.tokens) and self.tokens[self.at] == "|":
                    self.at += 1
                    choice.append(self.read_sequence(close))
                if self.at == len(self.tokens) or self.tokens[self.at] != close:
                    raise ValueError(f"{self.text}: {token} is not closed")
                self.at += 1
                found.append(choice if close == ")" else [*choice, []])
            else:
                found.append(token)
        if end:
            raise ValueError(f"{self.text}: {end} is missing")
        return found

    def words(self) -> set[str]:
        """All words that the template itself can give."""
        return set(re.sub(r"[()\[\]|]", " ", SLOT.sub(" ", self.text)).split())


def expand(template: Template, generator: random.Random, fill: Filler) -> str:
    """One text of the template, its slots filled."""
    parts: list[str] = []

    def walk(sequence: list) -> None:
        for part in sequence:
            if isinstance(part, str):
                parts.append(part)
            else:
                parts.append(" ")
                walk(part[int(generator.random() * len(part))])
                parts.append(" ")

    walk(template.sequence)
    text = "".join(parts)
    if "{" in text:
        text = SLOT.sub(lambda slot: fill[slot.group()[1:-1]], text)
    return " ".join(text.split())

"""Batches for the text parts: image embeddings of some scenes with questions, answers and captions made on the spot.

No text is ever the same twice, unless by chance. A step takes questions of similar length, so that little is padding;
the image embeddings come from embed_scenes.py's file, which stays on disk.
"""

import json
import random
from pathlib import Path

import numpy as np
import torch

from ask_questions import ask
from build_words import words
from scene_facts import Facts
from write_captions import write_caption, write_prompted

IMAGES, QUESTIONS, BANDS, AHEAD = 20, 12, 3, 6
LONGEST, LONGEST_CAPTION = 22, 38


class Words:
    """BERT's tokenizer for lower-case ASCII text: the longest known beginning of a word, then letters."""

    def __init__(self, vocab: list[str]):
        self.id = {token: index for index, token in enumerate(vocab)}
        self.bos, self.cls, self.sep, self.unk = (self.id[token] for token in ("[DEC]", "[CLS]", "[SEP]", "[UNK]"))
        self.seen = np.zeros(len(vocab), np.int64)
        self.kept: dict[str, list[int]] = {}

    def pieces(self, word: str) -> list[int]:
        if word in self.kept:
            return self.kept[word]
        end = next((end for end in range(len(word), 0, -1) if word[:end] in self.id), 0)
        letters = [f"##{letter}" for letter in word[end:]]
        known = end and all(letter in self.id for letter in letters)
        ids = [self.id[word[:end]], *(self.id[letter] for letter in letters)] if known else [self.unk]
        if len(self.kept) < 50_000:
            self.kept[word] = ids
        return ids

    def encode(self, text: str) -> list[int]:
        ids = [piece for word in words(text) for piece in self.pieces(word)]
        self.seen[ids] += 1
        return ids

    def question(self, text: str) -> list[int]:
        return [self.cls, *self.encode(text), self.sep]


def pad(rows: list[list[int]]) -> torch.Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [0] * (longest - len(row)) for row in rows])


class TextBatches:
    def __init__(self, scenes: Path, words_: Words, seed: int):
        self.embeddings = np.load(scenes.with_suffix(".npy"), mmap_mode="r")
        self.facts = [Facts(scene) for scene in json.loads(scenes.with_suffix(".json").read_text())]
        self.words, self.random, self.order, self.ready = words_, random.Random(seed), [], []

    def images(self, indexes: list[int]) -> torch.Tensor:
        return torch.from_numpy(self.embeddings[sorted(indexes)].astype(np.float32))

    def choose(self, count: int) -> list[int]:
        if len(self.order) < count:
            self.order = list(range(len(self.facts)))
            self.random.shuffle(self.order)
        chosen, self.order = sorted(self.order[:count]), self.order[count:]
        return chosen

    def question(self, facts: Facts) -> tuple[list[int], list[int]]:
        """Ids of a question and of its answer with the end token."""
        while True:
            _, question, answer = ask(facts, self.random)
            ids = self.words.question(question)
            if len(ids) <= LONGEST:
                return ids, [*self.words.encode(answer), self.words.sep]

    def captions(self, chosen: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """[b, n] ids from the begin token on; labels, 0 where nothing is learned: in prompts and padding."""
        rows, labels = [], []
        for index in chosen:
            if self.random.random() < 0.5:
                prompt, text = "", write_caption(self.facts[index], self.random)
            else:
                prompt, text = write_prompted(self.facts[index], self.random)
            start, rest = [self.words.bos, *self.words.encode(prompt)], [*self.words.encode(text), self.words.sep]
            rows.append((start + rest)[:LONGEST_CAPTION])
            labels.append(([0] * (len(start) - 1) + rest)[: len(rows[-1]) - 1])
        return pad(rows)[:, :-1], pad(labels)

    def next(self):
        """(images [b, s, H], questions [b, k, l], answers: b * k lists, (captions, labels))"""
        if not self.ready:
            for _ in range(AHEAD):
                chosen = self.choose(IMAGES)
                asked = [
                    sorted(
                        (self.question(self.facts[index]) for _ in range(QUESTIONS * BANDS)),
                        key=lambda one: len(one[0]),
                    )
                    for index in chosen
                ]
                self.ready += [
                    (chosen, [found[band * QUESTIONS : (band + 1) * QUESTIONS] for found in asked])
                    for band in range(BANDS)
                ]
            self.random.shuffle(self.ready)
        chosen, asked = self.ready.pop()
        flat = [one for found in asked for one in found]
        questions = pad([ids for ids, _ in flat]).view(len(chosen), QUESTIONS, -1)
        return self.images(chosen), questions, [answer for _, answer in flat], self.captions(chosen)

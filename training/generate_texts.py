"""Greedy answers and captions of an exported checkpoint, with their scores; and what a caption names."""

from pathlib import Path

import numpy as np
import torch
from transformers import AutoTokenizer, BlipForQuestionAnswering

from model import run_text
from sample_scenes import CLASSES, NUM, PLURAL
from text_batches import pad
from train_language import encode_questions

ANSWER_TOKENS, CAPTION_TOKENS = 20, 40


class Writer:
    """An exported folder of BlipForQuestionAnswering."""

    def __init__(self, folder: Path):
        self.model = BlipForQuestionAnswering.from_pretrained(folder).float().eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        text = self.model.config.text_config
        self.bos, self.end = text.bos_token_id, text.sep_token_id

    def continue_rows(self, rows: list[list[int]], steps: int, hidden_of) -> list[tuple[str, float]]:
        """
        Each row's continuation and its score: the product of the probabilities of its tokens, the end token included.
        Rows have one length.
        """
        ids, scores = torch.tensor(rows), torch.zeros(len(rows))
        start, ended = ids.shape[1], torch.zeros(len(rows), dtype=torch.bool)
        for _ in range(steps):
            logits = self.model.text_decoder.cls(hidden_of(ids)[:, -1]).float()
            best, token = torch.log_softmax(logits, -1).max(-1)
            scores = scores + torch.where(ended, 0, best)
            ids = torch.cat([ids, torch.where(ended, 0, token)[:, None]], 1)
            ended |= token == self.end
            if bool(ended.all()):
                break
        texts = [
            self.tokenizer.decode(row[start:], skip_special_tokens=True).replace(" ' ", "'") for row in ids.tolist()
        ]
        return [(text, float(score)) for text, score in zip(texts, scores.exp())]

    @torch.no_grad()
    def answer(self, images: np.ndarray, questions: list[str]) -> list[tuple[str, float]]:
        """Images [n, s, H], one question each."""
        ids = pad([self.tokenizer(question).input_ids[:40] for question in questions])[:, None]
        states, mask = encode_questions(self.model, torch.from_numpy(images.astype(np.float32)), ids)
        bert = self.model.text_decoder.bert
        return self.continue_rows(
            [[self.bos]] * len(questions),
            ANSWER_TOKENS,
            lambda so_far: run_text(bert, so_far, None, states, mask.expand(-1, 1, so_far.shape[1], -1), causal=True),
        )

    @torch.no_grad()
    def caption(self, images: np.ndarray, prompt: str = "") -> list[tuple[str, float]]:
        """What follows the prompt, for each image."""
        states, bert = torch.from_numpy(images.astype(np.float32)), self.model.text_decoder.bert
        start = [self.bos, *self.tokenizer(prompt, add_special_tokens=False).input_ids]
        return self.continue_rows(
            [start] * len(images),
            CAPTION_TOKENS - len(start),
            lambda so_far: run_text(bert, so_far, None, states, causal=True),
        )


def named_things(text: str) -> set[tuple[str, int]]:
    """The things a caption names, with their number: 'two red balls and a dog' -> {(ball, 2), (dog, 1)}."""
    found, number = set(), 1
    for word in text.replace(",", " ").split():
        if word in ("a", "an"):
            number = 1
        elif word in NUM:
            number = NUM.index(word)
        for name in CLASSES:
            if word in (name, PLURAL[name]):
                found.add((name, number))
    return found

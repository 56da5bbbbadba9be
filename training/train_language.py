"""train_language.py BASE_FOLDER SCENES VOCAB.txt CHECKPOINT.pt MINUTES: trains the text encoder and decoder on one
core.

BASE_FOLDER is the checkpoint whose vision model stays as it is; its text layers, which already read image embeddings,
are where training starts. SCENES is what embed_scenes.py wrote (the path without its ending); beside it `held-out` is
measured. What is exported is a running average of the weights. A checkpoint that is there is continued.
"""

import copy
import math
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from transformers import BlipForQuestionAnswering

from ask_questions import KINDS, ask_kind
from model import make_model, run_text
from text_batches import TextBatches, Words, pad

TEXT_LAYERS = 3
PEAK_RATE, FLOOR, WARM_UP_STEPS = 1.4e-3, 0.01, 60
REPORT_SECONDS, MEASURED_SCENES = 400, 150
CAPTION_WEIGHT = 0.5


def start_from(model, base, vocab: list[str], base_vocab: list[str]) -> None:
    """Vision weights, text layers, embeddings of known words. Layers beyond the base's begin as doing nothing."""
    model.vision_model.load_state_dict(base.vision_model.state_dict())
    old = {token: index for index, token in enumerate(base_vocab)}
    rows = [(index, old[token]) for index, token in enumerate(vocab) if token in old]
    mine, theirs = torch.tensor(rows).T
    for new, source in ((model.text_encoder, base.text_encoder), (model.text_decoder.bert, base.text_decoder.bert)):
        new.embeddings.word_embeddings.weight[mine] = source.embeddings.word_embeddings.weight[theirs]
        new.embeddings.position_embeddings.load_state_dict(source.embeddings.position_embeddings.state_dict())
        new.embeddings.LayerNorm.load_state_dict(source.embeddings.LayerNorm.state_dict())
        last = source.encoder.layer[-1]
        for index, layer in enumerate(new.encoder.layer):
            if index < len(source.encoder.layer):
                layer.load_state_dict(source.encoder.layer[index].state_dict())
                continue
            layer.load_state_dict(last.state_dict())
            for output in (layer.attention.output, layer.crossattention.output, layer.output):
                nn.init.zeros_(output.dense.weight)
                nn.init.zeros_(output.dense.bias)
                output.LayerNorm.load_state_dict(last.output.LayerNorm.state_dict())
    head, source = model.text_decoder.cls.predictions, base.text_decoder.cls.predictions
    head.transform.load_state_dict(source.transform.state_dict())
    head.bias.fill_(float(source.bias.min()))
    head.bias[mine] = source.bias[theirs]


def encode_questions(model, images, questions):
    """[b, k, l] ids -> states [b * k, l, H], mask [b * k, 1, 1, l]"""
    batch, count, length = questions.shape
    ids = questions.reshape(batch * count, length)
    mask = (ids > 0)[:, None, None, :]
    return run_text(model.text_encoder, ids, mask.expand(-1, 1, length, -1), images, group=count), mask


def answer_loss(model, states, mask, answers, bos):
    """Mean over the questions; short answers and long ones in two calls, since most have one word."""
    total = 0.0
    for wanted in (lambda length: length <= 2, lambda length: length > 2):
        rows = [index for index, answer in enumerate(answers) if wanted(len(answer))]
        if not rows:
            continue
        labels = pad([answers[index] for index in rows])
        inputs = torch.cat([torch.full((len(rows), 1), bos), labels[:, :-1]], 1)
        picked = mask[rows].expand(-1, 1, inputs.shape[1], -1)
        hidden = run_text(model.text_decoder.bert, inputs, None, states[rows], picked, causal=True)
        real = labels > 0
        each = F.cross_entropy(model.text_decoder.cls(hidden[real]).float(), labels[real], reduction="none")
        # An end token is easy to learn; the first word decides.
        first = torch.zeros_like(labels, dtype=torch.bool)
        first[:, 0] = True
        total = total + (each * torch.where(first[real], 1.0, 0.3)).sum()
    return total / len(answers)


def caption_loss(model, images, captions, labels):
    hidden = run_text(model.text_decoder.bert, captions, None, images, causal=True)
    real = labels > 0
    return F.cross_entropy(model.text_decoder.cls(hidden[real]).float(), labels[real])


@torch.no_grad()
def accuracy(model, batches: TextBatches, words: Words) -> dict[str, float]:
    """Answers whose every token is the most likely one, per kind."""
    batches.random.seed(7)
    found: dict[str, float] = {}
    images = batches.images(list(range(MEASURED_SCENES)))
    for kind in KINDS:
        asked = [
            (index, one)
            for index in range(MEASURED_SCENES)
            if (one := ask_kind(batches.facts[index], kind, batches.random))
        ]
        questions = pad([words.question(question)[:40] for _, (question, _) in asked])[:, None]
        states, mask = encode_questions(model, images[[index for index, _ in asked]], questions)
        labels = pad([[*words.encode(answer), words.sep] for _, (_, answer) in asked])
        inputs = torch.cat([torch.full((len(asked), 1), words.bos), labels[:, :-1]], 1)
        hidden = run_text(
            model.text_decoder.bert, inputs, None, states, mask.expand(-1, 1, inputs.shape[1], -1), causal=True
        )
        right = (model.text_decoder.cls(hidden).argmax(-1) == labels) | (labels == 0)
        found[kind] = round(float(right.all(1).float().mean()), 3)
    return found


def train(model, average, optimizer, batches, held_out, state, budget, save) -> None:
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    words, start, reported = batches.words, time.time() - state["seconds"], time.time()
    pairs = [(slow, fast) for slow, fast in zip(average.parameters(), model.parameters()) if fast.requires_grad]
    while (done := (time.time() - start) / budget) < 1:
        state["step"] += 1
        rate = (
            PEAK_RATE
            * min(1, state["step"] / WARM_UP_STEPS)
            * (FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * done)))
        )
        for group in optimizer.param_groups:
            group["lr"] = rate
        images, questions, answers, (captions, labels) = batches.next()
        with torch.autocast("cpu", torch.bfloat16):
            states, mask = encode_questions(model, images, questions)
            answer = answer_loss(model, states, mask, answers, words.bos)
            caption = caption_loss(model, images, captions, labels)
        optimizer.zero_grad()
        (answer + CAPTION_WEIGHT * caption).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        keep = min(0.995, state["step"] / (state["step"] + 10))
        with torch.no_grad():
            for slow, fast in pairs:
                slow.lerp_(fast, 1 - keep)
        if state["step"] % 25 == 0:
            print(
                f"{(time.time() - start) / 60:.1f} min, step {state['step']}: {answer.item():.3f} {caption.item():.3f}",
                flush=True,
            )
        if time.time() - reported > REPORT_SECONDS:
            state["seconds"], reported = time.time() - start, time.time()
            print(accuracy(average, held_out, words), flush=True)
            save()
    state["seconds"] = time.time() - start


def main() -> None:
    folder, scenes, vocab_file, checkpoint = (Path(argument) for argument in sys.argv[1:5])
    torch.set_num_threads(1)
    vocab, base = vocab_file.read_text().split("\n")[:-1], BlipForQuestionAnswering.from_pretrained(folder).float()
    model = make_model(vocab, TEXT_LAYERS).train()
    with torch.no_grad():
        start_from(model, base, vocab, (folder / "vocab.txt").read_text().split("\n")[:-1])
    model.vision_model.requires_grad_(False)
    average, parameters = copy.deepcopy(model), [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(parameters, PEAK_RATE, weight_decay=0.03, betas=(0.9, 0.98))
    parts, state = {"model": model, "average": average, "optimizer": optimizer}, {"step": 0, "seconds": 0.0}
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(saved[name])
        state |= saved["state"]
    words = Words(vocab)
    if checkpoint.exists():
        words.seen += saved["seen"].numpy()
    batches, held_out = (
        TextBatches(scenes, words, state["step"]),
        TextBatches(scenes.with_name("held-out"), Words(vocab), 7),
    )

    def save() -> None:
        temporary = checkpoint.with_suffix(".tmp")
        content = {name: part.state_dict() for name, part in parts.items()}
        torch.save(content | {"state": state, "seen": torch.from_numpy(words.seen)}, temporary)
        temporary.replace(checkpoint)

    train(model, average, optimizer, batches, held_out, state, float(sys.argv[5]) * 60, save)
    save()
    print(accuracy(average, held_out, words))
    whole = [index for index, token in enumerate(vocab) if token.isalpha() and len(token) > 1]
    print("words seen fewer than 20 times:", [vocab[index] for index in whole if words.seen[index] < 20])


if __name__ == "__main__":
    main()

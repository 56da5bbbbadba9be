"""train_matching.py LANGUAGE.pt SCENES VOCAB.txt CHECKPOINT.pt MINUTES: trains the matching and the contrastive head.

Starts from the text encoder that train_language.py trained, and keeps the vision model. Contrastive: captions and
images of a batch against each other. Matching: is this text true of this image? True texts, captions of other scenes
that are near by cosine, and true captions with one thing changed (number, color, kind, place, time), which cosine
hardly tells apart.
"""

import copy
import math
import random
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from transformers import BlipForImageTextRetrieval

from model import HIDDEN, make_config, run_text
from sample_scenes import CLASSES, COLORS, NUM, PLURAL
from scene_facts import Facts
from text_batches import TextBatches, Words, pad
from train_language import TEXT_LAYERS
from write_captions import full_caption, write_caption, write_prompted

IMAGES, PEAK_RATE, FLOOR, WARM_UP_STEPS = 32, 8e-4, 0.02, 20
LONGEST, REPORT_STEPS = 38, 25
PLACE_PHRASES = [("on the beach", "in the park", "on the street", "in the snow"), ("beach", "park", "street")]
LIGHT = [("at night", "by day"), ("under the moon", "under the sun"), ("sunny", "dark")]
SINGULAR = {plural: name for name, plural in PLURAL.items()}


def make_matcher(vocab: list[str]) -> BlipForImageTextRetrieval:
    torch.manual_seed(0)
    model = BlipForImageTextRetrieval(make_config(vocab, TEXT_LAYERS))
    for projection in (model.vision_proj, model.text_proj):
        nn.init.normal_(projection.weight, std=HIDDEN**-0.5)
    return model


def change(text: str, generator: random.Random) -> str:
    """The text with one number, color, kind, place or time of day changed."""
    words = text.replace(",", " ,").split()
    ways = [
        index
        for index, word in enumerate(words)
        if word in COLORS or word in NUM or word in CLASSES or word in SINGULAR
    ]
    phrases = [(group, phrase) for group in (*PLACE_PHRASES, *LIGHT) for phrase in group if phrase in text]
    if phrases and generator.random() < 0.3:
        group, phrase = generator.choice(phrases)
        return text.replace(phrase, generator.choice([other for other in group if other != phrase]))
    if not ways:
        return text
    at = generator.choice(ways)
    for known in (COLORS, NUM[2:5], CLASSES, list(SINGULAR)):
        if words[at] in known:
            words[at] = generator.choice([other for other in known if other != words[at]])
            break
    return " ".join(words)


def true_text(facts: Facts, generator: random.Random) -> str:
    """What somebody might search for: a caption of any style, with or without "a picture of", or a thing or two."""
    chance = generator.random()
    if chance < 0.35:
        return write_caption(facts, generator)
    if chance < 0.6:
        return full_caption(facts)
    if chance < 0.75:
        return " ".join(write_prompted(facts, generator))
    kind = generator.choice(facts.have)
    number = facts.count[kind]
    word = (
        f"{facts.color[kind]} {kind if number == 1 else PLURAL[kind]}"
        if generator.random() < 0.6
        else (kind if number == 1 else PLURAL[kind])
    )
    start = "a" if number == 1 else generator.choice([NUM[number] if number < len(NUM) else str(number), "some", ""])
    ending = generator.choice(
        [
            "",
            "",
            f"{'in' if facts.place in ('park', 'snow') else 'on'} the {facts.place}",
            "at night" if facts.night else "by day",
        ]
    )
    return " ".join(f"{start} {word} {ending}".split())


def is_true(text: str, facts: Facts) -> bool:
    """Whether a text holds of another scene too: all its things in their number and color, place and time."""
    words, number, color = text.replace(",", " ,").split(), None, None
    for word in words:
        if word in ("a", "an"):
            number = 1
        elif word in NUM:
            number = NUM.index(word)
        elif word in COLORS:
            color = word
        elif word in CLASSES or word in SINGULAR:
            kind = SINGULAR.get(word, word)
            if (
                not facts.count[kind]
                or (number and facts.count[kind] != number)
                or (color and facts.color[kind] != color)
            ):
                return False
            number = color = None
    if any(place in words and facts.place != place for place in ("beach", "park", "street", "snow")):
        return False
    night, day = (
        any(word in words for word in ("night", "moon", "dark")),
        any(word in words for word in ("day", "sun", "sunny")),
    )
    return not (night and not facts.night) and not (day and facts.night)


def encode_texts(model, ids, images=None, group=1):
    """[b * group, l] ids -> [b * group, l, H]; with an image for each group of texts, or with none"""
    mask = (ids > 0)[:, None, None, :].expand(-1, 1, ids.shape[1], -1)
    return run_text(model.text_encoder, ids, mask, images, group=group)


def embed(model, ids, images):
    """Normalized text and image features, [b, projection_dim] both."""
    text = F.normalize(model.text_proj(encode_texts(model, ids)[:, 0]).float(), dim=-1)
    return text, F.normalize(model.vision_proj(images[:, 0]).float(), dim=-1)


def step_loss(model, scale, batches: TextBatches):
    generator, words = batches.random, batches.words
    chosen = batches.choose(IMAGES)
    facts, images = [batches.facts[index] for index in chosen], batches.images(chosen)
    full = pad(
        [
            words.question(full_caption(each) if generator.random() < 0.6 else write_caption(each, generator))[:LONGEST]
            for each in facts
        ]
    )
    text, image = embed(model, full, images)
    similar = text @ image.T
    labels = torch.arange(IMAGES)
    logits = similar * scale.exp().clamp(max=100)
    contrastive = (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2
    rows: list[tuple[str, int, int]] = []
    likely = torch.softmax(similar.detach() * 15 - torch.eye(IMAGES) * 1e4, 1)
    other = torch.multinomial(likely, 1)[:, 0].tolist()
    for index, each in enumerate(facts):
        told = true_text(each, generator)
        rows.append((told, index, 1))
        changed = change(told, generator)
        rows.append((changed, index, int(is_true(changed, each))))
        far = true_text(facts[other[index]], generator)
        rows.append((far, index, int(is_true(far, each))))
    ids = pad([words.question(told)[:LONGEST] for told, _, _ in rows])
    states = encode_texts(model, ids, images, group=len(rows) // IMAGES)  # an image's texts stand together
    wanted = torch.tensor([label for _, _, label in rows])
    match = F.cross_entropy(model.itm_head(states[:, 0]).float(), wanted)
    return contrastive, match


def main() -> None:
    language, scenes, vocab_file, checkpoint = (Path(argument) for argument in sys.argv[1:5])
    torch.set_num_threads(1)
    vocab, budget = vocab_file.read_text().split("\n")[:-1], float(sys.argv[5]) * 60
    model, scale = make_matcher(vocab), nn.Parameter(torch.tensor(math.log(15.0)))
    saved = torch.load(language, weights_only=True)
    trained, seen = saved["average"], saved["seen"]
    own = {name: value for name, value in trained.items() if name.startswith(("vision_model.", "text_encoder."))}
    missing, unexpected = model.load_state_dict(own, strict=False)
    if unexpected or any(name.startswith(("vision_model.", "text_encoder.encoder")) for name in missing):
        raise SystemExit(f"{language}: does not fit: {missing} {unexpected}")
    model.vision_model.requires_grad_(False)
    average, parameters = copy.deepcopy(model), [each for each in model.parameters() if each.requires_grad] + [scale]
    optimizer = torch.optim.AdamW(parameters, PEAK_RATE, weight_decay=0.03, betas=(0.9, 0.98))
    batches, start, step = TextBatches(scenes, Words(vocab), 3), time.time(), 0
    while (done := (time.time() - start) / budget) < 1:
        step += 1
        rate = PEAK_RATE * min(1, step / WARM_UP_STEPS) * (FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * done)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16):
            contrastive, match = step_loss(model, scale, batches)
        optimizer.zero_grad()
        (contrastive + 3 * match).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        keep = min(0.98, step / (step + 10))
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), model.parameters()):
                slow.lerp_(fast, 1 - keep)
        if step % REPORT_STEPS == 0:
            print(
                f"{(time.time() - start) / 60:.1f} min, step {step}: {contrastive.item():.3f} {match.item():.3f}",
                flush=True,
            )
    torch.save({"average": average.state_dict(), "seen": seen, "steps": step}, checkpoint)


if __name__ == "__main__":
    main()

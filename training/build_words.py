"""build_words.py VOCAB.txt: every whole word that questions, answers and captions use, and letters as word pieces for
others.

Each whole word occurs in training (train_language.py checks it), so a word that is not in the list is new to the
model.
"""

import random
import re
import string
import sys
from pathlib import Path

import careless_typing as careless
from ask_questions import ask
from ask_scene import INSIDE, NEVER, OUTSIDE, SCENERY_COLORS, WEATHER
from ask_things import ACTIONS
from phrase_things import PHRASE_WORDS
from question import CLOSED, OPEN
from read_wordings import OTHERS
from sample_scenes import COLORS, NUM, sample_scene
from scene_facts import Facts
from word_lists import thing_words
from write_captions import PROMPTS, full_caption, write_caption

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PUNCTUATION = list("?.,!'-’")
DECODER_TOKENS = ["[DEC]", "[ENC]"]  # BLIP's begin tokens, at the end as in its own vocabulary
SCENES = 4000
WORD = re.compile(r"[a-z0-9]+|[^\sa-z0-9]")
ANSWER_WORDS = (
    "yes no none same left right day night i don know t s d and dark blue sun moon water sky inside outside winter "
    "summer snowy sunny clear"
)


def words(text: str) -> list[str]:
    """As BERT's pre-tokenizer splits these texts."""
    return WORD.findall(text)


def template_words() -> set[str]:
    groups = [*OPEN.values(), *CLOSED.values()]
    templates = [template for forms in groups for found in forms.values() for template in found]
    templates += [*PROMPTS, *(template for found in OTHERS.values() for template in found)]
    found: set[str] = set()
    for template in templates:
        found |= template.words()
    return found


def build_words() -> list[str]:
    texts = [PHRASE_WORDS, ANSWER_WORDS, *COLORS, *NUM, *SCENERY_COLORS, *ACTIONS, *INSIDE, *OUTSIDE, *NEVER]
    texts += [word for group in WEATHER.values() for word in group]
    texts += [
        *careless.BEFORE,
        *careless.AFTER,
        *careless.BEFORE_CLAUSE,
        *careless.CLAIM_BEFORE,
        *careless.CLAIM_AFTER,
        *careless.TAG.values(),
    ]
    texts += [*careless.SHORTENED.values(), "whats wheres whos hows thats theres its isnt arent dont doesnt whens"]
    found = template_words() | thing_words()
    for text in texts:
        found.update(text.split())
    generator = random.Random(1)
    for _ in range(SCENES):  # captions are written, not listed
        facts = Facts(sample_scene(generator))
        found.update(
            words(write_caption(facts, generator)), words(full_caption(facts)), words(ask(facts, generator)[2])
        )
    letters = string.ascii_lowercase + string.digits
    whole = sorted(word for word in found if word.isalpha() and word.isascii() and len(word) > 1)
    return [*SPECIAL, *PUNCTUATION, *sorted(letters), *whole, *(f"##{letter}" for letter in letters), *DECODER_TOKENS]


if __name__ == "__main__":
    tokens = build_words()
    Path(sys.argv[1]).write_text("".join(f"{token}\n" for token in tokens))
    print(f"{len(tokens)} tokens")

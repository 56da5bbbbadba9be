"""build_vocabulary.py VOCAB.txt: every word of the captions, questions and answers, and the letters as word pieces for
all others.
"""

import random
import string
import sys
from pathlib import Path

from sample_scenes import sample_scene
from write_language import QTYPES, ask, caption

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PUNCTUATION = list("?.,!'-")
DECODER_TOKENS = ["[DEC]", "[ENC]"]  # BLIP's begin tokens, at the end as in its own vocabulary
EXTRA = "a picture of photo the an is are there in on 0 1 2 3 4 5 6 7 8 9 no one two three four five six"
SCENES = 6000


def words(text: str) -> list[str]:
    """As BERT splits these texts: only the question mark stands at a word."""
    return text.replace("?", " ?").split()


def build_vocabulary() -> list[str]:
    generator = random.Random(1)
    found = set(EXTRA.split())
    for _ in range(SCENES):
        scene = sample_scene(generator)
        found.update(words(caption(scene)))
        for kind in QTYPES:
            asked = ask(scene, kind, generator)
            if asked:
                found.update(words(asked[0]))
                found.add(asked[1])
    tokens = SPECIAL + PUNCTUATION + sorted(found - set(PUNCTUATION))
    letters = string.ascii_lowercase + string.digits
    tokens += [letter for letter in letters if letter not in tokens] + [f"##{letter}" for letter in letters]
    return tokens + DECODER_TOKENS


if __name__ == "__main__":
    Path(sys.argv[1]).write_text("".join(f"{token}\n" for token in build_vocabulary()))

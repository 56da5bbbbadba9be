"""Makes a question look typed by somebody: politeness around it, contractions, dropped words, misspelled words, no "?".

Works on lower-case text, since the tokenizer ignores case, and knows nothing about scenes.
"""

import random
import re
import string

BEFORE = ["please"] * 3 + [
    "hey",
    "hi",
    "hello",
    "so",
    "ok",
    "okay",
    "well",
    "and",
    "now",
    "excuse me",
    "sorry",
    "quick question",
    "question",
    "hey there",
    "dear computer",
    "look",
    "hmm",
    "um",
    "just tell me",
    "tell me",
    "please tell me",
    "a question",
    "one more question",
    "i wonder",
    "i want to know",
    "be honest",
    "say",
    "in your opinion",
    "looking at the picture",
    "from what you see",
    "but",
    "in this picture",
    "in the image",
    "according to the picture",
    "thanks",
    "good morning",
    "next question",
    "let me ask",
]
AFTER = ["please"] * 4 + [
    "thanks",
    "thank you",
    "then",
    "now",
    "exactly",
    "do you think",
    "in your opinion",
    "anyway",
    "again",
    "actually",
    "do you know",
    "can you tell",
    "can you tell me",
    "any idea",
    "i wonder",
    "mate",
    "my friend",
    "if you can see it",
    "would you say",
    "if i may ask",
    "tell me",
    "at all",
    "according to you",
    "you think",
    "for me",
    "today",
    "there",
]
BEFORE_CLAUSE = (
    ["tell me"] * 3
    + ["can you tell me"] * 3
    + [
        "could you tell me",
        "please tell me",
        "do you know",
        "can you say",
        "i want to know",
        "i would like to know",
        "i wonder",
        "let me know",
        "would you tell me",
        "could you please tell me",
        "can you please tell me",
        "any idea",
        "can you see",
        "please say",
        "say",
        "i d like to know",
        "would you mind telling me",
        "are you able to say",
        "can you describe",
        "do you have any idea",
        "can you find out",
        "i need to know",
        "will you tell me",
        "find out",
        "can anyone tell me",
        "explain",
        "it would be nice to know",
        "i am asking",
        "show me",
        "can you work out",
        "please find out",
        "give me",
        "could you say",
    ]
)
IF = ["if"] * 2 + ["whether"] * 2 + ["that"]
CLAIM_BEFORE = [
    "is it true that",
    "is it correct that",
    "is it right that",
    "is it so that",
    "would you say that",
    "would you say",
    "do you think",
    "do you think that",
    "can you confirm that",
    "is it the case that",
    "am i right that",
    "do you agree that",
    "i think",
    "i think that",
    "true or false",
    "correct me if i am wrong",
    "i guess",
    "i believe",
    "yes or no",
    "is it a fact that",
    "can one say that",
    "check if",
    "so",
]
CLAIM_AFTER = [
    "right",
    "correct",
    "is that right",
    "is that correct",
    "is that true",
    "yes or no",
    "true or false",
    "am i right",
    "or not",
    "isn t it",
    "no",
    "yes",
    "true",
    "don t you think",
    "don t you agree",
    "isn t that so",
    "is it",
    "or am i wrong",
    "is that so",
    "or is it not",
]
TAG = {
    "there is": "isn t there",
    "there are": "aren t there",
    "it is": "isn t it",
    "this is": "isn t it",
    "you see": "don t you",
}
DROPPABLE = {
    "the",
    "a",
    "an",
    "is",
    "are",
    "there",
    "of",
    "in",
    "do",
    "does",
    "it",
    "to",
    "any",
    "you",
    "on",
    "some",
    "me",
    "that",
}
SHORTENED = {
    "you": "u",
    "are": "r",
    "please": "pls",
    "picture": "pic",
    "what": "wat",
    "thanks": "thx",
    "with": "w",
    "because": "cos",
    "know": "kno",
    "the": "teh",
    "how": "hw",
    "there": "their",
    "color": "clr",
}
SHARE = {"before": 0.10, "after": 0.07, "no_mark": 0.35, "drop": 0.10, "misspell": 0.06, "shorten": 0.03}
LETTERS = string.ascii_lowercase
CAREFUL = {"left", "right", "more", "fewer", "less", "than", "or", "not", "and"}


def misspell(word: str, generator: random.Random) -> str:
    """One letter too few, too many, wrong, or two exchanged."""
    at = generator.randrange(1, len(word))
    form = generator.random()
    if form < 0.3:
        return word[:at] + word[at + 1 :]
    if form < 0.5:
        return word[:at] + word[at - 1] + word[at:]
    if form < 0.7:
        return word[:at] + generator.choice(LETTERS) + word[at + 1 :]
    return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]


def contract(text: str, generator: random.Random) -> str:
    """ "what is" -> "what's"; "what s", as templates write it -> "what's" or "whats"."""
    if generator.random() < 0.2:
        text = re.sub(r"\b(what|where|who|how|that|there|it) is\b", r"\1 s", text, count=1)
    if generator.random() < 0.3:
        return re.sub(r"\b(what|where|who|how|that|there|it|isn|aren|don|doesn|when) (s|t)\b", r"\1\2", text)
    # Telephones write the curly one.
    return re.sub(r" (s|t|d)\b", ("’" if generator.random() < 0.3 else "'") + r"\1", text)


def as_claim(statement: str, generator: random.Random) -> str:
    """A statement as a question that is answered with yes or no."""
    form = generator.random()
    if form < 0.3:
        return f"{generator.choice(CLAIM_BEFORE)} {statement}"
    if form < 0.5:
        return f"{generator.choice(BEFORE_CLAUSE)} {generator.choice(IF)} {statement}"
    if form < 0.6:
        return statement
    tag = next((tag for start, tag in TAG.items() if statement.startswith(start)), None)
    if tag and generator.random() < 0.5:
        return f"{statement} , {tag}"
    return f"{statement} , {generator.choice(CLAIM_AFTER)}"


def as_clause(clause: str, generator: random.Random) -> str:
    return f"{generator.choice(BEFORE_CLAUSE)} {clause}"


def type_carelessly(text: str, generator: random.Random, keep: frozenset[str] = frozenset()) -> str:
    """`keep`: words that the answer hangs on, which are never changed."""
    chance = generator.random
    if chance() < SHARE["before"]:
        text = f"{generator.choice(BEFORE)}{' ,' if chance() < 0.4 else ''} {text}"
    if chance() < SHARE["after"]:
        text = f"{text}{' ,' if chance() < 0.3 else ''} {generator.choice(AFTER)}"
    words = text.split()
    if chance() < SHARE["drop"]:
        share = 0.3 if chance() < 0.7 else 1.0
        words = [word for word in words if word not in DROPPABLE or word in keep or chance() > share] or words
    if chance() < SHARE["misspell"]:
        able = [i for i, word in enumerate(words) if len(word) > 3 and word not in CAREFUL]
        if able:
            at = generator.choice(able)
            words[at] = misspell(words[at], generator)
    if chance() < SHARE["shorten"]:
        words = [SHORTENED.get(word, word) if word not in keep else word for word in words]
    text = contract(" ".join(words), generator)
    if chance() > SHARE["no_mark"]:
        text += generator.choice(["?"] * 12 + [".", "??", "!", "?!", "..."])
    return text

"""write_cards.py MODELS_FOLDER: the README.md of both checkpoints, with the figures of their evaluation.json."""

import json
import sys
from pathlib import Path

ANSWERS = """# blip-scenes

A small BLIP for visual question answering and captions about drawn scenes, in the format of Hugging Face's
`BlipForQuestionAnswering`. It exists so that the notebooks run offline in seconds with real answers. It was trained on
drawn scenes alone; photos are beyond it.

- 6.63 million parameters, 13.3 MB in FP16: 128 x 128 pixels, patches of 16, hidden size 192, 6 heads, 5 vision layers,
  3 + 3 text layers, 1605 tokens: whole words of ordinary English, and letters for all others.
- Scenes: beach, park, street, snow; day and night; dogs, cats, birds, balls, cars, houses, trees, umbrellas, kites,
  boats and snowmen in up to eleven colors, up to four of a kind.
- Captions come from the question-answering decoder, conditioned on the image, as in the original tutorial.

## Use

```ts
import {{ convertBlip, loadCheckpoint, pipeline }} from './lib';

const {{ folder }} = await convertBlip(await loadCheckpoint('models/blip-scenes'), 'output/blip-scenes/fp16');
const ask = await pipeline('visual-question-answering', folder);
await ask('data/pictures/park-day-cat.jpg', 'Is this a beach?'); // [{{ answer: 'no', score: ... }}]
```

Python's transformers 5 reads the folder as well (5.23 was tried). Version 4.40 does not: the output layer shares the
word embeddings and is stored once, and 4.40 starts it from random numbers.

## What it answers

Counts, what is there, colors, places, time of day, weather ("snowy" in the snow, else "sunny" by day and "clear" at
night), what is next to, left or right of a thing, what animals do, comparisons; case and British or American spelling
do not matter. Whether something is there that is not: "no"; how many: "0"; its color, place, side or neighbour: "none".
What no picture answers, such as names, ages and reasons, and small talk: "i don't know".

`config.json` holds `training_notes`: every whole word of `vocab.txt` occurred in training, so words that the tokenizer
takes apart are new to the model; this library returns them as `unknown_words`.

## Accuracy

On {scenes} scenes that training never saw (`training/evaluate.py`): exact match of the whole answer, one question of
each kind about each scene where it has a clear answer, in a wording by chance, some misspelled.

| kind of question | questions | correct |
|---|---|---|
{kinds}
| **all** | {questions} | **{accuracy}** |

On {free_wordings} wordings that somebody else wrote, kept out of training (`training/free_wordings.txt`,
`training/evaluate_wordings.py`): **{free_accuracy}**.

| section | wordings | correct |
|---|---|---|
{free}

Captions that name the right things in the right numbers, without a prompt and after a prompt:

| prompt | correct |
|---|---|
{captions}

## Which answers to trust

`score` is the probability of the whole answer. Measured on the same questions:

| score at least | of the answers | of them correct |
|---|---|---|
{calibration}

{reliable}

## Limits

`beside` (left and right of another thing), `is_next`, `more` and `bigger` are the weakest kinds: look at the table. A
high score on a photo means nothing. Wordings far from `training/wordings` get poor answers. A question about a thing
that is never drawn is answered as if it were absent, since it is. Clouds, shadows and what stands far behind cannot be
asked about.

## How to train it again

See `training/README.md`. Licence: Apache-2.0; images and texts were made for this project.
"""

MATCHES = """# blip-scenes-itm

A small BLIP that matches texts to drawn scenes, in the format of Hugging Face's `BlipForImageTextRetrieval`: a text
encoder with the matching head, and the projections for contrastive features. Its vision model is `blip-scenes`', to the
byte. It was trained on drawn scenes alone; photos are beyond it.

- 4.56 million parameters, 9.1 MB in FP16; 3 text layers, features of 192 numbers, the vocabulary of `blip-scenes`.

## Use

```ts
import {{ pipeline }} from './lib';

const matcher = await pipeline('image-text-matching', 'models/blip-scenes-itm');
await matcher('data/pictures/demo.jpg', ['two gray dogs on the beach', 'a red car']); // [{{ text, score }}, ...]
```

## Recall

{scenes} scenes that training never saw (`training/evaluate_matching.py`), each with a caption that names all its things,
the place and the time of day ({different_captions} different captions). Cosine of the contrastive features, and after the
matching head has put the best {reranked} in order:

| search | order by | recall@1 | recall@5 | recall@10 |
|---|---|---|---|---|
{recall}

## Limits

The matching head tells whether a text is true, not whether it is complete: a caption that leaves things out is true as
well, so among the captions of other images it ranks such ones as high. It was trained for texts that are wholly true or
wrong in one thing. A text about something that is never
drawn is not among what it learned to refuse. Captions in training are in the language of `training/write_captions.py`.

## How to train it again

See `training/README.md`. Licence: Apache-2.0; images and texts were made for this project.
"""


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def rows(table) -> str:
    return "\n".join(f"| {' | '.join(str(cell) for cell in row)} |" for row in table)


def answers_card(found: dict) -> str:
    free, reliable = found["free_wordings"], found["reliable_from"]
    sentence = "No score was high enough for 95 % of the answers to be right."
    if reliable:
        sentence = (
            f"From a score of {reliable['score']} on, at least {percent(reliable['correct'])} of the answers are right."
        )
    return ANSWERS.format(
        scenes=found["scenes"],
        questions=found["questions"],
        accuracy=percent(found["accuracy"]),
        kinds=rows((kind, each["questions"], percent(each["accuracy"])) for kind, each in found["by_kind"].items()),
        free_wordings=free["wordings"],
        free_accuracy=percent(free["accuracy"]),
        free=rows((name, each["wordings"], percent(each["accuracy"])) for name, each in free["by_section"].items()),
        captions=rows((prompt, percent(share)) for prompt, share in found["captions"].items()),
        calibration=rows(
            (row["score"], percent(row["answers"]), percent(row["correct"])) for row in found["calibration"]
        ),
        reliable=sentence,
    )


def matches_card(found: dict) -> str:
    table = [
        (name.replace("_", " "), order.replace("_", " "), *map(percent, found[name][order].values()))
        for name in ("text_to_image", "image_to_text")
        for order in ("cosine", "matching_head")
    ]
    figures = {name: found[name] for name in ("scenes", "different_captions", "reranked")}
    return MATCHES.format(**figures, recall=rows(table))


def main() -> None:
    for name, write in (("blip-scenes", answers_card), ("blip-scenes-itm", matches_card)):
        folder = Path(sys.argv[1]) / name
        if (folder / "evaluation.json").exists():
            (folder / "README.md").write_text(write(json.loads((folder / "evaluation.json").read_text())))


if __name__ == "__main__":
    main()

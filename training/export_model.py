"""export_model.py CHECKPOINT.pt VOCAB.txt FOLDER: the trained weights (their running average) as a Hugging Face
checkpoint.

Writes config.json, model.safetensors (FP16), the tokenizer's files and preprocessor_config.json: what
BlipForQuestionAnswering.from_pretrained (of train_matching.py's weights BlipForImageTextRetrieval.from_pretrained) and
BlipProcessor.from_pretrained read. config.json says what the model was trained on; Hugging Face's classes ignore that.
"""

import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from tokenizers.decoders import WordPiece as WordPieceDecoder

from transformers import BlipForImageTextRetrieval

from model import IMAGE_MEAN, IMAGE_STD, make_config, make_model

SPECIAL = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


def write_tokenizer(tokens: list[str], folder: Path, positions: int) -> None:
    vocab = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = BertNormalizer(lowercase=True), BertPreTokenizer()
    tokenizer.decoder = WordPieceDecoder()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocab["[CLS]"]), ("[SEP]", vocab["[SEP]"])]
    )
    tokenizer.add_special_tokens([*SPECIAL.values(), "[DEC]", "[ENC]"])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in tokens))
    write_json(
        folder / "special_tokens_map.json", SPECIAL | {"bos_token": "[DEC]", "additional_special_tokens": ["[ENC]"]}
    )
    write_json(
        folder / "tokenizer_config.json",
        SPECIAL
        | {
            "tokenizer_class": "BertTokenizer",
            "do_lower_case": True,
            "bos_token": "[DEC]",
            "model_max_length": positions,
            "clean_up_tokenization_spaces": True,
            "strip_accents": None,
            "tokenize_chinese_chars": True,
        },
    )


def write_json(file: Path, value: dict) -> None:
    file.write_text(json.dumps(value, indent=2) + "\n")


NOTES = {
    "trained_on": "Drawn scenes of a beach, a park, a street or snow, by day or night, with dogs, cats, birds, balls, "
    "cars, houses, trees, umbrellas, kites, boats and snowmen; photos are beyond it.",
    "whole_words_seen": True,
}


def retire_unseen(vocab: list[str], seen) -> list[str]:
    """Whole words that by chance never occurred in training become [unusedN], so that the others can be vouched for."""
    if seen is None:
        return vocab
    return [
        f"[unused{index}]" if token.isalpha() and len(token) > 1 and seen[index] == 0 else token
        for index, token in enumerate(vocab)
    ]


def restore(weights: dict, vocab: list[str]):
    """The model whose weights these are: with a matching head, or with a decoder."""
    layers = 1 + max(int(name.split(".")[3]) for name in weights if name.startswith("text_encoder.encoder.layer."))
    matches = "itm_head.weight" in weights
    model = BlipForImageTextRetrieval(make_config(vocab, layers)) if matches else make_model(vocab, layers)
    model.load_state_dict(weights)
    return model


def write_notes(folder: Path, notes: dict) -> None:
    """Adds to config.json's training_notes."""
    file = folder / "config.json"
    config = json.loads(file.read_text())
    config["training_notes"] = config.get("training_notes", {}) | notes
    write_json(file, config)


def main() -> None:
    checkpoint, vocab_file, folder = (Path(argument) for argument in sys.argv[1:4])
    vocab = vocab_file.read_text().split("\n")[:-1]
    saved = torch.load(checkpoint, weights_only=True)
    model = restore(saved["average"], vocab)
    model.half().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    write_notes(folder, NOTES)
    vision = model.config.vision_config
    write_tokenizer(retire_unseen(vocab, saved.get("seen")), folder, model.config.text_config.max_position_embeddings)
    write_json(
        folder / "preprocessor_config.json",
        {
            "image_processor_type": "BlipImageProcessor",
            "do_convert_rgb": True,
            "do_resize": True,
            "size": {"height": vision.image_size, "width": vision.image_size},
            "resample": 3,
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": IMAGE_MEAN,
            "image_std": IMAGE_STD,
        },
    )


if __name__ == "__main__":
    main()

"""start_once.py CHECKPOINT IMAGE TOKENS [QUESTION]: a program's first caption or answer, with transformers."""
import sys

import transformers
from PIL import Image
from transformers import BlipForConditionalGeneration, BlipForQuestionAnswering, BlipProcessor

checkpoint, image, tokens, *question = sys.argv[1:]
transformers.logging.set_verbosity_error()
processor = BlipProcessor.from_pretrained(checkpoint)
kind = BlipForQuestionAnswering if question else BlipForConditionalGeneration
model = kind.from_pretrained(checkpoint)
inputs = processor(Image.open(image).convert("RGB"), *question, return_tensors="pt")
ids = model.generate(**inputs, min_new_tokens=int(tokens), max_new_tokens=int(tokens))
print(processor.decode(ids[0], skip_special_tokens=True), flush=True)

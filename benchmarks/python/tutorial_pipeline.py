"""The Python tutorial's way to run BLIP with OpenVINO, written anew from its description.

PyTorch modules are traced with `ov.convert_model`; generation is Hugging Face's `generate`, whose decoder forward is
replaced by a call into OpenVINO. The text decoder takes past keys and values as inputs, returns them as outputs, and
reads the encoder's states anew at every step.
"""
from functools import partial
from pathlib import Path

import openvino as ov
import torch
from transformers import BlipForQuestionAnswering
from transformers.modeling_outputs import CausalLMOutputWithCrossAttentions

PARTS = ("blip_vision_model", "blip_text_encoder", "blip_text_decoder_with_past")


def load_checkpoint(checkpoint: str) -> BlipForQuestionAnswering:
    """The checkpoint's model. transformers 4.40 leaves the decoder's output layer random where a file holds the tied
    matrix once.
    """
    model = BlipForQuestionAnswering.from_pretrained(checkpoint).eval()
    model.text_decoder.tie_weights()
    return model


def convert(model: BlipForQuestionAnswering, folder: Path) -> None:
    """Writes the three IRs (weights in FP16, as `ov.save_model` does by default)."""
    folder.mkdir(parents=True, exist_ok=True)
    vision, text = model.config.vision_config, model.config.text_config
    size, tokens = vision.image_size, (vision.image_size // vision.patch_size) ** 2 + 1
    heads, head = text.num_attention_heads, text.hidden_size // text.num_attention_heads
    ids = torch.ones((1, 8), dtype=torch.int64)
    with torch.no_grad():
        model.vision_model.eval()
        ir = ov.convert_model(model.vision_model, example_input=torch.zeros((1, 3, size, size)))
        ov.save_model(ir, folder / f"{PARTS[0]}.xml")
        encoder_inputs = {
            "input_ids": ids, "attention_mask": torch.ones_like(ids),
            "encoder_hidden_states": torch.zeros((1, tokens, vision.hidden_size)),
            "encoder_attention_mask": torch.ones((1, tokens), dtype=torch.int64),
        }
        model.text_encoder.eval()
        ir = ov.convert_model(model.text_encoder, example_input=encoder_inputs)
        ov.save_model(ir, folder / f"{PARTS[1]}.xml")
        decoder = model.text_decoder.eval()
        decoder.config.torchscript = True
        past = tuple(
            (torch.zeros((1, heads, 3, head)), torch.zeros((1, heads, 3, head))) for _ in range(text.num_hidden_layers)
        )
        decoder_inputs = {
            "input_ids": torch.ones((1, 1), dtype=torch.int64), "attention_mask": torch.ones((1, 4), dtype=torch.int64),
            "past_key_values": past, "encoder_hidden_states": torch.zeros((1, tokens, vision.hidden_size)),
            "encoder_attention_mask": torch.ones((1, tokens), dtype=torch.int64),
        }
        decoder.forward = partial(decoder.forward, use_cache=True, return_dict=False)
        ir = ov.convert_model(decoder, example_input=decoder_inputs)
        del decoder.forward
        name_decoder(ir, text.num_hidden_layers)
        ov.save_model(ir, folder / f"{PARTS[2]}.xml")


def name_decoder(ir: ov.Model, layers: int) -> None:
    """Names the flattened past and present, and frees every dimension that changes from step to step."""
    shapes = {
        "input_ids": [-1, -1],
        "attention_mask": [-1, -1],
        "encoder_hidden_states": None,
        "encoder_attention_mask": [-1, -1],
    }
    past = 0
    for port in ir.inputs:
        known = next((name for name in shapes if name in port.get_names()), None)
        if known is None:
            port.get_tensor().set_names({f"in_past_key_value.{past // 2}.{'key' if past % 2 == 0 else 'value'}"})
            shape = port.get_partial_shape()
            shape[0], shape[2] = -1, -1
            port.get_node().set_partial_shape(shape)
            past += 1
            continue
        port.get_tensor().set_names({known})
        shape = port.get_partial_shape()
        for axis in (0, 1):
            shape[axis] = -1
        port.get_node().set_partial_shape(shape)
    if past != 2 * layers:
        raise RuntimeError(f"the traced decoder has {past} past inputs, expected {2 * layers}")
    for index, port in enumerate(ir.outputs[1:]):
        port.get_tensor().set_names({f"out_past_key_value.{index // 2}.{'key' if index % 2 == 0 else 'value'}"})
    ir.outputs[0].get_tensor().set_names({"logits"})
    ir.validate_nodes_and_infer_types()


class TutorialPipeline:
    """The tutorial's OVBlipModel: three compiled models around Hugging Face's generate."""

    def __init__(self, shell: BlipForQuestionAnswering, folder: Path, device: str, config: dict):
        core = ov.Core()
        self.vision = core.compile_model(folder / f"{PARTS[0]}.xml", device, config)
        self.encoder = core.compile_model(folder / f"{PARTS[1]}.xml", device, config)
        self.decoder = core.compile_model(folder / f"{PARTS[2]}.xml", device, config)
        self.request = self.decoder.create_infer_request()
        self.names = [port.get_any_name() for port in self.decoder.inputs]
        self.past_names = [name for name in self.names if name.startswith("in_past")]
        text = shell.config.text_config
        self.config = text
        self.empty = torch.zeros((1, text.num_attention_heads, 0, text.hidden_size // text.num_attention_heads)).numpy()
        self.shell = shell.text_decoder
        self.shell.forward = self.decoder_forward

    def decoder_forward(self, input_ids, past_key_values=None, attention_mask=None, encoder_hidden_states=None,
                        encoder_attention_mask=None, **_):
        """Stands in for BlipTextLMHeadModel.forward inside generate."""
        inputs = {
            "input_ids": input_ids, "attention_mask": attention_mask,
            "encoder_hidden_states": encoder_hidden_states, "encoder_attention_mask": encoder_attention_mask,
        }
        inputs = {name: value.numpy() for name, value in inputs.items() if name in self.names}
        empty = self.empty.repeat(len(input_ids), 0)
        flat = (
            [tensor for layer in past_key_values for tensor in layer]
            if past_key_values
            else [empty] * len(self.past_names)
        )
        inputs.update(zip(self.past_names, flat))
        outputs = list(self.request.infer(inputs).values())
        present = tuple(tuple(torch.from_numpy(t) for t in outputs[i:i + 2]) for i in range(1, len(outputs), 2))
        return CausalLMOutputWithCrossAttentions(logits=torch.from_numpy(outputs[0]), past_key_values=present)

    def generate_answer(self, pixel_values, input_ids, attention_mask, **options):
        image = self.vision(pixel_values)[0]
        question = self.encoder(
            [input_ids, attention_mask, image, torch.ones(image.shape[:-1], dtype=torch.int64).numpy()]
        )[0]
        return self.generate(question, torch.full((1, 1), self.config.bos_token_id), **options)

    def generate_caption(self, pixel_values, **options):
        image = self.vision(pixel_values)[0]
        return self.generate(image, torch.full((len(image), 1), self.config.bos_token_id), **options)

    def generate(self, states, start, **options):
        states = torch.from_numpy(states)
        with torch.no_grad():
            return self.shell.generate(
                input_ids=start,
                eos_token_id=self.config.sep_token_id,
                pad_token_id=self.config.pad_token_id,
                encoder_hidden_states=states,
                encoder_attention_mask=torch.ones(states.shape[:-1], dtype=torch.int64),
                **options,
            )

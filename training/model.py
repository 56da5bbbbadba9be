"""The bundled BLIP's sizes, and a forward pass over Hugging Face's own parameters in which many questions share one
picture.

Training with Hugging Face's classes would encode the picture once per question; here it is encoded once, and attention
runs through PyTorch's fused kernel. The results equal those of the classes (tests/fixtures hold what they compute).
"""

import torch
import torch.nn.functional as F
from transformers import BlipConfig, BlipForQuestionAnswering

IMAGE_MEAN, IMAGE_STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
IMAGE_SIZE, PATCH_SIZE, HIDDEN, HEADS, VISION_LAYERS, TEXT_LAYERS, EXPANSION, POSITIONS = 128, 16, 192, 6, 5, 2, 4, 40
# Hugging Face's default for the vision model is 1e-10, with which nothing is learned.
INITIALIZER_RANGE = 0.02


def make_config(vocab: list[str], text_layers: int) -> BlipConfig:
    """Sizes of a model over a vocabulary."""
    token = {text: index for index, text in enumerate(vocab)}
    text = dict(
        vocab_size=len(vocab),
        hidden_size=HIDDEN,
        encoder_hidden_size=HIDDEN,
        intermediate_size=HIDDEN * EXPANSION,
        num_hidden_layers=text_layers,
        num_attention_heads=HEADS,
        max_position_embeddings=POSITIONS,
        bos_token_id=token["[DEC]"],
        eos_token_id=token["[SEP]"],
        sep_token_id=token["[SEP]"],
        pad_token_id=token["[PAD]"],
        projection_dim=HIDDEN,
        layer_norm_eps=1e-6,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=INITIALIZER_RANGE,
    )
    vision = dict(
        hidden_size=HIDDEN,
        intermediate_size=HIDDEN * EXPANSION,
        num_hidden_layers=VISION_LAYERS,
        num_attention_heads=HEADS,
        image_size=IMAGE_SIZE,
        patch_size=PATCH_SIZE,
        projection_dim=HIDDEN,
        initializer_range=INITIALIZER_RANGE,
    )
    return BlipConfig(text_config=text, vision_config=vision, projection_dim=HIDDEN, image_text_hidden_size=HIDDEN)


def make_model(vocab: list[str], text_layers: int = TEXT_LAYERS) -> BlipForQuestionAnswering:
    """A fresh model for questions and captions."""
    torch.manual_seed(0)
    model = BlipForQuestionAnswering(make_config(vocab, text_layers))
    with torch.no_grad():
        embeddings = model.vision_model.embeddings
        embeddings.position_embedding.normal_(0, INITIALIZER_RANGE)
        embeddings.class_embedding.normal_(0, INITIALIZER_RANGE)
    return model


def split_heads(x, heads):
    """[b, l, h * d] -> [b, h, l, d]"""
    batch, length, size = x.shape
    return x.view(batch, length, heads, size // heads).transpose(1, 2)


def merge_heads(x):
    """[b, h, l, d] -> [b, l, h * d]"""
    batch, heads, length, size = x.shape
    return x.transpose(1, 2).reshape(batch, length, heads * size)


def pixels(images):
    """[b, S, S, 3] u8 -> [b, 3, S, S] normalized"""
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGE_MEAN, IMAGE_STD))
    return (torch.tensor(images).permute(0, 3, 1, 2).float() / 255 - mean) / std


def encode_images(model, pixels):
    """pixels [b, 3, S, S] -> [b, patches + 1, H]"""
    vision = model.vision_model
    embeddings = vision.embeddings
    weight = embeddings.patch_embedding
    patch, batch, grid = weight.kernel_size[0], pixels.shape[0], pixels.shape[2] // weight.kernel_size[0]
    patches = (
        pixels.view(batch, 3, grid, patch, grid, patch)
        .permute(0, 2, 4, 1, 3, 5)
        .reshape(batch, grid * grid, 3 * patch * patch)
    )
    x = F.linear(patches, weight.weight.view(weight.out_channels, -1), weight.bias)
    x = torch.cat([embeddings.class_embedding.expand(batch, 1, -1), x], 1) + embeddings.position_embedding
    for layer in vision.encoder.layers:
        attention = layer.self_attn
        q, k, v = (split_heads(part, attention.num_heads) for part in attention.qkv(layer.layer_norm1(x)).chunk(3, -1))
        x = x + attention.projection(merge_heads(F.scaled_dot_product_attention(q, k, v)))
        x = x + layer.mlp(layer.layer_norm2(x))
    return vision.post_layernorm(x)


def attend(query, key, value, mask=None, causal=False):
    """Attention in plain steps: on the CPU, the backward pass of PyTorch's fused kernel takes longer in bfloat16."""
    scores = torch.matmul(query * query.shape[-1] ** -0.5, key.transpose(-1, -2))
    if causal:
        length = scores.shape[-1]
        mask = torch.ones(length, length, dtype=torch.bool).tril()
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e4)
    return torch.matmul(torch.softmax(scores, -1, dtype=scores.dtype), value)


def run_text(bert, ids, mask, states, states_mask=None, group=1, causal=False):
    """ids [b * group, l]; states [b, s, H], shared by the `group` rows of each image, or None -> [b * group, l, H]"""
    rows, length = ids.shape
    heads = bert.config.num_attention_heads
    x = bert.embeddings.LayerNorm(
        bert.embeddings.word_embeddings(ids) + bert.embeddings.position_embeddings.weight[:length]
    )
    for layer in bert.encoder.layer:
        block, out = layer.attention.self, layer.attention.output
        context = attend(
            split_heads(block.query(x), heads),
            split_heads(block.key(x), heads),
            split_heads(block.value(x), heads),
            mask=mask,
            causal=causal,
        )
        x = out.LayerNorm(out.dense(merge_heads(context)) + x)
        if states is None:
            x = layer.output.LayerNorm(layer.output.dense(F.gelu(layer.intermediate.dense(x))) + x)
            continue
        block, out = layer.crossattention.self, layer.crossattention.output
        query = block.query(x).view(rows // group, group * length, -1)
        context = attend(
            split_heads(query, heads),
            split_heads(block.key(states), heads),
            split_heads(block.value(states), heads),
            mask=states_mask,
        )
        x = out.LayerNorm(out.dense(merge_heads(context).view(rows, length, -1)) + x)
        x = layer.output.LayerNorm(layer.output.dense(F.gelu(layer.intermediate.dense(x))) + x)
    return x


def answer_logits(model, pictures, questions, decoder_ids):
    """pictures [b, s, H], questions [b, k, l] (0 is padding), decoder_ids [b * k, n] -> [b * k, n, V]"""
    batch, count, length = questions.shape
    ids = questions.reshape(batch * count, length)
    mask = (ids > 0)[:, None, None, :]
    states = run_text(model.text_encoder, ids, mask.expand(-1, 1, length, -1), pictures, group=count)
    steps = decoder_ids.shape[1]
    return model.text_decoder.cls(
        run_text(model.text_decoder.bert, decoder_ids, None, states, mask.expand(-1, 1, steps, -1), causal=steps > 1)
    )


def caption_logits(model, pictures, captions):
    """pictures [b, s, H], captions [b, n] -> [b, n, V]"""
    return model.text_decoder.cls(run_text(model.text_decoder.bert, captions, None, pictures, causal=True))

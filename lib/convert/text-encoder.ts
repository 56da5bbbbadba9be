// BLIP's image-grounded text encoder as an OpenVINO graph: a text encoder with cross-attention to an image.
import type { BlipCheckpoint } from '../checkpoint';
import { crossAttention, crossAttentionOutputs, encoderStates } from './absorbed-cross-attention';
import { additiveMask } from './attention-masks';
import { BlipGraph, type GraphOptions } from './blip-graph';
import { selfAttention, textEmbeddings, textLayer } from './text-layers';

/**
 * input_ids [batch, length] i64, attention_mask [batch, length] i64,
 * encoder_hidden_states [batch or 1, tokens, vision hidden] f32, encoder_attention_mask [batch or 1, tokens] i64
 * -> last_hidden_state [batch, length, hidden_size] f32,
 * and for a retrieval checkpoint itm_score [batch, 2] f32: logits of "the text does not match the image" and "it does",
 * and with `output_attentions` cross_attentions.0, .1, ... [batch, heads, length, tokens] f32, one for each layer.
 *
 * One image may serve a batch of texts.
 * Hugging Face's cross-attention ignores encoder_attention_mask (transformers 5.23); here it is applied.
 */
export function textEncoder(
  checkpoint: BlipCheckpoint,
  { output_attentions = false, ...weights }: GraphOptions,
): BlipGraph {
  const g = new BlipGraph('blip_text_encoder', checkpoint, weights);
  const { num_hidden_layers, encoder_hidden_size } = g.config.text_config;
  const input_ids = g.parameter('input_ids', 'i64', [-1, -1]);
  const attention_mask = g.parameter('attention_mask', 'i64', [-1, -1]);
  const encoder_hidden_states = g.parameter('encoder_hidden_states', 'f32', [-1, -1, encoder_hidden_size]);
  const encoder_attention_mask = g.parameter('encoder_attention_mask', 'i64', [-1, -1]);

  const length = g.squeeze(g.sizeOf(input_ids, 1, 'length'), 0, 'length_scalar');
  // [1, length]
  const position_ids = g.unsqueeze(g.range(g.integers('zero', 0), length, 'positions'), [0], 'position_ids');
  const mask = additiveMask(g, attention_mask, 'self_mask'); // [b, 1, 1, length]
  const encoder = encoderStates(g, encoder_hidden_states, encoder_attention_mask);
  let x = textEmbeddings(g, input_ids, position_ids, 'text_encoder.embeddings'); // [b, length, H]
  for (let i = 0; i < num_hidden_layers; i++)
    x = textLayer(g, x, `text_encoder.encoder.layer.${i}`, {
      self: (states, name) => selfAttention(g, states, name, { mask }),
      cross: (states, name) => crossAttention(g, states, name, encoder),
    });
  g.result('last_hidden_state', x);
  if (checkpoint.task === 'image-text-retrieval') {
    const classToken = g.gather(x, g.integers('first', 0), 1, 'first_word'); // [b, H]
    g.result('itm_score', g.linear(classToken, 'itm_head'));
  }
  if (output_attentions) crossAttentionOutputs(g, encoder);
  return g;
}

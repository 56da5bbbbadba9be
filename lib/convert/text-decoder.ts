// BLIP's image-grounded text decoder as a stateful OpenVINO graph: one step of text generation, with its KV cache
// inside.
//
// Keys and values of self-attention are kept between steps as variables of the model: ReadValue -> Gather by beam_idx
// -> Concat with those of the new tokens -> attention, Assign. The CPU plugin fuses this pattern into one node that
// appends to the cache in place.
// Cross-attention needs no cache: it reads the encoder's hidden states directly (absorbed-cross-attention.ts).
// A fresh inference request starts with reset state: one request per generated text.
import type { BlipCheckpoint } from '../checkpoint';
import type { Value } from '../ir';
import { crossAttention, crossAttentionOutputs, encoderStates } from './absorbed-cross-attention';
import { activation } from './activation';
import { causalMask } from './attention-masks';
import { BlipGraph, type GraphOptions } from './blip-graph';
import { outputLayer } from './expected-tensors';
import { selfAttention, textEmbeddings, textLayer } from './text-layers';

/**
 * input_ids [batch, new] i64, attention_mask [batch, past + new] i64, position_ids [batch or 1, new] i64,
 * encoder_hidden_states [batch or 1, source, encoder_hidden_size] f32, encoder_attention_mask [batch or 1, source] i64,
 * beam_idx [batch] i32 (which row of the cache each row continues; 0, 1, 2, ... for greedy search)
 * -> logits [batch, 1, vocab_size] f32 of the last position,
 * and with `output_attentions` cross_attentions.0, .1, ... [batch, heads, new, source] f32, one for each layer.
 */
export function textDecoder(
  checkpoint: BlipCheckpoint,
  { output_attentions = false, ...weights }: GraphOptions,
): BlipGraph {
  const g = new BlipGraph('blip_text_decoder', checkpoint, weights);
  const { num_hidden_layers, encoder_hidden_size } = g.config.text_config;
  const input_ids = g.parameter('input_ids', 'i64', [-1, -1]);
  const attention_mask = g.parameter('attention_mask', 'i64', [-1, -1]);
  const position_ids = g.parameter('position_ids', 'i64', [-1, -1]);
  const encoder_hidden_states = g.parameter('encoder_hidden_states', 'f32', [-1, -1, encoder_hidden_size]);
  const encoder_attention_mask = g.parameter('encoder_attention_mask', 'i64', [-1, -1]);
  const beam_idx = g.parameter('beam_idx', 'i32', [-1]);

  const cache = { beam_idx, initial: emptyCache(g, input_ids) };
  const mask = causalMask(g, input_ids, attention_mask, 'self_mask'); // [b, 1, new, past + new]
  const encoder = encoderStates(g, encoder_hidden_states, encoder_attention_mask);
  let x = textEmbeddings(g, input_ids, position_ids, 'text_decoder.bert.embeddings'); // [b, new, H]
  for (let i = 0; i < num_hidden_layers; i++)
    x = textLayer(g, x, `text_decoder.bert.encoder.layer.${i}`, {
      self: (states, name) =>
        selfAttention(g, states, name, {
          mask,
          prependPast: (part, newStates) => extendCache(g, newStates, `${name}.self.${part}`, cache),
        }),
      cross: (states, name) => crossAttention(g, states, name, encoder),
    });
  g.result('logits', predictionHead(g, x));
  if (output_attentions) crossAttentionOutputs(g, encoder);
  return g;
}

/** The KV cache before the first token: [b, h, 0, d]. */
function emptyCache(g: BlipGraph, input_ids: Value): Value {
  const { heads, size } = headShape(g);
  const batch = g.sizeOf(input_ids, 0, 'batch');
  const shape = g.concat([batch, g.integers('cache_shape', [heads, 0, size])], 0, 'cache_target');
  return g.broadcast(g.float('cache_zero', 0), shape, [-1, heads, 0, size], 'empty_cache');
}

/**
 * Keys or values of the new tokens [b, h, new, d] -> those of all tokens so far [b, h, past + new, d], which become the
 * cache.
 */
function extendCache(
  g: BlipGraph,
  newStates: Value,
  name: string,
  { beam_idx, initial }: { readonly beam_idx: Value; readonly initial: Value },
): Value {
  const { heads, size } = headShape(g);
  const variable = { id: `${name}.past`, type: 'f32' as const, shape: [-1, heads, -1, size] };
  const past = g.gather(g.readValue(variable, initial), beam_idx, 0, `${name}/past_of_beam`);
  const states = g.concat([past, newStates], 2, `${name}/all`);
  g.assign(variable, states);
  return states;
}

/**
 * x [b, new, H] -> logits [b, 1, V] of the last position. The output matrix is the word embedding, unless the
 * checkpoint has another.
 */
function predictionHead(g: BlipGraph, x: Value): Value {
  const { hidden_act, layer_norm_eps } = g.config.text_config;
  const name = 'text_decoder.cls.predictions';
  const output = outputLayer(g.checkpoint);
  const last = g.gather(x, g.integers('last_index', [-1]), 1, 'last_token'); // [b, 1, H]
  const dense = g.linear(last, `${name}.transform.dense`);
  const activated = activation(g, dense, hidden_act, `${name}.transform/activation`);
  const transformed = g.layerNorm(activated, `${name}.transform.LayerNorm`, layer_norm_eps);
  const scores = g.matmul(transformed, g.weight(output.weight), `${name}.decoder/matmul`, { transposeB: true });
  return g.add(scores, g.vector(output.bias, 3), `${name}.decoder`);
}

function headShape(g: BlipGraph): { heads: number; size: number } {
  const { num_attention_heads: heads, hidden_size } = g.config.text_config;
  return { heads, size: hidden_size / heads };
}

// BLIP's image-grounded text decoder as a stateful OpenVINO graph: one step of text generation with its cache inside.
//
// The self-attention's keys and values are kept between steps, as variables of the model: ReadValue -> Gather by beam_idx -> Concat with
// the new token's -> attention, Assign. The CPU plugin fuses this pattern into one node that appends to its cache in place.
// The cross-attention needs no cache: it looks at the encoder's states as they are (absorbed-cross-attention.ts).
// A fresh inference request starts with reset state: one request per generated text.
import type { BlipCheckpoint } from '../checkpoint';
import * as op from '../ir';
import { Graph, type Value } from '../ir';
import { activation } from './activation';
import { outputLayer } from './expected-tensors';
import { causalMask, layerNorm, linear } from './layers';
import { lookAtStates, preparedStates } from './absorbed-cross-attention';
import { embedTokens, selfAttention, textLayer } from './text-layers';
import { Weights } from './weights';

/**
 * input_ids [batch, new] i64, attention_mask [batch, past + new] i64, position_ids [batch or 1, new] i64,
 * encoder_hidden_states [batch or 1, source, encoder_hidden_size] f32, encoder_attention_mask [batch or 1, source] i64,
 * beam_idx [batch] i32 (which row of the cache each row continues; 0, 1, 2, ... for greedy search)
 * -> logits [batch, 1, vocab_size] f32 of the last position.
 */
export function textDecoder(checkpoint: BlipCheckpoint, compressToFP16: boolean): { graph: Graph; parameters: number } {
  const { num_hidden_layers, encoder_hidden_size } = checkpoint.config.text_config;
  const graph = new Graph('blip_text_decoder');
  const weights = new Weights(graph, checkpoint, compressToFP16);
  const input_ids = graph.parameter('input_ids', 'i64', [-1, -1]);
  const attention_mask = graph.parameter('attention_mask', 'i64', [-1, -1]);
  const position_ids = graph.parameter('position_ids', 'i64', [-1, -1]);
  const states = graph.parameter('encoder_hidden_states', 'f32', [-1, -1, encoder_hidden_size]);
  const stateMask = graph.parameter('encoder_attention_mask', 'i64', [-1, -1]);
  const beam_idx = graph.parameter('beam_idx', 'i32', [-1]);

  const emptyCache = zeroCache(weights, input_ids); // [b, h, 0, d]
  const mask = causalMask(weights, input_ids, attention_mask, 'self_mask'); // [b, 1, new, past + new]
  const looked = preparedStates(weights, states, stateMask);
  let x = embedTokens(weights, input_ids, position_ids, 'text_decoder.bert.embeddings'); // [b, new, H]
  for (let i = 0; i < num_hidden_layers; i++)
    x = textLayer(
      weights,
      x,
      `text_decoder.bert.encoder.layer.${i}`,
      (tokens, block) =>
        selfAttention(weights, tokens, mask, block, (part, fresh) =>
          extendCache(weights, `${block}.self.${part}`, fresh, beam_idx, emptyCache),
        ),
      (tokens, block) => lookAtStates(weights, tokens, looked, block),
    );
  graph.result('logits', languageModelHead(weights, x));
  return { graph, parameters: weights.parameters };
}

/** The self-attention cache before the first token: [b, h, 0, d]. */
function zeroCache(weights: Weights, input_ids: Value): Value {
  const { graph } = weights;
  const { heads, size } = headShape(weights);
  const batch = op.sizeOf(graph, input_ids, 0, 'batch');
  const shape = op.concat(graph, [batch, graph.integers('cache_shape', [heads, 0, size])], 0, 'cache_target');
  return op.broadcast(graph, graph.float('cache_zero', 0), shape, [-1, heads, 0, size], 'empty_cache');
}

/** Keys or values of all tokens so far, the cache's and the new ones' [b, h, new, d]: [b, h, past + new, d]. */
function extendCache(weights: Weights, name: string, fresh: Value, beam_idx: Value, empty: Value): Value {
  const { graph } = weights;
  const { heads, size } = headShape(weights);
  const variable = { id: `${name}.past`, type: 'f32' as const, shape: [-1, heads, -1, size] };
  const past = op.gather(graph, graph.readValue(variable, empty), beam_idx, 0, `${name}/past_of_beam`);
  const all = op.concat(graph, [past, fresh], 2, `${name}/all`);
  graph.assign(variable, all);
  return all;
}

/** x [b, new, H] -> logits [b, 1, V] of the last position; the output matrix is the word embedding, unless the checkpoint has one of its own. */
function languageModelHead(weights: Weights, x: Value): Value {
  const { graph } = weights;
  const { hidden_act, layer_norm_eps } = weights.checkpoint.config.text_config;
  const name = 'text_decoder.cls.predictions';
  const output = outputLayer(weights.checkpoint);
  const last = op.gather(graph, x, graph.integers('last_index', [-1]), 1, 'last_token'); // [b, 1, H]
  const transformed = activation(
    graph,
    linear(weights, last, `${name}.transform.dense`),
    hidden_act,
    `${name}.transform/activation`,
  );
  const normalized = layerNorm(weights, transformed, `${name}.transform.LayerNorm`, layer_norm_eps);
  const scores = op.matmul(graph, normalized, weights.get(output.weight), `${name}.decoder/matmul`, {
    transposeB: true,
  });
  return op.add(graph, scores, weights.vector(output.bias, 3), `${name}.decoder`);
}

function headShape(weights: Weights): { heads: number; size: number } {
  const { num_attention_heads: heads, hidden_size } = weights.checkpoint.config.text_config;
  return { heads, size: hidden_size / heads };
}

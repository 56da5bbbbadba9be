// BLIP's text layers (BERT with cross-attention), shared by text encoder and text decoder; they differ only in where
// self-attention's keys and values come from. Source: transformers' modeling_blip_text.py.
import * as op from '../ir';
import type { Value } from '../ir';
import { feedForward, layerNorm, linear, mergeHeads, splitHeads } from './layers';
import type { Weights } from './weights';

/** Keys and values of one attention block, [b, h, s, d] each, and its mask [b, 1, 1 or l, s]. */
export interface Attended {
  readonly key: Value;
  readonly value: Value;
  readonly mask: Value;
}

/** input_ids [b, l] and position_ids [b or 1, l] -> [b, l, H]: word and position vectors, summed and normalized. */
export function embedTokens(weights: Weights, input_ids: Value, position_ids: Value, name: string): Value {
  const { graph } = weights;
  const words = op.gather(graph, weights.get(`${name}.word_embeddings.weight`), input_ids, 0, `${name}.word_embeddings`);
  const positions = op.gather(graph, weights.get(`${name}.position_embeddings.weight`), position_ids, 0, `${name}.position_embeddings`);
  return layerNorm(weights, op.add(graph, words, positions, `${name}/sum`), `${name}.LayerNorm`, weights.checkpoint.config.text_config.layer_norm_eps);
}

/** Keys and values of `states` [b, s, n] for the block `name`, [b, h, s, d] each. */
export function keysAndValues(weights: Weights, states: Value, name: string): { key: Value; value: Value } {
  const heads = weights.checkpoint.config.text_config.num_attention_heads;
  const of = (part: 'key' | 'value'): Value => splitHeads(weights, linear(weights, states, `${name}.self.${part}`), heads, `${name}.self.${part}`);
  return { key: of('key'), value: of('value') };
}

/**
 * One layer: self-attention, cross-attention, feed-forward; each is added to its input and normalized after (post-norm).
 * `self` and `cross` look, and return what was seen, [b, l, H].
 */
export function textLayer(weights: Weights, x: Value, name: string, self: (x: Value, block: string) => Value, cross: (x: Value, block: string) => Value): Value {
  const { hidden_act } = weights.checkpoint.config.text_config;
  const attended = (input: Value, seen: Value, block: string): Value => addAndNormalize(weights, linear(weights, seen, `${block}.output.dense`), input, `${block}.output`);
  const read = attended(x, self(x, `${name}.attention`), `${name}.attention`);
  const looked = attended(read, cross(read, `${name}.crossattention`), `${name}.crossattention`);
  const mixed = feedForward(weights, looked, `${name}.intermediate.dense`, `${name}.output.dense`, hidden_act);
  return addAndNormalize(weights, mixed, looked, `${name}.output`);
}

/** What the tokens x [b, l, H] see of keys and values: [b, l, H]. */
export function attend(weights: Weights, x: Value, name: string, { key, value, mask }: Attended): Value {
  const heads = weights.checkpoint.config.text_config.num_attention_heads;
  const query = splitHeads(weights, linear(weights, x, `${name}.self.query`), heads, `${name}.self.query`);
  const seen = op.scaledDotProductAttention(weights.graph, query, key, value, mask, `${name}.self/attention`); // [b, h, l, d]
  return mergeHeads(weights, seen, `${name}.self`);
}

function addAndNormalize(weights: Weights, x: Value, residual: Value, name: string): Value {
  const sum = op.add(weights.graph, x, residual, `${name}/residual`);
  return layerNorm(weights, sum, `${name}.LayerNorm`, weights.checkpoint.config.text_config.layer_norm_eps);
}

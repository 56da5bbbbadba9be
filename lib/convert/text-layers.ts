// BLIP's text layers (BERT with cross-attention), shared by text encoder and text decoder; they differ only in where
// self-attention's keys and values come from. Source: transformers' modeling_blip_text.py.
import * as op from '../ir';
import type { Value } from '../ir';
import { feedForward, layerNorm, linear, linears, mergeHeads, splitHeads } from './layers';
import type { Weights } from './weights';

/** input_ids [b, l] and position_ids [b or 1, l] -> [b, l, H]: word and position vectors, summed and normalized. */
export function embedTokens(weights: Weights, input_ids: Value, position_ids: Value, name: string): Value {
  const { graph } = weights;
  const words = op.gather(
    graph,
    weights.get(`${name}.word_embeddings.weight`),
    input_ids,
    0,
    `${name}.word_embeddings`,
  );
  const positions = op.gather(
    graph,
    weights.get(`${name}.position_embeddings.weight`),
    position_ids,
    0,
    `${name}.position_embeddings`,
  );
  return layerNorm(
    weights,
    op.add(graph, words, positions, `${name}/sum`),
    `${name}.LayerNorm`,
    weights.checkpoint.config.text_config.layer_norm_eps,
  );
}

/**
 * One layer: self-attention, cross-attention, feed-forward; each is added to its input and normalized after (post-norm).
 * `self` and `cross` look, and return what was seen, [b, l, H].
 */
export function textLayer(
  weights: Weights,
  x: Value,
  name: string,
  self: (x: Value, block: string) => Value,
  cross: (x: Value, block: string) => Value,
): Value {
  const { hidden_act } = weights.checkpoint.config.text_config;
  const attended = (input: Value, seen: Value, block: string): Value =>
    addAndNormalize(weights, linear(weights, seen, `${block}.output.dense`), input, `${block}.output`);
  const read = attended(x, self(x, `${name}.attention`), `${name}.attention`);
  const looked = attended(read, cross(read, `${name}.crossattention`), `${name}.crossattention`);
  const mixed = feedForward(weights, looked, `${name}.intermediate.dense`, `${name}.output.dense`, hidden_act);
  return addAndNormalize(weights, mixed, looked, `${name}.output`);
}

/**
 * What the tokens x [b, l, H] see of each other under `mask` [b, 1, 1 or l, s]: [b, l, H].
 * `extend` puts the keys or values of earlier tokens before theirs, [b, h, l, d] -> [b, h, s, d].
 */
export function selfAttention(
  weights: Weights,
  x: Value,
  mask: Value,
  name: string,
  extend = (_part: 'key' | 'value', fresh: Value): Value => fresh,
): Value {
  const { num_attention_heads: heads } = weights.checkpoint.config.text_config;
  const names = ['query', 'key', 'value'].map((part) => `${name}.self.${part}`);
  const [query, key, value] = linears(weights, x, names, `${name}.self.qkv`).map((part, i) =>
    splitHeads(weights, part, heads, names[i]),
  );
  const context = op.scaledDotProductAttention(
    weights.graph,
    query,
    extend('key', key),
    extend('value', value),
    mask,
    `${name}.self/attention`,
  ); // [b, h, l, d]
  return mergeHeads(weights, context, `${name}.self`);
}

function addAndNormalize(weights: Weights, x: Value, residual: Value, name: string): Value {
  const sum = op.add(weights.graph, x, residual, `${name}/residual`);
  return layerNorm(weights, sum, `${name}.LayerNorm`, weights.checkpoint.config.text_config.layer_norm_eps);
}

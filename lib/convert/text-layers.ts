// BLIP's text layers (BERT with cross-attention), shared by text encoder and text decoder. The two differ only in where
// the keys and values of self-attention come from. Source: transformers' modeling_blip_text.py.
// Shapes: b batch, l tokens, s tokens attended to, h heads, d head size, H hidden size.
import type { Value } from '../ir';
import type { BlipGraph } from './blip-graph';

/** input_ids [b, l] and position_ids [b or 1, l] -> [b, l, H]: word and position embeddings, summed and normalized. */
export function textEmbeddings(g: BlipGraph, input_ids: Value, position_ids: Value, name: string): Value {
  const wordTable = g.weight(`${name}.word_embeddings.weight`);
  const words = g.gather(wordTable, input_ids, 0, `${name}.word_embeddings`);
  const positionTable = g.weight(`${name}.position_embeddings.weight`);
  const positions = g.gather(positionTable, position_ids, 0, `${name}.position_embeddings`);
  const sum = g.add(words, positions, `${name}/sum`);
  return g.layerNorm(sum, `${name}.LayerNorm`, g.config.text_config.layer_norm_eps);
}

/** x [b, l, H] and the block's name -> the attention's context [b, l, H], before the output layer. */
export type Attention = (x: Value, name: string) => Value;

/**
 * One layer: self-attention, cross-attention (where there are states to look at), feed-forward network, each added to
 * its input and normalized (post-norm).
 */
export function textLayer(
  g: BlipGraph,
  x: Value,
  name: string,
  attention: { readonly self: Attention; readonly cross?: Attention },
): Value {
  const attend = (input: Value, kind: Attention, block: string): Value => {
    const output = g.linear(kind(input, block), `${block}.output.dense`);
    return addAndNormalize(g, output, input, `${block}.output`);
  };
  const selfAttended = attend(x, attention.self, `${name}.attention`);
  const crossAttended = attention.cross
    ? attend(selfAttended, attention.cross, `${name}.crossattention`)
    : selfAttended;
  const { hidden_act } = g.config.text_config;
  const output = g.feedForward(crossAttended, [`${name}.intermediate.dense`, `${name}.output.dense`], hidden_act);
  return addAndNormalize(g, output, crossAttended, `${name}.output`);
}

export interface SelfAttentionOptions {
  /** Added to the scores: [b, 1, 1 or l, s]. */
  readonly mask: Value;
  /** Prepends the keys or values of earlier tokens: [b, h, l, d] -> [b, h, s, d]. */
  readonly prependPast?: (part: 'key' | 'value', states: Value) => Value;
}

/**
 * x [b, l, H] -> context [b, l, H]. Query, key and value are one matrix product
 * (docs/decisions/004-fused-query-key-value.md).
 */
export function selfAttention(g: BlipGraph, x: Value, name: string, options: SelfAttentionOptions): Value {
  const { mask, prependPast = (_, states) => states } = options;
  const { num_attention_heads: heads } = g.config.text_config;
  const names = ['query', 'key', 'value'].map((part) => `${name}.self.${part}`);
  const [query, newKey, newValue] = g
    .fusedLinear(x, names, `${name}.self.qkv`)
    .map((part, i) => g.splitHeads(part, heads, names[i])); // [b, h, l, d]
  const key = prependPast('key', newKey); // [b, h, s, d]
  const value = prependPast('value', newValue);
  const context = g.scaledDotProductAttention({ query, key, value, mask }, `${name}.self/attention`); // [b, h, l, d]
  return g.mergeHeads(context, `${name}.self`);
}

function addAndNormalize(g: BlipGraph, x: Value, residual: Value, name: string): Value {
  const sum = g.add(x, residual, `${name}/residual`);
  return g.layerNorm(sum, `${name}.LayerNorm`, g.config.text_config.layer_norm_eps);
}

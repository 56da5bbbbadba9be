// Cross-attention of both text models: a few words look at a picture's many tokens, or at a question's.
//
// Usual is to project every token to a key and a value per layer: 16 billion operations for BLIP-base's 577 tokens and 12 layers, whatever
// the words. But query . (W_k state) = (W_k' query) . state, and the weighted sum of W_v state is W_v times the weighted sum. So the
// query goes through W_k, and what was seen through W_v, and the states are looked at as they are: 6 billion operations for ten words,
// and nothing to keep between the decoder's steps. (DeepSeek-V2's paper, arXiv 2405.04434, does so with its latent attention and calls it
// absorbing the matrices.)
//
// Measured with AMX, 2 cores, in turns. Text encoder against keys and values of all tokens, ten words: 10 % less time at bf16, 15 % at INT8;
// from some 20 words on it no longer pays, but questions are short. Decoder against keys and values kept as state, at bf16 and INT8: ten
// steps on a picture take 2 % and 25 % less, on four pictures 22 % and 43 %, five beams 3 % and 6 %, an answer of three steps the same, eight
// answers in one call 8 % more. The 42 MB of kept keys and values are gone.
//
// A head has its own 64 of the 768 rows of both matrices. Instead of cutting them up, which the CPU plugin would multiply in f32, each word
// gets a row per head with zeros in the other heads' places: plain matrix products, which NNCF quantizes like any other.
import * as op from '../ir';
import type { Graph, Value } from '../ir';
import { additiveMask, linear } from './layers';
import type { Weights } from './weights';

/** Encoder states, prepared once for all layers of a model. */
export interface LookedAt {
  /** [b or 1, s, n] */
  readonly states: Value;
  /** The same with `zeros` rows of zeros at the end. */
  readonly evenStates: Value;
  readonly zeros: number;
  /** What is added to scores, [b or 1, 1, s]. */
  readonly mask: Value;
}

/**
 * `states` [b or 1, s, n] and the mask [b or 1, s] i64 of those that may be seen.
 *
 * A picture has an odd number of tokens where its patches are even in number: 24 x 24 and the class token. The product of probabilities
 * and states runs over them, and with an odd number the CPU plugin (OpenVINO 2026.4.1) does it without AMX; so a zero is added to both.
 * Text encoder, ten words at bf16: 18.4 instead of 24.9 ms, eight questions 62 instead of 74; at INT8 15 either way, and 51 instead of 46.
 * Decoder at bf16: 5 % less for a caption, 12 % for five beams; at INT8 up to 4 % more.
 */
export function preparedStates(weights: Weights, states: Value, mask: Value): LookedAt {
  const { graph } = weights;
  const { image_size, patch_size } = weights.checkpoint.config.vision_config;
  const zeros = (Math.floor(image_size / patch_size) ** 2 + 1) % 2;
  return {
    states,
    evenStates: evened(graph, states, 1, zeros, 'even_states'),
    zeros,
    mask: op.squeeze(graph, additiveMask(weights, mask, 'cross_mask'), 1, 'cross_mask_rows'),
  };
}

/**
 * What the words x [b, l, H] see of the states: [b, l, H].
 * The key's bias is not used: it adds the same to all scores of a word, which softmax takes away again.
 */
export function lookAtStates(
  weights: Weights,
  x: Value,
  { states, evenStates, zeros, mask }: LookedAt,
  name: string,
): Value {
  const { graph } = weights;
  const { num_attention_heads: heads, hidden_size } = weights.checkpoint.config.text_config;
  const own = headPlaces(weights, heads, hidden_size); // [1, 1, h, H]
  const query = op.unsqueeze(graph, linear(weights, x, `${name}.self.query`), [2], `${name}.self.query/rows`); // [b, l, 1, H]
  const scale = graph.float(`${name}.self/scale`, 1 / Math.sqrt(hidden_size / heads));
  const scaled = op.multiply(graph, query, scale, `${name}.self/scaled_query`);
  const rows = op.reshape(
    graph,
    op.multiply(graph, scaled, own, `${name}.self/query_of_head`),
    [0, -1, hidden_size],
    `${name}.self/query_rows`,
  ); // [b, l * h, H]
  const asked = op.matmul(graph, rows, weights.get(`${name}.self.key.weight`), `${name}.self.key/matmul`); // [b, l * h, n]
  const scores = op.add(
    graph,
    op.matmul(graph, asked, states, `${name}.self/scores`, { transposeB: true }),
    mask,
    `${name}.self/masked_scores`,
  ); // [b, l * h, s]
  const probabilities = evened(
    graph,
    op.softmax(graph, scores, `${name}.self/probabilities`),
    2,
    zeros,
    `${name}.self/even_probabilities`,
  );
  const seen = op.matmul(graph, probabilities, evenStates, `${name}.self/seen`); // [b, l * h, n]
  const values = op.matmul(graph, seen, weights.get(`${name}.self.value.weight`), `${name}.self.value/matmul`, {
    transposeB: true,
  }); // [b, l * h, H]
  const ofHeads = op.multiply(
    graph,
    op.reshape(graph, values, [0, -1, heads, hidden_size], `${name}.self.value/rows`),
    own,
    `${name}.self.value/of_head`,
  );
  return op.add(
    graph,
    op.sum(graph, ofHeads, 2, `${name}.self/merge_heads`),
    weights.vector(`${name}.self.value.bias`, 3),
    `${name}.self.value`,
  );
}

function evened(graph: Graph, value: Value, axis: number, zeros: number, name: string): Value {
  return zeros > 0 ? op.padEnd(graph, value, axis, zeros, name) : value;
}

/** [1, 1, h, H]: 1 where a row's head has its places, else 0. */
function headPlaces({ graph }: Weights, heads: number, hidden_size: number): Value {
  const size = hidden_size / heads;
  const ones = Float32Array.from({ length: heads * hidden_size }, (_, i) =>
    Math.floor(i / hidden_size) === Math.floor((i % hidden_size) / size) ? 1 : 0,
  );
  return graph.constant('head_places', 'f32', [1, 1, heads, hidden_size], {
    key: 'head_places',
    bytes: () => new Uint8Array(ones.buffer),
  });
}

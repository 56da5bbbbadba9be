// Cross-attention of both text models: a few tokens of text attend to the many tokens of an image, or of a question.
//
// The usual way projects every encoder token to a key and a value in each layer. But query . (W_k state) = (W_k^T
// query) . state, and the weighted sum of W_v state is W_v times the weighted sum of states. So the query goes through
// W_k, the context through W_v, and the attention itself reads the encoder's hidden states. Less work for short texts,
// and the decoder has no keys and values to keep. DeepSeek-V2 (https://arxiv.org/abs/2405.04434) calls this absorbing
// the matrices. Operations counted and times measured: docs/decisions/001-absorbed-cross-attention.md.
//
// Each head uses its own rows of both matrices (64 of 768 in BLIP-base). Instead of slicing them, which the CPU plugin
// would multiply in f32, each token gets one row per head, with zeros in the other heads' places: plain matrix
// products, which NNCF quantizes.
//
// The last argument of each operation is its node's name in the written IR, whose bytes stay the same when code is
// renamed.
//
// Shapes: b batch, l tokens of text, s encoder tokens, n encoder hidden size, h heads, H hidden size.
import type { Value } from '../ir';
import { additiveMask } from './attention-masks';
import type { BlipGraph } from './blip-graph';

/** The encoder's hidden states, prepared once for all layers of a model. */
export interface EncoderStates {
  /** [b or 1, s, n] */
  readonly hidden_states: Value;
  /**
   * The same with `padding` rows of zeros appended, so that an image has an even number of tokens: [b or 1, s +
   * padding, n].
   */
  readonly padded_states: Value;
  readonly padding: number;
  /** Added to the scores: [b or 1, 1, s]. */
  readonly mask: Value;
  /** What each layer so far attended to: probabilities, [b, l * h, s]. */
  readonly attentions: Value[];
}

/**
 * encoder_hidden_states [b or 1, s, n] f32 and encoder_attention_mask [b or 1, s] i64.
 *
 * An image has an odd number of tokens where its number of patches is even: 24 x 24 and the class token. A matrix
 * product over an odd number runs without AMX in the CPU plugin, so a zero is appended
 * (docs/decisions/002-even-number-of-image-tokens.md).
 */
export function encoderStates(
  g: BlipGraph,
  encoder_hidden_states: Value,
  encoder_attention_mask: Value,
): EncoderStates {
  const { image_size, patch_size } = g.config.vision_config;
  const tokens = Math.floor(image_size / patch_size) ** 2 + 1;
  const padding = tokens % 2;
  return {
    hidden_states: encoder_hidden_states,
    padded_states: pad(g, encoder_hidden_states, { axis: 1, padding }, 'even_states'),
    padding,
    mask: g.squeeze(additiveMask(g, encoder_attention_mask, 'cross_mask'), 1, 'cross_mask_rows'),
    attentions: [],
  };
}

/**
 * x [b, l, H] -> context [b, l, H].
 * The bias of the key is not used: it adds the same number to all scores of a token, which softmax removes again.
 */
export function crossAttention(g: BlipGraph, x: Value, name: string, encoder: EncoderStates): Value {
  const { num_attention_heads: heads, hidden_size } = g.config.text_config;
  const { hidden_states, padded_states, padding, mask } = encoder;
  const headMask = headMaskOf(g); // [1, 1, h, H]

  const query = g.unsqueeze(g.linear(x, `${name}.self.query`), [2], `${name}.self.query/rows`); // [b, l, 1, H]
  const scale = g.float(`${name}.self/scale`, 1 / Math.sqrt(hidden_size / heads));
  const scaledQuery = g.multiply(query, scale, `${name}.self/scaled_query`);
  const queryPerHead = g.multiply(scaledQuery, headMask, `${name}.self/query_of_head`); // [b, l, h, H]
  const queryRows = g.reshape(queryPerHead, [0, -1, hidden_size], `${name}.self/query_rows`); // [b, l * h, H]
  const keyWeight = g.weight(`${name}.self.key.weight`); // [H, n]
  g.leaveOut(`${name}.self.key.bias`);
  const absorbedQuery = g.matmul(queryRows, keyWeight, `${name}.self.key/matmul`); // [b, l * h, n]

  const scores = g.matmul(absorbedQuery, hidden_states, `${name}.self/scores`, { transposeB: true }); // [b, l * h, s]
  const maskedScores = g.add(scores, mask, `${name}.self/masked_scores`);
  const probabilities = g.softmax(maskedScores, `${name}.self/probabilities`); // [b, l * h, s]
  encoder.attentions.push(probabilities);
  const paddedProbabilities = pad(g, probabilities, { axis: 2, padding }, `${name}.self/even_probabilities`);
  const stateContext = g.matmul(paddedProbabilities, padded_states, `${name}.self/seen`); // [b, l * h, n]

  const valueWeight = g.weight(`${name}.self.value.weight`); // [H, n]
  // [b, l * h, H]
  const valueRows = g.matmul(stateContext, valueWeight, `${name}.self.value/matmul`, { transposeB: true });
  const values = g.reshape(valueRows, [0, -1, heads, hidden_size], `${name}.self.value/rows`); // [b, l, h, H]
  const valuePerHead = g.multiply(values, headMask, `${name}.self.value/of_head`);
  const context = g.reduceSum(valuePerHead, 2, `${name}.self/merge_heads`); // [b, l, H]
  return g.add(context, g.vector(`${name}.self.value.bias`, 3), `${name}.self.value`);
}

/**
 * Makes the probabilities of every layer outputs of the model: `cross_attentions.0`, `cross_attentions.1`, ...: [b, h,
 * l, s] f32, as transformers returns them with `output_attentions=True`. Called last: programs that take outputs by
 * their place find the others where they were.
 */
export function crossAttentionOutputs(g: BlipGraph, { attentions }: EncoderStates): void {
  const { num_attention_heads: heads } = g.config.text_config;
  for (const [layer, probabilities] of attentions.entries()) {
    const name = `cross_attentions.${layer}`;
    const columns = g.transpose(probabilities, [0, 2, 1], `${name}/columns`); // [b, s, l * h]
    const split = g.reshape(columns, [0, 0, -1, heads], `${name}/split_heads`); // [b, s, l, h]
    g.result(name, g.transpose(split, [0, 3, 2, 1], `${name}/heads`));
  }
}

function pad(g: BlipGraph, x: Value, { axis, padding }: { axis: number; padding: number }, name: string): Value {
  return padding > 0 ? g.padEnd(x, axis, padding, name) : x;
}

/** [1, 1, h, H] f32: 1 in the places of a row's own head, else 0. */
function headMaskOf(g: BlipGraph): Value {
  const { num_attention_heads: heads, hidden_size } = g.config.text_config;
  const size = hidden_size / heads;
  const headOfPlace = (place: number): number => Math.floor((place % hidden_size) / size);
  const mask = Float32Array.from({ length: heads * hidden_size }, (_, place) =>
    Math.floor(place / hidden_size) === headOfPlace(place) ? 1 : 0,
  );
  return g.constant('head_places', 'f32', [1, 1, heads, hidden_size], {
    key: 'head_places',
    bytes: () => new Uint8Array(mask.buffer),
  });
}

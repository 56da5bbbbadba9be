// Attention masks as values that are added to the scores. Shapes: b batch, l new tokens, s tokens that may be attended
// to.
import type { GraphBuilder, Value } from '../ir';

/**
 * Added to the score of a masked token: the lowest finite half-precision number, so that it survives FP16 devices.
 * exp(-65504) is 0 in every precision used here.
 */
const MASKED = -65504;

/** attention_mask [b, s] i64 of 1 (attended to) and 0 (masked) -> [b, 1, 1, s] f32 */
export function additiveMask(g: GraphBuilder, attention_mask: Value, name: string): Value {
  const attended = g.convert(g.unsqueeze(attention_mask, [1, 2], `${name}/rows`), 'f32', `${name}/f32`);
  const masked = g.subtract(g.float(`${name}/one`, 1), attended, `${name}/hidden`);
  return g.multiply(masked, g.float(`${name}/lowest`, MASKED), name);
}

/**
 * The mask of a decoder with `past` tokens in its cache: each of the l new tokens attends to itself and all tokens
 * before it.
 * input_ids [b, l], attention_mask [b, past + l] i64 -> [b, 1, l, past + l] f32
 */
export function causalMask(g: GraphBuilder, input_ids: Value, attention_mask: Value, name: string): Value {
  const total = g.squeeze(g.sizeOf(attention_mask, 1, `${name}/total`), 0, `${name}/total_scalar`);
  const length = g.squeeze(g.sizeOf(input_ids, 1, `${name}/new`), 0, `${name}/new_scalar`);
  const past = g.subtract(total, length, `${name}/past`);
  const keyPositions = g.range(g.integers(`${name}/zero`, 0), total, `${name}/keys`);
  const keys = g.unsqueeze(keyPositions, [0], `${name}/keys_row`); // [1, past + l]
  const queries = g.unsqueeze(g.range(past, total, `${name}/queries`), [1], `${name}/queries_column`); // [l, 1]
  const isPastOrSelf = g.lessEqual(keys, queries, `${name}/before`); // [l, past + l]
  const padding = additiveMask(g, attention_mask, `${name}/padding`); // [b, 1, 1, past + l]
  return g.select(isPastOrSelf, padding, g.float(`${name}/masked`, MASKED), name);
}

// Repeats rows of a batch: the states of an image for each of its beams, a question for each image.
import type { EncoderStates } from './decoder-session';

/** Each row `times` times: [a, b] -> [a, a, b, b]. A single row is not repeated: the graphs broadcast it. */
export function repeatEach(states: EncoderStates, times: number): EncoderStates {
  const [rows, source, size] = states.dims;
  if (rows === 1 || times === 1) return states;
  const data = new Float32Array(states.data.length * times);
  const mask = states.attention_mask && new BigInt64Array(states.attention_mask.length * times);
  for (let row = 0; row < rows * times; row++) {
    const from = Math.floor(row / times);
    data.set(states.data.subarray(from * source * size, (from + 1) * source * size), row * source * size);
    if (mask && states.attention_mask)
      mask.set(states.attention_mask.subarray(from * source, (from + 1) * source), row * source);
  }
  return { data, dims: [rows * times, source, size], attention_mask: mask };
}

/** Some of the rows. A single row serves all. */
export function selectRows(states: EncoderStates, chosen: readonly number[]): EncoderStates {
  const [rows, source, size] = states.dims;
  if (rows === 1) return states;
  const data = new Float32Array(chosen.length * source * size);
  const mask = states.attention_mask && new BigInt64Array(chosen.length * source);
  for (const [row, from] of chosen.entries()) {
    data.set(states.data.subarray(from * source * size, (from + 1) * source * size), row * source * size);
    if (mask && states.attention_mask)
      mask.set(states.attention_mask.subarray(from * source, (from + 1) * source), row * source);
  }
  return { data, dims: [chosen.length, source, size], attention_mask: mask };
}

/** selectRows without new arrays: rows in ascending order move to the front of those that the states have. */
export function keepRows(states: EncoderStates, chosen: readonly number[]): EncoderStates {
  const { data, dims, attention_mask: mask } = states;
  const [rows, source, size] = dims;
  if (rows === 1) return states;
  for (const [row, from] of chosen.entries()) {
    data.copyWithin(row * source * size, from * source * size, (from + 1) * source * size);
    mask?.copyWithin(row * source, from * source, (from + 1) * source);
  }
  return {
    data: data.subarray(0, chosen.length * source * size),
    dims: [chosen.length, source, size],
    ...(mask && { attention_mask: mask.subarray(0, chosen.length * source) }),
  };
}

/** One row of tokens `times` times. */
export function repeatTokens(row: BigInt64Array, times: number): BigInt64Array {
  if (times === 1) return row;
  const all = new BigInt64Array(row.length * times);
  for (let i = 0; i < times; i++) all.set(row, i * row.length);
  return all;
}

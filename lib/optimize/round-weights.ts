// Rounding of a row of weights to few bits, as NNCF's weight compression does it: a scale and a zero point for the row.
import { ArgumentError } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';

export interface RoundedWeights {
  /** From 0 to 2^bits - 1. */
  readonly integers: readonly number[];
  /** The distance between two neighbors that can be stored. */
  readonly scale: number;
  /** The integer that stands for 0. */
  readonly zero_point: number;
  /** What the integers stand for: (integer - zero_point) * scale. */
  readonly values: Float32Array;
  /** The largest difference from the weights: about half of `scale`. */
  readonly largest_error: number;
}

const MAX_BITS = 8;

/**
 * Rounds weights that share a scale: asymmetric, over the range from the smallest to the largest, with 0 in it.
 *
 * @param options.bits 1 to 8; 8 by default
 * @example
 * roundWeights(Float32Array.of(-0.5, 0, 1), { bits: 2 }).integers // [1, 1, 3]
 * @throws {ArgumentError} for no weights, weights that are not finite, and other numbers of bits
 */
export function roundWeights(weights: ArrayLike<number>, options: { readonly bits?: number } = {}): RoundedWeights {
  checkOptions('roundWeights', options, ['bits']);
  const { bits = MAX_BITS } = options;
  if (!Number.isSafeInteger(bits) || bits < 1 || bits > MAX_BITS)
    throw new ArgumentError(`roundWeights: bits is ${String(bits)}, expected a whole number from 1 to ${MAX_BITS}.`);
  const list = Array.isArray(weights) || weights instanceof Float32Array ? Array.from<number>(weights) : [];
  if (list.length === 0 || !list.every(Number.isFinite))
    throw new ArgumentError(
      'roundWeights: got weights that are none or not finite, expected a list of finite numbers.',
    );
  const [low, high] = list.reduce(([a, b], x) => [Math.min(a, x), Math.max(b, x)], [0, 0]);
  const levels = 2 ** bits - 1;
  const scale = (high - low) / levels || 1; // all zero
  const zero_point = Math.round(-low / scale);
  const integers = list.map((x) => Math.min(levels, Math.max(0, Math.round(x / scale) + zero_point)));
  const values = Float32Array.from(integers, (integer) => (integer - zero_point) * scale);
  const largest_error = list.reduce((largest, x, i) => Math.max(largest, Math.abs(x - values[i])), 0);
  return { integers, scale, zero_point, values, largest_error };
}

// IEEE half precision and bfloat16 to and from float32, for whole arrays. Rounds to nearest, ties to even, as NumPy
// does.
import { largestOf, roundHalves } from './vectors/round-halves';

const F16_TABLE = new Float32Array(65536);
let tableReady = false;

function fillTable(): void {
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const magnitude =
      exponent === 31
        ? fraction
          ? NaN
          : Infinity
        : exponent === 0
          ? fraction * 2 ** -24
          : (1 + fraction / 1024) * 2 ** (exponent - 15);
    F16_TABLE[bits] = bits & 0x8000 ? -magnitude : magnitude;
  }
  tableReady = true;
}

/** @example halfToFloat(Uint16Array.of(0x3c00))[0] // 1 */
export function halfToFloat(bits: Uint16Array): Float32Array {
  if (!tableReady) fillTable();
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = F16_TABLE[bits[i]];
  return out;
}

/** @example bfloatToFloat(Uint16Array.of(0x3f80))[0] // 1 */
export function bfloatToFloat(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16;
  return new Float32Array(words.buffer);
}

/**
 * Values beyond the largest half (65504) become infinity, tiny ones subnormal or zero.
 *
 * @param out where to put them, as long as `values`; an array of its own by default
 * @example floatToHalf(Float32Array.of(1))[0] // 0x3c00
 */
export function floatToHalf(values: Float32Array, out: Uint16Array = new Uint16Array(values.length)): Uint16Array {
  roundToHalf(values, out);
  return out;
}

/**
 * As floatToHalf.
 *
 * @returns the bits of the largest magnitude: see largestMagnitude
 * @example roundToHalf(Float32Array.of(1, -1e6), out) >= HALF_OVERFLOW // true: the second became infinity
 */
export function roundToHalf(values: Float32Array, out: Uint16Array): number {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length);
  const { count, largest } = roundHalves(values, out);
  for (let i = count; i < words.length; i++) out[i] = roundWord(words[i]);
  return largestWord(words.subarray(count), largest);
}

/** Bits of the smallest magnitude that rounds to infinity: 65520. */
export const HALF_OVERFLOW = 0x477ff000;
/** Bits of infinity as float32; those of NaN are above. */
export const FLOAT_INFINITY = 0x7f800000;

/**
 * The largest magnitude among the values, as the bits of a float32, which are ordered as the magnitudes are. At least
 * FLOAT_INFINITY when a value is not finite.
 *
 * @example largestMagnitude(Float32Array.of(0.5, NaN)) >= FLOAT_INFINITY // true
 */
export function largestMagnitude(values: Float32Array): number {
  const { count, largest } = largestOf(values);
  return largestWord(new Int32Array(values.buffer, values.byteOffset, values.length).subarray(count), largest);
}

function largestWord(words: Int32Array, least: number): number {
  let largest = least;
  for (let i = 0; i < words.length; i++) largest = Math.max(largest, words[i] & 0x7fffffff);
  return largest;
}

/** The bits of a float32 as those of the nearest half. */
function roundWord(word: number): number {
  const magnitude = word & 0x7fffffff;
  // A normal half or just beyond: add half a unit in the last place, ties to even.
  return magnitude >= 0x38800000 && magnitude < 0x47800000
    ? ((word >>> 16) & 0x8000) | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13)
    : roundExtreme(word);
}

function roundExtreme(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  // At least 65536, infinity or NaN
  if (magnitude >= 0x47800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude <= 0x33000000) return sign; // at most half the smallest subnormal
  const shift = 126 - (magnitude >>> 23); // subnormal half: shift the full mantissa into place
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  const whole = mantissa >>> shift;
  return sign | (whole + (rest > half || (rest === half && (whole & 1) === 1) ? 1 : 0));
}

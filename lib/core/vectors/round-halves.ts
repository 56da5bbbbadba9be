// Float32 to IEEE half precision by vectors, four values at a time. BLIP-base's 361 million weights: 0.7 instead of 2.0 ns each.
import {
  ADD_FLOATS,
  ADD_INTEGERS,
  advance,
  AND,
  assemble,
  four,
  get,
  integer,
  LESS,
  LESS_INTEGERS,
  LOAD_VECTOR,
  loop,
  MINIMUM,
  NARROW_UNSIGNED,
  OR,
  PAGE_BYTES,
  SELECT,
  set,
  shiftRight,
  STORE_8_BYTES,
  SUBTRACT_INTEGERS,
  type Assembled,
} from './assemble';

/** Values that are rounded in one call: they and their halves fit into the processor's inner caches. */
const CHUNK = 1 << 14;

/** Parameters: where a chunk begins, where its halves go, where it ends. Then two vectors. */
const FROM = 0,
  TO = 1,
  END = 2,
  WORD = 3,
  RESULT = 4;

const MAGNITUDE = [get(WORD), four(0x7fffffff), AND].flat();

/** As `roundWord` of float16.ts does it, without branches: all cases are computed, then one is chosen. */
const ROUND = loop(
  [
    get(FROM),
    LOAD_VECTOR,
    set(WORD),
    MAGNITUDE,
    four(0x3f000000),
    ADD_FLOATS,
    four(0x3f000000),
    SUBTRACT_INTEGERS, // subnormal: added to 0.5, whose last place is the smallest half
    MAGNITUDE,
    four(0xfff - 0x38000000),
    ADD_INTEGERS,
    MAGNITUDE,
    shiftRight(13),
    four(1),
    AND,
    ADD_INTEGERS,
    shiftRight(13), // normal: ties to even
    four(0x7c00),
    MINIMUM, // too large: infinity
    MAGNITUDE,
    four(0x38800000),
    LESS_INTEGERS,
    SELECT,
    four(0x7f800000),
    MAGNITUDE,
    LESS_INTEGERS,
    four(0x200),
    AND,
    OR, // NaN
    get(WORD),
    shiftRight(16),
    four(0x8000),
    AND,
    OR, // the sign
    set(RESULT),
    get(TO),
    get(RESULT),
    get(RESULT),
    NARROW_UNSIGNED,
    STORE_8_BYTES,
    advance(TO, integer(8)),
    advance(FROM, integer(16)),
  ].flat(),
  [get(FROM), get(END), LESS].flat(),
);

/** Made at the first call; null where there are no vectors. */
let rounder: Assembled | null | undefined;

/**
 * Rounds whole vectors of `values` into `out`.
 *
 * @returns how many values that were, from the first on; the caller does the others
 */
export function roundHalves(values: Float32Array, out: Uint16Array): number {
  if (values.length < 4) return 0;
  rounder =
    rounder === undefined
      ? (assemble(
          [{ name: 'round', parameters: 3, integers: 0, vectors: 2, body: ROUND }],
          (6 * CHUNK) / PAGE_BYTES + 1,
        ) ?? null)
      : rounder;
  if (!rounder) return 0;
  const floats = new Float32Array(rounder.memory, 0, CHUNK);
  const halves = new Uint16Array(rounder.memory, floats.byteLength, CHUNK);
  const end = values.length - (values.length % 4);
  for (let at = 0; at < end; at += CHUNK) {
    const count = Math.min(CHUNK, end - at);
    floats.set(values.subarray(at, at + count));
    rounder.call('round', 0, halves.byteOffset, 4 * count);
    out.set(halves.subarray(0, count), at);
  }
  return end;
}

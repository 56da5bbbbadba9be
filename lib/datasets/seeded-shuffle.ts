// A shuffle that gives the same order for the same seed on every machine.
// The order is our own: Python's `datasets` with the same seed takes other samples, by another generator.

import { checkArguments } from '../core/check-arguments';
/**
 * Fisher-Yates over a copy, driven by mulberry32.
 *
 * @example
 * seededShuffle([1, 2, 3, 4, 5], 42) // [1, 5, 3, 2, 4], on every machine
 */
export function seededShuffle<T>(items: readonly T[], seed: number): T[] {
  checkArguments('seededShuffle', { items: [items, 'list'], seed: [seed, 'number'] });
  const shuffled = [...items];
  const random = mulberry32(seed);
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other], shuffled[last]];
  }
  return shuffled;
}

/** Tommy Ettinger's 32-bit generator (public domain): numbers in [0, 1) from a 32-bit seed. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

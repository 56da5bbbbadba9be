// Random numbers that are the same in every run: each input of a fuzz target has a seed of its own, so that it can be
// made again alone.

/** Mulberry32, a generator of 32 bits with full period. */
export class Random {
  #state: number;

  /** @param seed any parts; each combination gives a sequence of its own */
  constructor(...seed: readonly (string | number)[]) {
    let state = 0x811c9dc5; // FNV-1a
    for (const character of seed.join('\0')) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
    this.#state = state;
  }

  /** A fraction from 0, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0, below the limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[this.below(items.length)];
  }

  /** Mostly small, at times as large as the limit. */
  size(limit: number): number {
    return Math.floor(limit ** this.next());
  }

  bytes(count: number): Buffer {
    return Buffer.from(Uint8Array.from({ length: count }, () => this.below(256)));
  }
}

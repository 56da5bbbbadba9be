// Random numbers from a seed, by integer arithmetic alone: the same on every machine.

/**
 * The generator sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes PractRand and BigCrush. Streams that
 * differ in seed, row or sequence are independent.
 */
export class RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /**
   * @param seed 0 to Number.MAX_SAFE_INTEGER: all 53 bits count
   * @param row place in the batch
   * @param sequence which of the row's texts
   */
  constructor(seed: number, row = 0, sequence = 0) {
    this.#a = mix(seed >>> 0, mix(row, 0x243f6a88));
    this.#b = mix(Math.floor(seed / 2 ** 32), mix(sequence, 0x85a308d3));
    this.#c = mix(this.#a, this.#b);
    // The state's bits spread over all four numbers
    for (let i = 0; i < 15; i++) this.#next();
  }

  /** A number of at least 0 and below 1, a multiple of 2 ** -53. */
  next(): number {
    const high = this.#next() >>> 5;
    return (high * 2 ** 26 + (this.#next() >>> 6)) / 2 ** 53;
  }

  /** 32 bits. */
  #next(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result;
  }
}

/** MurmurHash3's finalizer over both. */
function mix(value: number, salt: number): number {
  let hash = (value ^ Math.imul(salt | 1, 0x9e3779b1)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

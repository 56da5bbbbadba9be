// How many images the vision model takes at once: tried on the first images, whose results count like all others.

/**
 * A larger batch must save this much of the time of an image: it needs more memory, and a last one stays half empty.
 */
const MIN_GAIN = 0.05;
/** The first run of a size prepares memory and kernels for it. */
const RUNS = 3;

export class BatchSizeTrial {
  readonly #sizes: readonly number[];
  #place = 0;
  #runs: number[] = [];
  #best: { readonly size: number; readonly ms: number } | undefined;
  #isOver = false;

  /** @param largest of the sizes 1, 2, 4, 8, … that are tried; see fixed */
  constructor(largest: number, isFixed = false) {
    const sizes = [];
    for (let size = 1; size <= largest; size *= 2) sizes.push(size);
    this.#sizes = isFixed ? [largest] : sizes;
    this.#isOver = isFixed || sizes.length < 2;
  }

  /** Images for the next run. */
  get size(): number {
    return this.#isOver ? (this.#best?.size ?? this.#sizes[0]) : this.#sizes[this.#place];
  }

  /** A run of `count` images took so long. */
  record(count: number, ms: number): void {
    if (this.#isOver || count !== this.size) return;
    this.#runs.push(ms / count);
    if (this.#runs.length < RUNS) return;
    const fastest = Math.min(...this.#runs.slice(1));
    const isBetter = this.#best === undefined || fastest < this.#best.ms * (1 - MIN_GAIN);
    if (isBetter) this.#best = { size: this.size, ms: fastest };
    this.#runs = [];
    this.#place++;
    // Two sizes in a row without a gain: the next will not gain either
    this.#isOver = this.#place === this.#sizes.length || this.#place > this.#sizes.indexOf(this.#best?.size ?? 1) + 2;
  }
}

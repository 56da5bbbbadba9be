// Arrays that are used again. New ones of a megabyte or more, with pages that the system has to clear, would make the
// garbage collector go through the whole heap for every few images.

export class ArrayPool {
  #idle: Float32Array[] = [];

  /** Its values are of whoever had it before. */
  take(length: number): Float32Array {
    if (this.#idle.length > 0 && this.#idle[0].length !== length) this.#idle = []; // batches have another size now
    return this.#idle.pop() ?? new Float32Array(length);
  }

  /** @param array from `take`; nobody uses it any more */
  give(array: Float32Array): void {
    this.#idle.push(array);
  }
}

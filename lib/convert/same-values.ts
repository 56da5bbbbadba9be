// Whether two large tensors hold the same values, without either in memory whole.
import type { CheckpointTensor } from '../checkpoint';

/** As long as the pieces that the conversion writes: few reads, little memory. */
const PIECE_BYTES = 1 << 20;

/** Compares bit by bit, as f32: a NaN equals itself, and 0 differs from -0. */
export function sameValues(a: CheckpointTensor, b: CheckpointTensor): boolean {
  if (a.shape.join() !== b.shape.join()) return false;
  const [left, right] = [a, b].map((tensor) => new Floats(tensor));
  for (;;) {
    const count = Math.min(left.available(), right.available());
    if (count === 0) return left.available() === right.available();
    if (Buffer.compare(left.take(count), right.take(count)) !== 0) return false;
  }
}

/** A tensor's values one piece after the other; the pieces of two tensors need not be of equal length. */
class Floats {
  readonly #pieces: Generator<Float32Array>;
  #piece: Float32Array = new Float32Array(0);

  constructor(tensor: CheckpointTensor) {
    const memory = new Uint8Array(PIECE_BYTES);
    this.#pieces = tensor.floatPieces(() => memory);
  }

  /** Values that can be taken at once; 0 at the end. */
  available(): number {
    while (this.#piece.length === 0) {
      const next = this.#pieces.next();
      if (next.done) break;
      this.#piece = next.value;
    }
    return this.#piece.length;
  }

  take(count: number): Uint8Array {
    const taken = this.#piece.subarray(0, count);
    this.#piece = this.#piece.subarray(count);
    return new Uint8Array(taken.buffer, taken.byteOffset, taken.byteLength);
  }
}

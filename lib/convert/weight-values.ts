// Watches the numbers of weights while they are written: what half precision cannot hold is clamped and counted, what
// is no number refused.
import type { CheckpointTensor } from '../checkpoint';
import { FLOAT_INFINITY, HALF_OVERFLOW, largestMagnitude, roundToHalf } from '../core/float16';
import { BlipError } from '../core/errors';

/** A weight is NaN or infinite: the model would answer nonsense. */
export class WeightValueError extends BlipError {}

/** Weights of one tensor that half precision cannot hold. */
export interface ClampedTensor {
  readonly name: string;
  /** How many of its values became 65504 or -65504. */
  readonly count: number;
  /** The largest magnitude that the checkpoint holds. */
  readonly largest: number;
}

const LARGEST_HALF = 0x7bff; // 65504
const HALF_INFINITY = 0x7c00;

/** What was seen of the tensors of one conversion. */
export class WeightValues {
  readonly #clamped = new Map<string, ClampedTensor>();

  /** In the order in which they were written. */
  get clamped(): readonly ClampedTensor[] {
    return [...this.#clamped.values()];
  }

  /** Begins a tensor; it may be written into several models. */
  watch(tensor: CheckpointTensor): TensorWatch {
    return new TensorWatch(tensor, (found) => this.#clamped.set(found.name, found));
  }
}

/** One tensor while it is written, piece by piece. */
class TensorWatch {
  #done = 0;
  #count = 0;
  #largest = 0;

  constructor(
    private readonly tensor: CheckpointTensor,
    private readonly onClamped: (found: ClampedTensor) => void,
  ) {}

  /**
   * Rounds the next piece to half precision. Values beyond it are clamped to +-65504, as OpenVINO's own save_model
   * does.
   *
   * @throws {WeightValueError} at NaN and infinity
   */
  toHalf(values: Float32Array, out: Uint16Array): Uint16Array {
    const largest = roundToHalf(values, out);
    if (largest >= HALF_OVERFLOW) {
      this.#refuse(values, largest);
      this.#clamp(values, out);
    }
    this.#done += values.length;
    return out;
  }

  /** The next piece, written as it is. @throws {WeightValueError} at NaN and infinity */
  check(values: Float32Array): Float32Array {
    this.#refuse(values, largestMagnitude(values));
    this.#done += values.length;
    return values;
  }

  #clamp(values: Float32Array, out: Uint16Array): void {
    for (let i = 0; i < out.length; i++)
      if ((out[i] & HALF_INFINITY) === HALF_INFINITY) {
        out[i] = (out[i] & 0x8000) | LARGEST_HALF;
        this.#count++;
        this.#largest = Math.max(this.#largest, Math.abs(values[i]));
      }
    this.onClamped({ name: this.tensor.name, count: this.#count, largest: this.#largest });
  }

  #refuse(values: Float32Array, largest: number): void {
    if (largest < FLOAT_INFINITY) return;
    const at = values.findIndex((value) => !Number.isFinite(value));
    const { name, path, dtype, shape } = this.tensor;
    const beyond = dtype === 'F64' ? 'is beyond float32' : `is ${values[at]}`;
    throw new WeightValueError(
      `${path}: tensor "${name}" ${beyond} at [${placeOf(this.#done + at, shape).join(', ')}] (shape ` +
        `[${shape.join(', ')}], ${dtype}); ` +
        'expected finite weights. The checkpoint is damaged, or its training diverged: download it again, or ' +
        'take an earlier one.',
    );
  }
}

/** The index of a value along each axis. */
function placeOf(at: number, shape: readonly number[]): number[] {
  let rest = at;
  return shape.map((_, axis) => {
    const stride = shape.slice(axis + 1).reduce((product, dim) => product * dim, 1);
    const index = Math.floor(rest / stride);
    rest %= stride;
    return index;
  });
}

/** One sentence about clamped weights; undefined when there are none. */
export function describeClamped(id: string, clamped: readonly ClampedTensor[]): string | undefined {
  if (clamped.length === 0) return undefined;
  const SHOWN = 3;
  const shown = clamped
    .slice(0, SHOWN)
    .map(({ name, count, largest }) => `${name} (${count}, up to ${largest.toPrecision(3)})`);
  const more = clamped.length > SHOWN ? ` and ${clamped.length - SHOWN} more tensors` : '';
  const total = clamped.reduce((sum, { count }) => sum + count, 0);
  return (
    `${id}: ${total} weight${total === 1 ? ' is' : 's are'} beyond FP16 and became 65504 or -65504: ` +
    `${shown.join(', ')}${more}. ` +
    "Answers may differ from the checkpoint's. Convert with compress_to_fp16: false (dtype 'fp32') to keep them."
  );
}

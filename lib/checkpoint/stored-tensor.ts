// A tensor whose values lie in a file: read when asked for, whole or in pieces, in their order whatever that of the
// file is.
import { bfloatToFloat, halfToFloat } from '../core/float16';
import { DTYPE_BYTES, FLOAT_DTYPES, type CheckpointDType, type CheckpointTensor } from './checkpoint-tensor';
import { CheckpointError } from './errors';
import type { FileReader } from './file-reader';
import { collect, countOf, isContiguous, partOf, type StridedLayout } from './strided-layout';

export interface StoredValues {
  readonly name: string;
  readonly dtype: CheckpointDType;
  readonly shape: readonly number[];
  /** Where in the file the storage begins that the values lie in. */
  readonly position: number;
  /** Where in the storage the values lie; one after the other from its beginning when there is none. */
  readonly layout?: StridedLayout;
  /** Whether the file holds the bytes of each value in the order of big-endian machines. */
  readonly bigEndian?: boolean;
}

export class StoredTensor implements CheckpointTensor {
  readonly path: string;
  readonly name: string;
  readonly dtype: CheckpointDType;
  readonly shape: readonly number[];
  readonly byteLength: number;
  /** Where in the file the values begin that lie in their order; undefined when they do not. */
  readonly #start: number | undefined;

  constructor(
    readonly file: FileReader,
    readonly values: StoredValues,
  ) {
    const { name, dtype, shape, position, layout } = values;
    this.path = file.path;
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
    this.byteLength = countOf(shape) * DTYPE_BYTES[dtype];
    if (!layout || isContiguous(layout)) this.#start = position + (layout?.offset ?? 0) * DTYPE_BYTES[dtype];
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.byteLength); // memory of its own, so that it is aligned
    for (let done = 0; done < bytes.length; ) done += this.#fill(done, bytes.subarray(done)).length;
    return bytes;
  }

  toFloat32(): Float32Array {
    return this.#toFloats(this.bytes());
  }

  *floatPieces(memory: () => Uint8Array): Generator<Float32Array> {
    for (let done = 0; done < this.byteLength; ) {
      const piece = this.#fill(done, memory());
      done += piece.length;
      yield this.#toFloats(piece);
    }
  }

  /** Reads the values from byte `done` on, as many as fit or a part of them. Returns what of `memory` it filled. */
  #fill(done: number, memory: Uint8Array): Uint8Array {
    const { position, layout, bigEndian } = this.values;
    const size = DTYPE_BYTES[this.dtype];
    const room = Math.floor(Math.min(memory.length, this.byteLength - done) / size);
    if (room === 0) throw new RangeError(`${memory.length} bytes of memory do not hold one value of ${size} bytes.`);
    let piece = memory.subarray(0, room * size);
    if (this.#start !== undefined || !layout) this.file.read((this.#start ?? position) + done, piece);
    else {
      const part = partOf(layout, done / size, room);
      piece = memory.subarray(0, countOf(part.shape) * size);
      let stretch = new Uint8Array(0);
      const read = (at: number, count: number): Uint8Array => {
        if (stretch.length < count * size) stretch = new Uint8Array(count * size);
        return this.file.read(position + at * size, stretch.subarray(0, count * size));
      };
      collect(part, size, read, piece);
    }
    if (bigEndian) reverseNumbers(piece, this.dtype === 'C64' ? 4 : size); // a complex value is two numbers
    return piece;
  }

  #toFloats({ buffer, byteOffset, byteLength }: Uint8Array): Float32Array {
    const count = byteLength / DTYPE_BYTES[this.dtype];
    switch (this.dtype) {
      case 'F32':
        return new Float32Array(buffer, byteOffset, count);
      case 'F16':
        return halfToFloat(new Uint16Array(buffer, byteOffset, count));
      case 'BF16':
        return bfloatToFloat(new Uint16Array(buffer, byteOffset, count));
      case 'F64':
        return Float32Array.from(new Float64Array(buffer, byteOffset, count));
      default:
        throw new CheckpointError(
          `${this.path}, tensor "${this.name}": dtype ${this.dtype}, expected one of ${FLOAT_DTYPES.join(', ')}.`,
        );
    }
  }
}

function reverseNumbers(bytes: Uint8Array, size: number): void {
  if (size === 1) return;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else buffer.swap64();
}

// Checkpoint tensors as constants of a graph, in FP32 or in FP16 with the mark that makes plugins decompress them on load.
import type { BlipCheckpoint, CheckpointTensor } from '../checkpoint';
import { CheckpointTensorsError, storedName } from './expected-tensors';
import { floatToHalf } from '../core/float16';
import type { GraphBuilder, Shape, Value } from '../ir';

/** F32 values in a piece: few enough to stay in the processor's cache while they are read, converted and written. */
const PIECE_VALUES = 1 << 18;

/** Hands out a checkpoint's tensors as values of one graph; every tensor becomes one constant, however often it is used. */
export class Weights {
  readonly #values = new Map<string, Value>();
  readonly #floats = inTurns(() => new Uint8Array(4 * PIECE_VALUES));
  readonly #halves = inTurns(() => new Uint16Array(PIECE_VALUES * 2)); // a piece of a half-precision checkpoint has twice the values
  #parameterCount = 0;

  constructor(
    private readonly graph: GraphBuilder,
    private readonly checkpoint: BlipCheckpoint,
    private readonly compressToFP16: boolean,
  ) {}

  /** The number of values in the tensors that were handed out so far. */
  get parameterCount(): number {
    return this.#parameterCount;
  }

  /** The tensor of this checkpoint name, as f32. Of several names: the tensors, whose later axes agree, one below the other. */
  get(names: string | readonly string[]): Value {
    return this.#stack([names].flat(), (shape) => shape);
  }

  /** A bias or scale [n], stored with leading axes of size 1 so that it broadcasts over a tensor of this rank. Of several names: one after the other. */
  vector(names: string | readonly string[], rank: number): Value {
    return this.#stack([names].flat(), ([size]) => [...Array<number>(rank - 1).fill(1), size]);
  }

  #stack(names: readonly string[], shapeOf: (stacked: Shape) => Shape): Value {
    const tensors = names.map((name) => {
      const tensor = this.checkpoint.tensors.get(storedName(this.checkpoint, name));
      if (!tensor) throw new CheckpointTensorsError(`${this.checkpoint.folder}: no tensor "${name}".`);
      return tensor;
    });
    const [, ...rest] = tensors[0].shape;
    const shape = shapeOf([tensors.reduce((rows, tensor) => rows + tensor.shape[0], 0), ...rest]);
    const key = `${names.join('+')}#${shape.length}`;
    let value = this.#values.get(key);
    if (!value) {
      this.#parameterCount += shape.reduce((product, dim) => product * dim, 1);
      this.#values.set(key, (value = this.#constant(names.join('+'), tensors, shape)));
    }
    return value;
  }

  #constant(name: string, tensors: readonly CheckpointTensor[], shape: Shape): Value {
    const { compressToFP16, graph } = this;
    const pieces = (tensor: CheckpointTensor): Generator<Uint8Array> =>
      compressToFP16 ? this.#halfPieces(tensor) : this.#floatPieces(tensor);
    const bytes = function* (): Generator<Uint8Array> {
      for (const tensor of tensors) yield* pieces(tensor);
    };
    const value = graph.constant(name, compressToFP16 ? 'f16' : 'f32', shape, { key: name, bytes });
    return compressToFP16 ? graph.convert(value, 'f32', `${name}/to_f32`, { decompression: true }) : value;
  }

  *#floatPieces(tensor: CheckpointTensor): Generator<Uint8Array> {
    for (const values of tensor.floatPieces(this.#floats)) yield asBytes(values);
  }

  *#halfPieces(tensor: CheckpointTensor): Generator<Uint8Array> {
    for (const values of tensor.floatPieces(this.#floats))
      yield asBytes(floatToHalf(values, this.#halves().subarray(0, values.length)));
  }
}

/** Two arrays by turns, made at the first call: one is written to disk while the other is filled. */
function inTurns<T>(make: () => T): () => T {
  const arrays: T[] = [];
  let turn = 0;
  return () => (arrays[(turn ^= 1)] ??= make());
}

function asBytes(array: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

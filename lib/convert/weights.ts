// Checkpoint tensors as constants of a graph, in FP32, or in FP16 with the mark that makes plugins decompress them when
// they load.
import type { BlipCheckpoint, CheckpointTensor } from '../checkpoint';
import { CheckpointTensorsError, storedName } from './expected-tensors';
import type { GraphBuilder, Shape, Value } from '../ir';
import { WeightValues } from './weight-values';

/** F32 values per chunk: few enough to stay in the processor's cache while they are read, converted and written. */
const CHUNK_VALUES = 1 << 18;

export interface WeightsOptions {
  /** Half precision, to be decompressed when the model is loaded. */
  readonly compressToFP16: boolean;
  /** Sees all values when they are written; nobody asks what it saw unless it is given. */
  readonly values?: WeightValues;
}

/** A checkpoint's tensors as values of one graph; every tensor becomes one constant, however often it is used. */
export class Weights {
  readonly #values = new Map<string, Value>();
  readonly #floats = alternating(() => new Uint8Array(4 * CHUNK_VALUES));
  // A chunk of a half-precision checkpoint has twice the values
  readonly #halves = alternating(() => new Uint16Array(CHUNK_VALUES * 2));
  readonly #seen: WeightValues;
  readonly #leftOut = new Map<string, number>();
  #parameterCount = 0;

  constructor(
    private readonly graph: GraphBuilder,
    private readonly checkpoint: BlipCheckpoint,
    private readonly options: WeightsOptions,
  ) {
    this.#seen = options.values ?? new WeightValues();
  }

  /** The number of values in the tensors that were handed out so far. */
  get parameterCount(): number {
    return this.#parameterCount;
  }

  /** The number of values in the tensors that leaveOut named. */
  get leftOutCount(): number {
    return [...this.#leftOut.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The graph does without this tensor. One that the checkpoint lacks counts as nothing. */
  leaveOut(name: string): void {
    const { shape } = this.checkpoint.tensors.get(storedName(this.checkpoint, name)) ?? { shape: [0] };
    this.#leftOut.set(
      name,
      shape.reduce((product, dim) => product * dim, 1),
    );
  }

  /** The tensor of this name, as f32. Several names give the tensors concatenated along the first axis. */
  get(names: string | readonly string[]): Value {
    return this.#concatenate([names].flat(), (shape) => shape);
  }

  /**
   * A bias or scale [n], with leading axes of size 1 so that it broadcasts over a tensor of this rank. Several names
   * are concatenated.
   */
  vector(names: string | readonly string[], rank: number): Value {
    return this.#concatenate([names].flat(), ([size]) => [...Array<number>(rank - 1).fill(1), size]);
  }

  #concatenate(names: readonly string[], shapeOf: (concatenated: Shape) => Shape): Value {
    const tensors = names.map((name) => {
      const tensor = this.checkpoint.tensors.get(storedName(this.checkpoint, name));
      if (!tensor)
        throw new CheckpointTensorsError(
          `${this.checkpoint.folder}: no tensor "${name}", which config.json asks for. Check that config.json ` +
            'and the weights belong together.',
        );
      return tensor;
    });
    const [, ...rest] = tensors[0].shape;
    const shape = shapeOf([tensors.reduce((rows, tensor) => rows + tensor.shape[0], 0), ...rest]);
    const key = `${names.join('+')}#${shape.length}`;
    let value = this.#values.get(key);
    if (!value) {
      this.#parameterCount += shape.reduce((product, dim) => product * dim, 1);
      value = this.#constant(names.join('+'), tensors, shape);
      this.#values.set(key, value);
    }
    return value;
  }

  #constant(name: string, tensors: readonly CheckpointTensor[], shape: Shape): Value {
    const { graph } = this;
    const { compressToFP16 } = this.options;
    const chunks = (tensor: CheckpointTensor): Generator<Uint8Array> =>
      compressToFP16 ? this.#halfChunks(tensor) : this.#floatChunks(tensor);
    const bytes = function* (): Generator<Uint8Array> {
      for (const tensor of tensors) yield* chunks(tensor);
    };
    const value = graph.constant(name, compressToFP16 ? 'f16' : 'f32', shape, { key: name, bytes });
    return compressToFP16 ? graph.convert(value, 'f32', `${name}/to_f32`, { decompression: true }) : value;
  }

  *#floatChunks(tensor: CheckpointTensor): Generator<Uint8Array> {
    const watch = this.#seen.watch(tensor);
    for (const values of tensor.floatPieces(this.#floats)) yield asBytes(watch.check(values));
  }

  *#halfChunks(tensor: CheckpointTensor): Generator<Uint8Array> {
    const watch = this.#seen.watch(tensor);
    for (const values of tensor.floatPieces(this.#floats))
      yield asBytes(watch.toHalf(values, this.#halves().subarray(0, values.length)));
  }
}

/**
 * Returns one of two arrays in alternation, allocated at the first call: one is written to disk while the other is
 * filled.
 */
function alternating<T>(make: () => T): () => T {
  const arrays: T[] = [];
  let turn = 0;
  return () => (arrays[(turn ^= 1)] ??= make());
}

function asBytes(array: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

// Float32 to IEEE half precision by vector instructions (round-halves.wat):
// docs/decisions/007-vector-instructions-in-webassembly.md
import { lazyInstance, type VectorModule } from './instantiate';
import { WASM } from './round-halves-wasm';

/**
 * Values that are rounded in one call: they and their halves fit into the processor's inner caches, and into the
 * module's memory.
 */
const CHUNK = 1 << 14;

const instance = lazyInstance(WASM);

export interface VectorResult {
  /** How many values, from the first on, were processed: those that fill whole vectors. The caller does the rest. */
  readonly count: number;
  /** The largest magnitude among them, as the bits of a float32: those of NaN are above those of infinity. */
  readonly largest: number;
}

const NOTHING: VectorResult = { count: 0, largest: 0 };

/** Rounds values into `out`. */
export function roundHalves(values: Float32Array, out: Uint16Array): VectorResult {
  const halves = (memory: ArrayBuffer): Uint16Array => new Uint16Array(memory, 4 * CHUNK, CHUNK);
  return inChunks(values, ({ memory, call }, start, count) => {
    const largest = call('round', 0, 4 * CHUNK, 4 * count);
    out.set(halves(memory).subarray(0, count), start);
    return largest;
  });
}

/** Looks at values without rounding them. */
export function largestOf(values: Float32Array): VectorResult {
  return inChunks(values, ({ call }, _start, count) => call('largest', 0, 4 * count));
}

function inChunks(
  values: Float32Array,
  process: (vectors: VectorModule, start: number, count: number) => number,
): VectorResult {
  const vectors = values.length < 4 ? undefined : instance();
  if (!vectors) return NOTHING;
  const floats = new Float32Array(vectors.memory, 0, CHUNK);
  const end = values.length - (values.length % 4);
  let largest = 0;
  for (let start = 0; start < end; start += CHUNK) {
    const count = Math.min(CHUNK, end - start);
    floats.set(values.subarray(start, start + count));
    largest = Math.max(largest, process(vectors, start, count));
  }
  return { count: end, largest };
}

// Float32 to IEEE half precision by vector instructions (round-halves.wat): docs/decisions/007-vector-instructions-in-webassembly.md
import { lazyInstance } from './instantiate';
import { WASM } from './round-halves-wasm';

/** Values that are rounded in one call: they and their halves fit into the processor's inner caches, and into the module's memory. */
const CHUNK = 1 << 14;

const instance = lazyInstance(WASM);

/**
 * Rounds the values that fill whole vectors into `out`.
 *
 * @returns how many values, from the first on, were rounded; the caller rounds the rest
 */
export function roundHalves(values: Float32Array, out: Uint16Array): number {
  if (values.length < 4) return 0;
  const vectors = instance();
  if (!vectors) return 0;
  const floats = new Float32Array(vectors.memory, 0, CHUNK);
  const halves = new Uint16Array(vectors.memory, floats.byteLength, CHUNK);
  const end = values.length - (values.length % 4);
  for (let start = 0; start < end; start += CHUNK) {
    const count = Math.min(CHUNK, end - start);
    floats.set(values.subarray(start, start + count));
    vectors.call('round', 0, halves.byteOffset, 4 * count);
    out.set(halves.subarray(0, count), start);
  }
  return end;
}

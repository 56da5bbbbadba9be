// The dot products of one vector with many rows by vector instructions (dot-rows.wat), piece by piece, so that the rows
// may lie in any array.
import { lazyInstance } from '../core/vectors/instantiate';
import { WASM } from './dot-rows-wasm';

/** Places in the module's memory, in floats: the vector, the rows of a piece, their products. */
const ROWS = 4096;
const PRODUCTS = 8 * 16_384 - 4096;
/** The inner loop takes eight numbers at once. */
const STEP = 8;

const instance = lazyInstance(WASM);

/**
 * @param rows [n, vector.length]
 * @param out n numbers
 * @returns whether it was done: false where there are no vector instructions, or the vector does not fit them
 */
export function dotRows(vector: Float32Array, rows: Float32Array, out: Float32Array): boolean {
  const width = vector.length;
  if (width === 0 || width % STEP !== 0 || width > ROWS) return false;
  const vectors = instance();
  if (!vectors) return false;
  const memory = new Float32Array(vectors.memory);
  memory.set(vector);
  const rowsAtOnce = Math.min(Math.floor((PRODUCTS - ROWS) / width), memory.length - PRODUCTS);
  for (let row = 0; row < out.length; row += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, out.length - row);
    memory.set(rows.subarray(row * width, (row + count) * width), ROWS);
    vectors.call('dot', 4 * ROWS, 4 * (ROWS + count * width), 4 * width, 4 * PRODUCTS);
    out.set(memory.subarray(PRODUCTS, PRODUCTS + count), row);
  }
  return true;
}

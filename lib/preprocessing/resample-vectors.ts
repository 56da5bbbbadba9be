// The two passes of resample.ts by vector instructions (resample.wat):
// docs/decisions/007-vector-instructions-in-webassembly.md Image and weights are copied into the module's memory, strip
// by strip.
import { lazyInstance } from '../core/vectors/instantiate';
import type { ResampleWeights } from './resample-weights';
import { WASM } from './resample-wasm';
import type { RgbImage } from './rgb-image';

/** The module's memory, which fits into the processor's second cache: weights, and a strip of input and output rows. */
const STRIP_BYTES = 1 << 20;
/** A vector may be read or written a little beyond the end of the last row. */
const SLACK_BYTES = 16;
/**
 * In the table of the row pass, numbers before the weights of a pixel: its first input byte, and the bytes of its
 * weights.
 */
const HEADER = 2;

const instance = lazyInstance(WASM);

/** @returns [height, newWidth, 3]; undefined without vector instructions, or if one row is too long for a strip */
export function resampleRowsByVectors(
  { data, width, height }: RgbImage,
  newWidth: number,
  weights: ResampleWeights,
): Uint8Array | undefined {
  const vectors = instance();
  const entry = HEADER + weights.stride;
  const tableBytes = 4 * entry * newWidth;
  const row = 3 * width;
  const newRow = 3 * newWidth;
  const rowsPerStrip = Math.floor((STRIP_BYTES - tableBytes - 2 * SLACK_BYTES) / (row + newRow));
  if (!vectors || rowsPerStrip < 1) return undefined;
  fillRowTable(new Int32Array(vectors.memory, 0, entry * newWidth), weights);
  const memory = new Uint8Array(vectors.memory);
  const from = tableBytes;
  const to = from + rowsPerStrip * row + SLACK_BYTES;
  const result = new Uint8Array(newRow * height);
  for (let y = 0; y < height; y += rowsPerStrip) {
    const rows = Math.min(rowsPerStrip, height - y);
    memory.set(data.subarray(y * row, (y + rows) * row), from);
    for (let i = 0; i < rows; i++) vectors.call('rows', from + i * row, to + i * newRow, 0, 4 * entry, tableBytes);
    result.set(memory.subarray(to, to + rows * newRow), y * newRow);
  }
  return result;
}

function fillRowTable(table: Int32Array, { first, count, values, stride }: ResampleWeights): void {
  for (let x = 0; x < first.length; x++) {
    const entry = x * (HEADER + stride);
    table[entry] = 3 * first[x];
    table[entry + 1] = 4 * count[x];
    table.set(values.subarray(x * stride, x * stride + count[x]), entry + HEADER);
  }
}

/**
 * @returns [newHeight, width, 3]; undefined without vector instructions, or if the input rows of one output row are
 *   too long for a strip
 */
export function resampleColumnsByVectors(
  { data, width }: RgbImage,
  newHeight: number,
  { first, count, values, stride }: ResampleWeights,
): Uint8Array | undefined {
  const vectors = instance();
  const row = 3 * width;
  const tableBytes = 4 * values.length;
  const stripBytes = STRIP_BYTES - tableBytes - 2 * SLACK_BYTES;
  /** Bytes of the output rows from `y` up to `end`, and of the input rows that they depend on. */
  const bytesOf = (y: number, end: number): number => (first[end - 1] + count[end - 1] - first[y] + end - y) * row;
  if (!vectors || Array.from(first).some((_, y) => bytesOf(y, y + 1) > stripBytes)) return undefined;
  new Int32Array(vectors.memory, 0, values.length).set(values);
  const memory = new Uint8Array(vectors.memory);
  const result = new Uint8Array(row * newHeight);
  for (let y = 0, end = 1; y < newHeight; y = end++) {
    while (end < newHeight && bytesOf(y, end + 1) <= stripBytes) end++;
    const firstRow = first[y];
    const input = data.subarray(firstRow * row, (first[end - 1] + count[end - 1]) * row);
    const output = tableBytes + input.length + SLACK_BYTES;
    memory.set(input, tableBytes);
    for (let i = y; i < end; i++) {
      const from = tableBytes + (first[i] - firstRow) * row;
      const to = output + (i - y) * row;
      const taps = 4 * i * stride;
      vectors.call('columns', from, to, to + row, taps, taps + 4 * count[i], row);
    }
    result.set(memory.subarray(output, output + (end - y) * row), y * row);
  }
  return result;
}

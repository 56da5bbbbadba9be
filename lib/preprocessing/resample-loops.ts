// The two passes of resample.ts one number at a time: for engines without vector instructions, and for rows that are
// too long for them.
import { HALF, PRECISION_BITS, type ResampleWeights } from './resample-weights';
import type { RgbImage } from './rgb-image';

/** @returns [height, newWidth, 3] */
export function resampleRowsByLoops(
  { data, width, height }: RgbImage,
  newWidth: number,
  { first, count, values, stride }: ResampleWeights,
): Uint8Array {
  const result = new Uint8Array(newWidth * height * 3);
  let target = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < newWidth; x++) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let source = (y * width + first[x]) * 3;
      const last = x * stride + count[x];
      for (let tap = x * stride; tap < last; tap++) {
        red = (red + Math.imul(data[source], values[tap])) | 0;
        green = (green + Math.imul(data[source + 1], values[tap])) | 0;
        blue = (blue + Math.imul(data[source + 2], values[tap])) | 0;
        source += 3;
      }
      result[target] = clip(red >> PRECISION_BITS);
      result[target + 1] = clip(green >> PRECISION_BITS);
      result[target + 2] = clip(blue >> PRECISION_BITS);
      target += 3;
    }
  }
  return result;
}

/** @returns [newHeight, width, 3] */
export function resampleColumnsByLoops(
  { data, width }: RgbImage,
  newHeight: number,
  { first, count, values, stride }: ResampleWeights,
): Uint8Array {
  const row = width * 3;
  const result = new Uint8Array(row * newHeight);
  const sums = new Int32Array(row);
  for (let y = 0; y < newHeight; y++) {
    sums.fill(HALF);
    for (let tap = 0; tap < count[y]; tap++) {
      const source = (first[y] + tap) * row;
      addWeightedRow(sums, data.subarray(source, source + row), values[y * stride + tap]);
    }
    for (let i = 0; i < row; i++) result[y * row + i] = clip(sums[i] >> PRECISION_BITS);
  }
  return result;
}

function addWeightedRow(sums: Int32Array, row: Uint8Array, weight: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] += Math.imul(row[i], weight);
}

function clip(value: number): number {
  return value < 0 ? 0 : Math.min(value, 255);
}

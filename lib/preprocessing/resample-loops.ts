// The two passes of resample.ts one number at a time: where there are no vector instructions, and for rows too long for them.
import type { RgbImage } from './rgb-image';
import { HALF, PRECISION_BITS, type ResampleWeights } from './resample-weights';

/** @returns [height, newWidth, 3] */
export function resampleRowsByLoops(
  { data, width, height }: RgbImage,
  newWidth: number,
  { first, count, values, stride }: ResampleWeights,
): Uint8Array {
  const result = new Uint8Array(newWidth * height * 3);
  for (let y = 0, target = 0; y < height; y++) {
    for (let x = 0; x < newWidth; x++) {
      let red = HALF,
        green = HALF,
        blue = HALF;
      let source = (y * width + first[x]) * 3;
      for (let tap = x * stride; tap < x * stride + count[x]; tap++, source += 3) {
        red = (red + Math.imul(data[source], values[tap])) | 0;
        green = (green + Math.imul(data[source + 1], values[tap])) | 0;
        blue = (blue + Math.imul(data[source + 2], values[tap])) | 0;
      }
      result[target++] = clip(red >> PRECISION_BITS);
      result[target++] = clip(green >> PRECISION_BITS);
      result[target++] = clip(blue >> PRECISION_BITS);
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
    for (let tap = 0, source = first[y] * row; tap < count[y]; tap++, source += row)
      addRow(sums, data, source, values[y * stride + tap]);
    for (let i = 0; i < row; i++) result[y * row + i] = clip(sums[i] >> PRECISION_BITS);
  }
  return result;
}

function addRow(sums: Int32Array, data: Uint8Array, from: number, weight: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] += Math.imul(data[from + i], weight);
}

function clip(value: number): number {
  return value < 0 ? 0 : Math.min(value, 255);
}

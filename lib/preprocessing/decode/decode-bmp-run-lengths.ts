// Run-length encoded BMP pixels (Windows' RLE8 and RLE4), as PIL decodes them.

export interface RunLengthImage {
  readonly width: number;
  readonly height: number;
  /** RLE4: two colors alternate in a run. */
  readonly nibbles: boolean;
}

/** The second byte of a pair that begins with zero. */
const END_OF_LINE = 0;
const END_OF_BITMAP = 1;
const DELTA = 2;

/** @returns [height, width] u8, a color index per pixel, in the file's row order; undefined when the data ends early */
export function decodeBmpRunLengths(
  bytes: Uint8Array,
  start: number,
  { width, height, nibbles }: RunLengthImage,
): Uint8Array | undefined {
  const pixels = new Uint8Array(width * height);
  let written = 0;
  let x = 0;
  let at = start;
  while (written < pixels.length && at + 1 < bytes.length) {
    const [first, second] = [bytes[at], bytes[at + 1]];
    at += 2;
    if (first > 0) {
      const count = Math.max(0, Math.min(first, width - x, pixels.length - written));
      for (let i = 0; i < count; i++) pixels[written++] = nibbles ? (i % 2 === 0 ? second >> 4 : second & 15) : second;
      x += count;
    } else if (second === END_OF_LINE) {
      written = Math.min(pixels.length, Math.ceil(written / width) * width);
      x = 0;
    } else if (second === END_OF_BITMAP) {
      break;
    } else if (second === DELTA) {
      if (at + 1 >= bytes.length) break;
      written = Math.min(pixels.length, written + bytes[at] + bytes[at + 1] * width);
      x = written % width;
      at += 2;
    } else {
      const count = Math.min(second, pixels.length - written);
      const length = nibbles ? Math.ceil(count / 2) : count;
      if (at + length > bytes.length) break;
      for (let i = 0; i < count; i++)
        pixels[written++] = nibbles ? (bytes[at + (i >> 1)] >> (i % 2 === 0 ? 4 : 0)) & 15 : bytes[at + i];
      at += length;
      at += at % 2; // to the next word of the file
      x += second;
    }
  }
  return written < pixels.length ? undefined : pixels;
}

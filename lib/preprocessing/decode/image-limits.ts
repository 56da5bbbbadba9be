// What one image may cost in pixels, memory and time. A small file may claim to be larger than any memory.
import { ImageError } from '../errors';

/** PIL's limit, and so that of transformers: above it Image.open raises DecompressionBombError. */
export const MAX_PIXELS = 178_956_970;

/** What one image may hold while it is decoded. sharp decodes four images at once by default: 4 GiB together. */
const MAX_DECODED_BYTES = 2 ** 30;

/** An image that takes more than this as RGB is decoded and resized in strips, where its format allows. */
const STRIP_BYTES = 64 * 2 ** 20;

/**
 * The largest images that pass the limits above take 1 to 8 seconds on two cores; a busy machine may need ten times
 * that.
 */
export const DECODE_SECONDS = 90;

/**
 * @param bytesPerPixel what decoding holds for each pixel; 0 where the image is decoded in strips
 * @throws {ImageError} when the image is empty or beyond a limit
 */
export function checkImageSize(name: string, width: number, height: number, bytesPerPixel = 0): void {
  const size = `${name}: the image has ${width} x ${height} pixels`;
  if (!(width > 0 && height > 0)) throw new ImageError(`${size}; expected at least one.`);
  const pixels = width * height;
  if (pixels > MAX_PIXELS)
    throw new ImageError(`${size}, which is ${pixels} in all; the limit is ${MAX_PIXELS}, as in PIL. Shrink it first.`);
  if (pixels * bytesPerPixel > MAX_DECODED_BYTES)
    throw new ImageError(
      `${size}; decoding it would take ${Math.ceil((pixels * bytesPerPixel) / 2 ** 20)} MiB of memory, ` +
        `the limit is ${MAX_DECODED_BYTES / 2 ** 20} MiB. Shrink it, or save it as a baseline JPEG or a PNG ` +
        'without interlacing.',
    );
}

/** Rows of a strip: 22 megapixels, or one row. */
export function stripRows(width: number): number {
  return Math.max(1, Math.floor(STRIP_BYTES / (3 * width)));
}

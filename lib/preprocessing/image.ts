// An image as `pixel_values`, as HF's BlipImageProcessor makes it: RGB, squashed to the model's size, rescaled,
// normalized, planar.
import type { Sharp } from 'sharp';
import { checkArguments } from '../core/check-arguments';
import { checkDecodeOptions, decodeImage, decodeResized, renderSharp, type DecodeOptions } from './decode-image';
import type { TargetSize } from './resample-strips';
import { ImageError } from './errors';
import { fitImage, resizedSize } from './fit-image';
import type { ImageSize } from './parse-image-size';
import type { PreprocessorConfig } from './preprocessor-config';
import { isBlob, readImageSource, type ImageSource } from './read-image-source';
import type { RgbImage } from './rgb-image';

/** data: f32, channels first; dims: [batch, 3, height, width]. */
export interface PixelValues {
  readonly data: Float32Array;
  readonly dims: [number, 3, number, number];
}

/**
 * Source: transformers, image_processing_pil_blip.py (BlipImageProcessorPil) and image_utils.py (load_image).
 *
 * @returns dims [1, 3, height, width]
 * @throws {ImageError} when the source cannot be read or decoded
 */
export async function preprocessImage(
  source: ImageSource,
  config: PreprocessorConfig,
  options: DecodeOptions = {},
): Promise<PixelValues> {
  return toPixelValues(await resizeImage(source, config, options), channelTables(config));
}

/**
 * Decoded at once: as many as the libuv thread pool, in which sharp works, has threads by default. More would only take
 * memory.
 */
const IMAGES_AT_ONCE = 4;

/**
 * Several images as one batch.
 *
 * @returns dims [sources.length, 3, height, width]
 * @throws {ImageError} that names the first image that cannot be read or decoded, and its place in the list
 */
export async function preprocessImages(
  sources: readonly ImageSource[],
  config: PreprocessorConfig,
  options: DecodeOptions = {},
): Promise<PixelValues> {
  checkArguments('images', { sources: [sources, 'list'] });
  const images: PixelValues[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < sources.length) {
      const index = next++;
      try {
        images[index] = await preprocessImage(sources[index], config, options);
      } catch (error) {
        next = sources.length; // no further ones are begun
        if (!(error instanceof ImageError)) throw error;
        throw new ImageError(`Image ${index + 1} of ${sources.length}: ${error.message}`, { cause: error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(IMAGES_AT_ONCE, sources.length) }, work));
  return stackPixelValues(images);
}

/**
 * The image as the model sees it before its values are scaled: [height, width, 3] u8, a quarter of the bytes of
 * `pixel_values`.
 */
export async function resizeImage(
  source: ImageSource,
  config: PreprocessorConfig,
  options: DecodeOptions = {},
): Promise<RgbImage> {
  checkDecodeOptions(options);
  if (isSharp(source)) return fitImage(await renderSharp(source, options), config);
  const target = (size: ImageSize): TargetSize | undefined =>
    config.do_resize ? { ...resizedSize(size, config), filter: config.resample } : undefined;
  const resized = await decodeResized(await readImageSource(source), target, options);
  return fitImage(resized, { ...config, do_resize: false }); // the rest: cutting out the middle
}

/** The image as the model's preparation sees it before resizing: [height, width, 3] u8. */
export async function loadRgb(source: ImageSource, options: DecodeOptions = {}): Promise<RgbImage> {
  checkDecodeOptions(options);
  return isSharp(source) ? renderSharp(source, options) : decodeImage(await readImageSource(source), options);
}

/**
 * Concatenates images of one size into a batch: [images.length, 3, height, width].
 *
 * @throws {ImageError} when there is none, or their sizes differ (which needs `do_resize: false`)
 */
function stackPixelValues(images: readonly PixelValues[]): PixelValues {
  if (images.length === 0) throw new ImageError('No images: got an empty list. Expected at least one.');
  const [, , height, width] = images[0].dims;
  const other = images.findIndex(({ dims }) => dims[2] !== height || dims[3] !== width);
  if (other > 0)
    throw new ImageError(
      `Image ${other} is ${images[other].dims[3]} x ${images[other].dims[2]} pixels, the first ${width} x ` +
        `${height}; expected one size in a batch.`,
    );
  const data = new Float32Array(images.length * 3 * height * width);
  images.forEach((image, index) => data.set(image.data, index * 3 * height * width));
  return { data, dims: [images.length, 3, height, width] };
}

/**
 * `pixel_values` of a resized image, [1, 3, height, width] f32.
 *
 * @param tables what `channelTables` gave
 * @param planar where the values are put: 3 * height * width
 */
export function toPixelValues(
  { data, width, height }: RgbImage,
  [red, green, blue]: readonly Float32Array[],
  planar: Float32Array = new Float32Array(3 * width * height),
): PixelValues {
  const area = width * height;
  for (let pixel = 0, from = 0; pixel < area; pixel++, from += 3) {
    planar[pixel] = red[data[from]];
    planar[area + pixel] = green[data[from + 1]];
    planar[2 * area + pixel] = blue[data[from + 2]];
  }
  return { data: planar, dims: [1, 3, height, width] };
}

/**
 * What each of the 256 values of a channel becomes: three tables of 256 f32. HF rescales in f64, stores f32, and
 * normalizes in f32: the same roundings here.
 */
export function channelTables(config: PreprocessorConfig): Float32Array[] {
  return [0, 1, 2].map((channel) => {
    const mean = Math.fround(config.image_mean[channel]);
    const std = Math.fround(config.image_std[channel]);
    return Float32Array.from({ length: 256 }, (_, value) => {
      const scaled = Math.fround(config.do_rescale ? value * config.rescale_factor : value);
      return config.do_normalize ? Math.fround(scaled - mean) / std : scaled;
    });
  });
}

function isSharp(source: ImageSource): source is Sharp {
  if (typeof source === 'string' || source instanceof Uint8Array || source instanceof URL) return false;
  const given: unknown = source;
  if (given instanceof ArrayBuffer || (typeof given === 'object' && given !== null && isBlob(given))) return false;
  if (typeof given === 'object' && given !== null && 'clone' in given && 'toBuffer' in given) return true;
  const got =
    typeof given === 'object' && given !== null ? `a ${given.constructor?.name ?? 'bare object'}` : String(given);
  throw new ImageError(
    `The image is ${got}, expected a path, a URL, an encoded file as Buffer, Uint8Array, ArrayBuffer or Blob, or a ` +
      'sharp pipeline.',
  );
}

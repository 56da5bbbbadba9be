// An encoded image as 8-bit RGB, value for value as PIL gives it.
//
// Where PIL's (and so HF's) behavior may surprise, the same is done here, because a model's published results were
// computed with it:
//   - A transparent image is laid on white, as HF's image processor does since transformers 5 when it is handed an
// image with transparency.
//     PIL's convert('RGB'), as the OpenVINO tutorial calls it, drops the transparency and shows what is stored beneath:
// `alpha: 'drop'`.
//   - 16-bit gray is clipped at 255, not divided by 256, so such an image is mostly white. 16-bit color keeps its upper
// byte.
//   - CMYK becomes RGB by a formula, without a color profile. Embedded ICC profiles are ignored throughout.
//   - The orientation in EXIF or XMP is applied, as HF's load_image does for paths and URLs: people see the image
//     upright. PIL's Image.open, as the tutorial calls it, does not (except for TIFF): `exif_transpose: false`.
//   - Of an animation, the first frame is taken.
import type { Sharp } from 'sharp';
import { checkOptions, OptionsError } from '../core/check-options';
import { describeValue } from '../core/describe-value';
import { SharpError } from '../core/load-sharp';
import { detectImageFormat, firstBytes, type ImageFormat } from './decode/image-format';
import { openAvif } from './decode/open-avif';
import { openBmp } from './decode/open-bmp';
import type { AlphaMode, OpenedImage } from './decode/opened-image';
import { openGif } from './decode/open-gif';
import { openJpeg } from './decode/open-jpeg';
import { openPng } from './decode/open-png';
import { openTiff } from './decode/open-tiff';
import { openWebp } from './decode/open-webp';
import { isTransposed, orientImage } from './decode/orientation';
import { toRgb } from './decode/to-rgb';
import { ImageError } from './errors';
import type { EncodedImage } from './read-image-source';
import { resample } from './resample';
import type { ImageSize } from './parse-image-size';
import { resampleStrips, type TargetSize } from './resample-strips';
import type { RgbImage } from './rgb-image';

export interface DecodeOptions {
  /** Turn the image as EXIF or XMP say; true by default, as HF does for paths and URLs. */
  readonly exif_transpose?: boolean;
  /** 'white' (default) lays a transparent image on white; 'drop' ignores transparency, as PIL's convert('RGB') does. */
  readonly alpha?: AlphaMode;
}

/** @throws {OptionsError} when an option is unknown or has an unknown value */
export function checkDecodeOptions(options: DecodeOptions): void {
  checkOptions('image', options, ['exif_transpose', 'alpha']);
  const { exif_transpose = true, alpha = 'white' } = options;
  if (typeof exif_transpose !== 'boolean')
    throw new OptionsError(
      `image: option "exif_transpose" is ${describeValue(exif_transpose)}. Expected true or false.`,
    );
  if (alpha !== 'white' && alpha !== 'drop')
    throw new OptionsError(`image: option "alpha" is ${describeValue(alpha)}. Expected "white" or "drop".`);
}

const OPENERS: Readonly<
  Record<ImageFormat, (image: EncodedImage, alpha: AlphaMode) => Promise<OpenedImage> | OpenedImage>
> = {
  jpeg: openJpeg,
  png: openPng,
  webp: openWebp,
  gif: openGif,
  tiff: openTiff,
  avif: openAvif,
  bmp: openBmp,
};

/**
 * @returns [height, width, 3] u8, upright
 * @throws {ImageError} when the bytes are no image that can be read, or one beyond the limits
 */
export function decodeImage(image: EncodedImage, options: DecodeOptions = {}): Promise<RgbImage> {
  return withImage(image, options, async (opened) => {
    const { width, height, orientation } = opened;
    return orientImage({ data: await opened.readRows(0, height), width, height }, orientation);
  });
}

/**
 * The same as `decodeImage` and then `resample`, to the bit; a large image is decoded in strips, so that it never is in
 * memory as a whole.
 *
 * @param target the size to resize to, given that of the upright image; undefined to leave it
 */
export function decodeResized(
  image: EncodedImage,
  target: (size: ImageSize) => TargetSize | undefined,
  options: DecodeOptions = {},
): Promise<RgbImage> {
  return withImage(image, options, async (opened) => {
    const { width, height, orientation, stripRows } = opened;
    const size = target(isTransposed(orientation) ? { width: height, height: width } : { width, height });
    if (size && stripRows < height) return resampleStrips(opened, size);
    const upright = orientImage({ data: await opened.readRows(0, height), width, height }, orientation);
    return size ? resample(upright, size.width, size.height, size.filter) : upright;
  });
}

/** A sharp pipeline's result as RGB; what the pipeline does (rotation, cropping, color) is its owner's choice. */
export async function renderSharp(pipeline: Sharp, options: DecodeOptions = {}): Promise<RgbImage> {
  const name = 'sharp pipeline';
  try {
    const { data, info } = await pipeline
      .clone()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const rgb = toRgb({ data, channels: info.channels }, options.alpha ?? 'white', name);
    return { data: rgb, width: info.width, height: info.height };
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError(`${name}: cannot be rendered: ${reason(error)}`, { cause: error });
  }
}

async function withImage(
  image: EncodedImage,
  { alpha = 'white', exif_transpose = true }: DecodeOptions,
  use: (opened: OpenedImage) => Promise<RgbImage>,
): Promise<RgbImage> {
  const format = detectImageFormat(image.bytes, image.name);
  try {
    const opened = await OPENERS[format](image, alpha);
    // PIL turns a TIFF as soon as it is loaded.
    return await use(exif_transpose || format === 'tiff' ? opened : { ...opened, orientation: 1 });
  } catch (error) {
    if (error instanceof ImageError || error instanceof SharpError) throw error;
    const said = explain(error, image.bytes);
    throw new ImageError(`${image.name}: the ${format.toUpperCase()} image cannot be decoded: ${said}`, {
      cause: error,
    });
  }
}

function explain(error: unknown, bytes: Uint8Array): string {
  const said = reason(error);
  if (/^timeout/.test(said)) return `it takes too long (${said}). Shrink it first.`;
  if (/not configured|not a whole number of bytes/.test(said))
    return `${said}. Save it in another way, as PNG for instance.`;
  return (
    `${said}. Got ${bytes.byteLength} bytes that begin ${firstBytes(bytes)}. ` +
    'It may be damaged or cut short: download it again, or open it in an image editor and save it anew.'
  );
}

/**
 * sharp's messages have several lines, often the same one again and again, and before them how libvips tried to go on.
 */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message.split('\n').map((line) => line.trim());
  const said = lines.filter((line) => line !== '' && !line.startsWith('source: bad seek'));
  return (
    [...new Set(said)]
      .slice(0, 2)
      .join('; ')
      .replace(/[.:]+$/, '') || 'no reason given'
  );
}

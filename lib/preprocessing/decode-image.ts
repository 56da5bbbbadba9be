// An encoded picture as 8-bit RGB, value for value as PIL's Image.open(…).convert('RGB') gives it. sharp decodes; the conversions are PIL's.
//
// Where PIL's (and so HF's) behaviour may surprise, the same is done here, because a model's published results were computed with it:
//   - An alpha channel is dropped: a transparent pixel shows the colour stored beneath. `alpha: 'white'` lays the picture on white instead, as
//     HF's processor does since transformers 5 when it is handed a PIL image (but not when it is handed a path or URL).
//   - A single transparent colour (GIF, PNG without alpha channel) becomes white, as in transformers 5 whatever it is handed.
//   - 16-bit grey is clipped at 255, not divided by 256, so such a picture is mostly white. 16-bit colour keeps its upper byte.
//   - CMYK becomes RGB by a formula, without a colour profile. Embedded ICC profiles are ignored throughout.
//   - The EXIF orientation is applied, as HF's load_image does for paths and URLs: people see the picture upright. PIL's Image.open, as
//     the OpenVINO tutorial uses it, does not: `exif_transpose: false`.
//   - Of an animation, the first frame is taken.
import type { Sharp, SharpOptions } from 'sharp';
import { loadSharp } from '../core/load-sharp';
import { ImageError } from './errors';
import type { EncodedImage } from './read-image-source';
import type { RgbImage } from './rgb-image';
import { transparentColor, type Rgb } from './transparent-color';

export interface DecodeOptions {
  /** Turn the picture as its EXIF orientation says; true by default, as HF does for paths and URLs. */
  readonly exif_transpose?: boolean;
  /** 'drop' (default) ignores transparency as PIL's convert('RGB') does; 'white' lays the picture on white. */
  readonly alpha?: 'drop' | 'white';
}

/** sharp's own limit: 800 MB as RGB. A small file may claim to be larger than any memory. */
const MAX_PIXELS = 0x3fff * 0x3fff;

/** No profile is applied; a damaged file is an error rather than a half-grey picture. */
const OPEN: SharpOptions = { ignoreIcc: true, failOn: 'truncated', pages: 1, limitInputPixels: MAX_PIXELS };

/**
 * @returns [height, width, 3] u8
 * @throws {ImageError} when the bytes are no picture that sharp can decode
 */
export async function decodeImage({ bytes, name }: EncodedImage, options: DecodeOptions = {}): Promise<RgbImage> {
  if (bytes.byteLength === 0)
    throw new ImageError(`${name}: empty; expected a picture (JPEG, PNG, WebP, GIF, AVIF or TIFF).`);
  const sharp = loadSharp();
  try {
    const metadata = await sharp(bytes, OPEN).metadata();
    const opened = sharp(bytes, { ...OPEN, autoOrient: options.exif_transpose ?? true });
    if (metadata.space === 'cmyk')
      return cmykToRgb(await raw(opened.pipelineColourspace('cmyk').toColourspace('cmyk')), name);
    if (metadata.space === 'grey16' && metadata.channels === 1) return await clipGrey16(opened);
    const rgb = toRgb(await raw(opened), name, options.alpha ?? 'drop', metadata.format === 'gif');
    const key = transparentColor(bytes, metadata.format);
    if (key !== undefined) paintWhite(rgb.data, key);
    return rgb;
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError(
      `${name}: cannot be decoded: ${reason(error)}. Got ${bytes.byteLength} bytes that begin ${firstBytes(bytes)}; ` +
        `expected a picture (JPEG, PNG, WebP, GIF, AVIF or TIFF)${/pixel limit/.test(reason(error)) ? ` of at most ${MAX_PIXELS} pixels: shrink it first` : ''}.`,
    );
  }
}

/** A sharp pipeline's result as RGB; what the pipeline does (rotation, cropping, colour) is its owner's choice. */
export async function renderSharp(pipeline: Sharp, options: DecodeOptions = {}): Promise<RgbImage> {
  try {
    return toRgb(await raw(pipeline.clone().toColourspace('srgb')), 'sharp pipeline', options.alpha ?? 'drop');
  } catch (error) {
    throw new ImageError(`sharp pipeline: cannot be rendered: ${reason(error)}`);
  }
}

interface Decoded {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

async function raw(pipeline: Sharp): Promise<Decoded> {
  const { data, info } = await pipeline.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}

/** @param keyed the alpha channel only marks a transparent colour, and libvips left nothing beneath it */
function toRgb(
  { data, width, height, channels }: Decoded,
  name: string,
  alpha: 'drop' | 'white',
  keyed = false,
): RgbImage {
  if (channels === 3) return { data, width, height };
  if (channels < 1 || channels > 4)
    throw new ImageError(`${name}: has ${channels} channels; expected 1 to 4 (grey or RGB, with or without alpha).`);
  const grey = channels < 3;
  const pixels = width * height;
  const rgb = new Uint8Array(pixels * 3);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const source = pixel * channels;
    const opacity = (keyed || alpha === 'white') && channels % 2 === 0 ? data[source + channels - 1] : 255;
    for (let channel = 0; channel < 3; channel++) {
      const value = data[source + (grey ? 0 : channel)];
      rgb[pixel * 3 + channel] = opacity === 255 ? value : Math.round((value * opacity + 255 * (255 - opacity)) / 255);
    }
  }
  return { data: rgb, width, height };
}

/** PIL's formula: each ink takes its share of what black has left. */
function cmykToRgb({ data, width, height, channels }: Decoded, name: string): RgbImage {
  if (channels < 4) throw new ImageError(`${name}: a CMYK picture with ${channels} channels; expected 4.`);
  const rgb = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const light = 255 - data[pixel * channels + 3];
    for (let channel = 0; channel < 3; channel++)
      rgb[pixel * 3 + channel] = Math.max(0, light - multiply(data[pixel * channels + channel], light));
  }
  return { data: rgb, width, height };
}

/** a * b / 255, rounded, for bytes. */
function multiply(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

async function clipGrey16(pipeline: Sharp): Promise<RgbImage> {
  const { data, info } = await pipeline
    .toColourspace('grey16')
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  const values = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2); // one value a pixel
  const rgb = new Uint8Array(values.length * 3);
  values.forEach((value, pixel) => rgb.fill(Math.min(value, 255), pixel * 3, pixel * 3 + 3));
  return { data: rgb, width: info.width, height: info.height };
}

function paintWhite(rgb: Uint8Array, [red, green, blue]: Rgb): void {
  for (let i = 0; i < rgb.length; i += 3)
    if (rgb[i] === red && rgb[i + 1] === green && rgb[i + 2] === blue) rgb.fill(255, i, i + 3);
}

function firstBytes(bytes: Uint8Array): string {
  const head = bytes.subarray(0, 8);
  return `${Buffer.from(head).toString('hex')} (${JSON.stringify(Buffer.from(head).toString('latin1'))})`;
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().replace(/\s*\n\s*/g, '; ');
}

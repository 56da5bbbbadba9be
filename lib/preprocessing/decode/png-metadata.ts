// What a PNG says about itself outside its pixels: EXIF and XMP in their several chunks, and a transparent color.
// Chunks after the image's data count too, as in PIL.
import * as zlib from 'node:zlib';
import { quote } from '../../core/quote';
import { ImageError } from '../errors';
import type { EncodedImage } from '../read-image-source';
import type { ImageMetadata } from './orientation';
import type { Rgb } from './to-rgb';

export interface PngMetadata extends ImageMetadata {
  readonly bitDepth: number;
  /** 0 gray, 2 RGB, 3 palette, 4 gray with alpha, 6 RGB with alpha. */
  readonly colorType: number;
  /** The color that stands for transparency, as it looks in 8-bit RGB; of gray and RGB images only. */
  readonly transparent?: Rgb;
}

interface Chunk {
  readonly name: string;
  readonly data: Uint8Array;
}

const FIRST_CHUNK = 8;
/** PIL's limit for compressed text. */
const MAX_TEXT_BYTES = 2 ** 20;
const EXIF_TEXT = 'Raw profile type exif';
const XMP_TEXT = 'XML:com.adobe.xmp';

/** @throws {ImageError} when a chunk before the pixels is damaged */
export function readPngMetadata({ bytes, name: file }: EncodedImage): PngMetadata {
  let [bitDepth, colorType] = [0, 0];
  let key: Uint8Array | undefined;
  let eXIf: Uint8Array | undefined;
  /** The last chunk of each keyword; only that one is decompressed. */
  const texts = new Map<string, Chunk>();
  for (const chunk of chunks(bytes, file)) {
    const { name, data } = chunk;
    if (name === 'IHDR' && data.length >= 10) [bitDepth, colorType] = [data[8], data[9]];
    else if (name === 'tRNS') key = data;
    else if (name === 'eXIf') eXIf = data;
    else if (name === 'tEXt' || name === 'zTXt' || name === 'iTXt') texts.set(keyword(data), chunk);
  }
  const profile = eXIf ? undefined : text(texts.get(EXIF_TEXT));
  return {
    bitDepth,
    colorType,
    transparent: key && transparentColor(key, colorType, bitDepth),
    exif: eXIf ?? (profile && parseRawProfile(profile)),
    xmp: text(texts.get(XMP_TEXT)),
  };
}

/** Chunks of a whole file; of an animation those before its second frame. */
function* chunks(bytes: Uint8Array, file: string): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let animated = false;
  let pixels = false;
  for (let at = FIRST_CHUNK; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const name = Buffer.from(bytes.subarray(at + 4, at + 8)).toString('latin1');
    if (at + 12 + length > bytes.length || name === 'IEND' || (name === 'fcTL' && animated && pixels)) return;
    animated ||= name === 'acTL';
    pixels ||= name === 'IDAT';
    // As PIL does: no checksum of the pixels, which have one of their own, nor of what follows them.
    if (!pixels && zlib.crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length))
      throw new ImageError(
        `${file}: the PNG is damaged: wrong checksum of its part ${quote(name)}. Download or save it again.`,
      );
    yield { name, data: bytes.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}

/** Two bytes a channel, of which PIL compares the lower one with the pixel as 8-bit RGB. */
function transparentColor(key: Uint8Array, colorType: number, bitDepth: number): Rgb | undefined {
  if (colorType === 2 && key.length >= 6) return [key[1], key[3], key[5]];
  if (colorType !== 0 || key.length < 2) return undefined;
  const gray = bitDepth > 1 ? key[1] : key[0] === 0 && key[1] === 0 ? 0 : 255;
  return [gray, gray, gray];
}

function keyword(data: Uint8Array): string {
  const end = data.subarray(0, 80).indexOf(0); // 79 characters at most
  return Buffer.from(data.subarray(0, Math.max(0, end))).toString('latin1');
}

/**
 * Keyword, zero, then: text (tEXt); method, zlib data (zTXt); compressed, method, language, zero, translation, zero,
 * text (iTXt).
 */
function text(chunk: Chunk | undefined): Uint8Array | undefined {
  if (!chunk) return undefined;
  const rest = chunk.data.subarray(chunk.data.indexOf(0) + 1);
  if (chunk.name === 'tEXt') return rest;
  if (chunk.name === 'zTXt') return rest[0] === 0 ? inflate(rest.subarray(1)) : undefined;
  const language = rest.indexOf(0, 2);
  const translation = rest.indexOf(0, language + 1);
  if (language < 0 || translation < 0) return undefined;
  const content = rest.subarray(translation + 1);
  if (rest[0] === 0) return content;
  return rest[1] === 0 ? inflate(content) : undefined;
}

function inflate(data: Uint8Array): Uint8Array | undefined {
  try {
    return zlib.inflateSync(data, { maxOutputLength: MAX_TEXT_BYTES });
  } catch {
    return undefined; // damaged, or too long to be EXIF or XMP
  }
}

/** ImageMagick's form: a blank line, the profile's name, its length, and then its bytes in hexadecimal digits. */
function parseRawProfile(profile: Uint8Array): Uint8Array {
  const lines = Buffer.from(profile).toString('latin1').split('\n');
  return Buffer.from(lines.slice(3).join('').replace(/\s/g, ''), 'hex');
}

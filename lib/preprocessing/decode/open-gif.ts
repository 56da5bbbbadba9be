// GIF (GIF89a specification): the first frame on its canvas, as PIL composes it.
// sharp is not asked: libvips and PIL differ in the part of the canvas that a frame leaves free, in files without
// palette, and in damaged ones.
import { ImageError } from '../errors';
import type { EncodedImage } from '../read-image-source';
import { decodeGifLzw } from './decode-gif-lzw';
import { checkImageSize, stripRows } from './image-limits';
import type { AlphaMode, OpenedImage } from './opened-image';

/** A color index, and the same again while interlaced rows are sorted. */
const BYTES_PER_PIXEL = 2;
const COLORS = 256;
const HEADER_BYTES = 13;
const EXTENSION = 0x21;
const GRAPHIC_CONTROL = 0xf9;
const IMAGE = 0x2c;
const TRAILER = 0x3b;
const HAS_PALETTE = 0x80;
const INTERLACED = 0x40;

interface Frame {
  /** Of the canvas, which grows with a frame that is larger. */
  readonly canvas: { readonly width: number; readonly height: number };
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
  /** 256 colors of three bytes. */
  readonly palette: Uint8Array;
  readonly transparent?: number;
  /** Where the compressed indices begin. */
  readonly data: number;
}

export function openGif({ bytes, name }: EncodedImage, alpha: AlphaMode): OpenedImage {
  const frame = readFirstFrame(bytes, name);
  const { width, height } = frame.canvas;
  checkImageSize(name, width, height, BYTES_PER_PIXEL);
  const palette = Uint8Array.from(frame.palette);
  if (alpha === 'white' && frame.transparent !== undefined)
    palette.fill(255, frame.transparent * 3, frame.transparent * 3 + 3);
  const indices = decodeGifLzw(bytes, frame.data, frame);
  if (!indices || indices.length === 0)
    throw new ImageError(`${name}: the GIF is damaged or cut short in its first frame. Download or save it again.`);
  return {
    width,
    height,
    orientation: 1,
    stripRows: stripRows(width),
    readRows: (top, count) => paintRows(frame, palette, indices, top, count),
  };
}

function readFirstFrame(bytes: Uint8Array, name: string): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (): never => {
    throw new ImageError(`${name}: the GIF ends before its first frame. Download or save it again.`);
  };
  if (bytes.length < HEADER_BYTES) return fail();
  let at = HEADER_BYTES;
  const readPalette = (flags: number): Uint8Array => {
    const length = 3 * 2 ** ((flags & 7) + 1);
    at += length;
    return makePalette(bytes.subarray(at - length, at));
  };
  let palette = (bytes[10] & HAS_PALETTE) !== 0 ? readPalette(bytes[10]) : grayPalette();
  let transparent: number | undefined;
  while (at < bytes.length && bytes[at] !== TRAILER) {
    const block = bytes[at];
    if (block === IMAGE) {
      if (at + 11 > bytes.length) return fail();
      const [left, top, width, height] = [1, 3, 5, 7].map((offset) => view.getUint16(at + offset, true));
      const flags = bytes[at + 9];
      at += 10;
      if ((flags & HAS_PALETTE) !== 0) palette = readPalette(flags);
      const canvas = {
        width: Math.max(view.getUint16(6, true), left + width),
        height: Math.max(view.getUint16(8, true), top + height),
      };
      return {
        canvas,
        left,
        top,
        width,
        height,
        interlaced: (flags & INTERLACED) !== 0,
        palette,
        transparent,
        data: at,
      };
    }
    at += 1;
    if (block !== EXTENSION) continue;
    if (bytes[at] === GRAPHIC_CONTROL && bytes[at + 1] >= 4 && (bytes[at + 2] & 1) !== 0) transparent = bytes[at + 5];
    at = skipBlocks(bytes, at + 1);
  }
  return fail();
}

/** Past a chain of data blocks, each after its length, and the zero that ends it. */
function skipBlocks(bytes: Uint8Array, at: number): number {
  let next = at;
  while (next < bytes.length && bytes[next] !== 0) next += bytes[next] + 1;
  return next + 1;
}

/** What the frame does not cover has the transparent color, or else the first one. */
function paintRows(frame: Frame, palette: Uint8Array, indices: Uint8Array, top: number, count: number): Uint8Array {
  const { width } = frame.canvas;
  const colors = new Uint8Array(count * width).fill(frame.transparent ?? 0); // [count, width] color indices
  for (let y = Math.max(top, frame.top); y < Math.min(top + count, frame.top + frame.height); y++) {
    const source = (y - frame.top) * frame.width;
    colors.set(indices.subarray(source, source + frame.width), (y - top) * width + frame.left);
  }
  const rgb = new Uint8Array(colors.length * 3);
  for (let pixel = 0, target = 0; pixel < colors.length; pixel++, target += 3) {
    const color = colors[pixel] * 3;
    rgb[target] = palette[color];
    rgb[target + 1] = palette[color + 1];
    rgb[target + 2] = palette[color + 2];
  }
  return rgb;
}

function makePalette(colors: Uint8Array): Uint8Array {
  const palette = new Uint8Array(COLORS * 3);
  palette.set(colors);
  return palette;
}

/** What a GIF without palette means to PIL, and the palette under which a color's index is its gray value. */
function grayPalette(): Uint8Array {
  return Uint8Array.from({ length: COLORS * 3 }, (_, i) => Math.trunc(i / 3));
}

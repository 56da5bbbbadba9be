// BMP (Windows and OS/2 bitmaps), in the variants that PIL reads: 1 to 32 bits, run lengths, bit masks, either row
// order. No package fits: those on npm miss OS/2 headers or run lengths, or allocate whatever size a header claims.
import { ImageError } from '../errors';
import type { EncodedImage } from '../read-image-source';
import { decodeBmpRunLengths } from './decode-bmp-run-lengths';
import { checkImageSize, stripRows } from './image-limits';
import type { AlphaMode, OpenedImage } from './opened-image';
import { layOnWhite } from './to-rgb';

const FILE_HEADER_BYTES = 14;
const OS2_HEADER_BYTES = 12;
const HEADER_BYTES = [OS2_HEADER_BYTES, 40, 52, 56, 64, 108, 124];
const MAX_COLORS = 256;

/** The header's numbers for how pixels are stored. */
const RAW = 0;
const RLE8 = 1;
const RLE4 = 2;
const MASKS = 3;

type Masks = readonly [red: number, green: number, blue: number, alpha: number];

interface Header {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: number;
  readonly compression: number;
  readonly colors: number;
  /** Bytes of a palette entry. */
  readonly entryBytes: number;
  /** Where each channel stands in a pixel of 16 or 32 bits. */
  readonly masks?: Masks;
  /** Where the palette begins, or the pixels if there is none. */
  readonly end: number;
}

export function openBmp({ bytes, name }: EncodedImage, alpha: AlphaMode): OpenedImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readHeader(view, name);
  const { width, height, bits, compression, colors, entryBytes } = header;
  checkImageSize(name, width, height);
  const indexed = bits <= 8;
  if (indexed && (colors < 1 || colors > MAX_COLORS)) throw unsupported(name, `${colors} colors`);
  const palette = indexed
    ? readPalette(bytes.subarray(header.end, header.end + colors * entryBytes), entryBytes)
    : undefined;
  const pixelsAt = findPixels(view, header, indexed);
  const rowBytes = Math.floor((width * bits + 31) / 32) * 4;
  const runLengths = compression === RLE8 || compression === RLE4;
  const stored = runLengths
    ? decodeBmpRunLengths(bytes, pixelsAt, { width, height, nibbles: compression === RLE4 })
    : bytes.subarray(pixelsAt);
  const stride = runLengths ? width : rowBytes;
  if (!stored || stored.length < stride * (height - 1) + (runLengths ? width : Math.ceil((width * bits) / 8)))
    throw truncated(name, bytes.length);
  const convert = palette ? indexedReader(palette, runLengths ? 8 : bits, width) : directReader(header, alpha);
  return {
    width,
    height,
    orientation: 1,
    stripRows: stripRows(width),
    readRows(top, count) {
      const rgb = new Uint8Array(count * width * 3);
      for (let y = 0; y < count; y++) {
        const row = header.topDown ? top + y : height - 1 - top - y;
        convert(stored.subarray(row * stride, (row + 1) * stride), rgb.subarray(y * width * 3, (y + 1) * width * 3));
      }
      return rgb;
    },
  };
}

function unsupported(name: string, what: string): ImageError {
  return new ImageError(
    `${name}: a BMP with ${what} cannot be read here. Expected 1, 4, 8, 16, 24 or 32 bits a pixel, raw or ` +
      'run-length encoded. Save it as PNG.',
  );
}

function truncated(name: string, length: number): ImageError {
  return new ImageError(`${name}: the BMP is cut short: it has ${length} bytes. Download or save it again.`);
}

function readHeader(view: DataView, name: string): Header {
  if (view.byteLength < FILE_HEADER_BYTES + 4) throw truncated(name, view.byteLength);
  const size = view.getUint32(FILE_HEADER_BYTES, true);
  if (!HEADER_BYTES.includes(size)) throw unsupported(name, `a header of ${size} bytes`);
  const end = FILE_HEADER_BYTES + size;
  if (view.byteLength < end) throw truncated(name, view.byteLength);
  const short = (offset: number): number => view.getUint16(FILE_HEADER_BYTES + offset, true);
  const long = (offset: number): number => view.getUint32(FILE_HEADER_BYTES + offset, true);
  const bits = short(size === OS2_HEADER_BYTES ? 10 : 14);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw unsupported(name, `${bits} bits a pixel`);
  const allColors = 2 ** Math.min(bits, 16);
  if (size === OS2_HEADER_BYTES) {
    const sides = { width: short(4), height: short(6), topDown: false };
    return { ...sides, bits, compression: RAW, colors: allColors, entryBytes: 3, end };
  }
  const compression = long(16);
  if (![RAW, RLE8, RLE4, MASKS].includes(compression)) throw unsupported(name, `compression ${compression}`);
  if ((compression === RLE8 || compression === RLE4) && bits > 8)
    throw unsupported(name, `run lengths of ${bits} bits`);
  const topDown = view.getUint8(FILE_HEADER_BYTES + 11) === 0xff;
  const sides = { width: long(4), height: topDown ? 2 ** 32 - long(8) : long(8), topDown };
  const header = { ...sides, bits, compression, colors: long(32) || allColors, entryBytes: 4, end };
  if (compression !== MASKS) return header;
  // A header of 40 bytes has the masks behind it.
  if (view.byteLength < FILE_HEADER_BYTES + 52) throw truncated(name, view.byteLength);
  const masks = findMasks([long(40), long(44), long(48), size >= 56 ? long(52) : 0], bits);
  if (!masks) throw unsupported(name, 'uncommon bit masks');
  return { ...header, masks, end: size === 40 ? end + 12 : end };
}

/** Masks that PIL knows: red, green, blue and alpha in hexadecimal digits. */
const KNOWN_MASKS: Readonly<Record<number, readonly string[]>> = {
  16: ['f800 7e0 1f', '7c00 3e0 1f'],
  24: ['ff0000 ff00 ff'],
  32: [
    'ff0000 ff00 ff 0',
    'ff000000 ff0000 ff00 0',
    'ff000000 ff00 ff 0',
    'ff000000 ff0000 ff00 ff',
    'ff ff00 ff0000 ff000000',
    'ff0000 ff00 ff ff000000',
    'ff000000 ff00 ff ff0000',
  ],
};

function findMasks(masks: Masks, bits: number): Masks | undefined {
  const text = masks.map((mask) => mask.toString(16)).join(' ');
  if (bits === 32 && text === '0 0 0 0') return [0xff0000, 0xff00, 0xff, 0xff000000];
  const colors = bits === 32 ? text : text.split(' ', 3).join(' ');
  return KNOWN_MASKS[bits]?.includes(colors) ? masks : undefined;
}

function findPixels(view: DataView, { colors, entryBytes, end }: Header, indexed: boolean): number {
  const offset = view.getUint32(10, true);
  const afterPalette = indexed ? end + colors * entryBytes : end;
  // Zero, and an offset that leaves no room for the palette, are mended as PIL does.
  return offset === 0 || (indexed && offset === end) ? afterPalette : offset;
}

/** 256 colors of three bytes, red first; colors that the file lacks are black. */
function readPalette(entries: Uint8Array, entryBytes: number): Uint8Array {
  const palette = new Uint8Array(256 * 3);
  for (let color = 0; color < 256 && (color + 1) * entryBytes <= entries.length; color++)
    for (let channel = 0; channel < 3; channel++)
      palette[color * 3 + channel] = entries[color * entryBytes + 2 - channel];
  return palette;
}

type RowReader = (stored: Uint8Array, rgb: Uint8Array) => void;

/** Indices of 1, 4 or 8 bits, the first in the upper bits of a byte. */
function indexedReader(palette: Uint8Array, bits: number, width: number): RowReader {
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  return (stored, rgb) => {
    for (let x = 0, target = 0; x < width; x++, target += 3) {
      const shift = 8 - bits * ((x % perByte) + 1);
      const color = ((stored[Math.floor(x / perByte)] >> shift) & mask) * 3;
      rgb[target] = palette[color];
      rgb[target + 1] = palette[color + 1];
      rgb[target + 2] = palette[color + 2];
    }
  };
}

/** Pixels of 2 to 4 bytes that hold their color themselves. */
function directReader({ bits, masks }: Header, alpha: AlphaMode): RowReader {
  const bytes = bits / 8;
  if (bits === 16) {
    const greenBits = masks?.[1] === 0x7e0 ? 6 : 5;
    return (stored, rgb) => {
      for (let target = 0, at = 0; target < rgb.length; target += 3, at += 2) {
        const pixel = stored[at] | (stored[at + 1] << 8);
        rgb[target] = scale(pixel >> (5 + greenBits), 5);
        rgb[target + 1] = scale(pixel >> 5, greenBits);
        rgb[target + 2] = scale(pixel, 5);
      }
    };
  }
  const [red, green, blue] = (masks ?? [0xff0000, 0xff00, 0xff]).map(byteOf);
  const opacity = bits === 32 && masks && masks[3] !== 0 && alpha === 'white' ? byteOf(masks[3]) : undefined;
  return (stored, rgb) => {
    for (let target = 0, at = 0; target < rgb.length; target += 3, at += bytes) {
      rgb[target] = stored[at + red];
      rgb[target + 1] = stored[at + green];
      rgb[target + 2] = stored[at + blue];
    }
    if (opacity !== undefined) layOnWhite(rgb, { data: stored, first: opacity, step: bytes });
  };
}

/** Which byte of a pixel a mask of a whole byte covers, the lowest first. */
function byteOf(mask: number): number {
  return mask === 0xff ? 0 : mask === 0xff00 ? 1 : mask === 0xff0000 ? 2 : 3;
}

/** The lowest `bits` as 0 to 255. */
function scale(value: number, bits: number): number {
  const max = 2 ** bits - 1;
  return Math.trunc(((value & max) * 255) / max);
}

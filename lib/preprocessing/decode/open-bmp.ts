// BMP (Windows and OS/2 bitmaps), in the variants that PIL reads: 1 to 32 bits, run lengths, bit masks, either row order.
// No package fits: those on npm miss OS/2 headers or run lengths, or allocate whatever size a header claims.
import { ImageError } from '../errors';
import type { EncodedImage } from '../read-image-source';
import { decodeBmpRunLengths } from './decode-bmp-run-lengths';
import { checkImageSize, stripRows } from './image-limits';
import type { AlphaMode, OpenedImage } from './opened-image';
import { layOnWhite } from './to-rgb';

const FILE_HEADER_BYTES = 14;
const OS2_HEADER_BYTES = 12;
const HEADER_BYTES = [OS2_HEADER_BYTES, 40, 52, 56, 64, 108, 124];
const MAX_COLORS = 65_536;

/** The header's numbers for how pixels are stored. */
const RAW = 0;
const RLE8 = 1;
const RLE4 = 2;
const MASKS = 3;

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
  readonly masks?: readonly [red: number, green: number, blue: number, alpha: number];
  /** Where the palette begins, or the pixels if there is none. */
  readonly end: number;
}

export function openBmp({ bytes, name }: EncodedImage, alpha: AlphaMode): OpenedImage {
  const fail = (what: string): never => {
    throw new ImageError(
      `${name}: a BMP with ${what}. Expected 1, 4, 8, 16, 24 or 32 bits, raw or run-length encoded. Save it as PNG.`,
    );
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const truncated = (): never => {
    throw new ImageError(`${name}: the BMP is truncated: ${bytes.length} bytes. Download or save it again.`);
  };
  const header = readHeader(view, fail, truncated);
  const { width, height, bits, compression, colors, entryBytes } = header;
  checkImageSize(name, width, height);
  const indexed = bits <= 8;
  if (indexed && !(colors > 0 && colors <= MAX_COLORS)) fail(`${colors} colors`);
  const palette = indexed
    ? readPalette(bytes.subarray(header.end, header.end + colors * entryBytes), entryBytes)
    : undefined;
  const pixelsAt = findPixels(view, header, indexed);
  const rowBytes = Math.floor((width * bits + 31) / 32) * 4;
  const rle = compression === RLE8 || compression === RLE4;
  const stored = rle
    ? (decodeBmpRunLengths(bytes, pixelsAt, { width, height, nibbles: compression === RLE4 }) ?? truncated())
    : bytes.subarray(pixelsAt);
  if (!rle && stored.length < rowBytes * (height - 1) + Math.ceil((width * bits) / 8)) truncated();
  const stride = rle ? width : rowBytes;
  const convert = palette ? indexedReader(palette, rle ? 8 : bits, width) : directReader(header, alpha);
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

function readHeader(view: DataView, fail: (what: string) => never, truncated: () => never): Header {
  if (view.byteLength < FILE_HEADER_BYTES + 4) return truncated();
  const size = view.getUint32(FILE_HEADER_BYTES, true);
  if (!HEADER_BYTES.includes(size)) return fail(`a header of ${size} bytes`);
  if (view.byteLength < FILE_HEADER_BYTES + size) return truncated();
  const short = (offset: number): number => view.getUint16(FILE_HEADER_BYTES + offset, true);
  const long = (offset: number): number => view.getUint32(FILE_HEADER_BYTES + offset, true);
  const end = FILE_HEADER_BYTES + size;
  if (size === OS2_HEADER_BYTES) {
    const bits = checkBits(short(10), fail);
    const colors = 2 ** Math.min(bits, 16);
    return { width: short(4), height: short(6), topDown: false, bits, compression: RAW, colors, entryBytes: 3, end };
  }
  const bits = checkBits(short(14), fail);
  const compression = long(16);
  if (![RAW, RLE8, RLE4, MASKS].includes(compression)) return fail(`compression ${compression}`);
  if ((compression === RLE8 || compression === RLE4) && bits > 8) return fail(`run lengths of ${bits} bits`);
  const topDown = view.getUint8(FILE_HEADER_BYTES + 11) === 0xff;
  const shared = {
    width: long(4),
    height: topDown ? 2 ** 32 - long(8) : long(8),
    topDown,
    bits,
    compression,
    colors: long(32) || 2 ** Math.min(bits, 16),
    entryBytes: 4,
  };
  if (compression !== MASKS) return { ...shared, end };
  // In a header of 40 bytes the masks stand behind it.
  if (view.byteLength < FILE_HEADER_BYTES + 52) return truncated();
  const masks = [long(40), long(44), long(48), size >= 56 ? long(52) : 0] as const;
  return { ...shared, masks: checkMasks(masks, bits, fail), end: size === 40 ? end + 12 : end };
}

function checkBits(bits: number, fail: (what: string) => never): number {
  return [1, 4, 8, 16, 24, 32].includes(bits) ? bits : fail(`${bits} bits a pixel`);
}

/** Masks that PIL knows: whole bytes in 24 and 32 bits, 5-6-5 and 5-5-5 in 16. */
function checkMasks(masks: NonNullable<Header['masks']>, bits: number, fail: (what: string) => never): typeof masks {
  const text = masks.map((mask) => mask.toString(16)).join(' ');
  if (bits === 32 && text === '0 0 0 0') return [0xff0000, 0xff00, 0xff, 0xff000000];
  const known: Readonly<Record<number, readonly string[]>> = {
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
  const fits = bits === 32 ? known[32].includes(text) : known[bits]?.includes(text.split(' ', 3).join(' '));
  return fits ? masks : fail(`bit masks ${text}`);
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

// The format of an image, told from its first bytes: the name of a file says little (messengers send BMP as .png).
// Whatever is no image of these formats is named as well as it can be, with what to do about it.
import { quote } from '../../core/quote';
import { ImageError } from '../errors';

export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif' | 'bmp';

export const EXPECTED = 'Expected a JPEG, PNG, WebP, GIF, TIFF, AVIF or BMP image';

/** Bytes looked at: a web page or an SVG may begin with comments. */
const HEAD_BYTES = 1024;
/** Bytes of the header that follows a BMP's first 14; other files may begin with "BM" too. */
const BMP_HEADERS = [12, 40, 52, 56, 64, 108, 124];
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1'];

const SAVE_AS = 'Save it as JPEG or PNG and try again';
const HEIC = 'This is a HEIC photo, as iPhones take them, which cannot be read here. Save it as JPEG and try again';
const VIDEO = 'This is a video. Take a single frame of it, saved as JPEG or PNG';

/** What files begin with (bytes as Latin-1), and what is said about them. */
const REFUSED: readonly (readonly [start: RegExp, sentence: string])[] = [
  [/^(?:\0\0\0\x0cJXL |\xff\n)/, `This is a JPEG XL image, which cannot be read here. ${SAVE_AS}`],
  [/^(?:\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/, `This is a JPEG 2000 image, which cannot be read here. ${SAVE_AS}`],
  [/^8BPS/, `This is a Photoshop document. ${SAVE_AS}`],
  [/^\0\0[\x01\x02]\0(?!\0\0)/, `This is an icon or cursor (ICO), which cannot be read here. ${SAVE_AS}`],
  [/^[^]\0[\x02\x03\x0a\x0b]\0{5}/, `This is a TGA image, which cannot be read here. ${SAVE_AS}`],
  [/^(?:v\/1\x01|#\?RADIANCE|#\?RGBE)/, `This is a high dynamic range image (EXR or HDR). ${SAVE_AS}`],
  [/^P[1-7][\s#]/, `This is a PBM, PGM or PPM image, which cannot be read here. ${SAVE_AS}`],
  [/^DDS \|/, `This is a DDS texture. ${SAVE_AS}`],
  [/^qoif/, `This is a QOI image, which cannot be read here. ${SAVE_AS}`],
  [/^FUJIFILMCCD-RAW/, `This is a camera's raw file. ${SAVE_AS}`],
  [/^%PDF-/, 'This is a PDF document. Save the page as JPEG or PNG and try again'],
  [/^(?:%!PS|\xc5\xd0\xd3\xc6)/, `This is a PostScript document. ${SAVE_AS}`],
  [/^(?:\x1aE\xdf\xa3|\0\0\x01[\xb3\xba]|FLV\x01|RIFF[^]{4}AVI )/, VIDEO],
  [/^(?:ID3|fLaC|OggS|RIFF[^]{4}WAVE)/, 'This is an audio file'],
  [
    /^(?:PK\x03\x04|PK\x05\x06|\x1f\x8b|BZh|7z\xbc\xaf|Rar!|\xfd7zXZ|\x28\xb5\x2f\xfd)/,
    'This is an archive. Unpack it first',
  ],
  [/^\x7fELF|^MZ/, 'This is a program'],
  [/^version https:\/\/git-lfs/, 'This is a Git LFS pointer in place of the file. Run: git lfs pull'],
];

/**
 * @throws {ImageError} when the bytes are of no format that can be read
 * @example
 * detectImageFormat(fs.readFileSync('data/pictures/demo.jpg'), 'demo.jpg') // 'jpeg'
 */
export function detectImageFormat(bytes: Uint8Array, name: string): ImageFormat {
  if (bytes.byteLength === 0) throw new ImageError(`${name}: the file is empty. ${EXPECTED}.`);
  const head = Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString('latin1');
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (/^GIF8[79]a/.test(head)) return 'gif';
  if (/^(?:II[*+]\0|MM\0[*+])/.test(head)) return 'tiff';
  if (/^RIFF[^]{4}WEBP/.test(head)) return 'webp';
  if (head.startsWith('BM') && BMP_HEADERS.some((size) => head.slice(14, 18) === uint32(size))) return 'bmp';
  if (head.slice(4, 8) === 'ftyp') {
    const brands = fileTypeBrands(head);
    if (brands.includes('avif') || brands.includes('avis')) return 'avif';
    throw new ImageError(`${name}: ${brands.some((brand) => HEIC_BRANDS.includes(brand)) ? HEIC : VIDEO}.`);
  }
  const refused = REFUSED.find(([start]) => start.test(head))?.[1] ?? describeText(bytes);
  throw new ImageError(
    refused
      ? `${name}: ${refused}. ${EXPECTED}.`
      : `${name}: no image that can be read here: ${bytes.byteLength} bytes that ` +
          `begin ${firstBytes(bytes)}. ${EXPECTED}.`,
  );
}

/** The first eight bytes for a message: `89504e47 0d0a1a0a ("\u0089PNG…")`. */
export function firstBytes(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 8));
  return `${head.toString('hex')} (${quote(head.toString('latin1'))})`;
}

/** The major brand, then the compatible ones, of an ISO base media file (HEIF, MP4). */
function fileTypeBrands(head: string): string[] {
  const end = Math.min(head.length, Buffer.from(head.slice(0, 4), 'latin1').readUInt32BE());
  return [head.slice(8, 12), ...(head.slice(16, end).match(/[^]{4}/g) ?? [])];
}

function describeText(bytes: Uint8Array): string | undefined {
  const text = decodeText(bytes.subarray(0, HEAD_BYTES))?.trimStart();
  if (!text) return undefined;
  if (/<svg[\s>]/i.test(text)) return 'This is an SVG drawing, not an image of pixels. Save it as PNG and try again';
  if (/^(?:<!doctype html|<html|<head|<body)/i.test(text))
    return 'This is a web page, perhaps an error page that was saved in place of the image. Download it again';
  return `This is a text file that begins ${quote(text.slice(0, 40))}`;
}

/** @returns undefined for what is no UTF-8, or has control characters; the last character may be cut short */
function decodeText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return /[\0-\x08\x0e-\x1f\x7f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function uint32(value: number): string {
  return String.fromCharCode(value & 255, (value >> 8) & 255, 0, 0);
}

// Whether a file is an image that the model's program reads, told from its bytes when it is chosen: the name says
// little.
import { isCutShort } from './find-image-end.mjs';

const SAVE_AS = 'Save it as JPEG or PNG and try again.';
const EXPECTED = 'Choose a JPEG, PNG, WebP, GIF, TIFF, AVIF or BMP image.';
const HEIC = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1'];
const HEAD_BYTES = 1024;

/** What other files begin with (bytes as Latin-1), and what they are. @type {[RegExp, string][]} */
const OTHERS = [
  [/^(?:\0\0\0\x0cJXL |\xff\n)/, `This is a JPEG XL image. ${SAVE_AS}`],
  [/^(?:\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/, `This is a JPEG 2000 image. ${SAVE_AS}`],
  [/^8BPS/, `This is a Photoshop document. ${SAVE_AS}`],
  [/^FUJIFILMCCD-RAW/, `This is a camera's raw file. ${SAVE_AS}`],
  [/^\0\0[\x01\x02]\0(?!\0\0)/, `This is an icon. ${SAVE_AS}`],
  [/^%PDF-/, 'This is a PDF document. Save the page as JPEG or PNG and try again.'],
  [/^(?:\x1aE\xdf\xa3|\0\0\x01[\xb3\xba]|FLV\x01|RIFF[^]{4}AVI )/, `This is a video. ${EXPECTED}`],
  [/^(?:ID3|fLaC|OggS|RIFF[^]{4}WAVE)/, `This is a sound file. ${EXPECTED}`],
  [
    /^(?:PK\x03\x04|PK\x05\x06|\x1f\x8b|BZh|7z\xbc\xaf|Rar!|\xfd7zXZ|\x28\xb5\x2f\xfd)/,
    'This is an archive. Unpack it first.',
  ],
  [/^(?:\x7fELF|MZ)/, `This is a program. ${EXPECTED}`],
];

/**
 * @param {Uint8Array} bytes the whole file
 * @param {number} maxBytes
 * @returns {{ format: string } | { problem: string }} the format, or a sentence about what is wrong
 * @example
 * checkImage(new Uint8Array(0), 1000) // { problem: 'This file is empty. Choose another.' }
 */
export function checkImage(bytes, maxBytes) {
  if (bytes.length === 0) return { problem: 'This file is empty. Choose another.' };
  const large = checkSize(bytes.length, maxBytes);
  if (large) return { problem: large };
  const head = String.fromCharCode(...bytes.subarray(0, HEAD_BYTES));
  const format = formatOf(head);
  if (format === undefined) return { problem: describe(head, bytes) };
  if (isCutShort(format, bytes))
    return { problem: 'This image is cut short: its end is missing. Copy or download it again.' };
  return { format };
}

/**
 * Before the file is read.
 *
 * @param {number} size
 * @param {number} maxBytes
 * @returns {string | undefined} what is wrong
 */
export function checkSize(size, maxBytes) {
  if (size <= maxBytes) return undefined;
  const megabytes = Math.ceil((size / 2 ** 20) * 10) / 10;
  return `This file has ${megabytes} MB; at most ${maxBytes / 2 ** 20} MB are taken. Make it smaller and try again.`;
}

/** @param {string} head */
function formatOf(head) {
  if (head.startsWith('\xff\xd8\xff')) return 'JPEG';
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'PNG';
  if (/^GIF8[79]a/.test(head)) return 'GIF';
  if (/^(?:II[*+]\0|MM\0[*+])/.test(head)) return 'TIFF';
  if (/^RIFF[^]{4}WEBP/.test(head)) return 'WebP';
  if (/^BM[^]{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0/.test(head)) return 'BMP';
  return head.slice(4, 8) === 'ftyp' && /avi[fs]/.test(brandsOf(head)) ? 'AVIF' : undefined;
}

/**
 * The major brand, then the compatible ones, of an ISO base media file (HEIF, MP4).
 *
 * @param {string} head
 */
function brandsOf(head) {
  const size = [...head.slice(0, 4)].reduce((sum, byte) => sum * 256 + byte.charCodeAt(0), 0);
  return head.slice(8, Math.min(size, head.length));
}

/**
 * @param {string} head
 * @param {Uint8Array} bytes
 */
function describe(head, bytes) {
  if (head.slice(4, 8) === 'ftyp')
    return HEIC.some((brand) => brandsOf(head).includes(brand))
      ? 'This is a HEIC photo. Save it as JPEG and try again.'
      : `This is a video. ${EXPECTED}`;
  const other = OTHERS.find(([start]) => start.test(head));
  if (other) return other[1];
  const text = asText(bytes.subarray(0, HEAD_BYTES));
  if (text === undefined) return `This is no image that can be read here. ${EXPECTED}`;
  if (/<svg[\s>]/i.test(text)) return 'This is an SVG drawing. Save it as PNG and try again.';
  if (/^\s*(?:<!doctype html|<html|<head|<body)/i.test(text))
    return 'This is a web page, perhaps an error page in place of the image. Download the image again.';
  return `This is a text file. ${EXPECTED}`;
}

/** @param {Uint8Array} bytes */
function asText(bytes) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return /[\0-\x08\x0e-\x1f\x7f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

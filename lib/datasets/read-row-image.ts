// The image of a row, in every form in which data sets hold it: bytes, a struct of bytes and path, a path beside the
// file, base64.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { isRecord } from '../core/is-record';

/** An image's bytes, or the path that a row gives in place of them. */
export type RowImage = { readonly bytes: Uint8Array } | { readonly path: string };

/** What the text of base64 begins with, for JPEG, PNG, GIF, WebP and BMP. */
const BASE64_START = /^(?:data:image\/[\w.+-]+;base64,)?(\/9j\/|iVBORw0KGgo|R0lGOD|UklGR|Qk)/;
/** A path is shorter, an image in base64 longer. */
const MIN_BASE64_LENGTH = 200;

/**
 * @param parts the values of the image column's leaves: `[{ bytes }, { path }]` of a struct, or the value itself
 * @returns what is wrong, as a text, when there is no image
 * @example
 * rowImage([{ bytes: Uint8Array.of(255, 216) }, { path: 'a.jpg' }]) // { bytes: Uint8Array [255, 216] }
 * rowImage(['images/a.jpg'])                                       // { path: 'images/a.jpg' }
 */
export function rowImage(parts: readonly unknown[]): RowImage | string {
  let place: string | undefined;
  for (const part of parts) {
    const value = unwrap(part);
    if (value === 'several') return 'several images in one row';
    const bytes = isRecord(value) && !(value instanceof Uint8Array) ? value.bytes : value;
    if (bytes instanceof Uint8Array && bytes.length > 0) return { bytes };
    const text = typeof bytes === 'string' ? bytes : isRecord(value) ? value.path : undefined;
    const name = text instanceof Uint8Array ? Buffer.from(text).toString('utf8') : text;
    if (typeof name === 'string' && name !== '') place ??= name;
  }
  if (place === undefined) return 'image missing';
  if (/^data:image\//i.test(place) || (place.length >= MIN_BASE64_LENGTH && BASE64_START.test(place)))
    return { bytes: Buffer.from(place.replace(/^data:[^,]*,/, ''), 'base64') };
  return { path: place };
}

/** A list of one image is that image. */
function unwrap(value: unknown): unknown {
  let inner = value;
  for (let depth = 0; depth < 4; depth++) {
    if (Array.isArray(inner)) {
      if (inner.length > 1) return 'several';
      inner = inner[0];
    } else if (
      isRecord(inner) &&
      !(inner instanceof Uint8Array) &&
      ['list', 'element', 'item', 'array'].some((name) => name in Object(inner))
    )
      inner = Object.values(inner)[0];
    else break;
  }
  return inner;
}

/** An encoded image larger than this is none that a data set of photos holds. */
const MAX_IMAGE_BYTES = 1 << 27;

/**
 * The file that a row's path means. It must be in `root`, also when links are followed: a data set from elsewhere
 * could otherwise read any file of this machine.
 *
 * @param folder the parquet file's own; undefined for a file that is not on this machine
 * @param root the data set's folder, at or above `folder`
 * @returns `{ file }`, or what is wrong
 */
export function findImageFile(
  place: string,
  folder: string | undefined,
  root: string | undefined,
): { readonly file: string } | string {
  if (/^(?:zip|tar|gzip):\/\/|::/i.test(place)) return 'image lies in an archive';
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(place)) return 'image is a web address';
  if (folder === undefined || root === undefined) return 'image is a path, and the file is not on this machine';
  const top = fs.realpathSync(root);
  let escaped = false;
  for (const base of new Set([folder, root])) {
    const file = path.resolve(base, place.replace(/\\/g, '/'));
    let real: string;
    try {
      real = fs.realpathSync(file);
    } catch {
      escaped ||= !isInside(path.resolve(root), file);
      continue;
    }
    if (!isInside(top, real)) {
      escaped = true;
      continue;
    }
    const { size, isFile } = statOf(real);
    if (!isFile) return 'image file missing';
    return size > MAX_IMAGE_BYTES ? `image larger than ${MAX_IMAGE_BYTES} bytes` : { file: real };
  }
  return escaped ? 'image path leads out of the folder' : 'image file missing';
}

function statOf(file: string): { size: number; isFile: boolean } {
  const stats = fs.statSync(file);
  return { size: stats.size, isFile: stats.isFile() };
}

function isInside(folder: string, file: string): boolean {
  const [first] = path.relative(folder, file).split(path.sep);
  return first !== '' && first !== '..' && !path.isAbsolute(first);
}

// Whether two calls name the same, unchanged image: by its content in memory, by what the file system reports of a
// file.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ImageSource } from '../preprocessing';

/**
 * A file that changed less than this ago may change again without a new time: the coarsest file time (FAT's) counts two
 * seconds.
 */
const SETTLED_MS = 2000;

/**
 * A text that stays the same as long as the image does.
 *
 * @returns undefined where that cannot be told: an image behind a web address, a sharp pipeline, a file written just
 *   now
 * @example
 * await imageIdentity('data/pictures/demo.jpg') // 'file /…/data/pictures/demo.jpg … 58921 …'
 */
export async function imageIdentity(source: ImageSource): Promise<string | undefined> {
  if (source instanceof ArrayBuffer) return imageIdentity(new Uint8Array(source));
  if (source instanceof Uint8Array) return `memory ${createHash('sha256').update(source).digest('hex')}`;
  if (typeof source !== 'string' && !(source instanceof URL)) return undefined;
  const text = String(source);
  if (/^data:/i.test(text)) return text;
  try {
    const file = path.resolve(/^file:/i.test(text) ? fileURLToPath(text) : text);
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = await fs.promises.stat(file, { bigint: true });
    return Math.abs(Date.now() - Number(ctimeMs)) < SETTLED_MS
      ? undefined
      : ['file', file, dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return undefined; // a web address, or a file that is not there: reading it says so
  }
}

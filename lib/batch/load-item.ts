// The bytes of an image of a batch, with what tells whether it changed.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { ImageError } from '../preprocessing';
import { readImageSource } from '../preprocessing/read-image-source';
import { ADDRESS, type BatchItem } from './batch-item';

export interface LoadedItem {
  readonly item: BatchItem;
  readonly bytes: Uint8Array;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** See fileVersion. */
  readonly version: string;
}

/**
 * Size and time of change of a file: while they stay, it needs not be read to know that it did not change. Empty for
 * an image in memory or behind an address.
 *
 * @throws the system's error, {ImageError} for what is no plain file
 */
export async function fileVersion({ source, name }: BatchItem): Promise<string> {
  if (typeof source !== 'string' || ADDRESS.test(source)) return '';
  const stat = await fs.promises.stat(source, { bigint: true });
  if (!stat.isFile())
    throw new ImageError(`${name}: is ${stat.isDirectory() ? 'a folder' : 'no plain file'}; expected an image.`);
  return `${stat.size} ${stat.mtimeNs}`;
}

/** @throws {ImageError} when it cannot be read or is empty */
export async function loadItem(item: BatchItem): Promise<LoadedItem> {
  const { source, name } = item;
  let version = '';
  try {
    version = await fileVersion(item); // before the bytes: a file that changes meanwhile is seen as changed later
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError(`${name}: cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
  const { bytes } = await readImageSource(source);
  if (bytes.length === 0) throw new ImageError(`${name}: is empty (0 bytes); expected an image.`);
  return { item, bytes, sha256: createHash('sha256').update(bytes).digest('hex'), version };
}

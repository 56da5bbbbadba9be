// How much room a cache takes.
import * as fs from 'node:fs';
import * as path from 'node:path';

export interface FolderSize {
  readonly folder: string;
  readonly exists: boolean;
  readonly bytes: number;
  readonly files: number;
  /** Entries directly below, the largest first. */
  readonly largest: readonly { readonly name: string; readonly bytes: number }[];
  /** There are more files than were counted. */
  readonly truncated: boolean;
}

/** The hub's cache of somebody who works with many models has some ten thousand. */
const MAX_FILES = 200_000;
const MAX_DEPTH = 32;
const SHOWN = 5;

/** Links are not followed: in the hub's cache a snapshot consists of links. */
export async function measureFolder(folder: string, signal?: AbortSignal): Promise<FolderSize> {
  if (!fs.existsSync(folder)) return { folder, exists: false, bytes: 0, files: 0, largest: [], truncated: false };
  let files = 0;
  const measure = async (place: string, depth: number): Promise<number> => {
    signal?.throwIfAborted();
    let bytes = 0;
    for (const entry of await fs.promises.readdir(place, { withFileTypes: true }).catch(() => [])) {
      if (files >= MAX_FILES) break;
      const at = path.join(place, entry.name);
      if (entry.isDirectory() && depth < MAX_DEPTH) bytes += await measure(at, depth + 1);
      else if (entry.isFile()) {
        files++;
        bytes += (await fs.promises.stat(at).catch(() => undefined))?.size ?? 0;
      }
    }
    return bytes;
  };
  const parts: { name: string; bytes: number }[] = [];
  let bytes = 0;
  for (const entry of await fs.promises.readdir(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) parts.push({ name: entry.name, bytes: await measure(at, 1) });
    else if (entry.isFile()) {
      files++;
      bytes += (await fs.promises.stat(at).catch(() => undefined))?.size ?? 0;
    }
  }
  for (const part of parts) bytes += part.bytes;
  const largest = parts.sort((a, b) => b.bytes - a.bytes).slice(0, SHOWN);
  return { folder, exists: true, bytes, files, largest, truncated: files >= MAX_FILES };
}

// Remembers the digests of files that were read before, so that a model of a gigabyte is not read again at each load.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { cacheFolder } from '../core/cache-folder';
import { fileDigest } from '../core/file-digest';
import { makeFolder } from '../core/make-folder';

/**
 * Lines `IDENTITY SHA256`, in the cache folder. Appended to by any number of processes; a line that was cut is skipped.
 */
const FILE = 'digests.txt';
const LINE = /^(\d+-\d+-\d+-\d+-\d+) ([0-9a-f]{64})$/;
/** About 7,000 files. Beyond it the file begins anew. */
const MAX_BYTES = 2 ** 20;
/**
 * A file that changed just before it was read may change again without another time: clocks of file systems are coarse.
 */
const SETTLED_MS = 2_000;

/**
 * What the file system knows of a file. The time of its last change (ctime) cannot be set by programs, so that other
 * content under the old size and date is noticed.
 */
export async function fileIdentity(
  file: string,
): Promise<{ readonly identity: string; readonly size: number; readonly changedMs: number }> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await fs.promises.stat(file, { bigint: true });

  return {
    identity: [dev, ino, size, mtimeNs, ctimeNs].join('-'),
    size: Number(size),
    changedMs: Number(ctimeNs / 1_000_000n),
  };
}

/** Whether a file's identity tells its content: not where it changed just now. @param changedMs of fileIdentity */
export function isSettled(changedMs: number): boolean {
  return Math.abs(Date.now() - changedMs) > SETTLED_MS;
}

/** SHA-256 of a file: remembered, or computed and remembered. */
export async function rememberedDigest(file: string, memory: ReadonlyMap<string, string>): Promise<string> {
  const before = await fileIdentity(file);
  const known = memory.get(before.identity);
  if (known !== undefined) return known;
  const digest = await fileDigest(file);
  const after = await fileIdentity(file);
  if (after.identity === before.identity && isSettled(after.changedMs)) await remember(after.identity, digest);
  return digest;
}

/** What was remembered; nothing where the cache cannot be read. */
export async function readMemory(): Promise<ReadonlyMap<string, string>> {
  const memory = new Map<string, string>();
  try {
    const file = path.join(cacheFolder(), FILE);
    const stats = await fs.promises.stat(file);
    if (!stats.isFile() || stats.size > MAX_BYTES) await fs.promises.rm(file); // reading a pipe would wait
    for (const line of (await fs.promises.readFile(file, 'utf8')).split('\n')) {
      const [, identity, digest] = LINE.exec(line) ?? [];
      if (identity !== undefined) memory.set(identity, digest);
    }
  } catch {
    // Nothing was remembered yet, or nothing can be.
  }
  return memory;
}

async function remember(identity: string, digest: string): Promise<void> {
  try {
    await makeFolder(cacheFolder());
    await fs.promises.appendFile(path.join(cacheFolder(), FILE), `${identity} ${digest}\n`);
  } catch {
    // A cache that must not be written: the file is read again the next time.
  }
}

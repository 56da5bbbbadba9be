// The images of a folder and of the folders in it. Names are taken as the system has them, links are followed once.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { imageFiles } from '../preprocessing/image-file';
import { BatchError } from './batch-error';
import type { BadItem, BatchItem } from './batch-item';

/** Deeper than any collection of photos; a mount that contains itself ends here. */
const MAX_DEPTH = 64;

/** Numbers by their value: photo2 before photo10, the same on every machine. */
const { compare } = new Intl.Collator('en', { numeric: true });

/**
 * Hidden files and folders are left out.
 *
 * @param folder names begin with it
 * @throws {BatchError} when `folder` itself cannot be read
 */
export async function* walkFolder(folder: string): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  yield* visit(folder, '', new Set(), 0);
}

async function* visit(
  root: string,
  below: string,
  seen: Set<string>,
  depth: number,
): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  const folder = path.join(root, below);
  const bad = (key: string, problem: string): BadItem => ({ name: path.join(root, key), key: slashes(key), problem });
  let entries: fs.Dirent<Buffer>[];
  try {
    const real = await fs.promises.realpath(folder);
    if (seen.has(real)) return; // reached before: a link that leads back, or a second one
    seen.add(real);
    entries = await fs.promises.readdir(Buffer.from(folder), { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    if (below === '') throw new BatchError(`${root}: the folder cannot be read: ${reason(error)}.`, { cause: error });
    yield { ...bad(below, `the folder cannot be read: ${reason(error)}`), isUnlisted: true };
    return;
  }
  const names = entries.filter((entry) => entry.name[0] !== HIDDEN);
  const byName = names.map((entry) => ({ entry, text: entry.name.toString('utf8') }));
  byName.sort((a, b) => compare(a.text, b.text) || Buffer.compare(a.entry.name, b.entry.name));
  const images = imageFiles(byName.map(({ text }) => text));
  for (const { entry, text } of byName) {
    const key = path.join(below, text);
    const isLegible = Buffer.from(text).equals(entry.name);
    const kind = entry.isSymbolicLink() && isLegible ? await kindOf(path.join(folder, text)) : entryKind(entry);
    if (kind !== 'folder' && !images.has(text)) continue;
    if (!isLegible)
      yield bad(key, `its name is not in UTF-8 (bytes ${entry.name.toString('hex').slice(0, 80)}). Rename it.`);
    else if (kind === 'folder') {
      if (depth < MAX_DEPTH) yield* visit(root, key, seen, depth + 1);
      else yield { ...bad(key, `lies more than ${MAX_DEPTH} folders deep. Name it by itself.`), isUnlisted: true };
    } else if (kind === 'file') yield { name: path.join(root, key), key: slashes(key), source: path.join(root, key) };
    else yield bad(key, kind === 'gone' ? 'a link to a file that is not there' : 'no plain file');
  }
}

/** A dot. */
const HIDDEN = 0x2e;

type Kind = 'file' | 'folder' | 'other' | 'gone';

function entryKind(entry: fs.Dirent<Buffer>): Kind {
  return entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other';
}

async function kindOf(file: string): Promise<Kind> {
  try {
    const stat = await fs.promises.stat(file);
    return stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : 'other';
  } catch {
    return 'gone';
  }
}

function slashes(key: string): string {
  return path.sep === '/' ? key : key.replaceAll(path.sep, '/');
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// The images that inputs stand for: folders, patterns, lists, tables and archives, one after the other.
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Readable } from 'node:stream';
import { BatchError } from './batch-error';
import { ADDRESS, IMAGE_FILE, IMAGE_KINDS, type BadItem, type BatchItem } from './batch-item';
import { isCollection, isFolder, isPattern, PARQUET_FILE, RECORDS_FILE } from './input-kinds';
import { listNames, listRecords } from './list-names';
import { listParquet } from './list-parquet';
import { listTar } from './list-tar';
import { walkFolder } from './walk-folder';

/** A stream is a list of paths and addresses. */
export type BatchInput = string | Readable;

/**
 * One by one, so that work begins before the last is found.
 *
 * @throws {BatchError} when a list, a table or an archive cannot be read
 */
export async function* listInput(input: BatchInput): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  if (typeof input !== 'string') return yield* listNames(input, 'standard input');
  if (isFolder(input)) return yield* walkFolder(input);
  if (isPattern(input)) return yield* matchPattern(input);
  if (isCollection(input)) {
    if (!fs.existsSync(input)) throw new BatchError(`${input}: no such file. Check the path.`);
    if (RECORDS_FILE.test(input)) return yield* listRecords(input);
    if (PARQUET_FILE.test(input)) return yield* listParquet(input);
    return yield* listTar(input);
  }
  const key = ADDRESS.test(input) ? input : path.basename(input);
  yield { name: input, key, source: input };
}

/** What to say of an input without images. */
export function describeEmpty(input: BatchInput): BadItem {
  const name = typeof input === 'string' ? input : 'standard input';
  const problem =
    typeof input === 'string' && isFolder(input)
      ? `the folder has no images (${IMAGE_KINDS})`
      : typeof input === 'string' && isPattern(input)
        ? `no image matches (${IMAGE_KINDS})`
        : 'names no images';
  return { name, key: name, problem };
}

async function* matchPattern(pattern: string): AsyncGenerator<BatchItem, void, undefined> {
  const { glob } = await import('tinyglobby');
  const given = process.platform === 'win32' ? pattern.replaceAll('\\', '/') : pattern; // there, \ does not escape
  const found = await glob(given, { onlyFiles: true, expandDirectories: false, dot: false });
  const { compare } = new Intl.Collator('en', { numeric: true });
  for (const name of found.sort(compare)) if (IMAGE_FILE.test(name)) yield { name, key: name, source: name };
}

// The images that inputs stand for: folders, patterns, lists, tables and archives, one after the other.
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Readable } from 'node:stream';
import { BlipError } from '../core/errors';
import { IMAGE_KINDS, isImageFile } from '../preprocessing/image-file';
import { BatchError } from './batch-error';
import { ADDRESS, type BadItem, type BatchItem } from './batch-item';
import { expandRanges } from './expand-ranges';
import { CSV_FILE, isCollection, isFolder, isPattern, PARQUET_FILE, RECORDS_FILE } from './input-kinds';
import { listNames } from './list-names';
import { listParquet } from './list-parquet';
import { listCsv, listRecords } from './list-records';
import { listTar } from './list-tar';
import type { TableColumns } from './table-columns';
import { walkFolder } from './walk-folder';

/** A stream is a list of paths and addresses. */
export type BatchInput = string | Readable;

/**
 * One by one, so that work begins before the last is found.
 *
 * @param columns of tables; the usual ones by default
 * @throws {BatchError} when a folder, a list, a table or an archive cannot be read
 */
export async function* listInput(
  input: BatchInput,
  columns: TableColumns = {},
): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  if (typeof input !== 'string') return yield* listNames(input, nameOfInput(input));
  if (isFolder(input)) return yield* walkFolder(input);
  if (isPattern(input)) return yield* matchPattern(input, columns);
  if (isCollection(input)) {
    if (!fs.existsSync(input)) throw new BatchError(`${input}: no such file. Check the path.`);
    if (RECORDS_FILE.test(input)) return yield* listRecords(input, columns);
    if (CSV_FILE.test(input)) return yield* listCsv(input, columns);
    if (PARQUET_FILE.test(input)) return yield* listParquet(input, columns);
    return yield* listTar(input);
  }
  const key = ADDRESS.test(input) ? input : path.basename(input);
  yield { name: input, key, source: input };
}

/** For messages. A stream of a file has its path. */
function nameOfInput(input: BatchInput): string {
  if (typeof input === 'string') return input;
  return 'path' in input && typeof input.path === 'string' ? input.path : 'standard input';
}

/** What to say of an input without images. */
export function describeEmpty(input: BatchInput): BadItem {
  const name = nameOfInput(input);
  const problem =
    typeof input !== 'string'
      ? 'names no images'
      : isFolder(input)
        ? `the folder has no images (${IMAGE_KINDS}). Tables and archives in it are named by themselves: ` +
          `${path.join(input, '*.parquet')}`
        : isPattern(input)
          ? `no ${isCollection(input) ? 'file matches' : `image matches (${IMAGE_KINDS})`}`
          : 'has no images';
  return { name, key: name, problem };
}

/** Images; a pattern that ends as a table or an archive does stands for those: `shard-*.tar`. */
async function* matchPattern(
  pattern: string,
  columns: TableColumns,
): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  const { glob } = await import('tinyglobby');
  const given = process.platform === 'win32' ? pattern.replaceAll('\\', '/') : pattern; // there, \ does not escape
  const { compare } = new Intl.Collator('en', { numeric: true });
  const names: string[] = [];
  for (const each of expandRanges(given)) {
    if (isPattern(each)) names.push(...(await glob(each, { onlyFiles: true, expandDirectories: false, dot: false })));
    else names.push(each); // written out, so it is missed where it is not there
  }
  names.sort(compare);
  if (isCollection(pattern)) {
    for (const name of names) if (isCollection(name)) yield* listOrProblem(name, columns);
    return;
  }
  for (const name of names) if (isImageFile(name)) yield { name, key: name, source: name };
}

/** One that cannot be read does not keep the next ones back. */
export async function* listOrProblem(
  input: BatchInput,
  columns: TableColumns,
): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  try {
    yield* listInput(input, columns);
  } catch (error) {
    const isOfInput = error instanceof BlipError || (error instanceof Error && 'syscall' in error);
    if (!isOfInput || typeof input !== 'string') throw error;
    yield { name: input, key: input, problem: error.message, isUnlisted: true };
  }
}

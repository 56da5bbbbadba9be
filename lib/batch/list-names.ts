// Images named in a list: paths and addresses, or JSON records with a column for them.
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Readable } from 'node:stream';
import { isRecord } from '../core/is-record';
import { parseJSON } from '../core/read-json';
import { BatchError } from './batch-error';
import { ADDRESS, type BadItem, type BatchItem } from './batch-item';
import { readLines } from './read-lines';

/** The usual names of the column, the first that a record has counts. */
export const IMAGE_COLUMNS = [
  'image',
  'image_path',
  'file_name',
  'path',
  'file',
  'filepath',
  'url',
  'image_url',
  'URL',
  'img',
] as const;

/** Paths and addresses, one a line or with a null character behind each. A path is relative to the working folder. */
export async function* listNames(
  input: Readable,
  source: string,
): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  for await (const { text, isLegible, number } of readLines(input, source))
    yield isLegible
      ? { name: text, key: text, source: text }
      : { name: text, key: text, problem: `${source}, line ${number}: the name is not in UTF-8. Rename the file.` };
}

/**
 * A file of JSON records, one a line. A path is relative to the folder of the file.
 *
 * @throws {BatchError} when the file cannot be read
 */
export async function* listRecords(file: string): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  for await (const { text, number, isLegible } of readLines(fs.createReadStream(file), file)) {
    const bad = (problem: string): BadItem => ({ name: `${file}, line ${number}`, key: `line ${number}`, problem });
    if (!isLegible) {
      yield bad('is not text in UTF-8');
      continue;
    }
    let record: unknown;
    try {
      record = parseJSON(text, 'the line', { error: BatchError });
    } catch (error) {
      yield bad(error instanceof Error ? error.message : String(error));
      continue;
    }
    const place = placeOf(record);
    yield place === undefined
      ? bad(`names no image; expected a string, or an object with one of ${IMAGE_COLUMNS.join(', ')}`)
      : resolveName(place, file);
  }
}

/** A name in a table, as an image: relative to the folder of the table. */
export function resolveName(place: string, table: string): BatchItem {
  if (ADDRESS.test(place)) return { name: place, key: place, source: place };
  const name = path.isAbsolute(place) ? place : path.join(path.dirname(table), place);
  return { name, key: place, source: name };
}

function placeOf(record: unknown): string | undefined {
  if (typeof record === 'string') return record === '' ? undefined : record;
  if (!isRecord(record)) return undefined;
  for (const column of IMAGE_COLUMNS) {
    const value = record[column];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

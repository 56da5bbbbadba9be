// Images of a file of records: JSON, one a line, or CSV with a line of names.
import * as fs from 'node:fs';
import { isRecord } from '../core/is-record';
import { quote } from '../core/quote';
import { parseJSON } from '../core/read-json';
import { BatchError } from './batch-error';
import type { BadItem, BatchItem } from './batch-item';
import { readCsv } from './read-csv';
import { readLines } from './read-lines';
import { imageColumns, joinRows, rowItem, rowQuestions, unknownColumn, type TableColumns } from './table-columns';

/** A record may hold its image in base64. */
const MAX_RECORD_BYTES = 64 * 2 ** 20;

/** A line of a file, or why there is no record in it. */
interface RecordLine {
  readonly number: number;
  readonly record?: unknown;
  readonly problem?: string;
}

/**
 * JSON, one record a line. A path is relative to the folder of the file.
 *
 * @throws {BatchError} when the file cannot be read
 */
export function listRecords(file: string, columns: TableColumns): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  return toItems(file, readRecords(file), columns);
}

/**
 * CSV, whose first line names the columns. A path is relative to the folder of the file.
 *
 * @throws {BatchError} when the file cannot be read, or has no column of images, or of questions where they are asked
 */
export function listCsv(file: string, columns: TableColumns): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  return toItems(file, readCsvRecords(file, columns), columns);
}

function toItems(
  file: string,
  lines: AsyncIterable<RecordLine>,
  columns: TableColumns,
): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  const items = eachItem(file, lines, columns);
  return columns.question === undefined ? items : joinRows(items);
}

async function* eachItem(
  file: string,
  lines: AsyncIterable<RecordLine>,
  columns: TableColumns,
): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  for await (const { number, record, problem } of lines) {
    const place = { table: file, name: `${file}, line ${number}`, key: `line ${number}` };
    const value = imageOf(record, columns);
    if (problem !== undefined || value === undefined) {
      const expected = `expected a string, or an object with one of ${imageColumns(columns).join(', ')}`;
      yield { name: place.name, key: place.key, problem: problem ?? `names no image; ${expected}` };
      continue;
    }
    const item = rowItem([value], place);
    if ('problem' in item || columns.question === undefined) yield item;
    else yield { ...item, questions: isRecord(record) ? rowQuestions(record[columns.question]) : [] };
  }
}

async function* readRecords(file: string): AsyncGenerator<RecordLine, void, undefined> {
  const options = { source: file, maxBytes: MAX_RECORD_BYTES, skipsLong: true };
  for await (const { text, number, problem } of readLines(fs.createReadStream(file), options)) {
    if (problem !== undefined) {
      yield { number, problem };
      continue;
    }
    let line: RecordLine;
    try {
      line = { number, record: parseJSON(text, 'the line', { error: BatchError }) };
    } catch (error) {
      line = { number, problem: (error instanceof Error ? error.message : String(error)).replace('the line: ', '') };
    }
    yield line;
  }
}

/** Puts characters that are no UTF-8 in its place. */
const REPLACEMENT = '\ufffd';

async function* readCsvRecords(file: string, columns: TableColumns): AsyncGenerator<RecordLine, void, undefined> {
  let names: readonly string[] | undefined;
  for await (const { fields, line: number } of readCsv(fs.createReadStream(file), file)) {
    if (names === undefined) {
      names = fields.map((name) => name.trim());
      const unknown = unknownColumn(names, columns);
      if (unknown !== undefined) throw new BatchError(`${file}: ${unknown}`);
    } else if (fields.some((field) => field.includes(REPLACEMENT)))
      yield { number, problem: 'is not text in UTF-8. Save it as "CSV UTF-8"' };
    else if (fields.length > names.length)
      yield {
        number,
        problem: `has ${fields.length} fields; expected ${names.length}: ${names.map(quote).join(', ')}`,
      };
    else yield { number, record: Object.fromEntries(fields.map((field, i) => [names?.[i], field])) };
  }
}

/** The value of the first column that has one. */
function imageOf(record: unknown, columns: TableColumns): unknown {
  if (typeof record === 'string') return record === '' ? undefined : record;
  if (!isRecord(record)) return undefined;
  return imageColumns(columns)
    .map((column) => record[column])
    .find((value) => value !== undefined && value !== null && value !== '');
}

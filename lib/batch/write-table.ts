// Tables made of a journal: CSV and parquet, which cannot grow safely while work goes on.
import { removeQuietly } from '../core/remove-quietly';
import * as fs from 'node:fs';
import type { Shard } from './shard';
import { explainOutputError } from './explain-output-error';
import { readRows, writeStream, type OutputRow } from './journal';

/** Columns in this order; the texts are `caption`, or `question` and `answer`. */
function columnsOf(isAnswers: boolean): readonly (keyof OutputRow)[] {
  return [
    'image',
    ...(isAnswers ? (['question', 'answer'] as const) : (['caption'] as const)),
    'score',
    'time',
    'model',
    'sha256',
  ];
}

export interface TableOptions {
  readonly journal: string;
  readonly output: string;
  readonly isAnswers: boolean;
  readonly shard: Shard | undefined;
}

/**
 * CSV by RFC 4180, in UTF-8, lines ending with CR LF. Of several shards only the first has the line of names, so that
 * the parts joined are one table.
 *
 * A text that a spreadsheet would run as a formula (it begins with = + - @, a tab or a line end) gets an apostrophe
 * before it.
 *
 * @throws {BatchError}
 */
export async function writeCsv({ journal, output, isAnswers, shard }: TableOptions): Promise<void> {
  const columns = columnsOf(isAnswers);
  await writeStream(output, csvLines());
  async function* csvLines(): AsyncGenerator<string> {
    if (!shard || shard.index === 0) yield `${columns.join(',')}\r\n`;
    for await (const { row } of readRows(journal))
      yield `${columns.map((column) => csvField(row[column])).join(',')}\r\n`;
  }
}

function csvField(value: string | number | undefined): string {
  if (typeof value !== 'string') return String(value ?? '');
  const text = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Snappy, row groups of 100,000. @throws {BatchError} */
export async function writeParquet({ journal, output, isAnswers }: TableOptions): Promise<void> {
  const { ByteWriter, parquetWriteRows }: typeof import('hyparquet-writer') = require('hyparquet-writer');
  const temporary = `${output}.${process.pid}.tmp`;
  let handle: fs.promises.FileHandle | undefined;
  try {
    const file = await fs.promises.open(temporary, 'w');
    handle = file;
    const writer = new ByteWriter();
    /** After each row group. */
    const flush = async (): Promise<void> => {
      await file.writeFile(new Uint8Array(writer.buffer, 0, writer.index));
      writer.index = 0;
    };
    await parquetWriteRows({
      writer: Object.assign(writer, { flush, finish: flush }),
      columns: columnsOf(isAnswers).map((name) => ({
        name,
        type: name === 'score' ? 'DOUBLE' : name === 'time' ? 'TIMESTAMP' : 'STRING',
        nullable: false,
      })),
      rows: records(),
      createdBy: 'blip-openvino',
    });
    await file.close();
    handle = undefined;
    await fs.promises.rename(temporary, output);
  } catch (error) {
    throw explainOutputError(error, output);
  } finally {
    await handle?.close();
    await removeQuietly(temporary);
  }
  async function* records(): AsyncGenerator<Record<string, unknown>> {
    for await (const { row } of readRows(journal)) yield { ...row, time: new Date(row.time) };
  }
}

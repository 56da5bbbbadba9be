// Tables made of a journal: CSV and parquet, which cannot grow safely while work goes on.
import * as fs from 'node:fs';
import type { ParquetWriteOptions } from 'hyparquet-writer';
import { removeQuietly } from '../core/remove-quietly';
import type { Shard } from './shard';
import { explainOutputError } from './explain-output-error';
import { readRows, writeStream, type OutputRow } from './journal';

/** What rows hold. */
export type RowKind = 'captions' | 'answers' | 'features';

const COLUMNS = {
  captions: ['caption', 'score'],
  answers: ['question', 'answer', 'score'],
  features: ['features'],
} as const;

/** Columns in this order. */
function columnsOf(rows: RowKind): readonly (keyof OutputRow)[] {
  return ['image', ...COLUMNS[rows], 'time', 'model', 'sha256'];
}

export interface TableOptions {
  readonly journal: string;
  readonly output: string;
  readonly rows: RowKind;
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
export async function writeCsv({ journal, output, rows, shard }: TableOptions): Promise<void> {
  const columns = columnsOf(rows);
  await writeStream(output, csvLines());
  async function* csvLines(): AsyncGenerator<string> {
    if (!shard || shard.index === 0) yield `${columns.join(',')}\r\n`;
    for await (const { row } of readRows(journal))
      yield `${columns.map((column) => csvField(row[column])).join(',')}\r\n`;
  }
}

function csvField(value: OutputRow[keyof OutputRow]): string {
  if (typeof value !== 'string') return String(value ?? '');
  const text = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function typeOf(name: keyof OutputRow): 'DOUBLE' | 'TIMESTAMP' | 'STRING' {
  if (name === 'score') return 'DOUBLE';
  return name === 'time' ? 'TIMESTAMP' : 'STRING';
}

/** Of the first group and of the others: hundreds of numbers a row, all of a group in memory. */
const FEATURE_ROW_GROUPS = [1000, 10_000];

type SchemaElement = NonNullable<ParquetWriteOptions['schema']>[number];

/** As pyarrow reads it: `features` is list<element: float>. */
function featureSchema(): SchemaElement[] {
  const columns = columnsOf('features');
  return [
    { name: 'root', num_children: columns.length },
    ...columns.flatMap((name): SchemaElement[] => {
      if (name === 'features')
        return [
          { name, repetition_type: 'REQUIRED', converted_type: 'LIST', num_children: 1 },
          { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
          { name: 'element', repetition_type: 'REQUIRED', type: 'FLOAT' },
        ];
      if (name === 'time')
        return [{ name, repetition_type: 'REQUIRED', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' }];
      return [{ name, repetition_type: 'REQUIRED', type: 'BYTE_ARRAY', converted_type: 'UTF8' }];
    }),
  ];
}

/** Snappy, row groups of 100,000, of features of 10,000. @throws {BatchError} */
export async function writeParquet({ journal, output, rows }: TableOptions): Promise<void> {
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
      columns: columnsOf(rows).map((name) => ({
        name,
        ...(rows !== 'features' && { type: typeOf(name) }),
        nullable: false,
      })),
      ...(rows === 'features' && { schema: featureSchema(), rowGroupSize: FEATURE_ROW_GROUPS }),
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

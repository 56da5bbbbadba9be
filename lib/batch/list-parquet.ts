// Images of a parquet file: a column of bytes, of structs with bytes and path, of paths or of addresses.
import { openByteSource } from '../hub';
import { ParquetError, ParquetFile } from '../datasets/parquet';
import { BatchError } from './batch-error';
import type { BadItem, BatchItem } from './batch-item';
import { imageColumns, joinRows, rowItem, rowQuestions, unknownColumn, type TableColumns } from './table-columns';

/** Rows whose images are in memory at once. */
const ROWS_AT_ONCE = 16;

/** @throws {BatchError} when it is no parquet file, or has no column of images, or of questions where they are asked */
export function listParquet(file: string, columns: TableColumns): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  const rows = readRows(file, columns);
  return columns.question === undefined ? rows : joinRows(rows);
}

async function* readRows(file: string, columns: TableColumns): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  let parquet: ParquetFile;
  try {
    parquet = await ParquetFile.open(await openByteSource(file));
  } catch (error) {
    if (!(error instanceof ParquetError)) throw error;
    throw new BatchError(`${file}: cannot be read as parquet: ${error.message}. Download or write it again.`, {
      cause: error,
    });
  }
  const { columns: present, leaves } = parquet.footer;
  const unknown = unknownColumn(present, columns);
  if (unknown !== undefined) throw new BatchError(`${file}: ${unknown}`);
  const column = imageColumns(columns).find((name) => present.includes(name));
  const { question } = columns;
  const wanted = leaves.filter(({ path }) => path[0] === column);
  const asked = leaves.filter(({ path }) => path[0] === question);
  let row = 0;
  for (const groups of parquet.planSpans()) {
    const span = parquet.openSpan(groups);
    for (let from = 0; from < span.rows; from += ROWS_AT_ONCE) {
      const to = Math.min(span.rows, from + ROWS_AT_ONCE);
      const read = async (of: typeof leaves): Promise<unknown[][]> => {
        const parts: unknown[][] = [];
        for (const leaf of of) parts.push(await readLeaf(() => span.read(leaf, from, to), to - from));
        return parts;
      };
      const [images, questions] = [await read(wanted), await read(asked)];
      for (let i = 0; i < to - from; i++) {
        const place = { table: file, name: `${file}#${row}`, key: `#${row}` };
        row++;
        const parts = [...images, ...questions].map((values) => values[i]);
        const failed = parts.find((part) => part instanceof ParquetError);
        if (failed instanceof ParquetError) {
          yield { name: place.name, key: place.key, problem: failed.message };
          continue;
        }
        const item = rowItem(parts.slice(0, images.length), place);
        const texts = parts.slice(images.length).flatMap(rowQuestions);
        yield 'problem' in item || question === undefined ? item : { ...item, questions: texts };
      }
    }
  }
}

async function readLeaf(read: () => Promise<unknown[]>, count: number): Promise<unknown[]> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ParquetError)) throw error;
    return Array.from({ length: count }, () => error);
  }
}

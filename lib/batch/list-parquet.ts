// Images of a parquet file: a column of bytes, of structs with bytes and path, of paths or of addresses.
import { isRecord } from '../core/is-record';
import { openByteSource } from '../hub';
import { ParquetError, ParquetFile } from '../datasets/parquet';
import { rowImage } from '../datasets/read-row-image';
import { BatchError } from './batch-error';
import type { BadItem, BatchItem } from './batch-item';
import { IMAGE_COLUMNS, resolveName } from './list-names';

/** Rows whose images are in memory at once. */
const ROWS_AT_ONCE = 16;

/** @throws {BatchError} when it is no parquet file, or has no column of images */
export async function* listParquet(file: string): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  let parquet: ParquetFile;
  try {
    parquet = await ParquetFile.open(await openByteSource(file));
  } catch (error) {
    if (!(error instanceof ParquetError)) throw error;
    throw new BatchError(`${file}: cannot be read as parquet: ${error.message}. Download or write it again.`, {
      cause: error,
    });
  }
  const { columns, leaves } = parquet.footer;
  const column = IMAGE_COLUMNS.find((name) => columns.includes(name));
  if (column === undefined)
    throw new BatchError(
      `${file}: has the columns ${columns.slice(0, 20).join(', ')}; expected one of ${IMAGE_COLUMNS.join(', ')} with ` +
        'the images, their paths or their addresses.',
    );
  const wanted = leaves.filter(({ path }) => path[0] === column);
  let row = 0;
  for (const groups of parquet.planSpans()) {
    const span = parquet.openSpan(groups);
    for (let from = 0; from < span.rows; from += ROWS_AT_ONCE) {
      const to = Math.min(span.rows, from + ROWS_AT_ONCE);
      const parts: unknown[][] = [];
      for (const leaf of wanted) parts.push(await readLeaf(() => span.read(leaf, from, to), to - from));
      for (let i = 0; i < to - from; i++)
        yield toItem(
          file,
          row++,
          parts.map((values) => values[i]),
        );
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

function toItem(file: string, row: number, parts: readonly unknown[]): BatchItem | BadItem {
  const name = `${file}#${row}`;
  const key = `#${row}`;
  const error = parts.find((part) => part instanceof ParquetError);
  if (error instanceof ParquetError) return { name, key, problem: error.message };
  const found = rowImage(parts);
  if (typeof found === 'string') return { name, key, problem: found };
  if ('path' in found) return resolveName(found.path, file);
  const label = labelOf(parts);
  return { name: label === '' ? name : `${name} (${label})`, key, source: found.bytes };
}

/** What a struct of bytes and path says the image was called. */
function labelOf(parts: readonly unknown[]): string {
  for (const part of parts) {
    const value = isRecord(part) ? part.path : undefined;
    if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
    if (typeof value === 'string') return value;
  }
  return '';
}

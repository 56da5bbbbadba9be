// Columns of tables of images: which one has the image, and which one the questions.
import * as path from 'node:path';
import { isRecord } from '../core/is-record';
import { quote } from '../core/quote';
import { rowImage } from '../datasets/read-row-image';
import { ADDRESS, type BadItem, type BatchItem } from './batch-item';

/** Columns of `.jsonl`, `.csv` and `.parquet` files. */
export interface TableColumns {
  /** The image: bytes, a path or an address. By default the first of the usual names that is there. */
  readonly image?: string;
  /** Questions about the image: a text, or a list of texts. None by default. */
  readonly question?: string;
}

export interface ColumnOptions {
  /**
   * The column of `.jsonl`, `.csv` and `.parquet` inputs that has the images: bytes, paths or addresses. By default the
   * first of the usual names that is there: `image`, `image_path`, `file_name`, `path`, `url` and the like.
   */
  readonly image_column?: string;
  /**
   * The column of `.jsonl`, `.csv` and `.parquet` inputs that has questions, a text or a list of texts, which are asked
   * about the image of their row alone.
   */
  readonly question_column?: string;
}

export function columnsOf({ image_column, question_column }: ColumnOptions): TableColumns {
  return {
    ...(image_column !== undefined && { image: image_column }),
    ...(question_column !== undefined && { question: question_column }),
  };
}

/** The usual names of the image's column, the first that a record has counts. */
const IMAGE_COLUMNS = [
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
  'filename',
  'img_path',
  'jpg',
  'png',
] as const;

/** Names that are looked for, for messages too. */
export function imageColumns({ image }: TableColumns): readonly string[] {
  return image === undefined ? IMAGE_COLUMNS : [image];
}

const SHOWN_COLUMNS = 20;

/** Which column a table lacks, if it does. */
export function unknownColumn(present: readonly string[], columns: TableColumns): string | undefined {
  const shown = `has the columns ${present.slice(0, SHOWN_COLUMNS).map(quote).join(', ')}`;
  const names = imageColumns(columns);
  if (!names.some((name) => present.includes(name)))
    return (
      `${shown}; expected one of ${names.join(', ')} with the images, their paths or their addresses. Another one is ` +
      'named by --image-column (image_column).'
    );
  const { question } = columns;
  return question === undefined || present.includes(question)
    ? undefined
    : `${shown}; expected ${quote(question)} with questions.`;
}

/** Where a row is, for one whose image has no name. */
export interface RowPlace {
  readonly table: string;
  readonly name: string;
  readonly key: string;
}

/**
 * The image of a row, given the values of its column. A path is relative to the folder of the table.
 *
 * @param parts the value, or those of the fields of a struct
 */
export function rowItem(parts: readonly unknown[], { table, name, key }: RowPlace): BatchItem | BadItem {
  const found = rowImage(parts.map(ofAddress));
  if (typeof found === 'string') return { name, key, problem: found };
  if ('bytes' in found) {
    const label = labelOf(parts);
    return { name: label === '' ? name : `${name} (${label})`, key, source: found.bytes };
  }
  const place = found.path;
  // Its name would be the image itself
  if (/^data:/i.test(place)) return { name, key, source: place };
  if (ADDRESS.test(place)) return { name: place, key: place, source: place };
  const file = path.isAbsolute(place) ? place : path.join(path.dirname(table), place);
  return { name: file, key: place, source: file };
}

/** An object with an address, as the data set viewer of the hub has it, in place of one with a path. */
function ofAddress(value: unknown): unknown {
  if (!isRecord(value) || 'bytes' in value || 'path' in value) return value;
  return value.src ?? value.url ?? value;
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

/** The questions in a column's value: none, one, or several. */
export function rowQuestions(value: unknown): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values
    .map((each) => (each instanceof Uint8Array ? Buffer.from(each).toString('utf8') : each))
    .filter((each): each is string => typeof each === 'string' && each.trim() !== '');
}

/** What to say of an image that nothing is asked about. */
export function describeNoQuestion({ question }: TableColumns): string {
  return question === undefined
    ? 'has no question'
    : `has no question: its column ${quote(question)} is empty, or not there. Columns are those of .jsonl, ` +
        '.csv and .parquet files';
}

/** Rows in succession that are about one file become one, so that it is read once. */
export async function* joinRows(
  items: AsyncIterable<BatchItem | BadItem>,
): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  let open: BatchItem | undefined;
  for await (const item of items) {
    if ('problem' in item) {
      if (open) yield open;
      open = undefined;
      yield item;
      continue;
    }
    if (open && typeof item.source === 'string' && open.source === item.source) {
      open = { ...open, questions: [...new Set([...(open.questions ?? []), ...(item.questions ?? [])])] };
      continue;
    }
    if (open) yield open;
    open = item;
  }
  if (open) yield open;
}

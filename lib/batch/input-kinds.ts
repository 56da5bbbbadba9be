// What an input is, by its name and by what lies there. Loads nothing heavy: the command asks before it does anything.
import * as fs from 'node:fs';
import { statOrNothing } from '../core/is-plain-file';
import { ADDRESS } from './batch-item';

const PATTERN = /[*?[\]{}!()]/;
export const RECORDS_FILE = /\.(jsonl|ndjson)$/i;
/** Also with tabs. */
export const CSV_FILE = /\.(csv|tsv)$/i;
export const PARQUET_FILE = /\.parquet$/i;
/** WebDataset's, too. */
export const TAR_FILE = /\.(tar|tar\.gz|tgz)$/i;

/** A file that holds, or names, many images. */
export function isCollection(input: string): boolean {
  return (
    [RECORDS_FILE, CSV_FILE, PARQUET_FILE, TAR_FILE].some((pattern) => pattern.test(input)) && !ADDRESS.test(input)
  );
}

export function isFolder(input: string): boolean {
  return statOrNothing(input)?.isDirectory() ?? false;
}

/** A file's name may look like a pattern: then the file is meant. */
export function isPattern(input: string): boolean {
  return PATTERN.test(input) && !ADDRESS.test(input) && !fs.existsSync(input);
}

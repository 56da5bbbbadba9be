// Cuts a file's rows into spans that are visited in turn, and large spans into windows that are looked at at a time.
import { type Leaf, MAX_PREFETCH_BYTES, type ParquetFile, type RowGroup } from './parquet';

/** Contiguous rows of one file. */
export interface VqaSpan {
  readonly groups: readonly RowGroup[];
  /** Of the groups' rows. */
  readonly from: number;
  readonly to: number;
  /** What is decoded at a time. */
  readonly rowsPerWindow: number;
  /** Bytes that are fetched whichever row is wanted. */
  readonly dictionaryBytes: number;
}

/** Questions and answers of so many rows take some megabytes in memory. */
const MAX_WINDOW_ROWS = 4096;
/** Fewer rows at a time are not worth a look. */
const MIN_WINDOW_ROWS = 32;

/**
 * On this machine each window is a separate span: all are reached equally fast. Of a file behind an address the windows
 * of a row group are read one after the other, since finding a later one takes a request for each page before it.
 */
export function planSpans(parquet: ParquetFile, image: readonly Leaf[], isLocal: boolean): VqaSpan[] {
  return parquet.planSpans().flatMap((groups): VqaSpan[] => {
    const rows = groups.reduce((sum, group) => sum + group.rows, 0);
    const chunks = groups.flatMap((group) => group.chunks.filter(({ leaf }) => image.includes(leaf)));
    const bytes = chunks.reduce((sum, { start, end }) => sum + end - start, 0);
    const dictionaryBytes = chunks.reduce((sum, chunk) => sum + chunk.dictionaryBytes, 0);
    // Pages of a larger chunk are read one by one; a dictionary cannot be read in part.
    const byBytes = dictionaryBytes * 2 > bytes ? 1 : Math.ceil(bytes / MAX_PREFETCH_BYTES);
    const windows = Math.max(1, byBytes, Math.ceil(rows / MAX_WINDOW_ROWS));
    const rowsPerWindow = Math.max(MIN_WINDOW_ROWS, Math.ceil(rows / windows));
    const span = { groups, from: 0, to: rows, rowsPerWindow, dictionaryBytes };
    if (!isLocal) return [span];
    return Array.from({ length: Math.ceil(rows / rowsPerWindow) }, (_, window) => ({
      ...span,
      from: window * rowsPerWindow,
      to: Math.min(rows, (window + 1) * rowsPerWindow),
    }));
  });
}

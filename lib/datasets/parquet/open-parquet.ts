// A parquet file, on disk or behind an address: its columns, and spans of its rows, column by column.
import type { ByteSource } from '../../hub';
import { ParquetError } from './parquet-error';
import { ColumnReader } from './read-column';
import { type Chunk, type Footer, type Leaf, readFooter, type RowGroup } from './read-footer';
import { RangeReader } from './range-reader';

/**
 * A column chunk up to this size is fetched in one request with its neighbors; of a larger one only the pages that are
 * wanted.
 */
export const MAX_PREFETCH_BYTES = 1 << 24;
/** Row groups that are smaller than both are read together: each by itself would be a request of its own. */
const SPAN_ROWS = 100;
const SPAN_BYTES = 1 << 22;

export class ParquetFile {
  private constructor(
    readonly footer: Footer,
    private readonly reader: RangeReader,
  ) {}

  /**
   * @param onBytes told the bytes of each request, and waited for
   * @throws {ParquetError} and what `source` throws
   */
  static async open(source: ByteSource, onBytes?: (bytes: number) => void | Promise<void>): Promise<ParquetFile> {
    const reader = new RangeReader(source, onBytes);
    return new ParquetFile(await readFooter(reader), reader);
  }

  /** The file's rows in spans of one row group, or of several small ones that follow each other. */
  planSpans(): readonly (readonly RowGroup[])[] {
    const spans: RowGroup[][] = [];
    let [rows, bytes] = [0, 0];
    for (const group of this.footer.rowGroups) {
      if (group.rows === 0) continue;
      const size = group.chunks.reduce((sum, { start, end }) => sum + end - start, 0);
      const last = spans.at(-1);
      if (last && rows + group.rows <= SPAN_ROWS && bytes + size <= SPAN_BYTES) last.push(group);
      else {
        spans.push([group]);
        [rows, bytes] = [0, 0];
      }
      rows += group.rows;
      bytes += size;
    }
    return spans;
  }

  /** What a span before this one held in memory is let go. */
  openSpan(groups: readonly RowGroup[]): RowSpan {
    this.reader.release();
    return new RowSpan(this.reader, groups);
  }
}

export class RowSpan {
  readonly rows: number;
  private readonly columns = new Map<Chunk, ColumnReader>();

  constructor(
    private readonly reader: RangeReader,
    private readonly groups: readonly RowGroup[],
  ) {
    this.rows = groups.reduce((sum, { rows }) => sum + rows, 0);
  }

  /** The first of its rows in the file. */
  get first(): number {
    return this.groups[0].first;
  }

  /** Bytes of these columns in the file, compressed. */
  bytesOf(leaves: readonly Leaf[]): number {
    return this.chunks(leaves).reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** Fetches columns in as few requests as their places allow. */
  async prefetch(leaves: readonly Leaf[]): Promise<void> {
    await this.reader.prefetch(this.chunks(leaves).filter(({ start, end }) => end - start <= MAX_PREFETCH_BYTES));
  }

  /** How a column is compressed, for messages. */
  codecOf(leaf: Leaf): string {
    return [...new Set(this.chunks([leaf]).map(({ codec }) => codec))].join(', ');
  }

  /**
   * Values of the span's rows `from` up to before `to`.
   *
   * @returns for each row of a row group that cannot be read, the ParquetError that says why
   */
  async read(leaf: Leaf, from: number, to: number): Promise<unknown[]> {
    const values: unknown[] = [];
    let first = 0;
    for (const group of this.groups) {
      const [start, end] = [Math.max(from - first, 0), Math.min(to - first, group.rows)];
      if (start < end) for (const value of await this.readGroup(group, leaf, start, end)) values.push(value);
      first += group.rows;
    }
    return values;
  }

  private async readGroup(group: RowGroup, leaf: Leaf, start: number, end: number): Promise<unknown[]> {
    try {
      return await this.column(group, leaf).readRows(start, end);
    } catch (error) {
      if (!(error instanceof ParquetError)) throw error;
      return Array.from({ length: end - start }, () => error);
    }
  }

  private column(group: RowGroup, leaf: Leaf): ColumnReader {
    const chunk = group.chunks.find((one) => one.leaf === leaf);
    if (!chunk) throw new Error(`no column ${leaf.path.join('.')}`);
    let column = this.columns.get(chunk);
    if (!column) this.columns.set(chunk, (column = new ColumnReader(this.reader, chunk, group.rows)));
    return column;
  }

  private chunks(leaves: readonly Leaf[]): Chunk[] {
    return this.groups.flatMap(({ chunks }) => chunks.filter(({ leaf }) => leaves.includes(leaf)));
  }
}

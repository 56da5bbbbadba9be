// Goes through the usable rows of one span, window by window, and knows where it is.
import { isUrl } from '../hub';
import type { Part } from './divide-rows';
import type { OpenVqaFile } from './open-vqa-files';
import type { RowSpan } from './parquet';
import type { VqaSpan } from './plan-spans';
import { type Candidate, readVqaRows } from './read-vqa-rows';
import type { SkipCounter } from './vqa-sample';

/** How far a span has been read. */
export interface SpanProgress {
  /** Rows of large row groups are looked at in windows. */
  readonly window: number;
  /** Of the window's usable rows, the one that comes next. */
  readonly next: number;
  readonly exhausted: boolean;
}

export interface VisitOptions {
  readonly part: Part;
  readonly bound: number;
  readonly seed: number;
}

/**
 * Rows taken at one visit: 100 rows of photos are 3 MB on the hub, so one row of each span would load the whole set.
 */
const ROWS_PER_VISIT = 32;
/**
 * Where a visit costs more, so many more rows are taken that one costs no more than this. Decision 013 has the figures.
 */
const BYTES_PER_ROW = 105_000;

export class SpanVisit {
  /** Rows to take before another span has its turn. */
  readonly quota: number;
  private readonly span: VqaSpan;
  private readonly rows: RowSpan;
  private loaded: readonly Candidate[] | undefined;

  constructor(
    private readonly file: OpenVqaFile,
    index: number,
    public progress: SpanProgress,
    private readonly options: VisitOptions,
  ) {
    this.span = file.spans[index];
    this.rows = file.parquet.openSpan(this.span.groups);
    this.quota = Math.max(ROWS_PER_VISIT, isUrl(file.name) ? Math.ceil(this.span.dictionaryBytes / BYTES_PER_ROW) : 0);
  }

  /**
   * The next usable row; undefined at the end of a window without any, too.
   *
   * @param skips told of the rows that are none, once for each
   * @param eager images are fetched together with the other columns
   */
  async next(skips: SkipCounter, eager: boolean): Promise<Candidate | undefined> {
    if (this.progress.exhausted) return undefined;
    const { window, next } = this.progress;
    const from = this.span.from + window * this.span.rowsPerWindow;
    const to = Math.min(this.span.to, from + this.span.rowsPerWindow);
    if (!this.loaded) {
      const { columns, name } = this.file;
      const { seed, ...rest } = this.options;
      const place = { window: { from, to }, columns, file: name, seed: seed + this.rows.first + from, eager };
      const rows = await readVqaRows(this.rows, { ...rest, ...place });
      this.loaded = rows.candidates;
      if (next === 0) skips.merge(rows.skips.report()); // else an earlier visit counted them
    }
    const candidate = this.loaded[next];
    if (next + 1 < this.loaded.length) this.progress = { window, next: next + 1, exhausted: false };
    else {
      this.loaded = undefined;
      this.progress = { window: window + 1, next: 0, exhausted: to >= this.span.to };
    }
    return candidate;
  }
}

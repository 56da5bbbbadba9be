// VQA samples from parquet files, on disk or on the hub. Only the columns and row groups that are needed are read.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { withCallbacks } from '../core/with-callbacks';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { reportProgress } from '../core/progress';
import { isUrl } from '../hub';
import type { Part } from './divide-rows';
import { findBound } from './find-bound';
import { type SpanPlace, VqaFiles, type VqaFilesOptions } from './open-vqa-files';
import { SampleCache, type Step } from './sample-cache';
import { SampleTaker } from './take-sample';
import { type SpanProgress, SpanVisit } from './visit-span';
import { checkCounts, describeSkipped, SkipCounter, type VqaSample, type VqaSamples } from './vqa-sample';
import { VqaParquetError } from './vqa-parquet-error';

export interface VqaParquetOptions extends VqaFilesOptions {
  readonly count: number;
  /** The tutorial's 42 by default. */
  readonly seed?: number;
  /** Which images of these files; all by default. `train` and `val` of the same files share none. */
  readonly part?: Part;
  /** Samples are kept here, and a later call with the same request continues where this one stopped. */
  readonly cache_dir: string;
  /** What the files are, for `source` and for messages; their name by default. */
  readonly label?: string;
  /** What else the samples depend on: the revision of a data set on the hub. */
  readonly revision?: string;
  /** The data set's folder: paths of images may lead to anywhere in it. That of the file itself by default. */
  readonly root?: string;
}

const OPTIONS = [
  'count',
  'seed',
  'part',
  'cache_dir',
  'label',
  'revision',
  'root',
  'columns',
  'timeout_ms',
  'progress_callback',
  'signal',
] as const satisfies readonly (keyof VqaParquetOptions)[];
/** Changes whenever the same request would give other samples than before. */
const CACHE_VERSION = 3;
/** So many rows are taken before they are noted: what an interrupted call loses at most. */
const ROWS_PER_STEP = 32;
/** So many rows and not one of use: the data set has no answers (a test split) or no images. */
const MAX_USELESS_ROWS = 1000;

/**
 * Takes `count` samples: spans of rows in seeded order, some rows of each, each image once before any image twice; then
 * around again. A row without a question, answers or a readable image is skipped and counted. There may be fewer
 * samples than asked for, but never none.
 *
 * @param files paths or addresses
 * @example
 * const { samples } = await loadVqaParquet(['validation-00000-of-00068.parquet'], { count: 300, cache_dir:
 * 'output/datasets' });
 * @throws {VqaParquetError} when nothing can be used: says why, and of which rows
 * @throws {HubError}
 */
export async function loadVqaParquet(files: readonly string[], options: VqaParquetOptions): Promise<VqaSamples> {
  checkArguments('loadVqaParquet', { files: [files, 'texts'] });
  checkOptions('loadVqaParquet', options, OPTIONS);
  checkCounts(options);
  if (files.length === 0)
    throw new VqaParquetError('no parquet files were named; expected at least one path or address.');
  return withCallbacks(options.signal, async (guard) => {
    const loader = new Loader(files, { ...options, progress_callback: guard(options.progress_callback) });
    await loader.run();
    return loader.result();
  });
}

class Loader {
  private readonly files: VqaFiles;
  private readonly cache: SampleCache;
  private readonly taker: SampleTaker;
  private readonly spans = new Map<string, SpanProgress>();
  private readonly problems: VqaParquetError[] = [];
  private readonly part: Part;
  private readonly seed: number;
  private rowsSeen = 0;

  constructor(
    private readonly names: readonly string[],
    private readonly options: VqaParquetOptions,
  ) {
    const { seed = 42, part = 'all', columns = {}, revision, cache_dir } = options;
    this.part = part;
    this.seed = seed;
    this.files = new VqaFiles(names, options);
    const request = { version: CACHE_VERSION, files: names.map(identify), revision, part, columns, seed };
    this.cache = new SampleCache(cache_dir, request);
    this.taker = new SampleTaker(this.cache, options.root);
  }

  async run(): Promise<void> {
    const { count } = this.options;
    await this.report(0);
    if (this.cache.held >= count) {
      this.cache.replayUntil(count);
      return;
    }
    const bound = await this.bound();
    for (let isLeft = true; isLeft && this.cache.samples.length < count; ) {
      isLeft = false;
      for await (const place of this.files.spans(this.seed)) {
        this.options.signal?.throwIfAborted();
        if ('problem' in place) {
          this.skipFile(place.file, place.problem);
          continue;
        }
        isLeft = (await this.visit(place, bound)) || isLeft;
        if (this.cache.samples.length >= count) break; // before another file is opened
      }
    }
  }

  /** @returns whether the span has more rows */
  private async visit({ file, span }: SpanPlace, bound: number): Promise<boolean> {
    const { count, signal } = this.options;
    const key = `${file.index}/${span}`;
    let progress = this.spans.get(key) ?? { window: 0, next: 0, exhausted: false };
    if (progress.exhausted) return false;
    const visit = new SpanVisit(file, span, progress, { part: this.part, bound, seed: this.seed });
    for (let taken = 0; taken < visit.quota && !progress.exhausted && this.cache.samples.length < count; ) {
      signal?.throwIfAborted();
      const stepKey = `${key}/${progress.window}/${progress.next}`;
      visit.progress = progress;
      const limit = Math.min(visit.quota - taken, count - this.cache.samples.length, ROWS_PER_STEP);
      const step = this.cache.replay(stepKey) ?? (await this.read(visit, file.name, stepKey, limit));
      this.taker.remember(step.samples);
      taken += step.samples.length;
      progress = { window: step.window, next: step.next, exhausted: step.exhausted };
      this.spans.set(key, progress);
      await this.report(0);
      this.giveUpIfUseless();
    }
    this.rowsSeen += progress.exhausted ? file.spans[span].to - file.spans[span].from : 0;
    return !progress.exhausted;
  }

  result(): VqaSamples {
    const { count, label } = this.options;
    const skipped = this.cache.skips.report();
    const source =
      label ?? (this.names.length === 1 ? path.basename(this.names[0]) : `${this.names.length} parquet files`);
    const samples = this.cache.samples.slice(0, count);
    if (samples.length > 0) return { samples, asked: count, skipped, source };
    if (this.problems.length > 0 && this.problems.length === this.names.length) throw this.problems[0];
    if (skipped.total > 0) throw this.useless(skipped.total);
    throw new VqaParquetError(
      this.part === 'all' || this.rowsSeen === 0
        ? `${this.name}: has no rows. Choose another split or file.`
        : `${this.name}: none of its ${this.rowsSeen} rows belongs to the part "${this.part}". One split is divided ` +
            'image by image, and this one has too few different images for that. Name a data set with a training ' +
            'and a validation split.',
    );
  }

  private get name(): string {
    return (
      this.options.label ??
      (this.names.length === 1 ? this.names[0] : `${this.names[0]} and ${this.names.length - 1} more`)
    );
  }

  private useless(rows: number): VqaParquetError {
    return new VqaParquetError(
      `${this.name}: none of ${rows} rows can be used: ${describeSkipped(this.cache.skips.report())}. ` +
        'Choose a split that has images, questions and answers (test splits have no answers), or name the ' +
        'columns with the option columns.',
    );
  }

  private giveUpIfUseless(): void {
    const { total } = this.cache.skips.report();
    if (this.cache.samples.length === 0 && total >= MAX_USELESS_ROWS) throw this.useless(total);
  }

  private async bound(): Promise<number> {
    if (this.part === 'all') return 1;
    const known = this.cache.recall('bound');
    if (typeof known === 'number') return known;
    const bound = await findBound(this.files, this.options.signal);
    this.cache.remember('bound', bound);
    return bound;
  }

  private skipFile(index: number, problem: VqaParquetError): void {
    if (this.problems.includes(problem)) return;
    this.problems.push(problem);
    const key = `${index}`;
    if (this.cache.replay(key)) return;
    const skips = new SkipCounter();
    skips.add('file unusable', path.basename(this.names[index]), { detail: problem.message });
    this.cache.finish({ key, window: 0, next: 0, exhausted: true, samples: [], skipped: skips.report() });
  }

  private async read(visit: SpanVisit, file: string, key: string, limit: number): Promise<Step> {
    const skips = new SkipCounter();
    const samples: VqaSample[] = [];
    while (samples.length < limit) {
      this.options.signal?.throwIfAborted();
      const candidate = await visit.next(skips, this.cache.samples.length > 0);
      if (!candidate) break;
      const taken = await this.taker.take(candidate, file);
      if (typeof taken === 'string') skips.add(taken, candidate.which);
      else samples.push(taken);
      await this.report(samples.length);
    }
    const step: Step = { key, ...visit.progress, samples, skipped: skips.report() };
    this.cache.finish(step);
    return step;
  }

  private async report(more: number): Promise<void> {
    const { count, progress_callback, signal } = this.options;
    const loaded = Math.min(this.cache.samples.length + more, count);
    await reportProgress(progress_callback, { status: 'samples', loaded, total: count }, signal);
  }
}

/** A local file under its name with other content is another request. */
function identify(file: string): unknown {
  if (isUrl(file) || !fs.existsSync(file)) return file;
  const { size, mtimeMs } = fs.statSync(file);
  return [path.resolve(file), size, mtimeMs];
}

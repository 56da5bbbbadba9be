// VQA samples from parquet files, on disk or on the hub. Only the columns and row groups that are needed are read.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { isUrl } from '../hub';
import { ImageError, type ImageSource, loadRgb } from '../preprocessing';
import type { Part } from './divide-rows';
import { findBound } from './find-bound';
import { type OpenVqaFile, VqaFiles, type VqaFilesOptions } from './open-vqa-files';
import { findImageFile } from './read-row-image';
import { type Candidate, readVqaRows } from './read-vqa-rows';
import { SampleCache, type Step } from './sample-cache';
import { checkCounts, describeSkipped, SkipCounter, type VqaSample, type VqaSamples } from './vqa-sample';
import { VqaParquetError } from './vqa-parquet-error';

export interface VqaParquetOptions extends VqaFilesOptions {
  readonly count: number;
  /** The tutorial's 42 by default. */
  readonly seed?: number;
  /** Which images of these files; all by default. `train` and `val` of the same files share none. */
  readonly part?: Part;
  /** Samples are kept here, and a later call with the same request goes on where this one stopped. */
  readonly cache_dir: string;
  /** What the files are, for `source` and for messages; their name by default. */
  readonly label?: string;
  /** What else the samples depend on: the revision of a data set on the hub. */
  readonly revision?: string;
  /** The data set's folder: paths of images may lead to anywhere in it. That of the file itself by default. */
  readonly root?: string;
}

/** Changes whenever the same request would give other samples than before. */
const CACHE_VERSION = 2;
/** Rows taken from one span at a time: 100 rows of photos are 3 MB on the hub, so one row of each span would load the whole set. */
const MIN_ROWS_PER_STEP = 32;
/** Where spans are larger, so many more rows are taken that one costs about this much: a photo's own size. */
const BYTES_PER_ROW = 100_000;
/** Of a larger row group, so much is looked at at a time. */
const WINDOW_BYTES = 1 << 25;
/** So many rows and not one of use: the data set has no answers (a test split) or no images. */
const MAX_USELESS_ROWS = 1000;

/**
 * Takes `count` samples: spans of rows in seeded order, some rows of each, each image once before any image twice; then around again.
 * A row without a question, answers or a readable image is skipped and counted. There may be fewer samples than asked for, but never none.
 *
 * @param files paths or addresses
 * @example
 * const { samples } = await loadVqaParquet(['validation-00000-of-00068.parquet'], { count: 300, cache_dir: 'output/datasets' });
 * @throws {VqaParquetError} when nothing can be used: says why, and of which rows @throws {HubError}
 */
export async function loadVqaParquet(files: readonly string[], options: VqaParquetOptions): Promise<VqaSamples> {
  checkCounts(options);
  if (files.length === 0)
    throw new VqaParquetError('no parquet files were named; expected at least one path or address.');
  const loader = new Loader(files, options);
  await loader.run();
  return loader.result();
}

/** How far one span has been read. */
interface Progress {
  window: number;
  next: number;
  exhausted: boolean;
}

class Loader {
  private readonly files: VqaFiles;
  private readonly cache: SampleCache;
  private readonly spans = new Map<string, Progress>();
  /** The image that an id stands for: some data sets call every image by the same name. */
  private readonly imageOf = new Map<string, ImageSource>();
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
  }

  async run(): Promise<void> {
    const { count } = this.options;
    this.report(0);
    if (this.cache.held >= count) {
      this.cache.replayUntil(count);
      return;
    }
    const bound = await this.bound();
    for (let isLeft = true; isLeft && this.cache.samples.length < count; ) {
      isLeft = false;
      for await (const place of this.files.spans(this.seed)) {
        if (this.cache.samples.length >= count) break;
        this.options.signal?.throwIfAborted();
        if ('problem' in place) {
          this.skipFile(place.file, place.problem);
          continue;
        }
        const key = `${place.file.index}/${place.span}`;
        const progress = this.spans.get(key) ?? { window: 0, next: 0, exhausted: false };
        this.spans.set(key, progress);
        if (progress.exhausted) continue;
        const stepKey = `${key}/${progress.window}/${progress.next}`;
        const step = this.cache.replay(stepKey) ?? (await this.read(place.file, place.span, progress, bound, stepKey));
        Object.assign(progress, { window: step.window, next: step.next, exhausted: step.exhausted });
        for (const { image_id, image } of step.samples)
          if (!this.imageOf.has(image_id)) this.imageOf.set(image_id, image);
        isLeft ||= !step.exhausted;
        this.report(0);
        this.giveUpIfUseless();
      }
    }
  }

  result(): VqaSamples {
    const { count, label } = this.options;
    const skipped = this.cache.skips.report();
    const source =
      label ?? (this.names.length === 1 ? path.basename(this.names[0]) : `${this.names.length} parquet files`);
    const samples = this.cache.samples.slice(0, count);
    if (samples.length > 0) return { samples, skipped, source };
    if (this.problems.length > 0 && this.problems.length === this.names.length) throw this.problems[0];
    if (skipped.total > 0) throw this.useless(skipped.total);
    throw new VqaParquetError(
      this.part === 'all' || this.rowsSeen === 0
        ? `${this.name}: has no rows. Choose another split or file.`
        : `${this.name}: none of its ${this.rowsSeen} rows belongs to the part "${this.part}". One split is divided image by image, and this one has too few different images for that. ` +
            'Name a data set with a training and a validation split.',
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
        'Choose a split that has images, questions and answers (test splits have no answers), or name the columns with the option columns.',
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

  /** Looks at the next rows of a span, and takes as many as are worth the bytes that they cost. */
  private async read(
    file: OpenVqaFile,
    index: number,
    { window, next }: Progress,
    bound: number,
    key: string,
  ): Promise<Step> {
    const { columns } = file;
    const span = file.parquet.openSpan(file.spans[index]);
    const bytes = span.bytesOf(columns.image);
    const perWindow = Math.max(
      MIN_ROWS_PER_STEP,
      Math.floor((span.rows * WINDOW_BYTES) / Math.max(bytes, WINDOW_BYTES)),
    );
    const [from, to] = [window * perWindow, Math.min(span.rows, (window + 1) * perWindow)];
    const { candidates, skips } = await readVqaRows(span, {
      window: { from, to },
      columns,
      file: file.name,
      part: this.part,
      bound,
      seed: this.seed + span.first + from,
      eager: this.cache.samples.length > 0,
    });
    this.rowsSeen += next === 0 ? to - from : 0;
    const skipped = new SkipCounter();
    if (next === 0) skipped.merge(skips.report()); // a later look at the same rows finds the same ones unusable
    const wanted = Math.max(MIN_ROWS_PER_STEP, Math.ceil(((bytes / span.rows) * (to - from)) / BYTES_PER_ROW));
    const samples: VqaSample[] = [];
    let at = next;
    for (; at < candidates.length && samples.length < wanted; at++) {
      this.options.signal?.throwIfAborted();
      const taken = await this.take(candidates[at], file, samples);
      if (typeof taken === 'string') skipped.add(taken, candidates[at].which);
      this.report(samples.length);
    }
    const isDone = at >= candidates.length;
    const place = { window: isDone ? window + 1 : window, next: isDone ? 0 : at, exhausted: isDone && to >= span.rows };
    const step: Step = { key, ...place, samples, skipped: skipped.report() };
    this.cache.finish(step);
    return step;
  }

  /** Adds a sample, or says what is wrong with its image. */
  private async take(
    { image, sample }: Candidate,
    file: OpenVqaFile,
    samples: VqaSample[],
  ): Promise<string | undefined> {
    let source: string | Uint8Array;
    if ('bytes' in image) source = image.bytes;
    else {
      const folder = isUrl(file.name) ? undefined : path.dirname(path.resolve(file.name));
      const found = findImageFile(image.path, folder, this.options.root ?? folder);
      if (typeof found === 'string') return found;
      source = found.file;
    }
    try {
      await loadRgb(source);
    } catch (error) {
      if (error instanceof ImageError) return 'image unreadable';
      throw error;
    }
    samples.push(this.nameImage(this.cache.store({ ...sample, image: source }), samples));
    return undefined;
  }

  /** An id that another image has already gets the digest of this one behind it: calibration keeps one image for each id. */
  private nameImage(sample: VqaSample, samples: readonly VqaSample[]): VqaSample {
    const { image_id, image } = sample;
    const known = this.imageOf.get(image_id) ?? samples.find((one) => one.image_id === image_id)?.image;
    if (known === undefined || known === image) return sample;
    const digest = createHash('sha256')
      .update(path.basename(String(image)))
      .digest('hex')
      .slice(0, 8);
    return { ...sample, image_id: `${image_id}#${digest}` };
  }

  private report(more: number): void {
    const { count, progress_callback } = this.options;
    progress_callback?.({ status: 'samples', loaded: Math.min(this.cache.samples.length + more, count), total: count });
  }
}

/** A local file under its name with other content is another request. */
function identify(file: string): unknown {
  if (isUrl(file) || !fs.existsSync(file)) return file;
  const { size, mtimeMs } = fs.statSync(file);
  return [path.resolve(file), size, mtimeMs];
}

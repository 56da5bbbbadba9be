// VQAv2 in the parquet form of the hub: pictures lie in the rows as bytes. Only the row groups that are needed are read.
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as crypto from 'node:crypto';
import type { FileMetaData, parquetReadObjects } from 'hyparquet';
import { loadSharp } from '../core/load-sharp';
import type { ProgressCallback } from '../core/progress';
import { HubError, isUrl, openByteSource, type ByteSource, type RequestOptions } from '../hub';
import { VqaParquetError, type RowShare } from './parquet-files';
import { seededShuffle } from './seeded-shuffle';
import { checkCounts, SkipCounter, type VqaSample, type VqaSamples } from './vqa-sample';
import { parseAnswers } from './vqa-v2';

/** What the columns are called; the defaults are those of VQAv2's copies on the hub, such as lmms-lab/VQAv2. */
export interface VqaColumns {
  readonly image: string;
  readonly question: string;
  readonly answers: string;
  readonly multiple_choice_answer: string;
  readonly image_id: string;
  readonly question_id: string;
  readonly question_type: string;
}

export interface VqaParquetOptions extends RequestOptions {
  readonly count: number;
  /** The tutorial's 42 by default. */
  readonly seed?: number;
  readonly columns?: Partial<VqaColumns>;
  /** Which rows of each row group; all by default. */
  readonly share?: RowShare;
  /** Samples are kept here, and a later call with the same request goes on where this one stopped. */
  readonly cache_dir: string;
  readonly progress_callback?: ProgressCallback;
}

const COLUMNS: VqaColumns = {
  image: 'image',
  question: 'question',
  answers: 'answers',
  multiple_choice_answer: 'multiple_choice_answer',
  image_id: 'image_id',
  question_id: 'question_id',
  question_type: 'question_type',
};
/** Rows taken from one row group at a time: a group of pictures is tens of megabytes, so one row of each would load the whole set. */
const ROWS_PER_BLOCK = 32;
/** Where a data set has one split only, this part of each row group goes to validation, at least one row of two or more. */
const LAST_SHARE = 0.2;
/** So many rows of no use in a row are no accident: the data set has no answers or pictures (a test split), or other columns. */
const MAX_SKIPPED_IN_A_ROW = 1000;

/** Rows of one row group, in the order in which they are taken. */
interface Block {
  readonly file: string;
  readonly first: number;
  readonly last: number;
  readonly rows: readonly number[];
}

/**
 * Takes `count` samples: row groups in seeded order, up to 32 rows of each in seeded order, then around again. (Python's streaming
 * shuffle mixes within a buffer instead; neither gives a sample of the whole set without reading it.)
 * A row without a question, answers or a readable picture is passed over and counted.
 *
 * @param files paths or addresses
 * @example
 * const { samples } = await loadVqaParquet(['validation-00000-of-00068.parquet'], { count: 300, cache_dir: 'output/datasets' });
 */
export async function loadVqaParquet(files: readonly string[], options: VqaParquetOptions): Promise<VqaSamples> {
  checkCounts(options);
  const { count, seed = 42, share = 'all', signal, progress_callback } = options;
  const columns = { ...COLUMNS, ...options.columns };
  const cache = new SampleCache(
    options.cache_dir,
    JSON.stringify({ files: files.map(identify), seed, columns, share }),
  );
  const skips = cache.skips;
  const report = (): void =>
    progress_callback?.({ status: 'samples', loaded: Math.min(cache.samples.length, count), total: count });
  report();
  if (cache.samples.length < count) {
    const readers = new Map<string, Promise<{ source: ByteSource; metadata: FileMetaData }>>();
    const open = (file: string) => {
      let reader = readers.get(file);
      if (!reader) readers.set(file, (reader = openParquet(file, options)));
      return reader;
    };
    const blocks = await planBlocks(files, open, seed, share);
    let inARow = 0;
    for (let index = cache.nextBlock; index < blocks.length && cache.samples.length < count; index++) {
      const block = blocks[index];
      const { source, metadata } = await open(block.file);
      const present = topLevelColumns(metadata);
      checkColumns(present, columns, block.file);
      // utf8: false keeps the pictures' bytes as they are; annotated strings are decoded all the same.
      const rows = await readRows(block, signal, {
        file: source,
        metadata,
        columns: Object.values(columns).filter((name) => present.has(name)),
        rowStart: block.first,
        rowEnd: block.last,
        utf8: false,
      });
      for (const row of block.rows) {
        signal?.throwIfAborted();
        const which = `${path.basename(block.file)}, row ${block.first + row}`;
        const parsed = rows ? parseRow(rows[row], columns, which) : 'row group broken';
        const problem =
          typeof parsed === 'string' ? parsed : (await isPicture(parsed.bytes)) ? undefined : 'picture broken';
        inARow = problem ? inARow + 1 : 0;
        if (problem) skips.add(problem, which);
        else if (typeof parsed !== 'string') cache.add(parsed.sample, parsed.bytes);
        if (inARow === MAX_SKIPPED_IN_A_ROW)
          throw new VqaParquetError(
            `${block.file}: ${inARow} rows in a row are of no use (the last: ${problem}); expected pictures, questions and answers. Choose a split that has them, or name its columns with the option columns.`,
          );
        report();
      }
      cache.finishBlock(index);
    }
  }
  return {
    samples: cache.samples.slice(0, count),
    skipped: skips.report(),
    source: files.length === 1 ? path.basename(files[0]) : `${files.length} parquet files`,
  };
}

/** A local file under its name with other content is another request. */
function identify(file: string): unknown {
  if (isUrl(file) || !fs.existsSync(file)) return file;
  const { size, mtimeMs } = fs.statSync(file);
  return [path.resolve(file), size, mtimeMs];
}

/** Loaded at first use: only those who read parquet files need it. */
function hyparquet(): typeof import('hyparquet') {
  return require('hyparquet');
}

async function openParquet(
  file: string,
  options: RequestOptions,
): Promise<{ source: ByteSource; metadata: FileMetaData }> {
  const source = await openByteSource(file, options);
  try {
    return { source, metadata: await hyparquet().parquetMetadataAsync(source) };
  } catch (error) {
    if (error instanceof HubError || options.signal?.aborted) throw error;
    throw new VqaParquetError(
      `${file}: not a parquet file, or cut short: ${error instanceof Error ? error.message : String(error)}. Download it again.`,
    );
  }
}

/** The schema lists the tree depth first, each inner node with the number of its children. */
function topLevelColumns({ schema }: FileMetaData): Set<string> {
  const names = new Set<string>();
  const skip = (at: number): number => {
    let next = at + 1;
    for (let child = 0; child < (schema[at].num_children ?? 0); child++) next = skip(next);
    return next;
  };
  for (let at = 1; at < schema.length; at = skip(at)) names.add(schema[at].name);
  return names;
}

function checkColumns(present: ReadonlySet<string>, columns: VqaColumns, file: string): void {
  const missing =
    [columns.image, columns.question].find((column) => !present.has(column)) ??
    (present.has(columns.answers) || present.has(columns.multiple_choice_answer) ? undefined : columns.answers);
  if (missing)
    throw new VqaParquetError(
      `${file} has no column "${missing}"; expected ${columns.image}, ${columns.question}, and ${columns.answers} or ${columns.multiple_choice_answer}. Name yours with the option columns; it has: ${[...present].join(', ')}.`,
    );
}

/** undefined when the row group's own bytes are broken: its rows are passed over. */
async function readRows(
  block: Block,
  signal: AbortSignal | undefined,
  options: Parameters<typeof parquetReadObjects>[0],
): Promise<Record<string, unknown>[] | undefined> {
  try {
    const rows = await hyparquet().parquetReadObjects(options);
    return rows.length === block.last - block.first ? rows : undefined;
  } catch (error) {
    if (error instanceof HubError || signal?.aborted) throw error;
    return undefined;
  }
}

async function planBlocks(
  files: readonly string[],
  open: (file: string) => Promise<{ metadata: FileMetaData }>,
  seed: number,
  share: RowShare,
): Promise<Block[]> {
  const groups: { file: string; first: number; last: number; rows: number[] }[] = [];
  for (const file of files) {
    let first = 0;
    for (const { num_rows } of (await open(file)).metadata.row_groups) {
      const size = Number(num_rows);
      const cut = size < 2 ? size : size - Math.max(1, Math.floor(size * LAST_SHARE));
      const [from, to] = share === 'all' ? [0, size] : share === 'first' ? [0, cut] : [cut, size];
      groups.push({
        file,
        first,
        last: first + size,
        rows: seededShuffle(
          Array.from({ length: to - from }, (_, row) => from + row),
          seed + groups.length,
        ),
      });
      first += size;
    }
  }
  const order = seededShuffle(groups, seed);
  const blocks: Block[] = [];
  for (let from = 0; order.some(({ rows }) => rows.length > from); from += ROWS_PER_BLOCK)
    for (const group of order)
      if (group.rows.length > from) blocks.push({ ...group, rows: group.rows.slice(from, from + ROWS_PER_BLOCK) });
  return blocks;
}

function parseRow(
  row: unknown,
  columns: VqaColumns,
  which: string,
): { sample: Omit<VqaSample, 'image'>; bytes: Uint8Array } | string {
  if (!isRecord(row)) return 'row missing';
  const image = row[columns.image];
  const bytes = isRecord(image) ? image.bytes : image;
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) return 'picture missing';
  const question = row[columns.question];
  if (typeof question !== 'string' || question.trim() === '') return 'no question';
  const answers = parseAnswers(row[columns.answers], row[columns.multiple_choice_answer]);
  if (!answers) return 'no answers';
  const type = row[columns.question_type];
  const identity = (value: unknown): string =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
      ? String(value)
      : crypto.createHash('sha256').update(which).digest('hex').slice(0, 16);
  return {
    bytes,
    sample: {
      image_id: identity(row[columns.image_id]),
      question_id: identity(row[columns.question_id]),
      question,
      answers,
      ...(typeof type === 'string' && { question_type: type }),
    },
  };
}

async function isPicture(bytes: Uint8Array): Promise<boolean> {
  const sharp = loadSharp();
  try {
    await sharp(bytes).stats();
    return true;
  } catch {
    return false;
  }
}

/** One folder per request: `blocks.jsonl` has one line for each finished block, the pictures lie beside. */
class SampleCache {
  readonly samples: VqaSample[] = [];
  readonly skips: SkipCounter = new SkipCounter();
  nextBlock = 0;
  private readonly folder: string;
  private readonly log: string;
  private block: (Omit<VqaSample, 'image'> & { image: string })[] = [];
  private skippedBefore = 0;

  constructor(cache_dir: string, request: string) {
    this.folder = path.join(cache_dir, `vqa-${crypto.createHash('sha256').update(request).digest('hex').slice(0, 16)}`);
    this.log = path.join(this.folder, 'blocks.jsonl');
    fs.mkdirSync(this.folder, { recursive: true });
    if (!fs.existsSync(this.log)) return;
    for (const line of fs.readFileSync(this.log, 'utf8').split('\n')) {
      const entry = parseLine(line);
      if (
        !entry ||
        entry.block !== this.nextBlock ||
        !entry.samples.every(({ image }) => fs.existsSync(path.join(this.folder, image)))
      )
        break; // cut short: read this block again
      this.samples.push(...entry.samples.map((sample) => ({ ...sample, image: path.join(this.folder, sample.image) })));
      for (const { reason, which } of entry.skipped) this.skips.add(reason, which);
      this.nextBlock++;
    }
    const whole = fs.readFileSync(this.log, 'utf8').split('\n').slice(0, this.nextBlock);
    writeWhole(this.log, whole.map((line) => `${line}\n`).join(''));
    this.skippedBefore = this.skips.all.length;
  }

  add(sample: Omit<VqaSample, 'image'>, bytes: Uint8Array): void {
    const name = crypto.createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    const file = path.join(this.folder, name);
    if (!fs.existsSync(file)) writeWhole(file, bytes);
    this.block.push({ ...sample, image: name });
    this.samples.push({ ...sample, image: file });
  }

  finishBlock(index: number): void {
    fs.appendFileSync(
      this.log,
      `${JSON.stringify({ block: index, samples: this.block, skipped: this.skips.all.slice(this.skippedBefore) })}\n`,
    );
    this.block = [];
    this.skippedBefore = this.skips.all.length;
    this.nextBlock = index + 1;
  }
}

function writeWhole(file: string, contents: string | Uint8Array): void {
  const temporary = `${file}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, contents);
  fs.renameSync(temporary, file);
}

function parseLine(line: string):
  | {
      block: number;
      samples: (Omit<VqaSample, 'image'> & { image: string })[];
      skipped: { reason: string; which: string }[];
    }
  | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (
    !isRecord(value) ||
    typeof value.block !== 'number' ||
    !Array.isArray(value.samples) ||
    !Array.isArray(value.skipped)
  )
    return undefined;
  const samples: (Omit<VqaSample, 'image'> & { image: string })[] = [];
  for (const item of value.samples) {
    if (!isRecord(item)) return undefined;
    const { image_id, question_id, question, answers, question_type, image } = item;
    const parsed = parseAnswers(answers, undefined);
    if (
      typeof image_id !== 'string' ||
      typeof question_id !== 'string' ||
      typeof question !== 'string' ||
      typeof image !== 'string' ||
      !parsed
    )
      return undefined;
    samples.push({
      image_id,
      question_id,
      question,
      answers: parsed,
      image,
      ...(typeof question_type === 'string' && { question_type }),
    });
  }
  const skipped: { reason: string; which: string }[] = [];
  for (const item of value.skipped) {
    if (!isRecord(item) || typeof item.reason !== 'string' || typeof item.which !== 'string') return undefined;
    skipped.push({ reason: item.reason, which: item.which });
  }
  return { block: value.block, samples, skipped };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

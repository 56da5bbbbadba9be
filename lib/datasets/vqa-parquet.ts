// VQAv2 in the parquet form of the hub: pictures lie in the rows as bytes. Only the row groups that are needed are read.
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as crypto from 'node:crypto';
import { parquetMetadataAsync, parquetReadObjects, type FileMetaData } from 'hyparquet';
import sharp from 'sharp';
import { BlipError } from '../errors';
import type { ProgressCallback } from '../progress';
import { fetchWithRetry, hubEndpoint, openByteSource, type ByteSource } from './byte-source';
import { seededShuffle } from './seeded-shuffle';
import { SkipCounter, type VqaSample, type VqaSamples } from './vqa-sample';
import { parseAnswers } from './vqa-v2';

export class VqaParquetError extends BlipError {}

/** What the columns are called; the defaults are those of VQAv2's copies on the hub, such as lmms-lab/VQAv2. */
export interface VqaColumns {
  readonly image: string; readonly question: string; readonly answers: string; readonly multiple_choice_answer: string;
  readonly image_id: string; readonly question_id: string; readonly question_type: string;
}

export interface VqaParquetOptions {
  readonly count: number;
  /** The tutorial's 42 by default. */
  readonly seed?: number;
  readonly columns?: Partial<VqaColumns>;
  /** Samples are kept here, and a later call with the same request goes on where this one stopped. */
  readonly cache_dir: string;
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

const COLUMNS: VqaColumns = {
  image: 'image', question: 'question', answers: 'answers', multiple_choice_answer: 'multiple_choice_answer',
  image_id: 'image_id', question_id: 'question_id', question_type: 'question_type',
};
/** Rows taken from one row group at a time: a group of pictures is tens of megabytes, so one row of each would load the whole set. */
const ROWS_PER_BLOCK = 32;

/** Rows of one row group, in the order in which they are taken. */
interface Block { readonly file: string; readonly first: number; readonly last: number; readonly rows: readonly number[] }

/** The parquet files of a data set's split on the hub. @throws {VqaParquetError | ByteSourceError} */
export async function hubParquetFiles(id: string, split: string, options: { config?: string; signal?: AbortSignal } = {}): Promise<string[]> {
  const url = `${hubEndpoint()}/api/datasets/${id}/parquet/${options.config ?? 'default'}/${split}`;
  const list: unknown = await (await fetchWithRetry(url, { signal: options.signal })).json();
  const files = Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
  if (files.length === 0) throw new VqaParquetError(`${url}: got no file addresses; expected a list. Check the id "${id}", its config and the split "${split}".`);
  return files;
}

/**
 * Takes `count` samples: row groups in seeded order, up to 32 rows of each in seeded order, then around again. (Python's streaming
 * shuffle mixes within a buffer instead; neither gives a sample of the whole set without reading it.)
 * A row without a question, answers or a readable picture is passed over and counted.
 *
 * @param files paths or addresses
 * @example
 * const files = await hubParquetFiles('lmms-lab/VQAv2', 'validation');
 * const { samples } = await loadVqaParquet(files, { count: 300, cache_dir: 'output/datasets' });
 */
export async function loadVqaParquet(files: readonly string[], options: VqaParquetOptions): Promise<VqaSamples> {
  const { count, seed = 42, signal, progress_callback } = options;
  const columns = { ...COLUMNS, ...options.columns };
  const cache = new SampleCache(options.cache_dir, JSON.stringify({ files, seed, columns }));
  const skips = cache.skips;
  const report = (): void => progress_callback?.({ status: 'samples', loaded: Math.min(cache.samples.length, count), total: count });
  report();
  if (cache.samples.length < count) {
    const readers = new Map<string, Promise<{ source: ByteSource; metadata: FileMetaData }>>();
    const open = (file: string) => {
      let reader = readers.get(file);
      if (!reader) readers.set(file, reader = openParquet(file, signal));
      return reader;
    };
    const blocks = await planBlocks(files, open, seed);
    for (let index = cache.nextBlock; index < blocks.length && cache.samples.length < count; index++) {
      const block = blocks[index];
      const { source, metadata } = await open(block.file);
      const present = new Set(metadata.schema.map(({ name }) => name));
      const needed = [columns.image, columns.question];
      for (const column of needed)
        if (!present.has(column)) throw new VqaParquetError(`${block.file} has no column "${column}"; expected ${needed.join(' and ')}. Name yours with the option columns; it has: ${metadata.schema.slice(1).filter((item) => item.name !== 'element').map(({ name }) => name).join(', ')}.`);
      // utf8: false keeps the pictures' bytes as they are; annotated strings are decoded all the same.
      const rows = await parquetReadObjects({ file: source, metadata, columns: Object.values(columns).filter((name) => present.has(name)), rowStart: block.first, rowEnd: block.last, utf8: false });
      for (const row of block.rows) {
        signal?.throwIfAborted();
        const which = `${path.basename(block.file)}, row ${block.first + row}`;
        const parsed = parseRow(rows[row], columns, which);
        if (typeof parsed === 'string') skips.add(parsed, which);
        else if (!(await isPicture(parsed.bytes))) skips.add('picture broken', which);
        else cache.add(parsed.sample, parsed.bytes);
        report();
      }
      cache.finishBlock(index);
    }
  }
  return { samples: cache.samples.slice(0, count), skipped: skips.report(), source: files.length === 1 ? path.basename(files[0]) : `${files.length} parquet files` };
}

async function openParquet(file: string, signal?: AbortSignal): Promise<{ source: ByteSource; metadata: FileMetaData }> {
  const source = await openByteSource(file, signal);
  try {
    return { source, metadata: await parquetMetadataAsync(source) };
  } catch (error) {
    throw new VqaParquetError(`${file}: not a parquet file: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

async function planBlocks(files: readonly string[], open: (file: string) => Promise<{ metadata: FileMetaData }>, seed: number): Promise<Block[]> {
  const groups: { file: string; first: number; last: number; rows: number[] }[] = [];
  for (const file of files) {
    let first = 0;
    for (const { num_rows } of (await open(file)).metadata.row_groups) {
      const size = Number(num_rows);
      groups.push({ file, first, last: first + size, rows: seededShuffle(Array.from({ length: size }, (_, row) => row), seed + groups.length) });
      first += size;
    }
  }
  const order = seededShuffle(groups, seed);
  const blocks: Block[] = [];
  for (let from = 0; order.some(({ rows }) => rows.length > from); from += ROWS_PER_BLOCK)
    for (const group of order) if (group.rows.length > from) blocks.push({ ...group, rows: group.rows.slice(from, from + ROWS_PER_BLOCK) });
  return blocks;
}

function parseRow(row: unknown, columns: VqaColumns, which: string): { sample: Omit<VqaSample, 'image'>; bytes: Uint8Array } | string {
  if (!isRecord(row)) return 'row missing';
  const image = row[columns.image];
  const bytes = isRecord(image) ? image.bytes : image;
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) return 'picture missing';
  const question = row[columns.question];
  if (typeof question !== 'string' || question === '') return 'no question';
  const answers = parseAnswers(row[columns.answers], row[columns.multiple_choice_answer]);
  if (!answers) return 'no answers';
  const type = row[columns.question_type];
  const identity = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? String(value) : crypto.createHash('sha256').update(which).digest('hex').slice(0, 16));
  return { bytes, sample: { image_id: identity(row[columns.image_id]), question_id: identity(row[columns.question_id]), question, answers, ...(typeof type === 'string' && { question_type: type }) } };
}

async function isPicture(bytes: Uint8Array): Promise<boolean> {
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
      if (!entry || entry.block !== this.nextBlock || !entry.samples.every(({ image }) => fs.existsSync(path.join(this.folder, image)))) break; // cut short: read this block again
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
    fs.appendFileSync(this.log, `${JSON.stringify({ block: index, samples: this.block, skipped: this.skips.all.slice(this.skippedBefore) })}\n`);
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

function parseLine(line: string): { block: number; samples: (Omit<VqaSample, 'image'> & { image: string })[]; skipped: { reason: string; which: string }[] } | undefined {
  let value: unknown;
  try { value = JSON.parse(line); } catch { return undefined; }
  if (!isRecord(value) || typeof value.block !== 'number' || !Array.isArray(value.samples) || !Array.isArray(value.skipped)) return undefined;
  const samples: (Omit<VqaSample, 'image'> & { image: string })[] = [];
  for (const item of value.samples) {
    if (!isRecord(item)) return undefined;
    const { image_id, question_id, question, answers, question_type, image } = item;
    const parsed = parseAnswers(answers, undefined);
    if (typeof image_id !== 'string' || typeof question_id !== 'string' || typeof question !== 'string' || typeof image !== 'string' || !parsed) return undefined;
    samples.push({ image_id, question_id, question, answers: parsed, image, ...(typeof question_type === 'string' && { question_type }) });
  }
  const skipped: { reason: string; which: string }[] = [];
  for (const item of value.skipped) {
    if (!isRecord(item) || typeof item.reason !== 'string' || typeof item.which !== 'string') return undefined;
    skipped.push({ reason: item.reason, which: item.which });
  }
  return { block: value.block, samples, skipped };
}

function isRecord(value: unknown): value is Record<string, unknown> { return typeof value === 'object' && value !== null && !Array.isArray(value); }

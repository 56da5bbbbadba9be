// What a caller may ask of a batch.
import { checkOptions } from '../core/check-options';
import { describeValue } from '../core/describe-value';
import { CONVERT_ONCE_OPTIONS } from '../convert/convert-once';
import type { GenerationOptions, PretrainedOptions } from '../generation';
import { LOAD_MODEL_OPTIONS } from '../generation/load-model-options';
import { BatchError } from './batch-error';
import type { CaptionFileOptions } from './caption-files';
import { checkShard, type Shard } from './shard';
import type { ColumnOptions } from './table-columns';

/** An image that got no text. */
export interface BatchFailure {
  readonly name: string;
  readonly reason: string;
}

export interface BatchOptions extends PretrainedOptions, Pick<ColumnOptions, 'image_column'> {
  /** A hub id, a checkpoint folder, a file of weights, or a folder of converted models. */
  readonly model: string;
  /**
   * A table instead of files beside the images: `.jsonl`, `.csv` or `.parquet`. With a shard its number is added:
   * `out-00003-of-00016.jsonl`.
   */
  readonly output?: string;
  /** Part `index`, from 0, of `count`: all by default. Images are divided by their names. */
  readonly shard?: Shard;
  /** Options of generation; `signal` stands beside them. `do_sample` and `on_token` are not for batches. */
  readonly generation?: Omit<GenerationOptions, 'signal' | 'on_token'>;
  /**
   * Images in a run of the vision model, 1 to 256. By default 1; where more than a minute's work is left, 2, 4, … 16
   * are tried on the first images, and taken where each saves 5 %.
   */
  readonly batch_size?: number;
  /**
   * Runs of the vision model at the same time, 1 to 64; the threads are divided among them. By default as many as the
   * device chooses; where more than a minute's work is left, one run, and one for each thread, are tried, too. Each run
   * waits in a thread of libuv's pool: by default at most two, with UV_THREADPOOL_SIZE at most two less than that.
   */
  readonly streams?: number;
  /** Bytes that images may take in memory, 16 MiB at least; by default a quarter of what is free, 1 GiB at most. */
  readonly memory_limit?: number;
  /** Called once for each image that gets no text. */
  readonly on_failure?: (failure: BatchFailure) => void;
}

/** Names of {@link BatchOptions}. */
const BATCH_OPTIONS = [
  'model',
  'output',
  'shard',
  'generation',
  'batch_size',
  'streams',
  'memory_limit',
  'on_failure',
  'image_column',
  ...LOAD_MODEL_OPTIONS,
  ...CONVERT_ONCE_OPTIONS,
] as const;

export interface AskFolderOptions extends BatchOptions, ColumnOptions {
  readonly output: string;
}

export interface CaptionFolderOptions extends BatchOptions, CaptionFileOptions {
  /** Words that each caption begins with. */
  readonly prompt?: string;
}

export const CAPTION_FILE_OPTIONS = ['caption_extension', 'prefix', 'suffix', 'append', 'overwrite'] as const;

const MIN_MEMORY = 2 ** 24;
const MAX_BATCH = 256;
const MAX_STREAMS = 64;

/** @throws {OptionsError | BatchError} */
export function checkBatchOptions(
  call: string,
  options: BatchOptions & ColumnOptions,
  more: readonly string[] = [],
): void {
  checkOptions(call, options, [...BATCH_OPTIONS, ...more]);
  const { model, output, shard, generation, on_failure } = options;
  const fail = (name: string, value: unknown, expected: string): never => {
    throw new BatchError(`${call}: option "${name}" is ${describeValue(value)}; expected ${expected}.`);
  };
  if (typeof model !== 'string' || model === '') fail('model', model, 'a hub id or a folder');
  if (output !== undefined && (typeof output !== 'string' || !/\.(jsonl|csv|parquet)$/i.test(output)))
    fail('output', output, 'a file name that ends with .jsonl, .csv or .parquet');
  if (shard !== undefined) {
    if (typeof shard !== 'object' || shard === null) fail('shard', shard, '{ index, count }');
    checkShard(shard);
  }
  if (generation !== undefined && (typeof generation !== 'object' || generation === null))
    fail('generation', generation, 'an object such as { max_new_tokens: 20 }');
  if (generation && ('signal' in generation || 'on_token' in generation))
    fail('generation', 'signal or on_token', 'options of generation without them');
  if (on_failure !== undefined && typeof on_failure !== 'function') fail('on_failure', on_failure, 'a function');
  for (const name of ['image_column', 'question_column'] as const)
    if (options[name] !== undefined && (typeof options[name] !== 'string' || options[name] === ''))
      fail(name, options[name], 'the name of a column');
  const whole = (name: 'batch_size' | 'streams' | 'memory_limit', least: number, most: number): void => {
    const value = options[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= least && value <= most))
      fail(name, value, `a whole number from ${least} to ${most}`);
  };
  whole('batch_size', 1, MAX_BATCH);
  whole('streams', 1, MAX_STREAMS);
  whole('memory_limit', MIN_MEMORY, Number.MAX_SAFE_INTEGER);
}

/** @throws {BatchError} */
export function checkCaptionOptions(call: string, options: CaptionFolderOptions): void {
  for (const name of ['caption_extension', 'prefix', 'suffix', 'prompt'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'string')
      throw new BatchError(`${call}: option "${name}" is ${describeValue(options[name])}; expected a string.`);
  for (const name of ['append', 'overwrite'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'boolean')
      throw new BatchError(`${call}: option "${name}" is ${describeValue(options[name])}; expected true or false.`);
  const given = CAPTION_FILE_OPTIONS.find((name) => options[name] !== undefined && options[name] !== false);
  if (options.output !== undefined && given !== undefined)
    throw new BatchError(`${call}: "${given}" is for caption files beside the images, not for a table (output).`);
}

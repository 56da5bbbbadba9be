// Captions, or answers, for folders, lists, tables and archives of images: a batch that goes on where it was stopped.
import { linkTarget } from '../core/link-target';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { describeValue } from '../core/describe-value';
import { withCallbacks, type GuardCallback } from '../core/with-callbacks';
import { withLock } from '../core/with-lock';
import { reportProgress } from '../core/progress';
import { OVBlipModel } from '../generation';
import { BlipProcessor } from '../preprocessing';
import { BatchError } from './batch-error';
import {
  CAPTION_FILE_OPTIONS,
  checkBatchOptions,
  checkCaptionOptions,
  type BatchOptions,
  type CaptionFolderOptions,
} from './batch-options';
import type { BatchSummary } from './batch-summary';
import { CaptionFiles } from './caption-files';
import { explainOutputError } from './explain-output-error';
import { Journal } from './journal';
import { isFolder } from './input-kinds';
import type { BatchInput } from './list-inputs';
import { runBatch, type BatchModel, type BatchPlan } from './run-batch';
import { shardName, type Shard } from './shard';
import { writeCsv, writeParquet } from './write-table';

/** One input or several. */
export type BatchInputs = BatchInput | readonly BatchInput[];

/** Beside the images, what is done is written down here. */
const FOLDER_JOURNAL = '.blip-captions.jsonl';

/**
 * Captions for all images of a folder and the folders in it, of a pattern, or of a `.jsonl`, `.parquet` or `.tar` file.
 *
 * Without `output`, for folders only, each caption is written beside its image: `beach.jpg`, `beach.txt`. A caption file
 * that is not of an earlier call is left as it is, unless `overwrite` or `append` is given. With `output` all captions
 * go into one table, with `image`, `caption`, `score` (probability of the whole text), `time`, `model`, `sha256`.
 *
 * An image that cannot be used is a failure of its own and stops nothing. A later call with the same arguments does what
 * is missing: images that are new, that changed, or that failed. What was done with another model or other options is
 * done again. Decoding, vision model, decoder and writing work at the same time.
 *
 * @param inputs a path or pattern, a stream of paths (one a line, or with a null character behind each), or a list
 * @throws {BatchError} when an input cannot be listed or the output cannot be written; what is done is kept
 * @throws whatever OVBlipModel.fromPretrained throws; the signal's reason when aborted
 * @example
 * const { done, failures } = await captionFolder('photos', { model: 'models/blip-scenes' });
 * console.log(done, failures); // 8 []
 * @example
 * await captionFolder(['photos', 'scans/*.tif'], { model: 'models/blip-scenes', output: 'captions.jsonl' });
 */
export async function captionFolder(inputs: BatchInputs, options: CaptionFolderOptions): Promise<BatchSummary> {
  checkBatchOptions('captionFolder', options, ['prompt', ...CAPTION_FILE_OPTIONS]);
  checkCaptionOptions('captionFolder', options);
  const list = checkInputs('captionFolder', inputs);
  const { output, prompt } = options;
  if (output !== undefined) return runTable({ inputs: list, options, prompt }, output);
  const folder = list[0];
  if (list.length !== 1 || typeof folder !== 'string' || !isFolder(folder)) {
    const got = list.map((each) => (typeof each === 'string' ? describeValue(each) : 'a stream')).slice(0, 5);
    throw new BatchError(
      `captionFolder: captions are written beside the images of one folder; got ${got.join(', ')}. Name one folder ` +
        'that is there, or a table: output: "captions.jsonl".',
    );
  }
  const files = new CaptionFiles(options);
  const beside = { files, folder, overwrite: options.overwrite === true, append: options.append === true };
  return runLocked(options, folderJournal(folder, options.shard), (journal, loaded, guard) =>
    runBatch({ inputs: list, options, prompt, beside, journal, output: folder }, loaded, guard),
  );
}

/**
 * Answers to the same questions about each image, in a table with one row per image and question.
 *
 * @param inputs as for captionFolder
 * @param options `output` is needed
 * @throws as captionFolder does
 * @example
 * await askFolder('photos', ['how many dogs are there?'], { model: 'models/blip-scenes', output: 'answers.csv' });
 */
export async function askFolder(
  inputs: BatchInputs,
  questions: readonly string[],
  options: BatchOptions & { readonly output: string },
): Promise<BatchSummary> {
  checkArguments('askFolder', { questions: [questions, 'texts'] });
  checkBatchOptions('askFolder', options);
  const list = checkInputs('askFolder', inputs);
  if (questions.length === 0 || questions.some((question) => question.trim() === ''))
    throw new BatchError(
      'askFolder: a question is empty, or none is given; expected a list such as ["how many dogs are there?"].',
    );
  if (new Set(questions).size < questions.length) throw new BatchError('askFolder: a question is given twice.');
  if (options.output === undefined)
    throw new BatchError('askFolder: option "output" is missing; expected a table, such as "answers.jsonl".');
  return runTable({ inputs: list, options, questions }, options.output);
}

async function runTable(plan: Omit<BatchPlan, 'journal' | 'output'>, name: string): Promise<BatchSummary> {
  const { shard } = plan.options;
  const named = shard ? shardName(name, shard) : name;
  const kind = path.extname(named).toLowerCase();
  const output = linkTarget(named);
  const file = kind === '.jsonl' ? output : `${output}.journal`;
  return runLocked(plan.options, file, async (journal, loaded, guard) => {
    const summary = await runBatch({ ...plan, journal, output }, loaded, guard);
    await journal.compact();
    const table = { journal: file, output, isAnswers: plan.questions !== undefined, shard };
    if (kind === '.csv') await writeCsv(table);
    if (kind === '.parquet') await writeParquet(table);
    return summary;
  });
}

/** Of several calls for one output, one works and the others wait, and then do what is left. */
async function runLocked(
  options: BatchOptions,
  file: string,
  run: (journal: Journal, loaded: BatchModel, guard: GuardCallback) => Promise<BatchSummary>,
): Promise<BatchSummary> {
  const { signal, progress_callback } = options;
  const others = path.basename(file).startsWith('.blip-captions') ? folderJournals(path.dirname(file)) : [];
  let isOurs = false;
  const work = (guard: GuardCallback) => async (): Promise<BatchSummary> => {
    isOurs = true;
    const journal = await Journal.open(file, others);
    try {
      const loaded = await loadModel(options);
      try {
        return await run(journal, loaded, guard);
      } finally {
        loaded.model.dispose();
      }
    } finally {
      await journal.close();
    }
  };
  const onWait = (): void =>
    void reportProgress(progress_callback, { status: 'wait', file, message: 'another process is at work on it' });
  return withCallbacks(signal, async (guard) => {
    try {
      return await withLock(`${file}.lock`, work(guard), { signal, onWait });
    } catch (error) {
      throw isOurs || signal?.aborted ? error : explainOutputError(error, file); // the lock could not be made
    }
  });
}

async function loadModel(options: BatchOptions): Promise<BatchModel> {
  const { streams = 1 } = options;
  const model = await OVBlipModel.fromPretrained(options.model, {
    device: options.device,
    openvino: options.openvino,
    dtype: options.dtype,
    cache_dir: options.cache_dir,
    revision: options.revision,
    local_files_only: options.local_files_only,
    progress_callback: options.progress_callback,
    signal: options.signal,
    properties: { ...options.properties, ...(streams > 1 && { NUM_STREAMS: String(streams) }) },
  });
  try {
    return { model, processor: await BlipProcessor.fromCheckpoint(model.folder) };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function folderJournal(folder: string, shard: Shard | undefined): string {
  const file = path.join(folder, FOLDER_JOURNAL);
  return shard ? shardName(file, shard) : file;
}

/** Of all shards, and of a run without. */
function folderJournals(folder: string): string[] {
  const isJournal = (name: string): boolean => /^\.blip-captions(-\d{5}-of-\d{5})?\.jsonl$/.test(name);
  return fs
    .readdirSync(folder)
    .filter(isJournal)
    .map((name) => path.join(folder, name));
}

function checkInputs(call: string, inputs: BatchInputs): readonly BatchInput[] {
  const list: readonly unknown[] = Array.isArray(inputs) ? inputs : [inputs];
  const checked = list.filter((each): each is BatchInput => isStream(each) || typeof each === 'string');
  for (const each of list) if (!isStream(each)) checkArguments(call, { inputs: [each, 'path'] });
  if (checked.length === 0) throw new BatchError(`${call}: no input is given; expected a folder, a pattern or a list.`);
  return checked;
}

function isStream(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'pipe' in value;
}

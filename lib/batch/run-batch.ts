// One batch: what is to be done is found, done and written down, and what was done before is left out.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { reportProgress } from '../core/progress';
import type { GuardCallback } from '../core/with-callbacks';
import { decidesStreams } from '../generation/stream-properties';
import { MANIFEST_FILE } from '../model-folder/manifest';
import type { BadItem, BatchItem } from './batch-item';
import type { BatchOptions } from './batch-options';
import { BatchCounter, type BatchSummary } from './batch-summary';
import type { CaptionFiles } from './caption-files';
import { fetchAhead } from './fetch-ahead';
import type { Journal, OutputRow } from './journal';
import { PARQUET_FILE, TAR_FILE } from './input-kinds';
import { describeEmpty, listInput, listOrProblem, type BatchInput } from './list-inputs';
import { runsAtOnce, type BatchModel } from './load-batch-model';
import { fileVersion, type LoadedItem } from './load-item';
import { planMemory } from './plan-memory';
import { runStages } from './run-stages';
import { isInShard } from './shard';
import { stageWork } from './stage-work';
import { columnsOf, describeNoQuestion, type ColumnOptions } from './table-columns';
import type { GeneratedText } from './write-answers';
import { WriteQueue } from './write-queue';
import type { RowKind } from './write-table';

export interface BatchPlan {
  readonly inputs: readonly BatchInput[];
  readonly options: BatchOptions & ColumnOptions;
  /** About every image; absent for captions and features. */
  readonly questions?: readonly string[];
  readonly prompt?: string;
  /** Features instead of texts. */
  readonly features?: boolean;
  /** Where captions stand beside their images, with the folder that the journal's names are relative to. */
  readonly beside?: {
    readonly files: CaptionFiles;
    readonly folder: string;
    readonly overwrite: boolean;
    readonly append: boolean;
  };
  readonly journal: Journal;
  readonly output: string;
}

/** What the rows of a batch hold. */
export function rowsOf({ questions, features }: Pick<BatchPlan, 'questions' | 'features'>): RowKind {
  if (features) return 'features';
  return questions ? 'answers' : 'captions';
}

/** @throws {BatchError} and what the models throw; what is done until then is kept */
export async function runBatch(plan: BatchPlan, loaded: BatchModel, guard: GuardCallback): Promise<BatchSummary> {
  const { options, questions, prompt, journal } = plan;
  const { signal, batch_size, streams, properties = {}, openvino } = options;
  const identity = optionsDigest(plan, loaded.model);
  const counter = new BatchCounter();
  const onFailure = guard(options.on_failure);
  const report = guard(options.progress_callback);
  const fail = (name: string, problem: string): void => {
    const failure = { name, reason: withoutName(problem, name) };
    counter.fail(failure);
    onFailure(failure);
    report(counter.progress(rowsOf(plan)));
  };
  const counting = new AbortController();
  const count = countItems(plan, counting.signal).then(
    (total) => void (counter.total = total),
    () => undefined, // what cannot be read, the work itself says
  );
  const queue = new WriteQueue(async (rows: readonly FinishedImage[]) => {
    await journal.append(rows.flatMap((row) => row.rows));
    for (const { item } of rows) atWork.delete(taskOf(plan, item));
    for (const { item, text } of rows) {
      const problem = text === undefined ? undefined : plan.beside?.files.write(item.name, text);
      if (problem === undefined) counter.done++;
      else fail(item.name, problem);
    }
    report(counter.progress(rowsOf(plan)));
  });
  const atWork = new Set<string>();
  const handlers = {
    skip: ({ item, sha256 }: LoadedItem) => {
      const isSame = entriesOf(plan, item).every((entry) => entry?.options === identity && entry.sha256 === sha256);
      const isDone =
        isSame && (!plan.beside || plan.beside.files.state(item.name, entriesOf(plan, item)[0]?.written) === 'ours');
      if (isDone) {
        counter.skipped++;
        atWork.delete(taskOf(plan, item));
      }
      return isDone;
    },
    onTexts: (image: LoadedItem, texts: readonly GeneratedText[]) =>
      queue.add(finish(plan, image, { texts, identity })),
    onFeatures: (image: LoadedItem, features: Float32Array) => queue.add(finish(plan, image, { features, identity })),
  };
  try {
    const generation = { ...options.generation, signal };
    const canQueue = runsAtOnce(openvino);
    const work = stageWork({ ...loaded, questions, prompt, generation }, handlers);
    const settings = {
      signal,
      batch_size,
      streams,
      areStreamsDecided: decidesStreams(properties) || !canQueue,
      canQueue,
      memory: planMemory(loaded.model.config, options),
      left: () => counter.left,
      onFailure: (item: BatchItem, problem: string) => {
        atWork.delete(taskOf(plan, item));
        fail(item.name, problem);
      },
    };
    const items = fetchAhead(pendingItems(plan, { identity, counter, atWork, fail }), settings.onFailure);
    await reportProgress(options.progress_callback, counter.progress(rowsOf(plan)), signal);
    const chosen = await runStages(items, work, settings);
    await queue.end();
    return {
      done: counter.done,
      skipped: counter.skipped,
      kept: counter.kept,
      failures: counter.failures,
      seconds: counter.seconds,
      images_per_second: counter.rate,
      ...chosen,
      output: plan.output,
    };
  } finally {
    counting.abort();
    await queue.end().catch(() => undefined); // finished texts are not lost with an error or an interruption
    await count;
  }
}

/** As many tell every f32 from its neighbors. */
const FLOAT_DIGITS = 9;

interface FinishedImage {
  readonly item: BatchItem;
  readonly rows: readonly OutputRow[];
  /** Of the caption file. */
  readonly text?: string;
}

function finish(
  plan: BatchPlan,
  { item, sha256, version }: LoadedItem,
  {
    texts = [],
    features,
    identity,
  }: { readonly texts?: readonly GeneratedText[]; readonly features?: Float32Array; readonly identity: string },
): FinishedImage {
  const file = texts.length > 0 ? plan.beside?.files.compose(item.name, texts[0].text) : undefined;
  const contents: Partial<OutputRow>[] = features
    ? [{ features: Array.from(features, (number) => Number(number.toPrecision(FLOAT_DIGITS))) }]
    : texts.map(({ question, text, score }) => ({
        ...(question === undefined ? { caption: text } : { question, answer: text }),
        score: Number(score.toPrecision(6)),
      }));
  const rows = contents.map(
    (content): OutputRow => ({
      image: nameOf(plan, item),
      ...content,
      time: new Date().toISOString(),
      model: plan.options.model,
      sha256,
      options: identity,
      ...(version !== '' && { version }),
      ...(file && { written: file.written }),
    }),
  );
  return { item, rows, ...(file && { text: file.text }) };
}

/** What is left to do, without reading files that did not change since they were done. */
async function* pendingItems(
  plan: BatchPlan,
  {
    identity,
    counter,
    atWork,
    fail,
  }: {
    identity: string;
    counter: BatchCounter;
    /** What is named twice is done once. */
    atWork: Set<string>;
    fail: (name: string, problem: string) => void;
  },
): AsyncGenerator<BatchItem, void, undefined> {
  const { beside, options } = plan;
  for (const input of plan.inputs) {
    let isEmpty = true;
    for await (const item of listOrProblem(input, columnsOf(options))) {
      isEmpty = false;
      const clash = beside && !('problem' in item) ? beside.files.claim(item.name) : undefined;
      const isUnlisted = 'problem' in item && item.isUnlisted === true;
      if (options.shard && !isUnlisted && !isInShard(item.key, options.shard)) continue;
      if ('problem' in item) fail(item.name, item.problem);
      else if (clash !== undefined) fail(item.name, clash);
      else if (plan.questions && questionsOf(plan, item).length === 0)
        fail(item.name, describeNoQuestion(columnsOf(options)));
      else {
        const state = await stateOf(plan, item, identity);
        const self = taskOf(plan, item);
        if (state === 'done' || (state === 'open' && atWork.has(self))) counter.skipped++;
        else if (state === 'kept') counter.kept++;
        else {
          atWork.add(self);
          yield item;
        }
      }
    }
    if (isEmpty) {
      const { name, problem } = describeEmpty(input);
      fail(name, problem);
    }
  }
}

async function stateOf(plan: BatchPlan, item: BatchItem, identity: string): Promise<'done' | 'kept' | 'open'> {
  const { beside } = plan;
  const entries = entriesOf(plan, item);
  const isCurrent = entries.every((entry) => entry?.options === identity);
  const caption = beside?.files.state(item.name, entries[0]?.written);
  if (beside && caption === 'other') {
    if (beside.append) return 'open';
    if (!beside.overwrite) return 'kept';
    return 'open';
  }
  if (!isCurrent || caption === 'absent' || caption === 'old') return 'open';
  const version = await fileVersion(item).catch(() => undefined);
  if (version === undefined) return 'open'; // reading it says why
  // What is behind an address, or in memory, has no version: an address counts as done, memory is compared by digest
  if (version === '') return typeof item.source === 'string' ? 'done' : 'open';
  return entries.every((entry) => entry?.version === version) ? 'done' : 'open';
}

function entriesOf(plan: BatchPlan, item: BatchItem): ReturnType<Journal['find']>[] {
  const name = nameOf(plan, item);
  const questions = plan.questions ? questionsOf(plan, item) : [undefined];
  return questions.map((question) => plan.journal.find(name, question));
}

/** What would be written about an image. */
function taskOf(plan: BatchPlan, item: BatchItem): string {
  return JSON.stringify([nameOf(plan, item), plan.questions && questionsOf(plan, item)]);
}

/** Those about every image, and those about this one. */
function questionsOf({ questions = [] }: BatchPlan, item: BatchItem): readonly string[] {
  return item.questions === undefined ? questions : [...new Set([...questions, ...item.questions])];
}

/** Beside the images, names are relative to their folder, which may be moved. */
function nameOf({ beside }: BatchPlan, { name, key }: BatchItem | BadItem): string {
  return beside ? key : name;
}

/** Images of the inputs, where they can be listed without reading them. */
async function countItems({ inputs, options }: BatchPlan, signal: AbortSignal): Promise<number | undefined> {
  let total = 0;
  for (const input of inputs) {
    if (typeof input !== 'string' || PARQUET_FILE.test(input) || TAR_FILE.test(input)) return undefined;
    for await (const { key } of listInput(input, columnsOf(options))) {
      if (signal.aborted) return undefined;
      if (!options.shard || isInShard(key, options.shard)) total++;
    }
  }
  return total;
}

/** Changes when the model, the task or an option does from which texts depend. */
function optionsDigest(
  { options, questions, features, prompt, beside }: BatchPlan,
  { folder }: BatchModel['model'],
): string {
  const manifest = path.join(folder, MANIFEST_FILE);
  const files = fs.existsSync(manifest) ? fs.readFileSync(manifest, 'utf8') : options.model;
  const generation = Object.entries(options.generation ?? {}).filter(([, value]) => value !== undefined);
  const what = {
    files,
    task: features ? 'features' : questions ? 'answer' : 'caption',
    prompt: prompt ?? '',
    generation: generation.sort(),
    ...(beside && { around: beside.files.around }),
  };
  return createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 16);
}

/** Messages of images begin with their name. */
function withoutName(problem: string, name: string): string {
  return problem.startsWith(`${name}: `)
    ? problem.slice(name.length + 2)
    : problem.replace(/^image in memory \(\d+ bytes\): /, '');
}

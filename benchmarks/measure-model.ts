// All that is measured of one checkpoint: conversion, stages beside the tutorial, what people use today, the runtime's
// limit, a folder.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { BlipProcessor, compareSizes, loadCheckpoint, writeRandomCheckpoint, type BlipConfig } from '../lib';
import { countWork, type Phases, type Work } from './count-work';
import { measureFolder, type Folder } from './measure-folder';
import { measureLimit } from './measure-limit';
import { machineOf, measureMachine } from './measure-machine';
import { ANSWER_TOKENS, CAPTION_TOKENS, measureSides, type Subject } from './measure-sides';
import { measureToday, prepareTransformers, reasonOf, type Today } from './measure-today';
import type { BenchArguments, SideName } from './parse-arguments';
import { modelFolders, quantizeBoth, timeConversions, type Prepared } from './prepare-models';
import type { PythonEnvironment } from './python-environment';
import { PythonWorker } from './python-worker';
import { step } from './show-progress';
import type { MeasuredModel, MeasuredPrecision } from './write-report';

const SUBJECT: Subject = { picture: 'data/pictures/demo.jpg', question: 'how many dogs are in the picture?' };

export interface BenchSubject {
  readonly name: string;
  readonly checkpoint: string;
  /** Whether it is made of random numbers first. */
  readonly isRandom: boolean;
  readonly pytorchRuns: number;
}

export interface BenchSettings {
  readonly options: BenchArguments;
  readonly environments: Readonly<Record<'tutorial' | 'transformers', PythonEnvironment | undefined>>;
  /** Added to. */
  readonly versions: Map<string, string>;
  /** Where models are kept. */
  readonly cache: string;
}

export async function measureModel(
  { name, checkpoint, isRandom, pytorchRuns }: BenchSubject,
  { options, environments, versions, cache }: BenchSettings,
): Promise<MeasuredModel> {
  if (isRandom) await writeRandomCheckpoint(checkpoint, { num_hidden_layers: 12, vocab_size: 30_524 });
  const folders = modelFolders(`${path.join(cache, path.basename(checkpoint))}-ir`);
  fs.mkdirSync(folders.fp16.ours, { recursive: true });
  const tutorial = options.sides.has('tutorial') ? environments.tutorial : undefined;
  const conversion = await timeConversions(tutorial, checkpoint, folders, options.conversions);
  await quantizeBoth(tutorial, checkpoint, folders);
  const { config } = await loadCheckpoint(checkpoint);
  const processor = await BlipProcessor.fromCheckpoint(checkpoint);
  const input_ids = Array.from(processor.text(SUBJECT.question).input_ids, Number);
  const open = async (environment: PythonEnvironment, script: string): Promise<PythonWorker> => {
    const compiled = { TORCHINDUCTOR_CACHE_DIR: path.resolve(cache, 'compiled') };
    const worker = new PythonWorker(environment, script, compiled);
    for (const [key, value] of Object.entries(await worker.request({ do: 'open', checkpoint })))
      versions.set(key, String(value));
    await worker.request({ do: 'set_inputs', image: SUBJECT.picture, input_ids });
    return worker;
  };
  const measured: MeasuredModel = {
    model: name,
    checkpoint,
    conversion,
    ir_bytes: irBytes(folders.fp16.ours),
    sizes: compareSizes(folders.fp16.ours, folders.int8.ours),
    precisions: [],
  };
  const worker = tutorial && (await open(tutorial, 'worker.py'));
  try {
    const precisions =
      tutorial && worker ? await measurePrecisions(worker, tutorial, { folders, config, input_ids, options }) : [];
    const pytorch = worker ? await measurePytorch(worker, pytorchRuns) : undefined;
    const today = await measureOthers(worker, environments.transformers, { open, folders, options });
    const limit = options.sides.has('benchmark_app')
      ? await measureLimit(environments.tutorial, { FP16: folders.fp16.ours, INT8: folders.int8.ours }, sizeOf(config))
      : undefined;
    return { ...measured, precisions, pytorch, ...today, limit };
  } finally {
    worker?.close();
  }
}

function sizeOf({ vision_config }: BlipConfig): number {
  return vision_config.image_size;
}

async function measurePrecisions(
  worker: PythonWorker,
  environment: PythonEnvironment,
  {
    folders,
    config,
    input_ids,
    options,
  }: {
    readonly folders: Prepared;
    readonly config: BlipConfig;
    readonly input_ids: readonly number[];
    readonly options: BenchArguments;
  },
): Promise<MeasuredPrecision[]> {
  const precisions: MeasuredPrecision[] = [];
  for (const precision of ['FP16', 'INT8'] as const) {
    step(`${precision}, beside the tutorial`);
    const before = await measureMachine(environment);
    const measured = await measureSides(worker, precision === 'FP16' ? folders.fp16 : folders.int8, SUBJECT, options);
    const machines = [before, await measureMachine(environment)].map((rates) =>
      machineOf(rates, precision, measured.precision),
    );
    precisions.push({ name: precision, ...measured, work: workOf(config, input_ids.length, precision), machines });
  }
  return precisions;
}

/** Milliseconds of the tutorial's PyTorch model for the question. */
async function measurePytorch(worker: PythonWorker, runs: number): Promise<number[]> {
  const pytorch: number[] = [];
  for (let run = -1; run < runs; run++) {
    const { ms } = await worker.run({ stage: 'torch_vqa', tokens: ANSWER_TOKENS });
    if (run >= 0) pytorch.push(ms);
  }
  return pytorch;
}

/** Beside what people use today, with and without the folder. */
async function measureOthers(
  tutorial: PythonWorker | undefined,
  environment: PythonEnvironment | undefined,
  {
    open,
    folders,
    options,
  }: {
    readonly open: (environment: PythonEnvironment, script: string) => Promise<PythonWorker>;
    readonly folders: Prepared;
    readonly options: BenchArguments;
  },
): Promise<{ readonly today?: Today; readonly folder?: Folder }> {
  const wants = (side: SideName): boolean => options.sides.has(side);
  if (!wants('transformers') && !wants('folder')) return {};
  if (tutorial) {
    const config = { PERFORMANCE_HINT: 'LATENCY' };
    await tutorial.request({ do: 'load', folder: folders.fp16.tutorial, device: 'CPU', config });
  }
  const { workers, not_run } =
    wants('transformers') && environment
      ? await prepareTransformers(() => open(environment, 'transformers_worker.py'))
      : { workers: {}, not_run: {} };
  const sides = { tutorial, transformers: workers };
  try {
    const today = wants('transformers') ? await measureToday(folders, SUBJECT, { sides, limits: options }) : undefined;
    const folder = wants('folder')
      ? await measureFolder(folders, { sides, images: options.images, seconds: options.seconds_per_folder })
      : undefined;
    return {
      ...(today && { today: { ...today, not_run: { ...not_run, ...today.not_run } } }),
      ...(folder && { folder }),
    };
  } catch (error) {
    throw new Error(`beside transformers: ${reasonOf(error)}`, { cause: error });
  } finally {
    for (const one of new Set(Object.values(workers))) one.close();
  }
}

function irBytes(folder: string): number {
  return fs
    .readdirSync(folder)
    .filter((file) => /\.(xml|bin)$/.test(file))
    .reduce((sum, file) => sum + fs.statSync(path.join(folder, file)).size, 0);
}

/** The least work of each stage, by the names that measure-sides gives them. */
function workOf(config: BlipConfig, questionLength: number, precision: 'FP16' | 'INT8'): Record<string, Phases> {
  const { visionModel, textLayers, decoderStep, imageAttention, stepImageAttention, stepQuestionAttention } = countWork(
    config,
    questionLength,
    precision === 'INT8' ? 1 : 2,
  );
  const textEncoder: Phases = [
    [imageAttention, 1],
    [textLayers, 1],
  ];
  const steps = (crossAttention: Work, times: number): Phases => [
    [decoderStep, times],
    [crossAttention, times],
  ];
  const answer: Phases = [...textEncoder, ...steps(stepQuestionAttention, ANSWER_TOKENS)];
  return {
    'vision model': [[visionModel, 1]],
    'text encoder': textEncoder,
    'decoder, per token on an image': steps(stepImageAttention, 1),
    'decoder, per token on a question': steps(stepQuestionAttention, 1),
    [`caption, ${CAPTION_TOKENS} new tokens`]: [[visionModel, 1], ...steps(stepImageAttention, CAPTION_TOKENS)],
    [`question, ${ANSWER_TOKENS} new tokens`]: [[visionModel, 1], ...answer],
    'second question on the same image': answer,
  };
}

// Two precisions of one model side by side: sizes, times per stage and task, accuracy, and how often their outputs
// agree.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import type { ProgressCallback } from '../core/progress';
import { describeValue } from '../core/describe-value';
import { withCallbacks } from '../core/with-callbacks';
import type { VqaSample } from '../datasets/vqa-sample';
import { OVBlipMatcher, OVBlipModel, type GenerationOptions, type LoadModelOptions } from '../generation';
import { loadOpenVINO, type Config } from '../openvino';
import { BlipProcessor } from '../preprocessing';
import { compareMatches, type ComparedMatches, type MatcherPair } from './compare-matches';
import { compareMatchTimes } from './compare-match-times';
import { compareOutputs, type ComparedOutputs } from './compare-outputs';
import { CompareError, compareSizes, type ComparedSizes } from './compare-sizes';
import { compareTimes, type ComparedTimes } from './compare-times';
import type { ModelPair } from './model-pair';

export interface CompareOptions {
  readonly device?: string;
  readonly properties?: Config;
  /** Runs per task, 20 by default; 0 measures no times. The tutorial takes 100. */
  readonly runs?: number;
  readonly warmup?: number;
  /** For captions and answers; the tutorial's max_length 20 by default. `signal` stands beside them. */
  readonly generation?: Omit<GenerationOptions, 'signal' | 'on_token'>;
  /** Images that both models caption; 100 by default. */
  readonly captions?: number;
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

export interface ComparedModels extends ComparedOutputs {
  readonly before: string;
  readonly after: string;
  /**
   * The device of the times; `device_name` is the full name of the processor or GPU, for AUTO that of the chosen
   * device.
   */
  readonly device: string;
  readonly device_name: string;
  readonly precision: { readonly before: string; readonly after: string };
  /** 0 where the device does not report it. */
  readonly threads: number;
  readonly sizes: ComparedSizes;
  readonly latency: ComparedTimes;
  /** Of retrieval models, which write no captions: matches of texts and images. */
  readonly matches?: ComparedMatches;
}

const TUTORIAL_MAX_LENGTH = 20;
const DEFAULT_RUNS = 20;
const DEFAULT_WARMUP = 3;
const DEFAULT_CAPTIONS = 100;
const OPTIONS: readonly (keyof CompareOptions)[] = [
  'device',
  'properties',
  'runs',
  'warmup',
  'generation',
  'captions',
  'progress_callback',
  'signal',
];

/**
 * Two folders of one checkpoint: of one that writes captions and answers, or of one that matches texts to images.
 *
 * @param before a folder that `convertBlip` wrote
 * @param after a folder that `quantizeBlip` wrote
 * @param samples questions with known answers that were not used for calibration
 * @example
 * const compared = await compareModels('output/blip-scenes/fp16', 'output/blip-scenes/int8', samples, { runs: 100 });
 * compared.sizes.total?.ratio // 1.9
 * @throws {CompareError | BlipModelError}
 */
export async function compareModels(
  before: string,
  after: string,
  samples: readonly VqaSample[],
  options: CompareOptions = {},
): Promise<ComparedModels> {
  checkArguments('compareModels', { options: [options, 'object'] });
  checkOptions(options);
  checkArguments('compareModels', { before: [before, 'path'], after: [after, 'path'], samples: [samples, 'list'] });
  if (samples.length === 0)
    throw new CompareError(
      'compareModels: got no samples, expected at least one with an image, a question and its answers.',
    );
  return withCallbacks(options.signal, (guard) =>
    compareFolders(before, after, samples, { ...options, progress_callback: guard(options.progress_callback) }),
  );
}

async function compareFolders(
  before: string,
  after: string,
  samples: readonly VqaSample[],
  options: CompareOptions,
): Promise<ComparedModels> {
  const { device, properties, progress_callback, signal } = options;
  const { runs = DEFAULT_RUNS, warmup = DEFAULT_WARMUP, captions = DEFAULT_CAPTIONS } = options;
  const sizes = compareSizes(before, after);
  const processor = await BlipProcessor.fromCheckpoint(before);
  const loaded: (OVBlipModel | OVBlipMatcher)[] = [];
  const load = async <T extends OVBlipModel | OVBlipMatcher>(Model: Loader<T>): Promise<[T, T]> => {
    const models: T[] = [];
    for (const folder of [before, after]) {
      const model = await Model.load(folder, { device, properties });
      loaded.push(model);
      models.push(model);
    }
    return [models[0], models[1]];
  };
  try {
    const measured: Measured = { before, after, sizes, samples, times: { warmup, runs } };
    if (!fs.existsSync(path.join(before, 'blip_text_decoder.xml'))) {
      const [a, b] = await load(OVBlipMatcher);
      return await compareMatchers({ before: a, after: b, processor, progress_callback, signal }, measured);
    }
    const [a, b] = await load(OVBlipModel);
    const generation = {
      ...(options.generation?.max_new_tokens === undefined && { max_length: TUTORIAL_MAX_LENGTH }),
      ...options.generation,
      signal,
    };
    const pair: ModelPair = { before: a, after: b, processor, generation, progress_callback, signal };
    return {
      ...describe(measured, pair),
      ...(await compareOutputs(pair, samples, captions)),
      latency: runs === 0 ? {} : await compareTimes(pair, samples, { warmup, runs }),
    };
  } finally {
    for (const model of loaded) model.dispose();
  }
}

interface Loader<T> {
  load(folder: string, options: LoadModelOptions): Promise<T>;
}

/** What both kinds of comparison are made of. */
interface Measured {
  readonly before: string;
  readonly after: string;
  readonly sizes: ComparedSizes;
  readonly samples: readonly VqaSample[];
  readonly times: { readonly warmup: number; readonly runs: number };
}

async function compareMatchers(pair: MatcherPair, measured: Measured): Promise<ComparedModels> {
  const { samples, times } = measured;
  return {
    ...describe(measured, pair),
    captions: { images: 0, agreement: 1, changed: [] },
    matches: await compareMatches(pair, samples),
    latency: times.runs === 0 ? {} : await compareMatchTimes(pair, samples, times),
  };
}

function describe(
  { before, after, sizes }: Measured,
  pair: Pick<ModelPair | MatcherPair, 'before' | 'after'>,
): Pick<ComparedModels, 'before' | 'after' | 'device' | 'device_name' | 'precision' | 'threads' | 'sizes'> {
  const { device, executionDevices, precision, threads } = pair.before;
  return {
    before,
    after,
    device,
    device_name: deviceName(executionDevices),
    precision: { before: precision, after: pair.after.precision },
    threads,
    sizes,
  };
}

function checkOptions(options: CompareOptions): void {
  const unknown = Object.keys(options).find((name) => !OPTIONS.some((known) => known === name));
  if (unknown !== undefined)
    throw new CompareError(`compareModels: unknown option "${unknown}". Known options: ${OPTIONS.join(', ')}.`);
  const { generation } = options;
  if (generation !== undefined && (typeof generation !== 'object' || generation === null))
    throw new CompareError(
      `compareModels: generation is ${describeValue(generation)}, expected an object such as { max_length: 20 }.`,
    );
  const beside = ['signal', 'on_token'].find((name) => generation && name in generation);
  if (beside !== undefined)
    throw new CompareError(
      `compareModels: generation has ${beside}, expected options of generation without signal and on_token. Name ` +
        'signal and progress_callback beside generation.',
    );
  for (const name of ['runs', 'warmup', 'captions'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0))
      throw new CompareError(
        `compareModels: ${name} is ${describeValue(value)}, expected a whole number of at least 0.`,
      );
  }
}

function deviceName(devices: readonly string[]): string {
  const core = new (loadOpenVINO().Core)();
  const nameOf = (device: string): string => {
    try {
      return core.getProperty(device, 'FULL_DEVICE_NAME');
    } catch {
      return device; // has no full name
    }
  };
  try {
    return devices.map(nameOf).join(', ');
  } finally {
    core.dispose();
  }
}

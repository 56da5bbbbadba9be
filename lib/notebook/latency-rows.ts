// Measured times as table rows, and what they say in a line.
import { checkArguments } from '../core/check-arguments';
import type { ComparedStage, ComparedTimes, LatencyPair, StageLatency } from '../evaluation';
import type { Latency } from '../timing';
import { decimals, latencyColumns, latencyRange, milliseconds, times } from './format-number';

/** One run. */
export interface RunRow {
  readonly run: number;
  readonly 'time ms': string;
}

/** One stage of a task. */
export interface StageRow {
  readonly stage: string;
  readonly 'median ms': string;
  readonly 'p10 ms': string;
  readonly 'p90 ms': string;
}

/** One stage or task in both precisions. */
export interface LatencyRow {
  readonly what: string;
  readonly 'FP16 ms': string;
  readonly 'INT8 ms': string;
  readonly 'FP16 p10-p90': string;
  readonly 'INT8 p10-p90': string;
  readonly 'speed-up': string;
}

/** One layer of a stage in both precisions. */
export interface LayerRow extends Omit<LatencyRow, 'what'> {
  readonly 'one layer of': string;
}

/** Ratios within 5 % of 1 are no gain and no loss: as much as two runs of the same model differ on a busy machine. */
const CLEAR_RATIO = 1.05;

/** Stages and tasks of compareModels in the words of measureStages. */
const WORDS: Readonly<Record<string, string>> = {
  vision_model: 'vision model',
  text_encoder: 'text encoder',
  decoder_step: 'decoder step',
  'image-to-text': 'caption, whole',
  'visual-question-answering': 'answer, whole',
  'image-text-matching': 'match, whole',
};

/** Times whose slow tenth is this much slower than the median say little. */
const BUSY_RATIO = 2;

/** The runs in the order in which they were. @example runRows(firstRuns)[0] // { run: 1, 'time ms': '45.0' } */
export function runRows(latency: Latency): RunRow[] {
  checkArguments('runRows', { latency: [latency, ['samples']] });
  checkArguments('runRows', { 'latency.samples': [latency.samples, 'numbers'] });
  return latency.samples.map((time, index) => ({ run: index + 1, 'time ms': decimals(time, 1) }));
}

/**
 * A line in the original tutorial's words, with the median in seconds.
 *
 * @example processingTime(latency) // 'Processing time: 0.0104 s (10.40 ms)'
 */
export function processingTime(latency: Pick<Latency, 'median'>): string {
  checkArguments('processingTime', { latency: [latency, ['median']] });
  return `Processing time: ${decimals(latency.median / 1000, 4)} s (${milliseconds(latency.median)} ms)`;
}

/** @example stageRows(stages)[0] // { stage: 'preprocess', 'median ms': '4.68', 'p10 ms': '4.06', 'p90 ms': '7.09' } */
export function stageRows(stages: readonly StageLatency[]): StageRow[] {
  checkStages('stageRows', stages);
  return stages.map(({ stage, latency }) => ({ stage, ...latencyColumns(latency) }));
}

/** The stage with the largest median. @example longestStage(stages) // 'longest: vision model, 41 % of the sum' */
export function longestStage(stages: readonly StageLatency[]): string {
  checkStages('longestStage', stages);
  const sum = stages.reduce((total, { latency }) => total + latency.median, 0);
  const [longest] = [...stages].sort((a, b) => b.latency.median - a.latency.median);
  if (!longest) return 'no stage was measured';
  return `longest: ${longest.stage}, ${decimals((100 * longest.latency.median) / sum, 0)} % of the sum`;
}

/**
 * Both precisions of each stage and task that compareModels measured.
 *
 * @example latencyRows(compared.latency)[0]['speed-up'] // '1.10x'
 */
export function latencyRows(latency: ComparedTimes): LatencyRow[] {
  return pairsOf('latencyRows', latency).map(([what, pair]) => ({ what, ...pairColumns(pair) }));
}

function pairColumns({ before, after, speedup }: LatencyPair): Omit<LatencyRow, 'what'> {
  return {
    'FP16 ms': milliseconds(before.median),
    'INT8 ms': milliseconds(after.median),
    'FP16 p10-p90': latencyRange(before),
    'INT8 p10-p90': latencyRange(after),
    'speed-up': times(speedup),
  };
}

/**
 * What the speed-ups say, one line for each kind: ratios within 5 % of 1 are neither.
 *
 * @example
 * speedLines(compared.latency)
 * // [
 * //   'faster in 8 bits: vision model 1.10x',
 * //   'about the same: caption, whole 0.97x',
 * //   'slower in 8 bits: text encoder 0.90x',
 * // ]
 */
export function speedLines(latency: ComparedTimes): string[] {
  const pairs = pairsOf('speedLines', latency);
  const line = (title: string, fits: (speedup: number) => boolean): string[] => {
    const found = pairs.filter(([, { speedup }]) => fits(speedup));
    return found.length === 0
      ? []
      : [`${title}: ${found.map(([what, { speedup }]) => `${what} ${times(speedup)}`).join('; ')}`];
  };
  return [
    ...line('faster in 8 bits', (speedup) => speedup >= CLEAR_RATIO),
    ...line('about the same', (speedup) => speedup < CLEAR_RATIO && speedup > 1 / CLEAR_RATIO),
    ...line('slower in 8 bits', (speedup) => speedup <= 1 / CLEAR_RATIO),
  ];
}

/**
 * @example
 * layerRows(stages)[0]
 * // { 'one layer of': 'vision model', 'FP16 ms': '14.19', 'INT8 ms': '9.20', 'speed-up': '1.58x' }
 */
export function layerRows(stages: readonly ComparedStage[]): LayerRow[] {
  checkArguments('layerRows', { stages: [stages, 'list'] });
  return stages.map((each) => {
    checkArguments('layerRows', { 'each of stages': [each, ['stage']] });
    checkPair('layerRows', `stage ${each.stage}`, each);
    return { 'one layer of': each.stage, ...pairColumns(each) };
  });
}

/**
 * A line about the machine where times spread widely: one in ten runs took more than twice as long as the median.
 *
 * @returns no line when the times are steady
 * @example
 * busyLines(stages) // ['The machine was busy with other things: times of vision model spread widely. Run ...']
 */
export function busyLines(stages: readonly ComparedStage[]): string[] {
  layerRows(stages); // checks them
  const busy = stages.filter(({ before, after }) =>
    [before, after].some(({ median, p90 }) => p90 > BUSY_RATIO * median),
  );
  if (busy.length === 0) return [];
  const which = busy.length === stages.length ? 'all stages' : busy.map(({ stage }) => stage).join('; ');
  return [`The machine was busy with other things: times of ${which} spread widely. Run the cell again.`];
}

/** @throws {ArgumentError} when they are not what measureStages returned */
export function checkStages(call: string, stages: readonly StageLatency[]): void {
  checkArguments(call, { stages: [stages, 'list'] });
  for (const each of stages) {
    checkArguments(call, { 'each of stages': [each, ['stage', 'latency']] });
    checkLatency(call, `the latency of ${each.stage}`, each.latency);
  }
}

/** @throws {ArgumentError} when it is not what compareModels returned */
export function pairsOf(call: string, latency: ComparedTimes): [what: string, pair: LatencyPair][] {
  checkArguments(call, { latency: [latency, 'object'] });
  return Object.entries(latency).map(([what, pair]) => {
    checkPair(call, `latency.${what}`, pair);
    return [inWords(what), pair];
  });
}

/** @example inWords('image-to-text') // 'caption, whole' */
export function inWords(what: string): string {
  return Object.hasOwn(WORDS, what) ? WORDS[what] : what;
}

function checkPair(call: string, name: string, pair: LatencyPair): void {
  checkArguments(call, { [name]: [pair, ['before', 'after', 'speedup']] });
  checkLatency(call, `${name}.before`, pair.before);
  checkLatency(call, `${name}.after`, pair.after);
  checkArguments(call, { [`${name}.speedup`]: [pair.speedup, 'number'] });
}

function checkLatency(call: string, name: string, latency: Latency): void {
  checkArguments(call, { [name]: [latency, ['median', 'p10', 'p90']] });
  const { median, p10, p90 } = latency;
  checkArguments(call, {
    [`${name}.median`]: [median, 'number'],
    [`${name}.p10`]: [p10, 'number'],
    [`${name}.p90`]: [p90, 'number'],
  });
}

// Measured times as table rows, and what they say in a line.
import { checkArguments } from '../core/check-arguments';
import type { ComparedStage, ComparedTimes, StageLatency } from '../evaluation';
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
export interface LayerRow {
  readonly 'one layer of': string;
  readonly 'FP16 ms': string;
  readonly 'INT8 ms': string;
  readonly 'speed-up': string;
}

/** Ratios within 5 % of 1 are no gain and no loss: as much as two runs of the same model differ on a busy machine. */
const CLEAR_RATIO = 1.05;

/** The runs in the order in which they were. @example runRows(firstRuns)[0] // { run: 1, 'time ms': '45.0' } */
export function runRows(latency: Latency): RunRow[] {
  checkArguments('runRows', { latency: [latency, ['samples']] });
  checkArguments('runRows', { 'latency.samples': [latency.samples, 'numbers'] });
  return latency.samples.map((time, index) => ({ run: index + 1, 'time ms': decimals(time, 1) }));
}

/**
 * A line in the original tutorial's words, with the median in seconds.
 *
 * @example processingTime(latency) // 'Processing time: 0.0104 s'
 */
export function processingTime(latency: Pick<Latency, 'median'>): string {
  checkArguments('processingTime', { latency: [latency, ['median']] });
  return `Processing time: ${decimals(latency.median / 1000, 4)} s`;
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
  return pairsOf('latencyRows', latency).map(([what, { before, after, speedup }]) => ({
    what,
    'FP16 ms': milliseconds(before.median),
    'INT8 ms': milliseconds(after.median),
    'FP16 p10-p90': latencyRange(before),
    'INT8 p10-p90': latencyRange(after),
    'speed-up': times(speedup),
  }));
}

/**
 * What the speed-ups say, one line for each kind: ratios within 5 % of 1 are neither.
 *
 * @example
 * speedLines(compared.latency)
 * // ['faster in 8 bits: vision_model 1.10x', 'about the same: image-to-text 0.97x', 'slower in 8 bits: text_encoder 0.90x']
 */
export function speedLines(latency: ComparedTimes): string[] {
  const pairs = pairsOf('speedLines', latency);
  const line = (title: string, fits: (speedup: number) => boolean): string[] => {
    const found = pairs.filter(([, { speedup }]) => fits(speedup));
    return found.length === 0
      ? []
      : [`${title}: ${found.map(([what, { speedup }]) => `${what} ${times(speedup)}`).join(', ')}`];
  };
  return [
    ...line('faster in 8 bits', (speedup) => speedup >= CLEAR_RATIO),
    ...line('about the same', (speedup) => speedup < CLEAR_RATIO && speedup > 1 / CLEAR_RATIO),
    ...line('slower in 8 bits', (speedup) => speedup <= 1 / CLEAR_RATIO),
  ];
}

/** @example layerRows(stages)[0] // { 'one layer of': 'vision model', 'FP16 ms': '14.19', 'INT8 ms': '9.20', 'speed-up': '1.58x' } */
export function layerRows(stages: readonly ComparedStage[]): LayerRow[] {
  checkArguments('layerRows', { stages: [stages, 'list'] });
  return stages.map((each) => {
    checkArguments('layerRows', { 'each of stages': [each, ['stage', 'before', 'after', 'speedup']] });
    const { stage, before, after, speedup } = each;
    return {
      'one layer of': stage,
      'FP16 ms': milliseconds(before),
      'INT8 ms': milliseconds(after),
      'speed-up': times(speedup),
    };
  });
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
export function pairsOf(call: string, latency: ComparedTimes) {
  checkArguments(call, { latency: [latency, 'object'] });
  const pairs = Object.entries(latency);
  for (const [what, pair] of pairs) {
    checkArguments(call, { [`latency.${what}`]: [pair, ['before', 'after', 'speedup']] });
    checkLatency(call, `latency.${what}.before`, pair.before);
    checkLatency(call, `latency.${what}.after`, pair.after);
    checkArguments(call, { [`latency.${what}.speedup`]: [pair.speedup, 'number'] });
  }
  return pairs;
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

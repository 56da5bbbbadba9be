// The charts of the notebooks' measurements: time per stage, size and latency of two precisions.
import { checkArguments } from '../core/check-arguments';
import type { ComparedModels, ComparedSizes, StageLatency } from '../evaluation';
import { barChart, type BarChart } from './charts';
import { checkStages, pairsOf } from './latency-rows';
import { sizesOf } from './quantized-rows';

const KILOBYTE = 1024;

/** What the times were measured on. */
export interface MeasuredOn {
  readonly device: string;
  /** Such as bf16. */
  readonly precision: string;
}

/** @example stageChart(stages, { device: 'CPU', precision: 'bf16' }).x // ['preprocess', 'vision model', ...] */
export function stageChart(stages: readonly StageLatency[], measured: MeasuredOn): BarChart {
  checkStages('stageChart', stages);
  checkArguments('stageChart', { measured: [measured, ['device', 'precision']] });
  const { device, precision } = measured;
  checkArguments('stageChart', { 'measured.device': [device, 'text'], 'measured.precision': [precision, 'text'] });
  return {
    title: `Median time per stage, p10 to p90 (${device}, ${precision})`,
    y_title: 'milliseconds',
    digits: 2,
    x: stages.map(({ stage }) => stage),
    series: [
      {
        name: 'median (p10 to p90)',
        values: stages.map(({ latency }) => latency.median),
        low: stages.map(({ latency }) => latency.p10),
        high: stages.map(({ latency }) => latency.p90),
      },
    ],
  };
}

/** @example sizeChart(compareSizes(fp16, int8)).series[0].name // 'FP16' */
export function sizeChart(sizes: ComparedSizes): BarChart {
  const parts = sizesOf('sizeChart', sizes);
  return {
    title: 'Size of the weights',
    y_title: 'KB',
    digits: 0,
    x: parts.map(([part]) => part),
    series: [
      { name: 'FP16', values: parts.map(([, { before }]) => before / KILOBYTE) },
      { name: 'INT8', values: parts.map(([, { after }]) => after / KILOBYTE) },
    ],
  };
}

/** @example latencyChart(compared).y_title // 'milliseconds' */
export function latencyChart(compared: Pick<ComparedModels, 'device' | 'latency'>): BarChart {
  checkArguments('latencyChart', { compared: [compared, ['device', 'latency']] });
  const pairs = pairsOf('latencyChart', compared.latency);
  const series = (name: string, side: 'before' | 'after') => ({
    name,
    values: pairs.map(([, pair]) => pair[side].median),
    low: pairs.map(([, pair]) => pair[side].p10),
    high: pairs.map(([, pair]) => pair[side].p90),
  });
  return {
    title: `Latency on ${String(compared.device)}, median with p10 to p90`,
    y_title: 'milliseconds',
    digits: 2,
    x: pairs.map(([what]) => what),
    series: [series('FP16', 'before'), series('INT8', 'after')],
  };
}

/** Shows stageChart. @example await showStageChart(stages, { device, precision: model.precision }); */
export async function showStageChart(stages: readonly StageLatency[], measured: MeasuredOn): Promise<void> {
  await barChart(stageChart(stages, measured));
}

/** Shows sizeChart. @example await showSizeChart(compareSizes(fp16Folder, int8Folder)); */
export async function showSizeChart(sizes: ComparedSizes): Promise<void> {
  await barChart(sizeChart(sizes));
}

/** Shows latencyChart. @example await showLatencyChart(await compareModels(fp16Folder, int8Folder, samples)); */
export async function showLatencyChart(compared: Pick<ComparedModels, 'device' | 'latency'>): Promise<void> {
  await barChart(latencyChart(compared));
}

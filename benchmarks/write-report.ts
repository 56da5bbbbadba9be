// The results as people read them: tables in Markdown.
import { summarize } from '../lib';
import { kilobytes, milliseconds, percent } from '../lib/notebook';
import { limit, type Machine, type Phases } from './count-work';
import type { Folder } from './measure-folder';
import type { Limit } from './measure-limit';
import type { Overhead } from './measure-overhead';
import type { StageSamples } from './measure-sides';
import type { Today } from './measure-today';
import type { ConvertRun, ModelFolders } from './prepare-models';
import { folderReport, limitReport, todayReport } from './report-today';

/** Of the transformers that the tutorial's side ran with, as its worker names it. */
const TUTORIAL_VERSION = 'transformers (tutorial)';

export interface MeasuredPrecision {
  readonly name: 'FP16' | 'INT8';
  readonly precision: string;
  readonly threads: number;
  readonly stages: readonly StageSamples[];
  /** What each stage needs at least; by the stage's name. */
  readonly work: Readonly<Record<string, Phases>>;
  /** Before and after the stages were measured. */
  readonly machines: readonly Machine[];
}

export interface MeasuredModel {
  readonly model: string;
  readonly checkpoint: string;
  readonly conversion: Readonly<Record<keyof ModelFolders, readonly ConvertRun[]>>;
  /** Bytes of our FP16 IR, and per part in both precisions. */
  readonly ir_bytes: number;
  readonly sizes: Readonly<Record<string, { readonly before: number; readonly after: number; readonly ratio: number }>>;
  readonly precisions: readonly MeasuredPrecision[];
  readonly pytorch?: readonly number[];
  readonly today?: Today;
  readonly limit?: Limit;
  readonly folder?: Folder;
}

export interface Results {
  readonly date: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, string>>;
  /** The instruction set that ONEDNN_MAX_CPU_ISA allows, in small letters, where it is set. */
  readonly limitedTo?: string;
  /** What the processor has, such as `avx512_core_amx`; see instruction-set.ts. */
  readonly instruction_set?: string;
  /** Why a side was left out. */
  readonly not_run?: Readonly<Record<string, string>>;
  readonly models: readonly MeasuredModel[];
  /** Of the bundled model, where it was measured. */
  readonly overhead?: Overhead;
}

/** The tables alone, in Markdown. */
export function reportOf({ date, machine, versions, limitedTo, models, overhead, not_run = {} }: Results): string {
  const limited = limitedTo ? `, instruction set limited to ${limitedTo}` : '';
  return [
    `Measured on ${date}: ${String(machine.processor)}, ${String(machine.cores)} cores${limited}, ${list(versions)}.`,
    '',
    ...Object.entries(not_run).flatMap(([side, reason]) => [`${side}: not run: ${reason}.`, '']),
    ...models.flatMap((model) => modelReport(model, versions)),
    ...(overhead ? overheadReport(overhead) : []),
  ].join('\n');
}

function list(versions: Results['versions']): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}

function overheadReport({
  per_token,
  outside,
  outside_p90,
  empty_call,
  allocated_bytes_per_token,
}: Overhead): string[] {
  return [
    '### Outside OpenVINO',
    '',
    `A token of the bundled model takes ${per_token.toFixed(3)} ms, of it ${outside.toFixed(3)} ms (p90 ` +
      `${outside_p90.toFixed(3)}) outside OpenVINO: search, tensors, ` +
      `the call there and back. An empty model's call alone takes ${empty_call.toFixed(3)} ms. JavaScript ` +
      `allocates ${allocated_bytes_per_token} bytes per token.`,
    '',
  ];
}

function modelReport(measured: MeasuredModel, versions: Results['versions']): string[] {
  const { model, conversion, ir_bytes, sizes, precisions, pytorch, today, limit, folder } = measured;
  const median = (runs: readonly ConvertRun[], field: keyof ConvertRun): number =>
    summarize(runs.map((run) => run[field])).median;
  const [theirs, ours] = [conversion.tutorial, conversion.ours];
  const seconds = (runs: readonly ConvertRun[]): string => `${(median(runs, 'milliseconds') / 1000).toFixed(2)} s`;
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
  const theirCost =
    theirs.length > 0
      ? `${seconds(theirs)} and ${megabytes(median(theirs, 'peak_bytes'))} at peak for the tutorial, `
      : '';
  const faster =
    theirs.length > 0
      ? `**${(median(theirs, 'milliseconds') / median(ours, 'milliseconds')).toFixed(1)}x** faster, `
      : '';
  const transformers = versions[TUTORIAL_VERSION] ? [`transformers ${versions[TUTORIAL_VERSION]}`] : [];
  const fp16 = precisions.find(({ name }) => name === 'FP16');
  const int8 = precisions.find(({ name }) => name === 'INT8');
  return [
    `### ${model}`,
    '',
    `Conversion, through the package's entry: ${theirCost}${seconds(ours)} and ` +
      `${megabytes(median(ours, 'peak_bytes'))} for ours, ${faster}` +
      `peak memory ${(median(ours, 'peak_bytes') / ir_bytes).toFixed(2)} times the IR written ` +
      `(${megabytes(ir_bytes)}). Medians of ${ours.length} runs, each in a fresh process.`,
    '',
    `Sizes (.bin, KB, FP16 to INT8): ${Object.entries(sizes)
      .map(
        ([part, { before, after, ratio }]) =>
          `${part} ${kilobytes(before)} to ${kilobytes(after)} (${ratio.toFixed(3)})`,
      )
      .join('; ')}.`,
    '',
    ...precisions.flatMap((measured) => [
      `${measured.name} IR, computed in ${measured.precision} with ${measured.threads} threads. ` +
        `${machinesOf(measured)}`,
      '',
      ...stageTable(measured),
      '',
    ]),
    ...(fp16 && int8 ? [`INT8 over our own FP16: ${speedups(fp16, int8)}.`, ''] : []),
    ...(pytorch
      ? [
          `The tutorial's PyTorch (${['f32', 'eager', ...transformers].join(', ')}) takes ` +
            `${milliseconds(summarize(pytorch).median)} ms for the question.`,
          '',
        ]
      : []),
    ...(today ? todayReport(today) : []),
    ...(limit ? limitReport(limit, today, folder) : []),
    ...(folder ? folderReport(folder) : []),
  ];
}

function machinesOf({ name, machines }: MeasuredPrecision): string {
  const of = (speed: (machine: Machine) => number): string =>
    machines.map((machine) => Math.round(speed(machine))).join(' and ');
  const when = machines.length > 1 ? ' before and after' : '';
  const unit = name === 'INT8' ? 'GOP/s' : 'GFLOP/s';
  return (
    `The machine${when}: ${of(({ gflops }) => gflops)} ${unit} in a large matrix product, ` +
    `${of(({ gigabytesPerSecond }) => gigabytesPerSecond)} GB/s of weights from memory.`
  );
}

function stageTable({ stages, work, machines }: MeasuredPrecision): string[] {
  const best = {
    gflops: Math.max(...machines.map(({ gflops }) => gflops)),
    gigabytesPerSecond: Math.max(...machines.map(({ gigabytesPerSecond }) => gigabytesPerSecond)),
  };
  const rows = stages.map(({ stage, tutorial, ours, sameIds }) => {
    const [theirs, mine] = [summarize(tutorial), summarize(ours)];
    const ratios = summarize(tutorial.map((ms, round) => ms / ours[round]));
    const needed = work[stage] ? limit(work[stage], best) : undefined;
    const cell = ({ median, p10, p90 }: typeof mine): string =>
      `${milliseconds(median)} (${milliseconds(p10)}-${milliseconds(p90)})`;
    return (
      `| ${stage} | ${cell(theirs)} | ${cell(mine)} | **${ratios.median.toFixed(2)}x** ` +
      `(${ratios.p10.toFixed(2)}-${ratios.p90.toFixed(2)}) | ` +
      `${needed === undefined ? '' : `${milliseconds(needed)} (${percent(needed / mine.median)})`} | ` +
      `${sameIds === undefined ? '' : sameIds ? 'yes' : 'no'} |`
    );
  });
  return [
    '| stage | tutorial ms | ours ms | ratio | limit ms (reached) | same ids |',
    '|---|---|---|---|---|---|',
    ...rows,
  ];
}

function speedups(fp16: MeasuredPrecision, int8: MeasuredPrecision): string {
  return fp16.stages
    .flatMap(({ stage, ours }) => {
      const other = int8.stages.find((candidate) => candidate.stage === stage);
      return other && /^(vision|text|decoder|caption|question|second)/.test(stage)
        ? [`${stage} ${(summarize(ours).median / summarize(other.ours).median).toFixed(2)}x`]
        : [];
    })
    .join('; ');
}

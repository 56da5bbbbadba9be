// The table of README.md: the most important figures of a run, in turns with the tutorial and with transformers.
import { summarize } from '../lib';
import { folderSide } from './report-today';
import type { MeasuredModel, Results } from './write-report';

const OURS = ['ours FP16', 'ours INT8'] as const;
const THEIRS = 'transformers';
/** Stages of both comparisons, by how their names begin or end. */
const CAPTION = /^caption, /;
const ROWS: readonly (readonly [stage: RegExp, label: string])[] = [
  [CAPTION, 'caption, 10 new tokens'],
  [/^question, /, 'question, 3 new tokens'],
  [/^second question/, 'second question on the same image'],
  [/questions in one call$/, 'each of 8 questions in one call'],
];

/** @returns undefined where the tutorial was not measured */
export function speedTable({ machine, date }: Results, base: MeasuredModel): string | undefined {
  if (base.precisions.length === 0) return undefined;
  const against = (stage: RegExp, precision: 'FP16' | 'INT8'): string => {
    const found = base.precisions.find(({ name }) => name === precision)?.stages.find((one) => stage.test(one.stage));
    return found ? ratio(found.tutorial, found.ours) : '';
  };
  return [
    `Times of the others over ours, in turns (10th to 90th percentile), ${String(machine.processor).trim()}, ` +
      `${String(machine.cores)} cores, ${date}:`,
    '',
    '| | against | FP16 | INT8 |',
    '|---|---|---|---|',
    ...ROWS.map(
      ([stage, label]) => `| ${label} | the tutorial | ${against(stage, 'FP16')} | ${against(stage, 'INT8')} |`,
    ),
    ...captionRow(base),
    ...folderRows(base),
    '',
    ...conversion(base),
  ].join('\n');
}

function ratio(theirs: readonly number[], ours: readonly number[]): string {
  const { median, p10, p90 } = summarize(theirs.map((ms, round) => ms / ours[round]));
  return `**${median.toFixed(1)}x** (${p10.toFixed(1)}-${p90.toFixed(1)})`;
}

/** Against whichever form of transformers is fastest. */
function captionRow({ today }: MeasuredModel): string[] {
  const samples = today?.stages.find(({ stage }) => CAPTION.test(stage))?.samples ?? {};
  const [best] = Object.keys(samples)
    .filter((side) => side.startsWith(THEIRS))
    .sort((a, b) => summarize(samples[a]).median - summarize(samples[b]).median);
  if (best === undefined) return [];
  const cells = OURS.map((side) => (samples[side] ? ratio(samples[best], samples[side]) : ''));
  return [`| caption, 10 new tokens | ${best} | ${cells.join(' | ')} |`];
}

/** Of a folder of files: the rates of ours, and of the fastest form of transformers over them. */
function folderRows({ folder }: MeasuredModel): string[] {
  if (!folder) return [];
  const rate = (side: string): number => 1000 / (folderSide(folder, side)?.ms ?? Number.NaN);
  const row = (against: string, cells: readonly string[]): string =>
    `| a folder of ${folder.images} JPEG files, to captions | ${against} | ${cells.join(' | ')} |`;
  const own = row(
    '',
    OURS.map((side) => `${rate(side).toFixed(2)} images/s`),
  );
  const [best] = [...new Set(folder.runs.map(({ side }) => side))]
    .filter((side) => side.startsWith(THEIRS))
    .sort((a, b) => rate(b) - rate(a));
  if (best === undefined) return [own];
  const over = OURS.map((side) => `**${(rate(side) / rate(best)).toFixed(1)}x**`);
  return [own, row(`${best}, batches of 8: ${rate(best).toFixed(2)} images/s`, over)];
}

function conversion({ conversion: { tutorial, ours } }: MeasuredModel): string[] {
  if (tutorial.length === 0) return [];
  const of = (runs: typeof ours, field: 'milliseconds' | 'peak_bytes'): number =>
    summarize(runs.map((run) => run[field])).median;
  return [
    `Conversion takes ${(of(ours, 'milliseconds') / 1000).toFixed(1)} s and ` +
      `${Math.round(of(ours, 'peak_bytes') / 1e6)} MB of memory, the tutorial's ` +
      `${(of(tutorial, 'milliseconds') / 1000).toFixed(0)} s and ${(of(tutorial, 'peak_bytes') / 1e9).toFixed(1)} GB.`,
  ];
}

// Writes a run's tables into the documentation, between marks: all of them into benchmarks/README.md, apart for each
// instruction set; the most important ones into README.md, and the cost of many images into docs/scale.md.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { summarize } from '../lib';
import { folderSide } from './report-today';
import { costTable } from './report-cost';
import { writeResults } from './results-file';
import { reportOf, type MeasuredModel, type Results } from './write-report';

/** Where the tables of an instruction set that has none yet go: before this. */
const AFTER_TABLES = '## What limits each stage';
const BASE = 'blip-base';

/** @returns the files that were written */
export function writeDocs(folder: string, results: Results): string[] {
  const root = path.dirname(folder);
  const name = results.limitedTo ?? results.instruction_set ?? 'unknown';
  const file = path.join(folder, 'results', `${results.date}-${name}.json`);
  writeResults(file, results);
  const readme = path.join(folder, 'README.md');
  const text = fs.readFileSync(readme, 'utf8');
  fs.writeFileSync(readme, replaceSection(withSection(text, name), `results with ${name}`, reportOf(results)));
  const written = [file, readme];
  const base = results.models.find(({ checkpoint }) => path.basename(checkpoint) === BASE);
  if (!base) return written;
  const parts: [file: string, section: string, text: string | undefined][] = [
    [path.join(root, 'README.md'), 'speed', speedTable(results, base)],
    [path.join(root, 'docs', 'scale.md'), 'cost', costTable(results, base, path.basename(file))],
  ];
  for (const [target, section, table] of parts) {
    if (table === undefined) continue;
    fs.writeFileSync(target, replaceSection(fs.readFileSync(target, 'utf8'), section, table));
    written.push(target);
  }
  return written;
}

/** @throws {RangeError} when the marks are missing */
export function replaceSection(text: string, section: string, content: string): string {
  const [start, end] = marks(section);
  const [begin, stop] = [text.indexOf(start), text.indexOf(end)];
  if (begin < 0 || stop < begin)
    throw new RangeError(`expected the lines ${start} and ${end}, between which the tables go.`);
  return `${text.slice(0, begin)}${start}\n\n${content.trim()}\n\n${text.slice(stop)}`;
}

function marks(section: string): [string, string] {
  return [`<!-- ${section}: begin -->`, `<!-- ${section}: end -->`];
}

/** Adds empty marks with a heading where the instruction set has none. */
function withSection(text: string, name: string): string {
  const [start, end] = marks(`results with ${name}`);
  if (text.includes(start)) return text;
  const place = text.indexOf(AFTER_TABLES);
  if (place < 0) throw new RangeError(`expected the heading "${AFTER_TABLES}", before which the tables go.`);
  return `${text.slice(0, place)}## With ${name}\n\n${start}\n\n${end}\n\n${text.slice(place)}`;
}

/** The rows that README.md shows. */
const ROWS: readonly (readonly [stage: RegExp, label: string])[] = [
  [/^caption, /, 'caption, 10 new tokens'],
  [/^question, /, 'question, 3 new tokens'],
  [/^second question/, 'second question on the same image'],
  [/questions in one call$/, 'each of 8 questions in one call'],
];

/** @returns undefined where the tutorial was not measured */
export function speedTable({ machine, date }: Results, base: MeasuredModel): string | undefined {
  if (base.precisions.length === 0) return undefined;
  const ratio = (stage: RegExp, precision: 'FP16' | 'INT8'): string => {
    const found = base.precisions.find(({ name }) => name === precision)?.stages.find((one) => stage.test(one.stage));
    if (!found) return '';
    const { median, p10, p90 } = summarize(found.tutorial.map((ms, round) => ms / found.ours[round]));
    return `**${median.toFixed(1)}x** (${p10.toFixed(1)}-${p90.toFixed(1)})`;
  };
  const rows = ROWS.map(([stage, label]) => `| ${label} | ${ratio(stage, 'FP16')} | ${ratio(stage, 'INT8')} |`);
  const { tutorial, ours } = base.conversion;
  const of = (runs: typeof ours, field: 'milliseconds' | 'peak_bytes'): number =>
    summarize(runs.map((run) => run[field])).median;
  const conversion =
    tutorial.length > 0
      ? [
          '',
          `Conversion takes ${(of(ours, 'milliseconds') / 1000).toFixed(1)} s ` +
            `and ${Math.round(of(ours, 'peak_bytes') / 1e6)} ` +
            `MB of memory, the tutorial's ${(of(tutorial, 'milliseconds') / 1000).toFixed(0)} s and ` +
            `${(of(tutorial, 'peak_bytes') / 1e9).toFixed(1)} GB.`,
        ]
      : [];
  return [
    'Times of the Python tutorial over ours, in turns (10th to 90th percentile), ' +
      `${String(machine.processor).trim()}, ` +
      `${String(machine.cores)} cores, ${date}:`,
    '',
    '| | FP16 | INT8 |',
    '|---|---|---|',
    ...rows,
    ...folderRow(base),
    ...conversion,
  ].join('\n');
}

/** Of a folder of files: the rates of all. */
function folderRow({ folder }: MeasuredModel): string[] {
  if (!folder) return [];
  const sides = [...new Set(folder.runs.map(({ side }) => side))];
  const rate = (side: string): number => 1000 / (folderSide(folder, side)?.ms ?? Number.NaN);
  const others = sides.filter((side) => side.startsWith('transformers')).sort((a, b) => rate(b) - rate(a));
  const cell = (side: string): string => `${rate(side).toFixed(2)} images/s`;
  const row = `| a folder of ${folder.images} JPEG files, to captions | ${cell('ours FP16')} | ${cell('ours INT8')} |`;
  if (others.length === 0) return [row];
  const best = others[0];
  const over = (side: string): string => `**${(rate(side) / rate(best)).toFixed(1)}x**`;
  return [row, `| the same against ${best} in batches (${cell(best)}) | ${over('ours FP16')} | ${over('ours INT8')} |`];
}

// What a million and a billion images cost, from the rates of a measured folder.
import { folderSide } from './report-today';
import type { MeasuredModel, Results } from './write-report';

const SECONDS_PER_HOUR = 3600;

/** @param file the results that the rates are from; @returns undefined where no folder was measured */
export function costTable({ machine, date }: Results, { folder }: MeasuredModel, file: string): string | undefined {
  if (!folder) return undefined;
  const rows = [...new Set(folder.runs.map(({ side }) => side))].map((side) => {
    const ms = folderSide(folder, side)?.ms ?? Number.NaN;
    const hours = (images: number): string =>
      (((ms / 1000) * images) / SECONDS_PER_HOUR).toLocaleString('en-US', {
        maximumSignificantDigits: 3,
      });
    return `| ${side} | ${(1000 / ms).toFixed(2)} | ${hours(1e6)} | ${hours(1e9)} |`;
  });
  return [
    `Random weights of BLIP-base's size, captions of 10 tokens, ${String(machine.processor).trim()}, ` +
      `${String(machine.cores)} cores, ${date} (benchmarks/results/${file}):`,
    '',
    '| | images/s of one machine | machine hours for a million | for a billion |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}

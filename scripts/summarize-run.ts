// What the start command says last: what the notebooks found, and what is missing when they did not run to their end.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { isRecord } from '../lib/core/is-record';
import { readJSON } from '../lib/core/read-json';
import { optimizeResults, outputLines, reportLines } from '../lib/notebook/report-lines';
import type { RunSettings } from '../lib/notebook/run-settings';

/** Executed notebooks hold their images. */
const MAX_NOTEBOOK_BYTES = 256 * 2 ** 20;

/** How far a notebook ran. */
interface Ran {
  readonly file: string;
  readonly status: 'complete' | 'interrupted' | 'failed' | 'not run';
  readonly cells: number;
  readonly of: number;
  /** The heading above the cell that did not end. */
  readonly at: string;
}

/** @param notebooks the executed ones, in their order; those that are missing have not been run */
export function summarizeRun(settings: RunSettings, notebooks: readonly string[]): string[] {
  const ran = notebooks.map(howFar);
  const isComplete = ran.every(({ status }) => status === 'complete');
  return [
    ...convertLines(readResults(settings, 'convert')),
    ...optimizeLines(readResults(settings, 'optimize'), isComplete),
    '',
    ...(isComplete
      ? [
          `Executed notebooks: ${path.dirname(notebooks[0] ?? settings.output)}. Step through them yourself: npm ` +
            'run lab',
        ]
      : ['Not complete:', ...ran.map(ranLine), 'Run the command again to make what is missing.']),
  ];
}

function howFar(file: string): Ran {
  const none: Ran = { file, status: 'not run', cells: 0, of: 0, at: '' };
  if (!fs.existsSync(file)) return none;
  const notebook = readJSON(file, { maxBytes: MAX_NOTEBOOK_BYTES });
  const metadata = isRecord(notebook) && isRecord(notebook.metadata) ? notebook.metadata : {};
  if (!isRecord(metadata.incomplete)) return { ...none, status: 'complete' };
  const { status, cells, of, at } = metadata.incomplete;
  return {
    file,
    status: status === 'failed' ? 'failed' : 'interrupted',
    cells: Number(cells),
    of: Number(of),
    at: String(at),
  };
}

function ranLine({ file, status, cells, of, at }: Ran): string {
  const name = path.basename(file);
  if (status === 'complete') return `  ${name}: all cells, in ${file}`;
  if (status === 'not run') return `  ${name}: not run`;
  const kept = cells > 0 ? `the ${cells} before it ${cells === 1 ? 'is' : 'are'} kept, in ${file}` : `see ${file}`;
  return `  ${name}: ${status} in cell ${cells + 1} of ${of} (${at}); ${kept}`;
}

function convertLines(results: Readonly<Record<string, unknown>> | undefined): string[] {
  if (!results) return [];
  const { model, device, precision } = results;
  const lines = outputLines(results).map((line) => `  ${line}`);
  return ['', `${String(model)} on ${String(device)}, ${String(precision)}`, ...lines];
}

/** An incomplete run says what is missing; where the second notebook has not begun, its line below says enough. */
function optimizeLines(results: Readonly<Record<string, unknown>> | undefined, isComplete: boolean): string[] {
  if (!results && !isComplete) return [];
  return reportLines(optimizeResults(results ?? {})).map((line) => `  ${line}`);
}

/** Results of another model are not this run's. */
function readResults(settings: RunSettings, name: string): Readonly<Record<string, unknown>> | undefined {
  const file = path.join(settings.output, 'results', `${name}.json`);
  if (!fs.existsSync(file)) return undefined;
  const results = readJSON(file);
  return isRecord(results) && results.model === settings.model ? results : undefined;
}

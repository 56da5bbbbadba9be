// Remembers which precision was faster, so that each machine tries it once for each size of model.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { cacheFolder } from '../../core/cache-folder';
import { makeFolder } from '../../core/make-folder';
import { isRecord } from '../../core/is-record';
import { parseJSON } from '../../core/read-json';

/** One trial: what was tried where, and the milliseconds in each precision. */
export interface PrecisionTrial {
  /** Processor, OpenVINO, threads and sizes. A trial holds only where all of it is the same. */
  readonly of: string;
  readonly bf16: number;
  readonly f32: number;
  /** False where other programs disturbed it. */
  readonly clear: boolean;
}

/** One trial a line, as JSON. Any number of processes append to it; a line that was cut is skipped. */
const FILE = 'precision-trials.jsonl';
/** Trials of a kind after which their shortest times hold, clear or not: a machine that is always busy stops trying. */
const ENOUGH_TRIALS = 3;
/** Some hundred trials. Beyond it the file begins anew. */
const MAX_BYTES = 2 ** 17;

/** What is settled of this kind; undefined where it is to be tried, or the cache cannot be read. */
export async function recallTrial(of: string): Promise<PrecisionTrial | undefined> {
  return (await recallTrials()).find((trial) => trial.of === of);
}

/** What is settled of each kind: the last clear trial, or the shortest times of several that were not. */
export async function recallTrials(): Promise<PrecisionTrial[]> {
  const kinds = new Map<string, PrecisionTrial[]>();
  for (const trial of await readTrials()) kinds.set(trial.of, [...(kinds.get(trial.of) ?? []), trial]);
  return [...kinds.values()].flatMap((trials) => {
    const clear = trials.findLast((trial) => trial.clear);
    if (clear) return clear;
    if (trials.length < ENOUGH_TRIALS) return [];
    const [bf16, f32] = (['bf16', 'f32'] as const).map((name) => Math.min(...trials.map((trial) => trial[name])));
    return { ...trials[0], bf16, f32 };
  });
}

/** In the order in which they were made. */
async function readTrials(): Promise<PrecisionTrial[]> {
  try {
    const file = path.join(cacheFolder(), FILE);
    const stats = await fs.promises.stat(file);
    if (!stats.isFile() || stats.size > MAX_BYTES) return []; // reading a pipe would wait for a writer
    const lines = (await fs.promises.readFile(file, 'utf8')).split('\n');
    return lines.flatMap((line) => parseTrial(line) ?? []);
  } catch {
    return [];
  }
}

export async function rememberTrial(trial: PrecisionTrial): Promise<void> {
  try {
    const file = path.join(cacheFolder(), FILE);
    await makeFolder(cacheFolder());
    const stats = await fs.promises.stat(file).catch(() => undefined);
    if (stats !== undefined && (!stats.isFile() || stats.size > MAX_BYTES)) await fs.promises.rm(file);
    await fs.promises.appendFile(file, `\n${JSON.stringify(trial)}\n`); // the last line may have been cut
  } catch {
    // A cache that must not be written: the next process tries again.
  }
}

function parseTrial(line: string): PrecisionTrial | undefined {
  try {
    const value = parseJSON(line, FILE);
    if (!isRecord(value)) return undefined;
    const { of, bf16, f32, clear = true } = value; // before there was the word, only clear ones were kept
    if (typeof of !== 'string' || !isTime(bf16) || !isTime(f32) || typeof clear !== 'boolean') return undefined;
    return { of, bf16, f32, clear };
  } catch {
    return undefined;
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

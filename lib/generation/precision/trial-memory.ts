// Remembers which precision was faster, so that each machine tries it once for each size of model.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { cacheFolder } from '../../core/cache-folder';
import { makeFolder } from '../../core/make-folder';
import { isRecord } from '../../core/is-record';
import { parseJSON } from '../../core/read-json';

/** One trial: what was tried where, and the milliseconds of the products in each precision. */
export interface PrecisionTrial {
  /** Processor, OpenVINO, threads and sizes. A trial holds only where all of it is the same. */
  readonly of: string;
  readonly bf16: number;
  readonly f32: number;
}

/** One trial a line, as JSON. Any number of processes append to it; a line that was cut is skipped. */
const FILE = 'precision-trials.jsonl';
/** Some hundred trials. Beyond it the file begins anew. */
const MAX_BYTES = 2 ** 17;

/** The last trial of this kind; undefined where there was none, or the cache cannot be read. */
export async function recallTrial(of: string): Promise<PrecisionTrial | undefined> {
  try {
    const file = path.join(cacheFolder(), FILE);
    const stats = await fs.promises.stat(file);
    if (!stats.isFile() || stats.size > MAX_BYTES) return undefined; // reading a pipe would wait for a writer
    const lines = (await fs.promises.readFile(file, 'utf8')).split('\n');
    return lines.flatMap((line) => parseTrial(line) ?? []).findLast((trial) => trial.of === of);
  } catch {
    return undefined;
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
    const { of, bf16, f32 } = value;
    return typeof of === 'string' && isTime(bf16) && isTime(f32) ? { of, bf16, f32 } : undefined;
  } catch {
    return undefined;
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

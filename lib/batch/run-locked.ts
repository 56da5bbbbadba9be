// A batch's place of output: of several calls for one output, one works at a time.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { statOrNothing } from '../core/is-plain-file';
import { linkTarget } from '../core/link-target';
import { reportProgress } from '../core/progress';
import { withCallbacks, type GuardCallback } from '../core/with-callbacks';
import { withLock } from '../core/with-lock';
import { BatchError } from './batch-error';
import type { BatchOptions } from './batch-options';
import type { BatchSummary } from './batch-summary';
import { explainOutputError } from './explain-output-error';
import { Journal } from './journal';
import type { BatchModel } from './load-batch-model';
import { rowsOf, runBatch, type BatchPlan } from './run-batch';
import { shardName } from './shard';
import { writeCsv, writeParquet } from './write-table';

export interface LockedRun {
  readonly options: BatchOptions;
  /** The journal. */
  readonly file: string;
  /** Called before anything is written, while no other call is at work. @throws {BatchError} */
  readonly check?: () => void;
  /** Called when the output is known to be writable. */
  readonly load: () => Promise<BatchModel>;
}

/** One table, JSONL or what is made of its journal. @throws {BatchError} */
export async function runTable(
  plan: Omit<BatchPlan, 'journal' | 'output'>,
  name: string,
  load: () => Promise<BatchModel>,
): Promise<BatchSummary> {
  const { shard } = plan.options;
  const named = shard ? shardName(name, shard) : name;
  const kind = path.extname(named).toLowerCase();
  const output = linkTarget(named);
  const file = kind === '.jsonl' ? output : `${output}.journal`;
  const check = (): void => {
    if (file !== output) refuseForeignTable(output, file);
  };
  return runLocked({ options: plan.options, file, check, load }, async (journal, loaded, guard) => {
    const summary = await runBatch({ ...plan, journal, output }, loaded, guard);
    await journal.compact();
    const table = { journal: file, output, rows: rowsOf(plan), shard };
    if (kind === '.csv') await writeCsv(table);
    if (kind === '.parquet') await writeParquet(table);
    return summary;
  });
}

/** Of several calls for one output, one works and the others wait, and then do what is left. */
export async function runLocked(
  { options, file, check, load }: LockedRun,
  run: (journal: Journal, loaded: BatchModel, guard: GuardCallback) => Promise<BatchSummary>,
): Promise<BatchSummary> {
  const { signal, progress_callback } = options;
  const others = path.basename(file).startsWith('.blip-captions') ? folderJournals(path.dirname(file)) : [];
  let isOurs = false;
  const work = (guard: GuardCallback) => async (): Promise<BatchSummary> => {
    isOurs = true;
    check?.();
    const journal = await Journal.open(file, others);
    try {
      const loaded = await load();
      try {
        return await run(journal, loaded, guard);
      } finally {
        loaded.model.dispose();
      }
    } finally {
      await journal.close();
    }
  };
  const onWait = (): void =>
    void reportProgress(progress_callback, { status: 'wait', file, message: 'another process is at work on it' });
  return withCallbacks(signal, async (guard) => {
    try {
      return await withLock(`${file}.lock`, work(guard), { signal, onWait });
    } catch (error) {
      throw isOurs || signal?.aborted ? error : explainOutputError(error, file); // the lock could not be made
    }
  });
}

/** A table that this library wrote has its journal beside it. */
function refuseForeignTable(output: string, journal: string): void {
  const stat = statOrNothing(output);
  if (stat?.isFile() && stat.size > 0 && statOrNothing(journal) === undefined)
    throw new BatchError(
      `${output}: is there already, without ${path.basename(journal)}, which this command writes beside its tables. ` +
        'Choose another output, or move this file away.',
    );
}

/** Of all shards, and of a run without. */
function folderJournals(folder: string): string[] {
  const isJournal = (name: string): boolean => /^\.blip-captions(-\d{5}-of-\d{5})?\.jsonl$/.test(name);
  return fs
    .readdirSync(folder)
    .filter(isJournal)
    .map((name) => path.join(folder, name));
}

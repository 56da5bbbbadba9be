// A model folder appears whole or not at all: it is made in a staging folder inside the output and moved out at the
// end. An error, a cancel, Ctrl-C and the end of the process each leave no trace of what was not finished; after a
// kill, the next run removes it.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { makeFolder } from '../core/make-folder';
import { removeIfAbandoned, unfinishedPrefix } from './unfinished';
import type { ModelOrigin } from './manifest';
import { publishModel } from './publish-model';
import { writeManifest } from './write-manifest';

const ENDING_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Each waits 20 ms for writes that are under way. */
const REMOVAL_ATTEMPTS = 25;

/**
 * Staging folders in use, which the end of this process takes along, and the outermost folder that was made for each.
 */
const open = new Map<string, string | undefined>();

export interface StageOptions<T> {
  /** What the model was made of, for its manifest; without it the folder gets none. */
  readonly origin?: (made: T) => ModelOrigin;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lets `make` fill a folder, writes its manifest, and moves its files to the output. Parts and companions that the
 * output had and the new model lacks are removed. Several writers, also in several processes, may make models for one
 * folder at the same time: one after the other moves its own in, and the last one stays.
 */
export async function stageModel<T>(
  outputFolder: string,
  make: (staging: string) => Promise<T>,
  { origin, signal }: StageOptions<T> = {},
): Promise<T> {
  const output = path.resolve(outputFolder);
  const created = await makeFolder(output);
  try {
    for (const name of await fs.promises.readdir(output)) await removeIfAbandoned(path.join(output, name));
    const staging = await fs.promises.mkdtemp(path.join(output, unfinishedPrefix()));
    watch(staging, created);
    try {
      const made = await make(staging);
      if (origin) await writeManifest(staging, origin(made), signal);
      await publishModel(staging, output, signal);
      return made;
    } finally {
      // What cannot be removed now, the next run removes: it must not hide why the model could not be made, or that it
      // was.
      await fs.promises.rm(staging, { recursive: true, force: true }).catch(() => undefined);
      unwatch(staging);
    }
  } catch (error) {
    if (created !== undefined) await removeEmpty(output, path.resolve(created));
    throw error;
  }
}

/**
 * Where nobody listens to a signal, it ends the process without any `finally`: so this listens while there is something
 * to remove.
 * Where somebody does, and ends the process, `exit` is heard.
 */
function watch(staging: string, created: string | undefined): void {
  open.set(staging, created);
  if (open.size > 1) return;
  process.on('exit', removeAll);
  for (const signal of ENDING_SIGNALS) if (process.listenerCount(signal) === 0) process.on(signal, end);
}

function unwatch(staging: string): void {
  open.delete(staging);
  if (open.size > 0) return;
  process.off('exit', removeAll);
  for (const signal of ENDING_SIGNALS) process.off(signal, end);
}

function end(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return; // somebody listens since: to cancel, perhaps
  removeAll();
  process.kill(process.pid, signal); // nobody listens any more: the signal does what it would have done
}

/** Synchronous, for a process that ends. */
function removeAll(): void {
  for (const [staging, created] of [...open]) {
    try {
      removeDespiteWrites(staging);
      if (created !== undefined)
        for (const folder of foldersBetween(path.dirname(staging), created)) fs.rmdirSync(folder);
    } catch {
      // Something else is in the output, or it cannot be removed: the next run tries again.
    }
    unwatch(staging);
  }
}

/**
 * A write that is under way on another thread may add a file after `rmSync` listed the folder. That file makes it fail,
 * however often it retries by itself: so it is called again.
 */
function removeDespiteWrites(folder: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      fs.rmSync(folder, { recursive: true, force: true, maxRetries: 1, retryDelay: 20 });
      return;
    } catch (error) {
      if (attempt === REMOVAL_ATTEMPTS) throw error;
    }
  }
}

/** Removes folders that were made for nothing, as long as they are empty. */
async function removeEmpty(innermost: string, outermost: string): Promise<void> {
  try {
    for (const folder of foldersBetween(innermost, outermost)) await fs.promises.rmdir(folder);
  } catch {
    // Somebody else put something into one of them: it stays.
  }
}

function* foldersBetween(innermost: string, outermost: string): Generator<string> {
  for (let folder = innermost; folder.startsWith(outermost); folder = path.dirname(folder)) yield folder;
}

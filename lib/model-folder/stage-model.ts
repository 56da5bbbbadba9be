// A model folder appears whole or not at all: it is made in a staging folder inside the output and moved out at the end.
// An error, a cancel, Ctrl-C and the end of the process each leave no trace of what was not finished; after a kill, the next run does.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { makeFolder } from '../core/make-folder';
import { removeIfAbandoned, unfinishedPrefix } from './unfinished';
import { COMPANION_FILES } from '../checkpoint/checkpoint-files';

/** A model folder's graphs and their weights. */
const MODEL_FILE = /^blip_\w+\.(xml|bin)$/;
const ENDING_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Staging folders in use, which the end of this process takes along, and the outermost folder that was made for each. */
const open = new Map<string, string | undefined>();

/**
 * Lets `make` fill a folder, then moves its files to the output: the old graphs go first and the new ones come last, so that no
 * reader sees one model's weights under another's graph. Parts and companions that the output had and the new model lacks are removed.
 */
export async function stageModel<T>(outputFolder: string, make: (staging: string) => Promise<T>): Promise<T> {
  const output = path.resolve(outputFolder);
  const created = await makeFolder(output);
  try {
    for (const name of await fs.promises.readdir(output)) await removeIfAbandoned(path.join(output, name));
    const staging = await fs.promises.mkdtemp(path.join(output, unfinishedPrefix()));
    watch(staging, created);
    try {
      const made = await make(staging);
      await publish(staging, output);
      return made;
    } finally {
      await fs.promises.rm(staging, { recursive: true, force: true });
      unwatch(staging);
    }
  } catch (error) {
    if (created !== undefined) await removeEmpty(output, path.resolve(created));
    throw error;
  }
}

async function publish(staging: string, output: string): Promise<void> {
  const entries = await fs.promises.readdir(staging, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const old = (await fs.promises.readdir(output)).filter(
    (name) => MODEL_FILE.test(name) || COMPANION_FILES.includes(name),
  );
  const isGraph = (name: string): boolean => name.endsWith('.xml');
  for (const name of old.filter(isGraph)) await fs.promises.rm(path.join(output, name), { force: true });
  for (const name of names.sort((a, b) => Number(isGraph(a)) - Number(isGraph(b))))
    await fs.promises.rename(path.join(staging, name), path.join(output, name));
  for (const name of old.filter((name) => !isGraph(name) && !names.includes(name)))
    await fs.promises.rm(path.join(output, name), { force: true });
}

/**
 * Where nobody listens to a signal, it ends the process without any `finally`: so this listens while there is something to remove.
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
      fs.rmSync(staging, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }); // a write may be under way
      if (created !== undefined)
        for (const folder of foldersBetween(path.dirname(staging), created)) fs.rmdirSync(folder);
    } catch {
      // Something else is in the output, or it cannot be removed: the next run tries again.
    }
    unwatch(staging);
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

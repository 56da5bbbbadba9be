// A model folder appears whole or not at all: it is made in a staging folder inside the output and moved out at the end.
// An error, a cancel, Ctrl-C and a later run each leave no trace of what was not finished.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { COMPANION_FILES } from '../checkpoint/checkpoint-files';

const PREFIX = '.unfinished-';
/** A model folder's graphs and their weights. */
const MODEL_FILE = /^blip_\w+\.(xml|bin)$/;
/** What a killed process left is removed by a later one when it is this old: process numbers mean nothing to another machine. */
const STALE_MS = 3_600_000;
const ENDING_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Staging folders in use, which a signal that ends this process takes along. */
const open = new Set<string>();

/**
 * Lets `make` fill a folder, then moves its files to the output: the old graphs go first and the new ones come last, so that no
 * reader sees one model's weights under another's graph. Parts and companions that the output had and the new model lacks are removed.
 */
export async function stageModel<T>(outputFolder: string, make: (staging: string) => Promise<T>): Promise<T> {
  const output = path.resolve(outputFolder);
  const created = await fs.promises.mkdir(output, { recursive: true });
  try {
    await removeStale(output);
    const staging = await fs.promises.mkdtemp(path.join(output, `${PREFIX}${process.pid}-`));
    watch(staging);
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

async function removeStale(output: string): Promise<void> {
  for (const name of await fs.promises.readdir(output)) {
    const owner = name.startsWith(PREFIX) ? Number(/^\d+/.exec(name.slice(PREFIX.length))?.[0]) : 0;
    if (!owner || isAlive(owner)) continue;
    const folder = path.join(output, name);
    if (Date.now() - (await fs.promises.stat(folder)).mtimeMs > STALE_MS)
      await fs.promises.rm(folder, { recursive: true, force: true });
  }
}

/** Where nobody listens to a signal, it ends the process without any `finally`: so this listens while there is something to remove. */
function watch(staging: string): void {
  open.add(staging);
  if (open.size > 1) return;
  for (const signal of ENDING_SIGNALS) if (process.listenerCount(signal) === 0) process.on(signal, end);
}

function unwatch(staging: string): void {
  open.delete(staging);
  if (open.size === 0) for (const signal of ENDING_SIGNALS) process.off(signal, end);
}

function end(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return; // somebody listens since: to cancel, perhaps
  for (const staging of open) fs.rmSync(staging, { recursive: true, force: true });
  for (const staging of [...open]) {
    try {
      fs.rmdirSync(path.dirname(staging));
    } catch {
      /* the output holds something else */
    }
    unwatch(staging);
  }
  process.kill(process.pid, signal); // nobody listens any more: the signal does what it would have done
}

/** Removes folders that were made for nothing, from the innermost to `outermost`, as long as they are empty. */
async function removeEmpty(innermost: string, outermost: string): Promise<void> {
  try {
    for (let folder = innermost; folder.startsWith(outermost); folder = path.dirname(folder))
      await fs.promises.rmdir(folder);
  } catch {
    // Somebody else put something into one of them: it stays.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

// Moves a finished model into its folder, one writer at a time. The manifest comes first and names every file by its
// digest: until the last file is in place the folder does not fit it, so that whoever loads it then, or after this
// process was killed, takes it for no model.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { isPlainFile } from '../core/is-plain-file';
import { withLock } from '../core/with-lock';
import { MANIFEST_FILE } from './manifest';
import { belongsToModel, LOCK_FILE } from './model-files';

/** Where the files of the earlier model lie until the new one is in place, inside the staging folder. */
const OLD_FOLDER = 'replaced';

/**
 * An error puts the earlier model back. The graphs go first and come last, so that programs that know no manifest do
 * not read one model's weights under another's graph.
 *
 * @param staging a folder in `output`; its files are the model
 */
export async function publishModel(staging: string, output: string, signal?: AbortSignal): Promise<void> {
  await withLock(path.join(output, LOCK_FILE), () => publishNow(staging, output), { signal });
}

async function publishNow(staging: string, output: string): Promise<void> {
  const names = (await fs.promises.readdir(staging, { withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
  const earlier = (await fs.promises.readdir(output)).filter(belongsToModel).sort();
  const old = path.join(staging, OLD_FOLDER);
  await fs.promises.mkdir(old);
  const undo: (() => Promise<void>)[] = [];
  const move = async (from: string, to: string): Promise<void> => {
    await fs.promises.rename(from, to);
    undo.unshift(() => fs.promises.rename(to, from));
  };
  try {
    if (names.includes(MANIFEST_FILE)) await replaceManifest(staging, output, undo);
    for (const name of earlier.sort(graphsFirst))
      if (name !== MANIFEST_FILE || !names.includes(name)) await move(path.join(output, name), path.join(old, name));
    for (const name of names.sort(graphsFirst).reverse())
      if (name !== MANIFEST_FILE) await move(path.join(staging, name), path.join(output, name));
  } catch (error) {
    for (const step of undo) await step().catch(() => undefined); // the manifest tells, should one of them fail too
    throw error;
  }
}

/** In one step: there is never none. */
async function replaceManifest(staging: string, output: string, undo: (() => Promise<void>)[]): Promise<void> {
  const target = path.join(output, MANIFEST_FILE);
  const text = isPlainFile(target) ? await fs.promises.readFile(target).catch(() => undefined) : undefined;
  await fs.promises.rename(path.join(staging, MANIFEST_FILE), target);
  undo.unshift(async () => {
    if (text === undefined) return fs.promises.rm(target, { force: true });
    const kept = path.join(staging, MANIFEST_FILE);
    await fs.promises.writeFile(kept, text);
    await fs.promises.rename(kept, target);
  });
}

function graphsFirst(a: string, b: string): number {
  return Number(b.endsWith('.xml')) - Number(a.endsWith('.xml'));
}

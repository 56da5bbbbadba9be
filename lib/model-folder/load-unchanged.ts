// Loads what a folder holds so that it is one model's: checked against the manifest, and again from the start when
// another process wrote a new model in the meantime.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { statOrNothing } from '../core/is-plain-file';
import { describeOddFile } from '../core/is-plain-file';
import { isLocked } from '../core/with-lock';
import { checkDigests, checkNamesAndSizes } from './check-folder';
import { fileIdentity } from './digest-memory';
import { MANIFEST_FILE, ModelFolderError, readManifest } from './manifest';
import { belongsToModel, LOCK_FILE } from './model-files';

/**
 * A model is moved into its folder within milliseconds: whoever finds it half done this often meets writers without a
 * pause.
 */
const MAX_ATTEMPTS = 100;
const PAUSE_MS = 50;

/**
 * Calls `load` for a folder, and checks the folder beside: sizes first, digests while `load` works. A folder without a
 * manifest is not checked, but loaded as one model all the same.
 *
 * @param dispose frees what was loaded from a folder that turned out not to be what it says
 * @throws {ModelFolderError} when the folder is not what its manifest says
 * @throws what `load` throws
 */
export function loadUnchanged<T>(folder: string, load: () => Promise<T>, dispose?: (loaded: T) => void): Promise<T> {
  return asOneModel(folder, () => checkBeside(folder, load, dispose), dispose);
}

/**
 * As loadUnchanged, without the check: for what reads several files of a folder, and loads its models by loadUnchanged.
 */
export async function asOneModel<T>(
  folder: string,
  load: () => Promise<T>,
  dispose: (loaded: T) => void = () => undefined,
): Promise<T> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep(PAUSE_MS);
    if (await isBeingWritten(folder)) continue;
    checkPlainFiles(folder);
    const before = await folderState(folder);
    const outcome = await outcomeOf(load());
    if (before !== (await folderState(folder)) || (await isBeingWritten(folder))) {
      if ('loaded' in outcome) dispose(outcome.loaded);
      continue;
    }
    if ('loaded' in outcome) return outcome.loaded;
    throw outcome.error;
  }
  throw new ModelFolderError(
    `${folder}: other processes write models into it without a pause. Load it when they are done, or give each ` +
      'its own folder.',
  );
}

/**
 * Checks a folder that is read for long, and returns a function that throws when it has changed since.
 *
 * @throws {ModelFolderError} when the folder is not what its manifest says
 */
export async function watchFolder(folder: string): Promise<() => Promise<void>> {
  const before = await loadUnchanged(folder, () => folderState(folder));
  return async () => {
    if (before !== (await folderState(folder)))
      throw new ModelFolderError(
        `${folder}: its files were changed while they were read. Wait until whoever writes it is done, and try again.`,
      );
  };
}

/** Before anything waits for a pipe, in this library or in OpenVINO. */
function checkPlainFiles(folder: string): void {
  const names = isFolder(folder) ? fs.readdirSync(folder).filter(belongsToModel) : [];
  for (const name of names) {
    const file = path.join(folder, name);
    const odd = describeOddFile(file);
    if (odd !== undefined)
      throw new ModelFolderError(
        `${file} is ${odd}; expected a file. Remove it, and convert or quantize into this folder again.`,
      );
  }
}

function isFolder(folder: string): boolean {
  return statOrNothing(folder)?.isDirectory() ?? false;
}

type Outcome<T> = { readonly loaded: T } | { readonly error: unknown };

function outcomeOf<T>(promise: Promise<T>): Promise<Outcome<T>> {
  return promise.then(
    (loaded): Outcome<T> => ({ loaded }),
    (error: unknown): Outcome<T> => ({ error }),
  );
}

async function checkBeside<T>(folder: string, load: () => Promise<T>, dispose?: (loaded: T) => void): Promise<T> {
  const manifest = readManifest(folder);
  if (!manifest) return load();
  checkNamesAndSizes(folder, manifest);
  const checking = outcomeOf(checkDigests(folder, manifest));
  const outcome = await outcomeOf(load());
  const checked = await checking;
  if ('error' in checked) {
    if ('loaded' in outcome) dispose?.(outcome.loaded);
    throw checked.error; // says more than what a damaged file did to the runtime
  }
  if ('error' in outcome) throw outcome.error;
  return outcome.loaded;
}

function isBeingWritten(folder: string): Promise<boolean> {
  return isLocked(path.join(folder, LOCK_FILE));
}

/**
 * Changes when a file of the model does. The manifest counts by its content: its date says when a cached model was last
 * used.
 */
async function folderState(folder: string): Promise<string> {
  try {
    const names = (await fs.promises.readdir(folder)).filter(belongsToModel).sort();
    const states = names.map(async (name) => {
      const file = path.join(folder, name);
      const isManifest = name === MANIFEST_FILE;
      return `${name} ${isManifest ? await fs.promises.readFile(file, 'utf8') : (await fileIdentity(file)).identity}`;
    });
    return (await Promise.all(states)).join('\n');
  } catch (error) {
    return error instanceof Error && 'code' in error ? `${String(error.code)}` : String(error);
  }
}

// Whether two calls mean the same checkpoint: by its commit where it came from the hub, by what the file system knows
// of its files else.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { COMPANION_FILES, type FoundCheckpoint } from '../checkpoint';

const COMMIT = /^[0-9a-f]{40}$/;
/** Configuration, vocabulary and weights; whatever else lies there does not count. */
const CHECKPOINT_FILE = /\.(json|txt|safetensors|bin)$/;

/**
 * A text that changes when a checkpoint changes. Nothing is read: weights have gigabytes. The time of a file's last
 * change cannot be set by programs, so that a file with other content, but the size and date of the old one, is
 * noticed.
 *
 * @example
 * await checkpointIdentity(await findCheckpoint('models/blip-scenes')) // '3f9c2b7e01ab'
 */
export async function checkpointIdentity({ folder, file }: FoundCheckpoint): Promise<string> {
  const hash = createHash('sha256');
  const commit = hubCommit(folder);
  if (commit !== undefined) hash.update(file === undefined ? commit : `${commit} ${path.basename(file)}`);
  else {
    const names = await fs.promises.readdir(folder);
    for (const name of names.filter((each) => counts(each, file)).sort()) {
      const { dev, ino, size, mtimeNs, ctimeNs } = await fs.promises.stat(path.join(folder, name), { bigint: true });
      hash.update(`${[name, dev, ino, size, mtimeNs, ctimeNs].join(' ')}\n`);
    }
  }
  return hash.digest('hex').slice(0, 12);
}

/** The commit of a folder in a hub cache, `…/snapshots/<commit>`; undefined for any other folder. */
export function hubCommit(folder: string): string | undefined {
  const commit = path.basename(folder);
  return path.basename(path.dirname(folder)) === 'snapshots' && COMMIT.test(commit) ? commit : undefined;
}

/** Beside a file that was named, anything may lie: of that, only what goes with it counts. */
function counts(name: string, file: string | undefined): boolean {
  return file === undefined
    ? CHECKPOINT_FILE.test(name)
    : name === path.basename(file) || COMPANION_FILES.includes(name);
}

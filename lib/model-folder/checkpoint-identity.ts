// Whether two calls mean the same checkpoint: by its commit where it came from the hub, by what the file system knows of its files else.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';

const COMMIT = /^[0-9a-f]{40}$/;
/** Configuration, vocabulary and weights; whatever else lies there does not count. */
const CHECKPOINT_FILE = /\.(json|txt|safetensors|bin)$/;

/**
 * A text that changes when a checkpoint folder changes. Nothing is read: weights have gigabytes. The time of a file's last change
 * cannot be set by programs, so that a file with other content, but the size and date of the old one, is noticed.
 *
 * @example
 * await checkpointIdentity('models/blip-scenes') // '3f9c2b7e01ab'
 */
export async function checkpointIdentity(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const commit = path.basename(folder);
  if (path.basename(path.dirname(folder)) === 'snapshots' && COMMIT.test(commit)) hash.update(commit);
  else
    for (const name of (await fs.promises.readdir(folder)).filter((each) => CHECKPOINT_FILE.test(each)).sort()) {
      const { dev, ino, size, mtimeNs, ctimeNs } = await fs.promises.stat(path.join(folder, name), { bigint: true });
      hash.update(`${[name, dev, ino, size, mtimeNs, ctimeNs].join(' ')}\n`);
    }
  return hash.digest('hex').slice(0, 12);
}

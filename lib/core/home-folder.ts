// The user's home folder, which not every process has: in containers, users without a name have none.
import * as os from 'node:os';
import * as path from 'node:path';
import { BlipError } from './errors';

/** No folder for caches can be told from the environment. */
export class CacheFolderError extends BlipError {}

/** @throws {CacheFolderError} when the user has none, with what to set instead */
export function homeFolder(): string {
  let home = '';
  let reason = 'it is empty';
  try {
    home = os.homedir();
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  }
  if (path.isAbsolute(home)) return home;
  throw new CacheFolderError(
    `The cache folder is unknown: the home folder of this user is "${home}" (${reason}), expected an absolute path. ` +
      'Set BLIP_CACHE, and for downloads HF_HOME, to a folder that you may write to.',
  );
}

// What the system says when a converted model cannot be written names no file of the reader's and no way out: put into words.
import * as path from 'node:path';
import { BlipError } from './errors';
import { freeBytes } from './free-bytes';

/** A file of the converted model could not be written; `cause` is the system's own error. */
export class ConvertWriteError extends BlipError {}

const ROOM = 'Make room there, or choose another output folder.';
const RIGHT = 'Choose an output folder that you may write to, and close programs that have the model open.';
const FOLDER = 'A file stands where a folder is needed: choose another output folder.';
/** What helps against it, by the system's code. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: ROOM,
  EDQUOT: `${ROOM} The limit is that of your quota.`,
  EFBIG:
    'Lift the limit on the size of files (ulimit -f), or choose an output folder on a disk that takes files of this size.',
  EACCES: RIGHT,
  EPERM: RIGHT,
  EROFS: RIGHT,
  EBUSY: RIGHT,
  ENOTDIR: FOLDER,
  EEXIST: FOLDER,
};

/**
 * @param bytes about what the whole model takes
 * @returns anything but a system's refusal to write as it is
 */
export function explainWriteError(error: unknown, outputFolder: string, bytes: number): unknown {
  if (!isSystemError(error) || error.syscall === 'read') return error;
  const at = error.dest ?? error.path;
  const name =
    at === undefined || path.resolve(at) === path.resolve(outputFolder)
      ? ''
      : path.basename(at).replace(/\.\d+-\d+\.tmp$/, '');
  const advice = ADVICE[error.code ?? ''] ?? ROOM;
  return new ConvertWriteError(
    `${path.join(outputFolder, name)}: the converted model could not be written: ${error.message}. ` +
      `${[RIGHT, FOLDER].includes(advice) ? '' : spaceOf(outputFolder, bytes)}${advice}`,
    { cause: error },
  );
}

function spaceOf(folder: string, bytes: number): string {
  const free = freeBytes(folder);
  return `The model takes about ${megabytes(bytes)} MB${free === undefined ? '' : `, ${megabytes(free)} MB are free there`}. `;
}

interface SystemError extends NodeJS.ErrnoException {
  readonly dest?: string;
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}

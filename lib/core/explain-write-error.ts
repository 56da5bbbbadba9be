// What the system says when a model cannot be written names no file of the reader's and no way out: put into words.
import * as path from 'node:path';
import { BlipError } from './errors';
import { freeBytes } from './free-bytes';

/** A file of a converted or quantized model could not be written; `cause` is the system's own error. */
export class ConvertWriteError extends BlipError {}

const OTHER = 'choose another output folder';
const ROOM = `Make room there, or ${OTHER}.`;
const RIGHT = 'Choose an output folder that you may write to, and close programs that have the model open.';
const FOLDER = `A file stands where a folder is needed: ${OTHER}.`;
const GONE =
  `The disk, or the network that it is reached by, does not answer: connect it again, or ${OTHER} on a ` +
  `local disk.`;
const UNABLE = `The file system there does not do what is needed: ${OTHER} on a local disk.`;
const OPEN_FILES = 'Too many files are open: close some, or raise the limit (ulimit -n).';

/** What helps against it, by the system's code. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: ROOM,
  EDQUOT: `${ROOM} The limit is that of your quota.`,
  EFBIG: `Lift the limit on the size of files (ulimit -f), or ${OTHER} on a disk that takes files of this size.`,
  EACCES: RIGHT,
  EPERM: RIGHT,
  EBUSY: RIGHT,
  ETXTBSY: RIGHT,
  EROFS: `The disk is mounted read-only: ${OTHER} on a disk that can be written to.`,
  ENOTDIR: FOLDER,
  EEXIST: FOLDER,
  EISDIR: `A folder stands where a file is needed: remove it, or ${OTHER}.`,
  ENOENT: `The folder cannot be made there, or was removed while the model was written: ${OTHER}.`,
  ENOTEMPTY: `Another program put files there in the meantime: try again, or ${OTHER}.`,
  ENAMETOOLONG: `The path is too long: ${OTHER} with a shorter one.`,
  ELOOP: `Symbolic links lead in a circle: ${OTHER}.`,
  EMFILE: OPEN_FILES,
  ENFILE: OPEN_FILES,
  ENOMEM: 'The system has no memory left: close other programs.',
  EIO: `The disk reports a failure: check it and the system's log, and ${OTHER} on another disk.`,
  ENXIO: GONE,
  ENODEV: GONE,
  ESTALE: GONE,
  ETIMEDOUT: GONE,
  EREMOTEIO: GONE,
  EXDEV: UNABLE,
  EINVAL: UNABLE,
  ENOSYS: UNABLE,
  ENOTSUP: UNABLE,
  EOPNOTSUPP: UNABLE,
};
/** Those where it helps to know how much is needed. */
const SPACE_CODES = ['ENOSPC', 'EDQUOT', 'EFBIG'];
const UNKNOWN = `Try again, or ${OTHER} on a local disk.`;

/**
 * @param bytes about what the whole model takes, if that is known
 * @returns anything but a system's refusal to write below the output folder, or to make it, as it is
 */
export function explainWriteError(error: unknown, outputFolder: string, bytes?: number): unknown {
  if (!isSystemError(error) || error.syscall === 'read') return error;
  const output = path.resolve(outputFolder);
  const at = path.resolve(error.dest ?? error.path ?? output);
  const isInside = at.startsWith(output + path.sep);
  if (!isInside && at !== output && !output.startsWith(at + path.sep)) return error; // of a file that is read
  const name = isInside ? path.basename(at).replace(/\.\d+-\d+\.tmp$/, '') : '';
  const advice = writeAdvice(error);
  return new ConvertWriteError(
    `${path.join(outputFolder, name)}: the model could not be written: ${error.message}. ` +
      `${isOutOfSpace(error) && bytes !== undefined ? spaceOf(outputFolder, bytes) : ''}${advice}`,
    { cause: error },
  );
}

/**
 * What helps against a system's refusal to write, as sentences.
 *
 * @param place what is written to, such as `cache folder`
 */
export function writeAdvice(error: unknown, place = 'output folder'): string {
  return (ADVICE[codeOf(error)] ?? UNKNOWN).replaceAll('output folder', place);
}

/** Whether less to write would do. */
export function isOutOfSpace(error: unknown): boolean {
  return SPACE_CODES.includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function spaceOf(folder: string, bytes: number): string {
  const free = freeBytes(folder);
  const room = free === undefined ? '' : `, ${megabytes(free)} MB are free there`;
  return `The model takes about ${megabytes(bytes)} MB${room}. `;
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

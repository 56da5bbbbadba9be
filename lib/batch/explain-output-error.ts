// What the system says when an output cannot be written, with the file and a way out.
import { BatchError } from './batch-error';

const GO_ON = 'What is done is kept: run the same command again to go on.';

/** By the system's code. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: `Make room on the disk. ${GO_ON}`,
  EDQUOT: `Your quota is used up: make room. ${GO_ON}`,
  EFBIG: `Raise the limit on the size of files (ulimit -f), or use shards. ${GO_ON}`,
  EACCES: 'Choose an output (--output) that you may write to.',
  EPERM: 'Choose an output (--output) that you may write to.',
  EROFS: 'The disk is read-only: choose an output (--output) on another.',
  EISDIR: 'A folder stands there: choose another name.',
  ENOTDIR: 'A file stands where a folder is needed: choose another name.',
  EEXIST: 'A file stands where a folder is needed: choose another name.',
  ENAMETOOLONG: 'The name is too long: choose a shorter one.',
};

/** @returns anything but a system's error as it is */
export function explainOutputError(error: unknown, file: string): unknown {
  if (error instanceof BatchError || !(error instanceof Error) || !('code' in error)) return error;
  const advice = ADVICE[String(error.code)] ?? GO_ON;
  return new BatchError(`${file}: cannot be written: ${error.message}. ${advice}`, { cause: error });
}

// The file in the system's error: of a full disk, Node.js says `ENOSPC: no space left on device, write`, and not where.

/**
 * @returns the same error, with the file in its message and as its `path`, where it had none; anything else as it is
 * @example
 * nameFile(error, 'a.json').message // "ENOSPC: no space left on device, write 'a.json'"
 */
export function nameFile(error: unknown, file: string): unknown {
  if (!hasNoPath(error)) return error;
  error.message += ` '${file}'`;
  return Object.assign(error, { path: file });
}

/** Whether it is an error of the system that names no file: one of reading or writing a file that is open already. */
export function hasNoPath(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error && !('path' in error);
}

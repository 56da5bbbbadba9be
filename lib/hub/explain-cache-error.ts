// What the system says when the cache cannot be read or written names no way out: put into words.
import * as path from 'node:path';
import { CacheError } from './hub-errors';

/** What is in the way, by the system's code. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'its disk is read-only',
  ENOTDIR: 'a file stands where a folder is needed',
  EEXIST: 'a file stands where a folder is needed',
  ENOSPC: 'its disk is full',
  EDQUOT: 'your quota there is used up',
};

/**
 * Runs `work`; what the system refuses in the cache becomes a CacheError.
 *
 * @param cacheFolder that of all repositories
 * @throws {CacheError} and what else `work` throws, as it is
 */
export async function withCacheErrors<T>(cacheFolder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isSystemError(error) || !concerns(cacheFolder, error)) throw error;
    const reason = REASONS[error.code ?? ''];
    throw new CacheError(
      `${cacheFolder}: the cache cannot be used${reason === undefined ? '' : `, since ${reason}`}: ${error.message}. ` +
        'Choose another folder (HF_HUB_CACHE or the option cache_dir), or correct this one.',
      { cause: error },
    );
  }
}

/** Whether the error is about the cache, or a folder above it that should be made. */
function concerns(cacheFolder: string, error: NodeJS.ErrnoException): boolean {
  const place = path.resolve(error.path ?? '/');
  return error.path !== undefined && (isWithin(place, cacheFolder) || isWithin(cacheFolder, place));
}

function isWithin(place: string, folder: string): boolean {
  const [first] = path.relative(folder, place).split(path.sep);
  return first !== '..' && !path.isAbsolute(path.relative(folder, place));
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

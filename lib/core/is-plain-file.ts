// Whether a path names a file that ends: reading a named pipe waits for a writer, and a device may never end.
import * as fs from 'node:fs';

/** False for a folder, a pipe, a socket or a device, and where there is nothing. Links are followed. */
export function isPlainFile(file: string): boolean {
  return statOrNothing(file)?.isFile() ?? false;
}

/**
 * What a path names that is no plain file.
 *
 * @returns undefined for a plain file, and where there is nothing or nothing can be seen
 * @example
 * describeOddFile('/dev/zero') // 'a device'
 */
export function describeOddFile(file: string): string | undefined {
  const stat = statOrNothing(file);
  if (stat === undefined || stat.isFile()) return undefined;
  if (stat.isDirectory()) return 'a folder';
  if (stat.isFIFO()) return 'a named pipe';
  return stat.isSocket() ? 'a socket' : 'a device';
}

/**
 * What stands under a path: undefined also where nothing can be seen, as behind a name that is too long, a circle of
 * links or a folder that is closed. Whoever opens it is told why.
 */
export function statOrNothing(file: string): fs.Stats | undefined {
  try {
    return fs.statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** False where there is none, or none can be seen. Links are followed. */
export function isFolder(file: string): boolean {
  return statOrNothing(file)?.isDirectory() ?? false;
}

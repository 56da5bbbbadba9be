// Whether a path names a file that ends: reading a named pipe waits for a writer, and a device may never end.
import * as fs from 'node:fs';

/** False for a folder, a pipe, a socket or a device, and where there is nothing. Links are followed. */
export function isPlainFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

/**
 * What a path names that is no plain file.
 *
 * @returns undefined for a plain file, and where there is nothing or nothing can be seen
 * @example
 * describeOddFile('/dev/zero') // 'a device'
 */
export function describeOddFile(file: string): string | undefined {
  let stat: fs.Stats | undefined;
  try {
    stat = fs.statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined; // whoever opens it says why
  }
  if (stat === undefined || stat.isFile()) return undefined;
  if (stat.isDirectory()) return 'a folder';
  if (stat.isFIFO()) return 'a named pipe';
  return stat.isSocket() ? 'a socket' : 'a device';
}

// The root of this project, for tests that read its files.
import * as path from 'node:path';

/** An absolute path, without a trailing separator. */
export function projectRoot(): string {
  return path.resolve(__dirname, '..');
}

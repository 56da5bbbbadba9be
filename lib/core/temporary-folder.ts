// A folder for what is needed for a moment.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { writeAdvice } from './explain-write-error';
import { FileError } from './read-text';

/**
 * @param prefix such as `blip-verify-`
 * @returns a new folder, which the caller removes
 * @throws {FileError} when the system's folder for temporary files is missing, full or not writable
 */
export async function temporaryFolder(prefix: string): Promise<string> {
  const place = os.tmpdir();
  try {
    return await fs.promises.mkdtemp(path.join(place, prefix));
  } catch (error) {
    throw new FileError(
      `${place}: no temporary folder can be made there: ${error instanceof Error ? error.message : String(error)}. ` +
        `${writeAdvice(error, 'temporary folder')} TMPDIR names it.`,
      { cause: error },
    );
  }
}

// The one way in which small files are written: under another name first, then renamed, so that no reader sees half of
// one.
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { removeQuietlySync } from './remove-quietly';
import { nameFile } from './name-file';
import { linkTarget } from './link-target';
import { makeFolderSync } from './make-folder';

/**
 * Writes a file whole or not at all, and the folders above it that are missing. What stood under the name is replaced;
 * of a symbolic link, what it names.
 *
 * @throws the system's error, such as ENOSPC or EACCES; then nothing of this call is left
 * @example
 * writeWhole('output/results/convert.json', '{}\n')
 */
export function writeWhole(name: string, contents: string | Uint8Array): void {
  const file = linkTarget(name);
  makeFolderSync(path.dirname(file));
  const temporary = temporaryName(file);
  try {
    fs.writeFileSync(temporary, contents);
    fs.renameSync(temporary, file);
  } catch (error) {
    throw nameFile(error, file);
  } finally {
    removeQuietlySync(temporary);
  }
}

/** Bytes of a name that leave room for what makes it temporary: systems allow 255. */
const MAX_NAME_BYTES = 200;

/** Of this call: two calls, or two machines, do not share it. In the same folder, as a rename needs. */
function temporaryName(file: string): string {
  const name = path.basename(file);
  const isLong = Buffer.byteLength(name) > MAX_NAME_BYTES;
  return path.join(path.dirname(file), `${isLong ? 'long-name' : name}.${randomUUID()}.tmp`);
}

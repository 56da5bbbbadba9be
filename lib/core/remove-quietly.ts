// Removes what a call leaves when it ends: what cannot be removed, such as in a folder that has become a file, must not
// hide why the call failed, or that it did not.
import * as fs from 'node:fs';

/** @param file or a folder, with what is in it */
export async function removeQuietly(file: string): Promise<void> {
  await fs.promises.rm(file, { recursive: true, force: true }).catch(() => undefined);
}

/** The same, without a promise. */
export function removeQuietlySync(file: string): void {
  try {
    fs.rmSync(file, { recursive: true, force: true });
  } catch {
    // stays
  }
}

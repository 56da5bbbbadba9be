// How much room is left on a disk.
import * as fs from 'node:fs';
import * as path from 'node:path';

/** Bytes free for this user on the disk that `folder` is, or would be, on; undefined when the system does not say. */
export function freeBytes(folder: string): number | undefined {
  for (let place = path.resolve(folder); ; place = path.dirname(place)) {
    try {
      const { bavail, bsize } = fs.statfsSync(place);
      return bavail * bsize;
    } catch {
      if (place === path.dirname(place)) return undefined;
    }
  }
}

// What a symbolic link names in the end. A file is replaced by a rename, which would replace the link instead; and who
// writes through a link must lock what others write, too.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describeOddFile } from './is-plain-file';

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * @returns the file itself where it is no link, also where nothing is there, and where the link names no plain file; of
 *   a circle of links the first, which the system refuses when it is opened
 * @example
 * linkTarget('captions.jsonl') // '/mnt/disk/captions.jsonl', where that is what the link names
 */
export function linkTarget(file: string): string {
  let target = file;
  for (let links = 0; links < MAX_LINKS; links++) {
    try {
      target = path.resolve(path.dirname(target), fs.readlinkSync(target));
    } catch {
      return describeOddFile(target) === undefined ? target : file; // no link, or nothing
    }
  }
  return file;
}

// The parquet files of a folder, by split.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { isFolder, statOrNothing } from '../core/is-plain-file';
import { splitOfPath } from './choose-split';
import { VqaParquetError } from './vqa-parquet-error';

/** Folders within each other, and files in all of them (VQAv2 has 200,000 images); more is not a data set's folder. */
const MAX_DEPTH = 8;
const MAX_FILES = 1_000_000;

/** @returns files by the name of their split, '' for those that name none; empty when there are no parquet files */
export function findParquetFiles(folder: string): Map<string, string[]> {
  const splits = new Map<string, string[]>();
  let seen = 0;
  const visit = (place: string, depth: number): void => {
    const entries = fs.readdirSync(path.join(folder, place), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (++seen > MAX_FILES)
        throw new VqaParquetError(
          `${folder} holds more than ${MAX_FILES} files; name the folder that holds the data set alone.`,
        );
      const name = path.posix.join(place, entry.name);
      if (entry.isDirectory() && depth < MAX_DEPTH && !entry.name.startsWith('.')) visit(name, depth + 1);
      else if (/\.parquet$/i.test(entry.name) && isFile(path.join(folder, name))) {
        const split = splitOfPath(name);
        splits.set(split, [...(splits.get(split) ?? []), path.join(folder, name)]);
      }
    }
  };
  visit(snapshotOf(folder), 0);
  return splits;
}

/**
 * Where the current files lie in a repository's folder of the hub's cache (`datasets--owner--name`), which may hold
 * those of earlier commits, too; '' for any other folder.
 */
function snapshotOf(folder: string): string {
  const snapshots = path.join(folder, 'snapshots');
  if (!isFolder(snapshots) || !isFolder(path.join(folder, 'refs'))) return '';
  const commits = fs.readdirSync(snapshots);
  const main = path.join(folder, 'refs', 'main');
  const current = isFile(main) ? fs.readFileSync(main, 'utf8').trim() : undefined;
  const [commit, ...others] = commits.filter((name) => name === current || !commits.includes(current ?? ''));
  if (commit === undefined) return '';
  if (others.length === 0) return path.posix.join('snapshots', commit);
  throw new VqaParquetError(
    `${folder} is a repository's folder in the hub's cache, with ${commits.length} commits; name one of them, ` +
      `such as ${path.join(snapshots, commit)}.`,
  );
}

function isFile(file: string): boolean {
  return statOrNothing(file)?.isFile() ?? false;
}

// Staging folders that a process left behind: how they are named, whose they are, and how those of dead processes are
// removed.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { statOrNothing } from '../core/is-plain-file';
import { isAlive, processSpace, startOf } from '../core/process-identity';

const NAME = /^\.unfinished-(\d+)-(?:([0-9a-f]{8})-(\d+)-)?\w+$/;
/**
 * A process number of another machine, or of another container, says nothing here: age decides. Longer than any
 * quantization.
 */
const STALE_MS = 3_600_000;
/** The clock of a file system may be a little behind. */
const CLOCK_SLACK_MS = 2_000;

/**
 * The beginning of a staging folder's name: it says which process of which machine works in it.
 *
 * @example unfinishedPrefix() // '.unfinished-4711-1f3a90c2-8812034-': number, machine, when the process started
 */
export function unfinishedPrefix(): string {
  return `.unfinished-${process.pid}-${processSpace()}-${startOf(process.pid)}-`;
}

/**
 * Removes the staging folder `folder` if the process that made it is gone. Anything else stays.
 * @returns whether it was removed
 */
export async function removeIfAbandoned(folder: string): Promise<boolean> {
  if (!(await isAbandoned(folder))) return false;
  await fs.promises.rm(folder, { recursive: true, force: true });
  return true;
}

/**
 * Removes the staging folders of dead processes at and below a folder.
 *
 * @param depth how many levels below `root` model folders lie: `output/<model>/<precision>` are two below `output`
 * @returns those that are left because their process lives, and that were made at `since` (ms since 1970) or later
 */
export async function removeUnfinished(root: string, depth: number, since = 0): Promise<string[]> {
  const left: string[] = [];
  for (const entry of await fs.promises.readdir(root, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory()) continue;
    const folder = path.join(root, entry.name);
    if (!NAME.test(entry.name)) {
      if (depth > 0) left.push(...(await removeUnfinished(folder, depth - 1, since)));
    } else if (!(await removeIfAbandoned(folder)) && createdAt(folder) >= since - CLOCK_SLACK_MS) left.push(folder);
  }
  return left;
}

async function isAbandoned(folder: string): Promise<boolean> {
  const match = NAME.exec(path.basename(folder));
  if (!match) return false;
  const [, owner, space, start] = match;
  const pid = Number(owner);
  if (space === processSpace()) return !isAlive(pid) || startOf(pid) !== start; // numbers are used again
  return !isAlive(pid) && Date.now() - changedAt(folder) > STALE_MS;
}

/** Birth where the file system knows it. */
function createdAt(folder: string): number {
  const { birthtimeMs, mtimeMs } = statOrNothing(folder) ?? { birthtimeMs: 0, mtimeMs: 0 };
  return birthtimeMs > 0 ? birthtimeMs : mtimeMs;
}

function changedAt(folder: string): number {
  return statOrNothing(folder)?.mtimeMs ?? Date.now();
}

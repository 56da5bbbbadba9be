// Lets one process at a time do a piece of work: the others wait, and take over when the one that works has ended
// without finishing.
//
// A process that was suspended for longer than a lock stays fresh loses it, and does not know. So what is made below a
// lock must also be recognized when it is read: by one atomic step at the end, such as a rename, or by a manifest with
// digests.
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRecord } from './is-record';
import { hasNoPath, nameFile } from './name-file';
import { makeFolder } from './make-folder';
import { isAlive, processSpace, startOf } from './process-identity';
import { parseJSON } from './read-json';

export interface LockOptions {
  /** Ends the waiting; the work itself has to listen to it on its own. */
  readonly signal?: AbortSignal | undefined;
  /** Called when another process has the lock, and every two seconds as long as it has. */
  readonly onWait?: (() => void) | undefined;
}

/** The holder touches its lock this often: one that was not touched for long belongs to a process that is gone. */
const TOUCH_MS = 2_000;
/** Also above what a busy machine, or a long step without a pause, keeps the holder from touching it. */
const STALE_MS = 60_000;
const POLL_MS = 200;
const MS_BETWEEN_REPORTS = 2_000;
/** A lock is filled in right after it is made, unless its process was killed in between. */
const EMPTY_MS = 2_000;
/** A lock is one line of 200 characters. */
const MAX_LOCK_BYTES = 4_096;
/** Removing a lock takes two calls: whoever was at it this long ago was killed in between. */
const TAKEOVER_MS = 10_000;

/**
 * @param file the lock: made, and removed at the end
 * @param work what to do; look first whether another process did it in the meantime
 * @throws what `work` throws; the signal's reason when aborted while waiting; the system's error when the lock cannot
 *   be made
 */
export async function withLock<T>(file: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const { signal, onWait } = options;
  await makeFolder(path.dirname(file));
  const own = JSON.stringify({
    pid: process.pid,
    space: processSpace(),
    start: startOf(process.pid),
    id: randomUUID(),
  });
  let told = Number.NEGATIVE_INFINITY;
  while (!(await create(file, own))) {
    if (!(await removeAbandoned(file))) {
      if (performance.now() - told >= MS_BETWEEN_REPORTS) {
        told = performance.now();
        onWait?.();
      }
      signal?.throwIfAborted();
      await sleep(POLL_MS);
    }
  }
  const touch = setInterval(() => {
    const now = new Date();
    fs.utimes(file, now, now, () => undefined);
  }, TOUCH_MS);
  touch.unref();
  try {
    signal?.throwIfAborted();
    return await work();
  } finally {
    clearInterval(touch);
    if ((await fs.promises.readFile(file, 'utf8').catch(() => '')) === own)
      // The work is done; the others wait until the lock is stale
      await fs.promises.rm(file, { force: true }).catch(() => undefined);
  }
}

/** @returns false when somebody has it */
async function create(file: string, content: string): Promise<boolean> {
  try {
    await fs.promises.writeFile(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return false;
    // Being removed
    if (process.platform === 'win32' && (code === 'EPERM' || code === 'EBUSY') && fs.existsSync(file)) return false;
    if (hasNoPath(error)) await fs.promises.rm(file, { force: true }); // made, but the disk is full
    throw nameFile(error, file);
  }
}

/** Whether somebody who lives holds the lock `file` now. */
export async function isLocked(file: string): Promise<boolean> {
  return fs.existsSync(file) && !(await isAbandoned(file));
}

/**
 * Removes a lock whose process is gone. Of several that find it, one does, and looks again: what the others would
 * remove is its new lock.
 *
 * @returns false when the lock is held, or another process removes it now
 */
async function removeAbandoned(file: string): Promise<boolean> {
  if (!(await isAbandoned(file))) return false;
  const removal = `${file}.takeover`;
  if (!(await create(removal, ''))) {
    const since = fs.statSync(removal, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && Math.abs(Date.now() - since) > TAKEOVER_MS)
      await fs.promises.rm(removal, { force: true });
    return false;
  }
  try {
    if (await isAbandoned(file)) await fs.promises.rm(file, { force: true });
  } finally {
    await fs.promises.rm(removal, { force: true });
  }
  return true;
}

/** Whether its process is gone: at once where that can be told, or when it was not touched for long. */
async function isAbandoned(file: string): Promise<boolean> {
  try {
    const state = await fs.promises.stat(file);
    const { mtimeMs, size } = state;
    if (Math.abs(Date.now() - mtimeMs) > (size === 0 ? EMPTY_MS : STALE_MS)) return true;
    // None of ours, such as a pipe, which would have to be waited for: stale when nobody touches it.
    if (!state.isFile() || size > MAX_LOCK_BYTES) return false;
    const owner = parseJSON(await fs.promises.readFile(file, 'utf8'), file);
    if (!isRecord(owner) || owner.space !== processSpace() || typeof owner.pid !== 'number') return false;
    return !isAlive(owner.pid) || startOf(owner.pid) !== owner.start;
  } catch {
    return false; // removed, or not written yet: looked at again
  }
}

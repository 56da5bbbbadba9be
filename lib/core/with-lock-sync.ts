// A short piece of work that one process at a time does, in calls that are not async: others stand still meanwhile.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { removeQuietlySync } from './remove-quietly';
import { hasNoPath, nameFile } from './name-file';
import { makeFolderSync } from './make-folder';
import { isAlive, processSpace } from './process-identity';

/** Reading and writing a small file again takes milliseconds: after this long, whoever has the lock was killed. */
const STALE_MS = 10_000;
const POLL_MS = 5;

/**
 * @param file the lock: made, and removed at the end
 * @param work what to do, in milliseconds
 * @throws what `work` throws; the system's error when the lock cannot be made
 */
export function withLockSync<T>(file: string, work: () => T): T {
  makeFolderSync(path.dirname(file));
  const own = `${process.pid} ${processSpace()}`;
  const cell = new Int32Array(new SharedArrayBuffer(4));
  while (!create(file, own)) if (!removeAbandoned(file)) Atomics.wait(cell, 0, 0, POLL_MS);
  try {
    return work();
  } finally {
    removeQuietlySync(file);
  }
}

function create(file: string, content: string): boolean {
  try {
    fs.writeFileSync(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    if (hasNoPath(error)) removeQuietlySync(file); // made, but the disk is full
    throw nameFile(error, file);
  }
}

/**
 * Removes the lock of a process that is gone. The name is given away first, so that of several that find it one does.
 */
function removeAbandoned(file: string): boolean {
  const taken = `${file}.${process.pid}.takeover`;
  try {
    const { mtimeMs, size } = fs.statSync(file);
    const [pid, space] = size > 100 ? [] : fs.readFileSync(file, 'utf8').split(' ');
    const isGone = space === processSpace() && !isAlive(Number(pid));
    if (!isGone && Math.abs(Date.now() - mtimeMs) < STALE_MS) return false;
    fs.renameSync(file, taken);
    fs.rmSync(taken, { force: true });
    return true;
  } catch {
    return false; // removed in the meantime
  }
}

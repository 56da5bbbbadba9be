// Lets one process at a time do a piece of work: the others wait, and take over when the one that works has ended without finishing.
//
// The lock saves work, it does not guard data: in rare cases (a process that was suspended for long, two that take over in the same
// instant) two work at once. So the work must end in one atomic step, such as a rename, of which either result is as good.
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRecord } from './is-record';

export interface LockOptions {
  /** Ends the waiting; the work itself has to listen to it on its own. */
  readonly signal?: AbortSignal | undefined;
  /** Called once when another process has the lock. */
  readonly onWait?: (() => void) | undefined;
}

/** The holder touches its lock this often: one that was not touched for long belongs to a process that is gone. */
const TOUCH_MS = 2_000;
/** Also above what a busy machine, or a long step without a pause, keeps the holder from touching it. */
const STALE_MS = 60_000;
const POLL_MS = 200;

/**
 * @param file the lock: made, and removed at the end
 * @param work what to do; look first whether another process did it in the meantime
 * @throws what `work` throws; the signal's reason when aborted while waiting; the system's error when the lock cannot be made
 */
export async function withLock<T>(file: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const { signal, onWait } = options;
  await fs.promises.mkdir(path.dirname(file), { recursive: true });
  const own = JSON.stringify({ pid: process.pid, host: os.hostname(), id: randomUUID() });
  let waits = false;
  while (!(await create(file, own))) {
    if (await isAbandoned(file)) await fs.promises.rm(file, { force: true });
    else {
      if (!waits) onWait?.();
      waits = true;
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
    if ((await fs.promises.readFile(file, 'utf8').catch(() => '')) === own) await fs.promises.rm(file, { force: true });
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
    if (process.platform === 'win32' && (code === 'EPERM' || code === 'EBUSY') && fs.existsSync(file)) return false; // being removed
    throw error;
  }
}

/** Whether its process is gone: at once where that can be told, or when it was not touched for long. */
async function isAbandoned(file: string): Promise<boolean> {
  try {
    const { mtimeMs } = await fs.promises.stat(file);
    if (Math.abs(Date.now() - mtimeMs) > STALE_MS) return true;
    const owner: unknown = JSON.parse(await fs.promises.readFile(file, 'utf8'));
    return isRecord(owner) && owner.host === os.hostname() && typeof owner.pid === 'number' && !isAlive(owner.pid);
  } catch {
    return false; // removed, or not written yet: looked at again
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

// Which process of which machine: to tell whether the one that left a lock or a folder behind is still there.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';

/** `starttime` of /proc/PID/stat, counted from the third field. */
const START_FIELD = 19;

/** When a process started, in ticks since the system did; 0 where that is not told. Process numbers are used again. */
export function startOf(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses, and may hold blanks and parentheses itself.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_FIELD] ?? '0';
}

/** Whether there is a process of this number on this machine. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

let space: string | undefined;

/** Where a process number means the same process: this machine since it was started, and on Linux this container. */
export function processSpace(): string {
  space ??= createHash('sha256')
    .update([os.hostname(), read('/proc/sys/kernel/random/boot_id'), link('/proc/self/ns/pid')].join('\n'))
    .digest('hex')
    .slice(0, 8);
  return space;
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

function link(file: string): string {
  try {
    return fs.readlinkSync(file);
  } catch {
    return '';
  }
}

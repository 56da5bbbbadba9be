// Counts the calls that change files below a folder, and lets one of them fail, or kills the process there. For tests:
// imported by a test, or loaded before a script by `--import`, with INJECT_ROOT (the folder) and INJECT_KILL_AT (which
// call, counted from 1).
import * as fs from 'node:fs';
import * as path from 'node:path';

const PROMISED = [
  'open',
  'writeFile',
  'appendFile',
  'mkdir',
  'mkdtemp',
  'rename',
  'rm',
  'rmdir',
  'unlink',
  'copyFile',
] as const;
const SYNCHRONOUS = ['mkdirSync', 'writeFileSync', 'rmSync', 'rmdirSync', 'renameSync', 'unlinkSync'] as const;

type Call = (...values: unknown[]) => unknown;

/** @param onCall called before each call, with its name and its count; what it throws, the call throws */
export function injectFs(root: string, onCall: (name: string, count: number) => void): () => void {
  let count = 0;
  const restore: (() => void)[] = [];
  const isBelow = (value: unknown): boolean => typeof value === 'string' && path.resolve(value).startsWith(root);
  const before = (name: string): void => onCall(name, ++count);
  const wrap = (owner: object, name: string, isAsync: boolean): void => {
    const original: unknown = Reflect.get(owner, name);
    if (typeof original !== 'function') throw new Error(`fs has no ${name}`);
    const call: Call = (...values) => Reflect.apply(original, owner, values);
    const replaced: Call = isAsync
      ? async (...values) => {
          const changes = name !== 'open' || /[wa+]/.test(String(values[1] ?? 'r'));
          if (!changes || !(isBelow(values[0]) || isBelow(values[1]))) return call(...values);
          before(name);
          const result: unknown = await call(...values);
          if (name === 'open' && typeof result === 'object' && result !== null) wrapWrite(result);
          return result;
        }
      : (...values) => {
          if (isBelow(values[0])) before(name);
          return call(...values);
        };
    Reflect.set(owner, name, replaced);
    restore.push(() => Reflect.set(owner, name, original));
  };
  const wrapWrite = (handle: object): void => {
    const original: unknown = Reflect.get(handle, 'write');
    if (typeof original !== 'function') throw new Error('a file handle has no write');
    Reflect.set(handle, 'write', async (...values: unknown[]) => {
      before('write');
      return Reflect.apply(original, handle, values);
    });
  };
  /** `openSync` for writing, and what is written to the descriptors that it gave. */
  const wrapDescriptors = (owner: object): void => {
    const open: unknown = Reflect.get(owner, 'openSync');
    const write: unknown = Reflect.get(owner, 'writeSync');
    if (typeof open !== 'function' || typeof write !== 'function') throw new Error('fs has no openSync or writeSync');
    const opened = new Set<unknown>();
    const replacedOpen: Call = (...values) => {
      const isOurs = isBelow(values[0]) && /[wa+]/.test(String(values[1] ?? 'r'));
      if (isOurs) before('openSync');
      const descriptor: unknown = Reflect.apply(open, owner, values);
      if (isOurs) opened.add(descriptor);
      else opened.delete(descriptor); // numbers are used again
      return descriptor;
    };
    const replacedWrite: Call = (...values) => {
      if (opened.has(values[0])) before('writeSync');
      return Reflect.apply(write, owner, values);
    };
    Reflect.set(owner, 'openSync', replacedOpen);
    Reflect.set(owner, 'writeSync', replacedWrite);
    restore.push(() => Reflect.set(owner, 'openSync', open) && Reflect.set(owner, 'writeSync', write));
  };
  for (const name of PROMISED) wrap(fs.promises, name, true);
  const module: object = require('node:fs');
  for (const name of SYNCHRONOUS) wrap(module, name, false);
  wrapDescriptors(module);
  return () => {
    for (const step of restore) step();
  };
}

const { INJECT_ROOT, INJECT_KILL_AT } = process.env;
if (INJECT_ROOT !== undefined && INJECT_KILL_AT !== undefined)
  injectFs(INJECT_ROOT, (_name, count) => {
    if (count === Number(INJECT_KILL_AT)) process.kill(process.pid, 'SIGKILL');
  });

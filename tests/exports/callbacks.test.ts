// Every public function that takes a callback or a signal: a callback that throws, rejects at once or late, at its
// first or second call, and a signal that is aborted before or during the call, reject the call with that very error.
// Nothing is left behind: no rejection that nobody handles, no listener, no open file, no process, no temporary file,
// no lock. Then the same call works. A function that is not in the table fails.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallbackCase, Given } from './callback-case';
import { callbackCases } from './callback-cases';
import { makeFixtures, type Fixtures } from './callback-fixtures';
import { listCallbacks } from './list-callbacks';

/** Everything is small; a busy machine takes its time. */
const LIMIT_MS = 120_000;
const LATE_MS = 20;
/** What is freed by an event, such as a worker's exit, may come a moment later. */
const SETTLE_MS = 5_000;
/** Data or room for it that a call asks for, no events that it reports. */
const DATA = /(^|\.)(bytes|memory|allocate)$/;
/** `new BlipProcessor` is for the factories, which are in the table. */
const NOT_CALLED = ['BlipProcessor'];
const LEFTOVER = /\.(tmp|part|lock|takeover)$|\.part\.|\.tmp\.|\.unfinished|^\.blip-.*-/;

class FromCallback extends Error {}

const work = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'callbacks-')));
const environment = { ...process.env };
let fixtures: Fixtures;
let cases: Readonly<Record<string, CallbackCase>> = {};
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);

before(async () => {
  process.env.BLIP_CACHE = path.join(work, 'cache');
  fixtures = await makeFixtures(work);
  cases = callbackCases(fixtures);
  process.env.BLIP_PYTHON = fixtures.python;
  process.env.HF_ENDPOINT = fixtures.hub.address('hub');
  process.on('unhandledRejection', onUnhandled);
});
after(async () => {
  process.off('unhandledRejection', onUnhandled);
  process.env = environment;
  await fixtures.close();
  fs.rmSync(work, { recursive: true, force: true });
});

const listed = new Map(
  [...listCallbacks(['', 'openvino', 'ir', 'convert', 'notebook'])].flatMap(([name, paths]): [string, string[]][] => {
    const events = paths.filter((each) => !DATA.test(each));
    return events.length === 0 || NOT_CALLED.includes(name) ? [] : [[name, events]];
  }),
);

test('the table has every public function with a callback or a signal', () => {
  assert.deepEqual(Object.keys(cases).sort(), [...listed.keys()].sort());
});

let runs = 0;
/** A call in a folder and with caches of its own. */
async function call({ run }: CallbackCase, given: Readonly<Record<string, unknown>>): Promise<Outcome> {
  const folder = path.join(work, `run-${++runs}`);
  fs.mkdirSync(folder);
  process.env.BLIP_CACHE = path.join(folder, 'cache');
  process.env.HF_HUB_CACHE = path.join(folder, 'hub');
  const timer = AbortSignal.timeout(LIMIT_MS);
  try {
    const result = run(given as Given, folder).then(
      (value): Outcome => ({ folder, value }),
      (error: unknown): Outcome => ({ folder, error: { reason: error } }),
    );
    const late = new Promise<never>((_, reject) =>
      timer.addEventListener('abort', () => reject(new Error(`still waits after ${LIMIT_MS} ms`)), { once: true }),
    );
    return await Promise.race([result, late]);
  } finally {
    fs.existsSync(folder);
  }
}

interface Outcome {
  readonly folder: string;
  readonly value?: unknown;
  readonly error?: { readonly reason: unknown };
}

function children(): string[] {
  if (process.platform !== 'linux') return [];
  return fs
    .readdirSync('/proc/self/task')
    .flatMap((thread) => {
      try {
        return fs.readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ');
      } catch {
        return []; // a thread that has ended since
      }
    })
    .filter((pid) => pid !== '');
}

function openFiles(): string[] {
  if (process.platform !== 'linux') return [];
  return fs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const file = fs.readlinkSync(`/proc/self/fd/${fd}`);
      return file.startsWith(work) ? [file] : [];
    } catch {
      return [];
    }
  });
}

function leftovers(): string[] {
  return fs
    .readdirSync(work, { recursive: true })
    .map(String)
    .filter((name) => LEFTOVER.test(path.basename(name)));
}

interface Traces {
  readonly children: readonly string[];
  readonly files: readonly string[];
  readonly listeners: number;
}

function traces(): Traces {
  const names = ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP', 'cell-interrupt'];
  return {
    children: children(),
    files: [...openFiles(), ...leftovers()],
    listeners: names.reduce((sum, name) => sum + process.listenerCount(name), 0),
  };
}

/** @returns what a call has left behind, when it is still there after a while */
async function left(before: Traces): Promise<string[]> {
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const now = traces();
    const found = [
      ...now.children.filter((pid) => !before.children.includes(pid)).map((pid) => `process ${pid}`),
      ...now.files.filter((file) => !before.files.includes(file)),
      ...(now.listeners > before.listeners ? [`${now.listeners - before.listeners} listeners of the process`] : []),
      ...unhandled.map((reason) => `unhandled: ${String(reason)}`),
    ];
    if (found.length === 0 || Date.now() > deadline) return found;
    await sleep(20);
  }
}

/** What came of a fault: nothing when all is as it should be. */
async function faultOf(
  each: CallbackCase,
  given: Readonly<Record<string, unknown>>,
  isExpected: (outcome: Outcome) => boolean,
): Promise<string | undefined> {
  unhandled.length = 0;
  const before = traces();
  const outcome = await call(each, given);
  const found = await left(before);
  for (const [name, value] of Object.entries(given))
    if (value instanceof AbortSignal && getEventListeners(value, 'abort').length > 0)
      found.push(`listeners of ${name}`);
  if (!isExpected(outcome)) found.unshift(outcome.error ? `rejected with ${String(outcome.error.reason)}` : 'resolved');
  fs.rmSync(outcome.folder, { recursive: true, force: true });
  return found.length === 0 ? undefined : found.join('; ');
}

const isWith =
  (reason: unknown) =>
  ({ error }: Outcome): boolean =>
    error?.reason === reason;

function isSignal(name: string): boolean {
  return /(^|\.)signal$/.test(name);
}

/** A callback that goes wrong at one of its calls. */
function failing(at: number, how: 'throws' | 'rejects' | 'rejects late', reason: unknown): () => unknown {
  let times = 0;
  return () => {
    if (++times !== at) return undefined;
    if (how === 'throws') throw reason;
    return how === 'rejects' ? Promise.reject(reason) : sleep(LATE_MS).then(() => Promise.reject(reason));
  };
}

for (const [name, paths] of listed)
  test(name, { timeout: 10 * LIMIT_MS }, async (t) => {
    const each = cases[name];
    assert.ok(each, 'is not in the table');
    const counts = new Map(paths.filter((option) => !isSignal(option)).map((option) => [option, 0]));
    const counting = Object.fromEntries(
      [...counts.keys()].map((option) => [option, () => void counts.set(option, (counts.get(option) ?? 0) + 1)]),
    );
    const started = performance.now();
    const usual = await call(each, counting);
    const took = performance.now() - started;
    assert.equal(usual.error?.reason, undefined, `the call itself fails: ${String(usual.error?.reason)}`);
    const problems: string[] = [];
    const check = async (what: string, ...fault: Parameters<typeof faultOf>): Promise<void> => {
      const problem = await faultOf(...fault);
      if (problem !== undefined) problems.push(`${what}: ${problem}`);
    };

    for (const [option, times] of counts) {
      if (each.silent?.[option] !== undefined) continue;
      if (times === 0) problems.push(`${option}: is never called`);
      for (const at of [1, 2])
        for (const how of ['throws', 'rejects', 'rejects late'] as const) {
          if (at > times) continue;
          const reason = at === 1 ? new FromCallback(`${option} ${how}`) : { odd: `${option} ${how}` };
          const isRefused = how !== 'throws' && each.immediate?.includes(option);
          const expected = isRefused
            ? ({ error }: Outcome) => error?.reason instanceof Error && /promise/.test(error.reason.message)
            : isWith(reason);
          await check(`${option} ${how} at call ${at}`, each, { [option]: failing(at, how, reason) }, expected);
        }
    }
    for (const option of paths.filter(isSignal)) {
      const reason = { aborted: option };
      await check(`${option} aborted before`, each, { [option]: AbortSignal.abort(reason) }, isWith(reason));
      for (const callback of counts.keys()) {
        const times = counts.get(callback) ?? 0;
        if (times < 1 || each.silent?.[callback] || each.immediate?.includes(callback)) continue;
        const first = new AbortController();
        const abort = (): void => first.abort(reason);
        const given = { [option]: first.signal, [callback]: abort };
        if (times > 1) await check(`${option} aborted in ${callback}`, each, given, isWith(reason));
        const pending = new AbortController();
        const wait = (): Promise<never> => {
          setTimeout(() => pending.abort(reason), LATE_MS);
          return new Promise(() => {});
        };
        const hanging = { [option]: pending.signal, [callback]: wait };
        await check(`${option} aborted while ${callback} waits`, each, hanging, isWith(reason));
      }
      for (const share of [0.2, 0.5, 0.8]) {
        const during = new AbortController();
        const timer = setTimeout(() => during.abort(reason), took * share);
        const isStopped = (outcome: Outcome): boolean => outcome.error === undefined || isWith(reason)(outcome);
        await check(`${option} aborted after ${share}`, each, { [option]: during.signal }, isStopped);
        clearTimeout(timer);
      }
    }

    const again = await call(each, {});
    assert.equal(again.error?.reason, undefined, `does not work again: ${String(again.error?.reason)}`);
    t.diagnostic(`${[...counts].map(([option, times]) => `${option} ${times} times`).join(', ')}`);
    assert.deepEqual(problems, []);
  });

// Two writers at once, as two calls of one process and as two processes, into everything that the library writes: both
// succeed, or one is refused by name; what is there afterwards is what one alone leaves.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BlipError } from '../../lib/core/errors';
import { makeFixtures, type Fixtures } from './callback-fixtures';
import { WRITERS, type WriterSources } from './writers';

const LIMIT_MS = 300_000;
const ROUNDS = 2;
const TSX = path.join(__dirname, '..', '..', 'node_modules', 'tsx', 'dist', 'loader.mjs');
/** Of writers who add something of their own: what both leave together. */
const TOGETHER: Readonly<Record<string, unknown>> = { 'results of a notebook': 81 };

const work = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'two-writers-')));
const environment = { ...process.env };
let fixtures: Fixtures;
let sources: WriterSources;
before(async () => {
  fixtures = await makeFixtures(work);
  const { model, checkpoint, retrieval, images, hubId } = fixtures;
  sources = { model, checkpoint, retrieval, images, hubId };
  process.env.HF_ENDPOINT = fixtures.hub.address('hub');
});
after(async () => {
  process.env = environment;
  await fixtures.close();
  fs.rmSync(work, { recursive: true, force: true });
});

interface Outcome {
  readonly value?: unknown;
  readonly error?: string;
  readonly isNamed?: boolean;
}

async function inProcess(name: string, folder: string, who: string): Promise<Outcome> {
  try {
    return { value: await WRITERS[name].run(folder, sources, who) };
  } catch (error) {
    return { error: String(error), isNamed: error instanceof BlipError };
  }
}

/** Starts when both are ready. */
async function inProcesses(name: string, folder: string): Promise<Outcome[]> {
  const start = (who: string): ChildProcess =>
    spawn(
      process.execPath,
      ['--import', TSX, path.join(__dirname, 'run-writer.ts'), name, folder, JSON.stringify(sources), who],
      { env: process.env, stdio: ['pipe', 'pipe', 'inherit'], timeout: LIMIT_MS, killSignal: 'SIGKILL' },
    );
  const writers = ['a', 'b'].map((who) => {
    const child = start(who);
    let text = '';
    const ready = new Promise<void>((resolve) =>
      child.stdout?.on('data', (chunk) => {
        text += chunk;
        if (text.includes('ready')) resolve();
      }),
    );
    const ended = new Promise<Outcome>((resolve) =>
      child.on('close', (code, signal) => {
        const line = text.split('\n').find((each) => each.startsWith('result '));
        resolve(line === undefined ? { error: `ended by ${signal ?? code}` } : JSON.parse(line.slice(7)));
      }),
    );
    return { child, ready: Promise.race([ready, ended]), ended };
  });
  await Promise.all(writers.map(({ ready }) => ready));
  for (const { child } of writers) child.stdin?.write('go\n');
  return Promise.all(writers.map(({ ended }) => ended));
}

let folders = 0;
function newFolder(): string {
  const folder = path.join(work, `round-${++folders}`);
  fs.mkdirSync(folder);
  process.env.BLIP_CACHE = path.join(folder, 'cache');
  process.env.HF_HUB_CACHE = path.join(folder, 'hub');
  return folder;
}

function leftovers(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => /\.(tmp|part|lock|takeover)$|\.incomplete$/.test(name) && !/[\\/]\.locks[\\/]/.test(name));
}

for (const name of Object.keys(WRITERS))
  describe(`two writers: ${name}`, () => {
    const check = async (outcomes: readonly Outcome[], folder: string, expected: unknown): Promise<void> => {
      for (const { error, isNamed } of outcomes) assert.ok(error === undefined || isNamed, error);
      assert.ok(
        outcomes.some(({ error }) => error === undefined),
        `both were refused: ${outcomes.map(({ error }) => error).join('; ')}`,
      );
      assert.deepEqual(await WRITERS[name].read(folder, sources), expected);
      assert.deepEqual(leftovers(folder), []);
    };
    let alone: unknown;
    before(async () => {
      const folder = newFolder();
      await WRITERS[name].run(folder, sources, 'a');
      alone = TOGETHER[name] ?? (await WRITERS[name].read(folder, sources));
    });
    it('in one process', { timeout: LIMIT_MS }, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const folder = newFolder();
        const outcomes = await Promise.all(['a', 'b'].map((who) => inProcess(name, folder, who)));
        await check(outcomes, folder, alone);
      }
    });
    it('in two processes', { timeout: LIMIT_MS }, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const folder = newFolder();
        await check(await inProcesses(name, folder), folder, alone);
      }
    });
  });

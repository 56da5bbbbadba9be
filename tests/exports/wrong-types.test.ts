// Every public function, constructor and method is called with values of the wrong type in every position, in processes
// of their own: they end with a result or an error, never with a signal, never by waiting for ever, never with a
// rejection that nobody handles.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { modelFiles, writeModels } from '../openvino/write-models';
import { CHECKPOINT, convert } from '../search/retrieval-fixture';
import { ODD_VALUES } from './odd-values';

/** An entry takes a second or two; a busy machine may need a hundred times as long. */
const LIMIT_MS = 300_000;

const TSX = path.join(__dirname, '..', '..', 'node_modules', 'tsx', 'dist', 'loader.mjs');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wrong-types-'));
let matcher = '';
before(async () => {
  await writeModels(folder);
  matcher = await convert(CHECKPOINT, path.join(folder, 'matcher'));
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

interface Line {
  readonly call?: string;
  readonly problem?: string;
  readonly done?: boolean;
}

/** The processes of one entry, and what they said. */
async function probe(...args: readonly string[]): Promise<{ end: string; lines: Line[]; stderr: string }> {
  const home = fs.mkdtempSync(path.join(folder, 'home-'));
  const child = spawn(process.execPath, ['--import', TSX, path.join(__dirname, 'probe-exports.ts'), ...args], {
    cwd: home,
    env: {
      ...process.env,
      BLIP_CACHE: path.join(home, 'cache'),
      HF_HOME: path.join(home, 'hub'),
      HF_HUB_OFFLINE: '1',
      PROBE_MODEL: modelFiles(folder).twice,
      PROBE_MATCHER: matcher,
    },
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const end = await new Promise<string>((resolve) =>
    child.on('close', (code, signal) => resolve(String(signal ?? code))),
  );
  const lines = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Line => JSON.parse(line));
  return { end, lines, stderr };
}

const ENTRIES: readonly (readonly string[])[] = [
  ['index', '0', '2'],
  ['index', '1', '2'],
  ['openvino'],
  ['ir'],
  ['convert'],
  ['notebook', '0', '2'],
  ['notebook', '1', '2'],
];
/** Objects that the library hands out: their methods, and the functions that `pipeline` returns. */
const OBJECTS: readonly (readonly string[])[] = [
  ['objects', '0', '2'],
  ['objects', '1', '2'],
];

/** Every entry of the package is probed: one that is added is, too. */
test('the probed entries are those of package.json', () => {
  const exported: object = require('../../package.json').exports;
  const names = Object.keys(exported).filter((name) => name !== './package.json');
  assert.deepEqual(
    names.map((name) => (name === '.' ? 'index' : name.slice(2))).sort(),
    [...new Set(ENTRIES.map(([name]) => name))].sort(),
  );
});

for (const args of [...ENTRIES, ...OBJECTS])
  test(`wrong types in every position: ${args.join(' ')}`, async (t) => {
    const { end, lines, stderr } = await probe(...args);
    const calls = lines.filter(({ problem, done }) => problem === undefined && done !== true);
    t.diagnostic(`${calls.length} calls`);
    assert.equal(end, '0', `ended by ${end} in: ${calls.at(-1)?.call}\n${stderr.slice(-2000)}`);
    assert.equal(lines.at(-1)?.done, true, `ended in: ${calls.at(-1)?.call}`);
    assert.ok(calls.length === 0 || calls.length >= ODD_VALUES.length);
    const problems = lines.filter(({ problem }) => problem !== undefined);
    const shown = problems.slice(0, 20).map(({ call, problem }) => `${call}: ${problem}`);
    assert.equal(problems.length, 0, `${problems.length} calls ended badly:\n${shown.join('\n')}`);
  });

// Headless runs: progress per cell and within a long one, a failing cell's message, a clean end when they are
// interrupted, and what is kept of a run that did not end.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findNncfPython } from '../../lib/optimize/find-nncf-python';
import { projectRoot } from '../project-root';
import { printedBy, readNotebook, writeNotebook, type SavedNotebook } from './write-notebook';

const POSIX_ONLY = { skip: process.platform === 'win32' ? 'signals and terminals are POSIX' : false };
/** Runs a program on a terminal of its own and copies what it shows. */
const ON_TERMINAL = 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)';
/** The kernel of the notebook, for the test to look after. */
const PRINT_PID = 'console.log(process.pid);';

interface Executed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly saved: SavedNotebook | undefined;
}

describe('execute_notebook.py', () => {
  let folder = '';
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'execute '));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  const target = (): string => path.join(folder, 'target.ipynb');

  /** @param during is called once, when the run shows `at` */
  async function execute(
    cells: readonly string[],
    options: {
      readonly at?: RegExp;
      readonly during?: (child: ChildProcess) => unknown;
      readonly terminal?: boolean;
      readonly args?: readonly string[];
    } = {},
  ): Promise<Executed> {
    let { at } = options;
    const source = writeNotebook(path.join(folder, 'source.ipynb'), cells);
    fs.rmSync(target(), { force: true });
    const python = findNncfPython();
    const run = [path.join(projectRoot(), 'scripts/execute_notebook.py'), source, target(), ...(options.args ?? [])];
    const args = options.terminal ? ['-c', ON_TERMINAL, python, ...run] : run;
    const child = spawn(python, args, { env: { ...process.env, TERM: 'xterm' } });
    let [stdout, stderr] = ['', ''];
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      if (!at?.test(stdout)) return;
      at = undefined;
      options.during?.(child);
    });
    const [code] = await once(child, 'close');
    return { code, stdout, stderr, saved: readNotebook(target()) };
  }

  async function assertGone(pid: number): Promise<void> {
    for (let waited = 0; isAlive(pid); waited += 100) {
      assert.ok(waited < 20_000, `process ${pid} lives on`);
      await sleep(100);
    }
  }

  test('one line per cell under its heading; outputs and numbers are saved', async () => {
    const { code, stdout, stderr, saved } = await execute(["console.log('one'); console.log('two');", '1 + 1']);
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^source\.ipynb: 2 cells\n {2}cell {2}1\/2 {2}A title +\d+\.\d s\n {2}cell {2}2\/2 {2}A title +\d+\.\d s\n$/,
    );
    assert.deepEqual(printedBy(saved), [['one\ntwo\n'], ['2\n']]);
    assert.deepEqual(
      saved?.cells.slice(1).map(({ execution_count }) => execution_count),
      [1, 2],
    );
    assert.equal(saved?.metadata.incomplete, undefined);
  });

  /** A cell with a progress bar, which takes a fifth of a second for each of its things. */
  const bar = (total: number): string => `const { progressBar } = require('./lib/notebook/progress-bar');
    const bar = progressBar('Work');
    for (let loaded = 0; loaded <= ${total}; loaded++) {
      bar({ status: 'things', loaded, total: ${total} });
      await new Promise((resolve) => setTimeout(resolve, 200));
    }`;

  test('a long cell: a plain line every ten seconds, with what its progress bar says', async () => {
    const { stdout } = await execute([bar(65)]);
    const lines = stdout.trimEnd().split('\n').slice(-3);
    assert.match(lines[0], /cell {2}1\/1 {2}A title *$/);
    assert.match(lines[1], /^ {4}Work, things: \d+ of 65, \d+\.\d s, about \d+ s left$/);
    assert.match(lines[2], /^ {2}cell {2}1\/1 {2}A title +\d+\.\d s$/);
  });

  test('on a terminal one line that is replaced, never longer than the terminal', POSIX_ONLY, async () => {
    const { stdout } = await execute([bar(30)], { terminal: true });
    const shown = stdout.split('\r\x1b[K');
    assert.ok(shown.length > 20, `redrawn ${shown.length} times`);
    assert.ok(
      shown.slice(1, -1).every((line) => /^ {2}cell {2}1\/1 {2}[^\n]{1,90}$/.test(line)),
      JSON.stringify(shown),
    );
    assert.match(shown.at(-2) ?? '', /Work, things: \d+ of 30/);
    assert.match(shown.at(-1) ?? '', /^ {2}cell {2}1\/1 {2}A title +\d+\.\d s\r\n$/);
  });

  test('a failing cell: its own message, nothing after it, what came before is saved', async () => {
    const { code, stderr, saved } = await execute([
      "console.log('before');",
      "throw new Error('boom');",
      "console.log('after');",
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /source\.ipynb, cell 2, failed:\n[^]*Error: boom/);
    // Zeromq aborts a process that ends under its open sockets
    assert.doesNotMatch(stderr, /Traceback|terminate called|Napi/);
    assert.deepEqual(
      saved?.cells.slice(1).map(({ outputs = [] }) => outputs.length),
      [1, 1, 0],
    );
    assert.deepEqual(saved?.metadata.incomplete, { status: 'failed', cells: 1, of: 3, at: 'A title' });
  });

  test('a kernel that dies: said in one sentence, and what came before is saved', POSIX_ONLY, async () => {
    const { code, stderr, saved } = await execute(["console.log('before');", "process.kill(process.pid, 'SIGKILL');"]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /cell 2, failed:\nThe notebook's kernel ended in the middle of the cell\. Most likely the memory/,
    );
    assert.doesNotMatch(stderr, /Traceback/);
    assert.deepEqual(printedBy(saved)[0], ['before\n']);
  });

  describe('interrupts', POSIX_ONLY, () => {
    const ENDLESS = [PRINT_PID, "console.log('begun'); await new Promise(() => {});", "console.log('never');"];
    const at = /cell {2}2\/3/;

    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      test(`${signal}: ends with 130, keeps the cells that ran, leaves no kernel`, async () => {
        const { code, stderr, saved } = await execute(ENDLESS, {
          at,
          during: async (child) => {
            await sleep(1500); // the cell has begun
            child.kill(signal);
            child.kill(signal); // a terminal sends it, and the parent passes it on: one and the same
          },
        });
        assert.equal(code, 130);
        assert.match(stderr.trim(), /^Interrupted: [^\n]*$/);
        const [[pid], [output], after] = printedBy(saved);
        assert.equal(output, 'begun\n');
        assert.deepEqual(after, []);
        assert.deepEqual(saved?.metadata.incomplete, { status: 'interrupted', cells: 1, of: 3, at: 'A title' });
        await assertGone(Number(pid));
      });

    test('while the kernel starts', async () => {
      const { code, saved } = await execute(ENDLESS, { at: /3 cells/, during: (child) => child.kill('SIGINT') });
      assert.equal(code, 130);
      assert.equal(saved?.metadata.incomplete?.cells, 0);
    });

    test('the end of standard input, which is the end of the parent', async () => {
      const { code, saved } = await execute(ENDLESS, {
        at,
        args: ['--stop-with-stdin'],
        during: (child) => child.stdin?.end(),
      });
      assert.equal(code, 130);
      await assertGone(Number(printedBy(saved)[0][0]));
    });

    test('a second one does not wait for a kernel that is stuck', async () => {
      const started = Date.now();
      const { code, saved } = await execute(ENDLESS, {
        at,
        during: async (child) => {
          await sleep(1000);
          process.kill(Number(printedBy(readNotebook(target()))[0][0]), 'SIGSTOP');
          child.kill('SIGINT');
          await sleep(3000);
          child.kill('SIGINT');
        },
      });
      assert.equal(code, 130);
      assert.ok(Date.now() - started < 60_000);
      await assertGone(Number(printedBy(saved)[0][0]));
    });

    test('SIGKILL cannot be tidied up, but what ran is there, and the kernel ends by itself', async () => {
      const { saved } = await execute(ENDLESS, { at, during: (child) => child.kill('SIGKILL') });
      assert.deepEqual(saved?.metadata.incomplete, { status: 'running', cells: 1, of: 3, at: 'A title' });
      await assertGone(Number(printedBy(saved)[0][0]));
    });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

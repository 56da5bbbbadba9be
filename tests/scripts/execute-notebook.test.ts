// Headless runs: progress per cell, a failing cell's message, a clean end when they are interrupted.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findPython } from '../../lib/optimize/nncf-worker';
import { projectRoot } from '../project-root';

/** What these tests look at in an executed notebook. */
interface SavedNotebook {
  readonly cells: readonly {
    readonly execution_count: number | null;
    readonly outputs: readonly { readonly text: readonly string[] }[];
  }[];
}

describe('execute_notebook.py', () => {
  let folder = '';
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'execute '));
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  async function execute(
    cells: string[],
    interruptAt?: RegExp,
  ): Promise<{ code: number | null; stdout: string; stderr: string; saved: SavedNotebook }> {
    const [source, target] = ['source', 'target'].map((name) => path.join(folder, `${name}.ipynb`));
    fs.rmSync(target, { force: true });
    fs.writeFileSync(
      source,
      JSON.stringify({
        nbformat: 4,
        nbformat_minor: 5,
        metadata: {},
        cells: [
          { id: 'title', cell_type: 'markdown', metadata: {}, source: '# A title' },
          ...cells.map((code, i) => ({
            id: `c${i}`,
            cell_type: 'code',
            metadata: {},
            execution_count: null,
            outputs: [],
            source: code,
          })),
        ],
      }),
    );
    const child = spawn(findPython(), [path.join(projectRoot(), 'scripts/execute_notebook.py'), source, target]);
    let [stdout, stderr] = ['', ''];
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      if (interruptAt?.test(stdout)) {
        interruptAt = undefined;
        child.kill('SIGINT');
      }
    });
    const [code] = await once(child, 'close');
    return {
      code,
      stdout,
      stderr,
      saved: fs.existsSync(target) ? JSON.parse(fs.readFileSync(target, 'utf8')) : undefined,
    };
  }

  test('one line per cell under its heading; outputs and numbers are saved', async () => {
    const { code, stdout, stderr, saved } = await execute(["console.log('one'); console.log('two');", '1 + 1']);
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^source\.ipynb: 2 cells\n {2}cell {2}1\/2 {2}A title +\d+\.\d s\n {2}cell {2}2\/2 {2}A title +\d+\.\d s\n$/,
    );
    assert.deepEqual(
      saved.cells.slice(1).map((cell) => [cell.execution_count, cell.outputs.map(({ text }) => text.join(''))]),
      [
        [1, ['one\ntwo\n']],
        [2, ['2\n']],
      ],
    );
  });

  test('a failing cell: its own message, nothing after it, what came before is saved', async () => {
    const { code, stderr, saved } = await execute([
      "console.log('before');",
      "throw new Error('boom');",
      "console.log('after');",
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /source\.ipynb, cell 2, failed:\n[^]*Error: boom/);
    assert.doesNotMatch(stderr, /Traceback|terminate called|Napi/); // zeromq aborts a process that ends under its open sockets
    assert.deepEqual(
      saved.cells.slice(1).map(({ outputs }) => outputs.length),
      [1, 1, 0],
    );
  });

  test('an interrupt says so, without a traceback, and saves nothing', {
    skip: process.platform === 'win32',
  }, async () => {
    const { code, stderr, saved } = await execute(['1', 'await new Promise(() => {});'], /cell {2}2\/2/);
    assert.equal(code, 130);
    assert.equal(stderr.trim(), 'Interrupted');
    assert.equal(saved, undefined);
  });
});

// A reader edits lib while the kernel runs: the next cell that imports from it has the new code and the new types.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { makeProject } from './make-project';
import { printed, startKernel, type TestKernel } from './start-kernel';

const IMPORT = "import * as lib from './lib';";

describe('edited files of lib', () => {
  let root = '';
  let kernel: TestKernel;
  const write = (name: string, text: string): void => fs.writeFileSync(path.join(root, 'lib', name), text);
  beforeEach(async () => {
    root = makeProject();
    write('index.ts', "export * from './times';\nexport * from './other';\n");
    write('times.ts', "import { factor } from './factor';\nexport const times = (x: number) => factor * x;\n");
    write('factor.ts', 'export const factor = 2;\n');
    write('other.ts', 'export const made = { at: performance.now() };\n');
    kernel = await startKernel(root);
    assert.equal(printed(await kernel.run(`${IMPORT}\nlib.times(3)`)), '6\n');
  });
  afterEach(async () => {
    await kernel.stop();
    fs.rmSync(root, { recursive: true, force: true });
  });

  test('the next import has the edit, also of a file below the imported one; other files stay loaded', async () => {
    const [, made] = /at: ([\d.]+)/.exec(printed(await kernel.run('lib.made'))) ?? [];
    write('factor.ts', 'export const factor = 10;\n');
    const again = await kernel.run(`${IMPORT}\nlib.times(3)`);
    assert.equal(printed(again), '30\n');
    assert.match(printed(again, 'stderr'), /^lib\/factor\.ts was edited and loaded again, with 2 that import it/);
    assert.ok(made && printed(await kernel.run('lib.made')).includes(made));
    assert.equal(printed(await kernel.run(`${IMPORT}\nlib.times(1)`), 'stderr'), '');
  });

  test('a cell that imports nothing says once that there is an edit, and runs the old code', async () => {
    write('factor.ts', 'export const factor = 10;\n');
    const first = await kernel.run('lib.times(3)');
    assert.equal(printed(first), '6\n');
    assert.match(printed(first, 'stderr'), /^lib\/factor\.ts was edited\..*run the cell with the import again/);
    assert.equal(printed(await kernel.run('lib.times(3)'), 'stderr'), '');
    assert.equal(printed(await kernel.run("const { times } = await import('./lib');\ntimes(3)")), '30\n');
  });

  test('new names have their types, and an edit with a type error is not run', async () => {
    write('times.ts', 'export const times = (x: number) => 7 * x;\nexport const half = (x: number) => x / 2;\n');
    assert.equal(printed(await kernel.run(`${IMPORT}\nlib.half(3)`)), '1.5\n');
    write('times.ts', "export const times = (x: number) => 7 * 'x';\n");
    const wrong = await kernel.run(`${IMPORT}\nlib.times(3)`);
    assert.equal(wrong.status, 'error');
    assert.match(printed(wrong, 'error'), /^lib\/times\.ts 1:41 - .*\n> 1 \| export const times/);
    write('times.ts', 'export const times = (x: number) => 8 * x;\n');
    assert.equal(printed(await kernel.run(`${IMPORT}\nlib.times(3)`)), '24\n');
  });

  test('an edit that throws when it is loaded names the line of lib and of the cell', async () => {
    write('factor.ts', "export const factor = 2;\n\nthrow new Error('while loading');\n");
    const failed = await kernel.run(`\n${IMPORT}\nlib.times(3)`);
    assert.match(printed(failed, 'error'), /while loading\n +at .*lib\/factor\.ts:3:7/);
    assert.match(printed(failed, 'error'), /^> 2 \| import/m);
    write('factor.ts', 'export const factor = 3;\n');
    assert.equal(printed(await kernel.run(`${IMPORT}\nlib.times(3)`)), '9\n');
  });
});

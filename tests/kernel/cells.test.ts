// What cells may contain, and what they say when something is wrong with them.
import assert from 'node:assert/strict';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { projectRoot } from '../project-root';
import { printed, startKernel, type TestKernel } from './start-kernel';

describe('cells', () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = await startKernel();
  });
  after(() => kernel.stop());

  async function failing(code: string): Promise<string> {
    const result = await kernel.run(code);
    assert.equal(result.status, 'error');
    return printed(result, 'error');
  }

  test("start in the project's root, wherever the notebook is", async () => {
    assert.equal(
      printed(await kernel.run("console.log(process.cwd(), require('node:fs').existsSync('data/pictures'));")),
      `${projectRoot()} true\n`,
    );
  });

  test('import lib as TypeScript, with its types', async () => {
    assert.equal(printed(await kernel.run("import * as nb from './lib/notebook';\nnb.percent(0.5)")), '50.0 %\n');
    assert.match(
      await failing("\nnb.percent('half');"),
      /^2:12 - Argument of type 'string' is not assignable to parameter of type 'number'/,
    );
  });

  test('type errors name line and column; nothing of such a cell runs', async () => {
    assert.equal(
      await failing("console.log('ran');\nconst text: string = 1;"),
      "2:7 - Type 'number' is not assignable to type 'string'.\n" +
        "  1 | console.log('ran');\n> 2 | const text: string = 1;\n    |       ^^^^",
    );
  });

  test('checks are strict: null, implicit any', async () => {
    assert.match(
      await failing("const found = ['a'].find((x) => x === 'b');\nfound.length;"),
      /^2:1 - 'found' is possibly 'undefined'/,
    );
    assert.match(await failing('const double = (x) => 2 * x;'), /^1:17 - Parameter 'x' implicitly has an 'any' type/);
  });

  test('{ shorthand } of a name from an earlier cell', async () => {
    await kernel.run("const device = 'CPU'; const runs = 3;");
    assert.equal(
      printed(await kernel.run('const options = { device, runs, nested: { device } }; options')),
      "{ device: 'CPU', runs: 3, nested: { device: 'CPU' } }\n",
    );
    assert.equal(
      printed(await kernel.run('let a = 0, b = 0; ({ a, b = 7 } = { a: 5 } as { a: number; b?: number }); [a, b]')),
      '[ 5, 7 ]\n',
    );
  });

  test('names of earlier cells can be defined anew with another type', async () => {
    await kernel.run('const value = 1;');
    assert.equal(printed(await kernel.run("const value = 'text';\nvalue.toUpperCase()")), 'TEXT\n');
  });

  test('an exception shows its lines and no inner ones, and the kernel goes on', async () => {
    for (const code of [
      "const kept = 1;\nthrow new TypeError('wrong');",
      "await null;\nthrow new TypeError('wrong');",
    ]) {
      const shown = await failing(code);
      assert.match(shown, /TypeError: wrong/);
      assert.doesNotMatch(shown, /node_modules|launch\.cjs|node:/);
      assert.ok(!shown.includes(path.join(projectRoot(), 'node_modules')));
      assert.equal(printed(await kernel.run('6 * 7')), '42\n'); // sent as soon as the answer is there
    }
  });

  test('a rejection that nobody handles, and an exception in a timer, are shown and do no harm', async () => {
    const rejected = await kernel.run("void Promise.reject(new Error('unhandled'));", { linger: 'unhandled' });
    assert.match(printed(rejected, 'stderr'), /unhandled/);
    const thrown = await kernel.run("setTimeout(() => { throw new Error('in a timer'); }, 5);", {
      linger: 'in a timer',
    });
    assert.match(printed(thrown, 'stderr'), /in a timer/);
    assert.equal(printed(await kernel.run('6 * 7')), '42\n');
  });
});

// TypeScript that a module allows is allowed in a cell, and names live on from cell to cell.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { printed, startKernel, type TestKernel } from './start-kernel';

describe('syntax of cells', () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = await startKernel();
  });
  after(() => kernel.stop());

  for (const [what, code, output] of [
    ['for await', 'for await (const x of (async function* () { yield 1; yield 2; })()) console.log(x);', '1\n2\n'],
    ['for await over promises', 'for await (const x of [Promise.resolve(3)]) console.log(x);', '3\n'],
    ['await import() of lib', "const lib = await import('./lib/notebook');\nlib.percent(0.5)", '50.0 %\n'],
    [
      'destructured await import()',
      "const { percent: share } = await import('./lib/notebook');\nshare(1)",
      '100.0 %\n',
    ],
    ['await import() of Node', "(await import('node:path')).basename('a/b')", 'b\n'],
    ['await in a default of a pattern', 'const { z = await Promise.resolve(3) } = {} as { z?: number };\nz', '3\n'],
    [
      'await in a template, an array, a condition',
      'const list = [String(await 1), (await 2) ? 3 : 4];\nlist',
      "[ '1', 3 ]\n",
    ],
    [
      'await in try and finally',
      'try { await Promise.reject(1); } catch (e) { console.log(e); } finally { await null; }',
      '1\n',
    ],
    ['an import below its use', "sep;\nimport { sep } from 'node:path';\nsep.length", '1\n'],
    [
      'export, as it stands in files',
      'export const exported = 5;\nexport function twice() { return 2 * exported; }\ntwice()',
      '10\n',
    ],
    ['a namespace', 'namespace N { export const v = 3; }\nN.v', '3\n'],
    [
      'abstract classes',
      'abstract class S { abstract f(): number }\nclass R extends S { f() { return 2; } }\nnew R().f()',
      '2\n',
    ],
    ['no printed "true" of a write', "process.stdout.write('written\\n')", 'written\n'],
  ] as const)
    test(what, async () => {
      const result = await kernel.run(code);
      assert.deepEqual([result.status, printed(result, 'error'), printed(result)], ['ok', '', output]);
    });

  test('classes, enums and types can be declared anew in a later cell', async () => {
    await kernel.run('class C { a = 1 }\nenum E { X = 1 }\ntype T = string;\ninterface I { i: 1 }');
    const again = 'class C { b = 2 }\nenum E { Y = 5 }\ntype T = number;\ninterface I { j: 2 }';
    assert.equal(printed(await kernel.run(`${again}\nconst t: T = 3;\nnew C().b + E.Y + t`)), '10\n');
    assert.equal(
      printed(await kernel.run('const u: T = 4;\nconst i: I = { j: 2 };\nnew C().b + E.Y + u + i.j')),
      '13\n',
    );
  });

  test('modules that are made of cells', async () => {
    await kernel.run('/** @module own_module */\nexport const inside = 5;');
    assert.equal(printed(await kernel.run("import { inside } from './own_module';\ninside")), '5\n');
  });

  for (const [what, code, message] of [
    [
      'using',
      'using a = { [Symbol.dispose]() {} };',
      /^1:1 - 'using' declarations need TypeScript 5\.2.*'const'.*'finally'/,
    ],
    ['await using', '\nawait using b = null;', /^2:1 - 'using' declarations need TypeScript 5\.2/],
    [
      'await in a parameter',
      'const g = (y = await 1) => y;',
      /^1:16 - 'await' expressions cannot be used in a parameter/,
    ],
    [
      'await in a method',
      'const o = { m() { await 1; } };',
      /^1:19 - 'await' expressions are only allowed within async/,
    ],
    ['a half written call', 'Math.max(1', /1:11 - '\)' expected/],
  ] as const)
    test(`${what}: what is wrong is said`, async () => {
      const result = await kernel.run(code);
      assert.equal(result.status, 'error');
      assert.match(printed(result, 'error'), message);
    });
});

// An interrupt belongs to the cell that was there when it was sent: one that comes late, or that finds no cell, does
// nothing to the next one.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { printed, startKernel, type TestKernel } from './start-kernel';

const ROUNDS = 60;
const WAIT = "await new Promise((resolve) => setTimeout(resolve, 500)); 'done'";
/** Some end by themselves, some do not; some are over before the interrupt comes. */
const CELLS = [
  '1 + 1',
  'for (;;) {}',
  'await new Promise((resolve) => setTimeout(resolve, 2));',
  "for (;;) console.log('x');",
  'for (;;) await null;',
  'const unfinished: number = "a";',
  "throw new Error('of the cell');",
  'await new Promise(() => {});',
  'void Promise.reject(new Error("later"));',
  'for (let i = 0; i < 1e6; i++);',
];

describe('interrupts and the order of cells', () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = await startKernel();
  });
  after(() => kernel.stop());

  test('one that was sent before a cell and comes late does nothing to it', async () => {
    for (const code of [WAIT, `for (const end = Date.now() + 800; Date.now() < end; ); 'done'`]) {
      const result = await kernel.late(code);
      assert.equal(result.interruptReply, 'ok');
      assert.equal(result.status, 'ok', printed(result, 'error'));
      assert.equal(printed(result), 'done\n');
    }
  });

  test('nor to a program that this cell waits for', { skip: process.platform === 'win32' }, async () => {
    const result = await kernel.late(
      "require('node:child_process').execFileSync(process.execPath, ['-e', 'setTimeout(() => {}, 800)']); 'done'",
    );
    assert.equal(printed(result), 'done\n', printed(result, 'error'));
  });

  test('a SIGINT from elsewhere stops a cell, and does nothing without one', {
    skip: process.platform === 'win32',
  }, async () => {
    process.kill(kernel.pid, 'SIGINT');
    assert.equal(printed(await kernel.run('6 * 7')), '42\n');
    const running = kernel.run('await new Promise(() => {});');
    await new Promise((resolve) => setTimeout(resolve, 500));
    process.kill(kernel.pid, 'SIGINT');
    assert.match(printed(await running, 'error'), /^Interrupted\. .* run the cell again/);
  });

  test('code that an earlier cell left running, and that blocks the kernel, is stopped', async () => {
    await kernel.run('setTimeout(() => { for (;;) {} }, 20);');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { interrupted } = await kernel.pairs(['1'], 1);
    assert.equal(interrupted.length, 1);
    assert.equal(printed(await kernel.run('6 * 7')), '42\n');
  });

  test(`${ROUNDS} cells, each interrupted at once, and ${ROUNDS} that nobody interrupted`, async () => {
    const { interrupted, after } = await kernel.pairs(CELLS, ROUNDS);
    const wrong = after.flatMap(([status, outputs], round) => {
      const text = outputs.map(([, content]) => content).join('');
      return status === 'ok' && text.includes(`${round}.5\n`) ? [] : [`${round}: ${status} ${text}`];
    });
    assert.deepEqual(wrong, []);
    for (const [round, status] of interrupted.entries())
      if (/for \(;;\)|new Promise\(\(\) =>/.test(CELLS[round % CELLS.length])) assert.equal(status, 'error');
  });
});

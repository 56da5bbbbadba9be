// An interrupt stops a cell within a second, whatever it does, and the kernel goes on with what it knew.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { printed, startKernel, type TestKernel } from './start-kernel';

const LIMIT_SECONDS = 1;
/**
 * How many times a trivial cell's time is allowed on top: on a machine that is busy with other work all takes longer.
 */
const SLACK = 5;

/** Cells that never end. `here()` is where the interrupt comes. */
const ENDLESS = {
  'a loop that computes': 'here(); for (;;) {}',
  'a loop that waits': 'here(); for (;;) await new Promise((resolve) => setTimeout(resolve, 5));',
  'a loop that computes after an await': 'await new Promise((resolve) => setTimeout(resolve, 5)); here(); for (;;) {}',
  'a loop that never leaves the microtasks': 'here(); for (;;) await null;',
  'a loop that computes in a timer': 'here(); await new Promise(() => setTimeout(() => { for (;;) {} }, 1));',
  'a loop that catches everything': 'here(); for (;;) { try { for (;;) {} } catch {} }',
  'a promise that never settles': 'here(); await new Promise(() => {});',
  'a loop that prints': "here(); for (;;) console.log('x'.repeat(100));",
  'a loop that prints between microtasks': "here(); for (;;) { console.log('x'); await null; }",
  'a loop that shows something': `import { display } from 'tslab'; here();
    for (let next = 0; ; ) if (Date.now() > next) display.text(String((next = Date.now() + 1)));`,
  'a loop that prints in a timer':
    "here(); await new Promise(() => setInterval(() => { for (;;) console.log('x'); }, 1));",
  'a cell with a SIGINT listener of its own': "process.on('SIGINT', () => {}); here(); for (;;) {}",
  'the cell after that one': 'here(); for (;;) {}',
};

describe('interrupts', () => {
  let kernel: TestKernel;
  let rounds = 0;
  let limit = LIMIT_SECONDS;
  before(async () => {
    kernel = await startKernel();
    await kernel.run('const state = { rounds: 0 };');
  });
  after(() => kernel.stop());
  beforeEach(async () => {
    const start = performance.now();
    assert.equal(printed(await kernel.run('++state.rounds')), `${++rounds}\n`);
    limit = LIMIT_SECONDS + (SLACK * (performance.now() - start)) / 1000;
  });

  for (const [what, code] of Object.entries(ENDLESS))
    test(what, async () => {
      const result = await kernel.interrupt(code);
      assert.ok(result.interruptSeconds < limit, `took ${result.interruptSeconds} s`);
      assert.equal(result.status, 'error');
      assert.match(printed(result, 'error'), /^Interrupted\. .* run the cell again/);
    });

  const PROGRAM = "process.execPath, ['-e', 'setInterval(() => {}, 1000)']";
  for (const [what, code] of Object.entries({
    'a program that the cell waits for': `here(); require('node:child_process').execFileSync(${PROGRAM});`,
    'a program, with an error of its own about it': `const child = require('node:child_process'); here();
      try { child.execFileSync(${PROGRAM}); } catch (cause) { throw new Error('the program failed', { cause }); }`,
    'work that is told by a signal': `import { interruptSignal as interrupted } from './lib/core/interrupt-signal';
      here(); await require('node:timers/promises').setTimeout(60000, 0, { signal: interrupted() });`,
  }))
    test(`one line for ${what}`, { skip: process.platform === 'win32' }, async () => {
      const result = await kernel.interrupt(code);
      assert.ok(result.interruptSeconds < limit, `took ${result.interruptSeconds} s`);
      assert.equal(result.status, 'error');
      assert.match(printed(result, 'error'), /^Interrupted\. .* run the cell again/);
    });

  test('an error that is not the interrupt keeps its lines, in this cell and after it', {
    skip: process.platform === 'win32',
  }, async () => {
    // The program itself says that it runs: an interrupt before that ends the cell, and rightly so.
    const program = '`here(); setTimeout(() => {}, 60000)`';
    const own = await kernel.interrupt(
      `try { require('node:child_process').execFileSync(process.execPath, ['-e', ${program}]); } catch {}
       throw new TypeError('of the cell');`,
    );
    assert.match(printed(own, 'error'), /TypeError: of the cell\n/);
    const later = await kernel.run("throw new Error('Interrupted');");
    assert.match(printed(later, 'error'), /Error: Interrupted\n +at /);
    const nested = await kernel.run("throw new Error('outer', { cause: new Error('inner') });");
    assert.match(printed(nested, 'error'), /outer[^]*inner/);
    assert.doesNotMatch(printed(nested, 'error'), /launch\.cjs|tslab/);
  });

  test('work that listens to interruptSignal() stops and tells its reason', async () => {
    const result = await kernel.interrupt(`import { interruptSignal } from './lib/core/interrupt-signal';
      const signal = interruptSignal();
      signal.addEventListener('abort', () => console.log('stopping:', signal.reason.message));
      here(); await new Promise(() => {});`);
    assert.ok(result.interruptSeconds < limit, `took ${result.interruptSeconds} s`);
    assert.equal(printed(result), 'stopping: Interrupted\n');
  });

  test('twenty in a row', async () => {
    for (let i = 0; i < 20; i++) {
      const code = Object.values(ENDLESS)[i % 4];
      const result = await kernel.interrupt(code);
      assert.ok(result.interruptSeconds < limit, `round ${i}, ${code}: took ${result.interruptSeconds} s`);
    }
  });

  test('an idle kernel takes no harm, and a stopped cell keeps what it declared before', async () => {
    const result = await kernel.interrupt('const half = 1; here(); for (;;) {} const rest = 2;');
    assert.equal(result.status, 'error');
    assert.equal(printed(await kernel.run('half')), '1\n');
    assert.match(printed(await kernel.run('rest'), 'error'), /Cannot find name 'rest'/);
    // The interrupt reaches this cell after it is done, or not at all; either way the kernel runs the next one.
    await kernel.interrupt('here();');
    await new Promise((resolve) => setTimeout(resolve, 1000 * limit));
    assert.equal(printed(await kernel.run('typeof state')), 'object\n');
  });
});

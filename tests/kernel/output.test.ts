// Everything that a cell puts out arrives: all of it, in order, under the cell's number, and then "idle".
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { printed, startKernel, type TestKernel } from './start-kernel';

/** Past some hundred sends in one turn of the event loop, tslab alone loses output and the "idle" after it. */
const MANY_LINES = 5000;
const LARGE_BYTES = 8 * 1024 * 1024;
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe('output of cells', () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = await startKernel();
  });
  after(() => kernel.stop());

  test(`${MANY_LINES} lines of one cell arrive in order`, async () => {
    const result = await kernel.run(`for (let line = 0; line < ${MANY_LINES}; line++) console.log(line);`);
    assert.equal(result.status, 'ok');
    assert.deepEqual(
      printed(result).trim().split('\n').map(Number),
      Array.from({ length: MANY_LINES }, (_, line) => line),
    );
  });

  test('stdout, stderr and displays stay in the order in which the cell made them', async () => {
    const result = await kernel.run(`import { display } from 'tslab';
      console.log('one'); console.error('two'); display.html('<b>three</b>'); console.log('four');`);
    assert.deepEqual(
      result.outputs.map(([kind]) => kind),
      ['stdout', 'stderr', 'display_data', 'stdout'],
    );
  });

  test('what comes after an await, and from a promise that nobody awaits', async () => {
    const result = await kernel.run(
      `
      void new Promise((resolve) => setTimeout(resolve, 100)).then(() => console.log('late'));
      await new Promise((resolve) => setTimeout(resolve, 20));
      console.log('awaited');`,
      { linger: 'late' },
    );
    assert.equal(printed(result), 'awaited\nlate\n');
  });

  test('one output of 8 MiB', async () => {
    const result = await kernel.run(`console.log('x'.repeat(${LARGE_BYTES}));`);
    const text = printed(result);
    assert.equal(text.length, LARGE_BYTES + 1);
    assert.ok(/^x+\n$/.test(text));
  });

  test('10 MB in 100,000 lines, while the cell goes on', async () => {
    const result = await kernel.run(`for (let line = 0; line < 1e5; line++) console.log(String(line).padStart(99));`);
    const lines = printed(result).split('\n');
    assert.equal(lines.length, 1e5 + 1);
    assert.deepEqual([lines[0].trim(), lines[54321].trim(), lines[99999].trim()], ['0', '54321', '99999']);
    assert.ok(result.outputs.length < 2000, `${result.outputs.length} messages`); // Jupyter's server drops more
  });

  test('a write that waits for its end, and bytes cut inside a letter', async () => {
    const result = await kernel.run(`const bytes = Buffer.from('ü🐶');
      for (const byte of bytes) process.stdout.write(Buffer.from([byte]));
      await new Promise<void>((resolve) => process.stdout.write('!', () => resolve()));`);
    assert.equal(printed(result), 'ü🐶!');
  });

  test('a picture, byte for byte', async () => {
    const result = await kernel.run(
      `import * as tslab from 'tslab'; tslab.display.png(Buffer.from('${PNG}', 'base64'));`,
    );
    assert.deepEqual(result.outputs, [['display_data', { 'image/png': PNG }]]);
  });

  test('the value of the last line is printed, undefined is not', async () => {
    assert.equal(printed(await kernel.run('[1, 2].map((x) => 2 * x)')), '[ 2, 4 ]\n');
    assert.deepEqual((await kernel.run('undefined')).outputs, []);
  });

  test('text without color codes, in any script', async () => {
    assert.equal(printed(await kernel.run("console.log({ text: 'Grüße, 世界 🐶' });")), "{ text: 'Grüße, 世界 🐶' }\n");
  });

  test('cells are numbered one by one, as saved notebooks show them', async () => {
    const first = await kernel.run('1');
    assert.ok(first.count !== null && first.count > 1);
    assert.equal((await kernel.run('2')).count, first.count + 1);
  });
});

// What the kernel says about itself: busy when a cell starts, idle when it is done; the messages that clients expect.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { printed, startKernel, type TestKernel } from './start-kernel';

const WAIT = 'await new Promise((resolve) => setTimeout(resolve, 300));';

describe('status of the kernel', () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = await startKernel();
  });
  after(() => kernel.stop());

  test('cells that are sent together are busy one after the other', async () => {
    const { messages } = await kernel.together([WAIT, `${WAIT} 'second'`, '3']);
    const shown = messages.filter(([type]) => type !== 'execute_reply');
    const each = (cell: number, output: boolean): string[] =>
      ['status busy', 'execute_input', ...(output ? ['stream'] : []), 'status idle'].map((what) => `${cell} ${what}`);
    assert.deepEqual(
      shown.map(([type, cell, state]) => `${cell} ${type}${state ? ` ${state}` : ''}`),
      [...each(0, false), ...each(1, true), ...each(2, true)],
    );
  });

  test('a question in between does not make a running cell look idle', async () => {
    const { messages } = await kernel.together([WAIT], { code: 'Math.max', cursor_pos: 6 });
    const states = messages.flatMap(([type, cell, state]) => (type === 'status' ? [`${cell} ${state}`] : []));
    assert.deepEqual(states, ['0 busy', 'question busy', 'question idle', '0 busy', '0 idle']);
  });

  test('cells behind a failing one are aborted, also with nothing shown for them', async () => {
    const { messages, replies } = await kernel.together(["throw new Error('x');", '2', '3']);
    assert.deepEqual(replies, ['error', 'aborted', 'aborted']);
    assert.deepEqual(
      messages
        .filter(([type]) => type === 'execute_input' || type === 'error')
        .map(([type, cell]) => `${cell} ${type}`),
      ['0 execute_input', '0 error'],
    );
    assert.equal(printed(await kernel.run('6 * 7')), '42\n');
  });

  test('history: what ran, with its numbers', async () => {
    const first = await kernel.run("const first = 'remember me';");
    await kernel.run('throw 1;');
    const { history } = await kernel.ask('history_request', {
      hist_access_type: 'tail',
      n: 2,
      output: false,
      raw: true,
    });
    assert.deepEqual(history, [
      [0, first.count, "const first = 'remember me';"],
      [0, Number(first.count) + 1, 'throw 1;'],
    ]);
    const found = await kernel.ask('history_request', { hist_access_type: 'search', pattern: '*remember*', n: 5 });
    assert.equal(found.history.length, 1);
    for (const n of [0, -1])
      assert.deepEqual((await kernel.ask('history_request', { hist_access_type: 'tail', n })).history, []);
  });

  test('it lives on with odd requests and with what cells do to it', async () => {
    const odd = { code: 'Math.max', cursor_pos: -3 };
    assert.equal((await kernel.ask('inspect_request', odd)).status, 'ok');
    assert.equal((await kernel.ask('complete_request', { ...odd, cursor_pos: 1e9 })).status, 'ok');
    for (const type of ['inspect_request', 'complete_request', 'is_complete_request', 'execute_request'])
      assert.equal((await kernel.ask(type, {})).status, 'error', type);
    const exit = await kernel.run("console.log('before'); process.exit(3);");
    assert.equal(printed(exit), 'before\n');
    assert.match(printed(exit, 'error'), /process\.exit\(3\) ends this cell only[^]*cell \[\d+\], line 1/);
    for (const code of [
      "process.removeAllListeners('SIGINT');",
      "for (const name of ['setImmediate', 'setTimeout', 'clearTimeout']) Reflect.deleteProperty(globalThis, name);",
      "Object.prototype.toString = () => { throw new Error('x'); };",
      'process.exitCode = 4;',
    ]) {
      assert.equal((await kernel.run(code)).status, 'ok', code);
      assert.equal(printed(await kernel.run('6 * 7')), '42\n', code);
    }
  });

  test('kernel_info, is_complete and comm_info as the protocol has them', async () => {
    const info = await kernel.ask('kernel_info_request', {});
    assert.equal(info.status, 'ok');
    assert.match(info.language_info.version, /^5\.0\./);
    assert.equal((await kernel.ask('is_complete_request', { code: 'const a = {' })).status, 'incomplete');
    assert.equal((await kernel.ask('is_complete_request', { code: 'const a = 1;' })).status, 'complete');
    assert.deepEqual((await kernel.ask('comm_info_request', {})).comms, {});
  });
});

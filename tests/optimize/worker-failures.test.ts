// Every way in which a worker can fail, by workers that are made up.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import type { NncfTask } from '../../lib/optimize/nncf-task';
import { runNncfWorker } from '../../lib/optimize/nncf-worker';
import { NncfWorkerError } from '../../lib/optimize/nncf-worker-error';
import { fakeWorker, folder, interruptCell, isAlive, quantizeTask, until } from './worker-tasks';

describe('a worker that misbehaves', () => {
  const task = (): NncfTask => quantizeTask(path.join(folder, 'never.xml'));

  test('is killed', async () => {
    const script = fakeWorker(
      'killed.py',
      'import os, signal, sys\nprint(\'{"type":"task","name":"encoder"}\', flush=True)\nos.kill(os.getpid(), ' +
        'signal.SIGKILL)\n',
    );
    await assert.rejects(runNncfWorker([task()], { script }), /signal SIGKILL.* on encoder.*memory/s);
  });

  test('ends without a result, its last words on standard error', async () => {
    const script = fakeWorker('silent.py', 'import sys\nsys.stderr.write("the last words\\n")\nsys.exit(7)\n');
    await assert.rejects(runNncfWorker([task()], { script }), /exit code 7.*the last words/s);
  });

  test('says it is done without having done it', async () => {
    const script = fakeWorker('lazy.py', 'print(\'{"type":"done"}\')\n');
    await assert.rejects(runNncfWorker([task()], { script }), /before its job was done/);
  });

  const RESULT = {
    type: 'result',
    name: 'encoder',
    seconds: 1.5,
    samples: 5,
    smooth_quant_nodes: 1,
    ignored_nodes: 2,
    bias_corrected_nodes: 3,
    compressed_weights: 0,
  };

  test('speaks in pieces, letters cut in two', async () => {
    const lines = [
      { type: 'task', name: 'encoder' },
      { type: 'log', level: 'INFO', message: 'é → ü' },
      { type: 'progress', phase: 'statistics', done: 1, total: null },
      RESULT,
      { type: 'done' },
    ];
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const script = fakeWorker(
      'pieces.py',
      `import base64, os, time\nfor byte in base64.b64decode("${Buffer.from(text).toString('base64')}"):\n  ` +
        `os.write(1, bytes([byte]))\n  if byte > 127: time.sleep(0.01)\n`,
    );
    const heard: unknown[] = [];
    const results = await runNncfWorker([task()], {
      script,
      on_log: (...log) => heard.push(log),
      on_progress: (progress) => heard.push(progress),
    });
    assert.deepEqual(heard, [['INFO', 'é → ü'], { task: 'encoder', phase: 'statistics', done: 1, total: undefined }]);
    const { type: _type, ...expected } = RESULT;
    assert.deepEqual(results, [expected]);
  });

  test('gives the result of another task, or one too many', async () => {
    for (const names of [['decoder'], ['encoder', 'encoder']]) {
      const script = fakeWorker(
        'another.py',
        names.map((name) => `print('${JSON.stringify({ ...RESULT, name })}', flush=True)`).join('\n'),
      );
      await assert.rejects(
        runNncfWorker([task()], { script }),
        /sent the result of ".*"; expected that of (encoder|no further task)/,
      );
    }
  });

  test('is done, but does not end: it is ended, and its results count', async () => {
    const script = fakeWorker(
      'lingering.py',
      `import signal, time\nsignal.signal(signal.SIGTERM, ` +
        `signal.SIG_IGN)\nprint('${JSON.stringify(RESULT)}\\n{"type":"done"}', flush=True)\ntime.sleep(60)\n`,
    );
    const started = Date.now();
    assert.equal((await runNncfWorker([task()], { script })).length, 1);
    assert.ok(Date.now() - started < 20_000);
  });

  const DONE = `print('${JSON.stringify(RESULT)}\\n{"type":"done"}', flush=True)`;

  test('is done, but ends with a failure: its results do not count', async () => {
    for (const [end, told] of [
      ['sys.exit(3)', /exit code 3/],
      ['os.kill(os.getpid(), signal.SIGSEGV)', /signal SIGSEGV|exit code/],
    ] as const) {
      const script = fakeWorker(
        'failing.py',
        `import os, signal, sys\n${DONE}\nsys.stderr.write("at the end\\n")\nsys.stderr.flush()\n${end}\n`,
      );
      await assert.rejects(runNncfWorker([task()], { script }), (error: unknown) => {
        assert.ok(error instanceof NncfWorkerError);
        assert.match(error.message, /done, and then failed/);
        assert.match(error.message, told);
        assert.match(error.message, /at the end/);
        return true;
      });
    }
  });

  test('leaves a program that holds its pipes open: nothing waits for it, and it ends too', {
    skip: process.platform === 'win32' ? 'process groups are POSIX' : false,
  }, async () => {
    const pidFile = path.join(folder, 'grandchild');
    const start =
      `import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', 'import time; ` +
      `time.sleep(60)'])\nopen(${JSON.stringify(pidFile)}, 'w').write(str(child.pid))\n`;
    const runs: [name: string, script: string, check: (run: Promise<unknown>) => Promise<unknown>][] = [
      ['done', DONE, async (run) => assert.equal(Object.keys(Object(await run)).length, 1)],
      ['dead', 'sys.stderr.write("gone")\nsys.exit(4)', (run) => assert.rejects(run, /exit code 4.*gone/s)],
    ];
    for (const [name, rest, check] of runs) {
      const started = Date.now();
      await check(runNncfWorker([task()], { script: fakeWorker(`${name}.py`, `${start}${rest}\n`) }));
      assert.ok(Date.now() - started < 30_000, `${name}: waited for the grandchild`);
      const grandchild = Number(fs.readFileSync(pidFile, 'utf8'));
      await assert.doesNotReject(
        until(() => !isAlive(grandchild)),
        `${name}: the grandchild lives`,
      );
    }
  });

  test('is told that the cell was interrupted, though nobody passed a signal', async () => {
    const script = fakeWorker(
      'long.py',
      'import time\nprint(\'{"type":"task","name":"encoder"}\', flush=True)\ntime.sleep(60)\n',
    );
    const run = runNncfWorker([task()], { script });
    setTimeout(() => interruptCell(), 500);
    const started = Date.now();
    await assert.rejects(run, /Interrupted/);
    assert.ok(Date.now() - started < 30_000);
  });

  test('meets a callback that rejects: the call rejects with its error', async () => {
    const script = fakeWorker(
      'talking.py',
      `print('{"type":"log","level":"INFO","message":"x"}', flush=True)\nimport time\ntime.sleep(60)\n`,
    );
    const on_log = async (): Promise<void> => {
      throw new Error('from the callback');
    };
    await assert.rejects(runNncfWorker([task()], { script, on_log }), /from the callback/);
  });

  for (const [what, line] of Object.entries({
    'no JSON': 'Segmentation',
    'a list': '[1]',
    'an unknown type': '{"type":"x"}',
    'a wrong field': '{"type":"task","name":3}',
  }))
    test(`writes garbage: ${what}`, async () => {
      const script = fakeWorker('garbage.py', `import time\nprint('${line}', flush=True)\ntime.sleep(60)\n`);
      const started = Date.now();
      await assert.rejects(runNncfWorker([task()], { script }), NncfWorkerError);
      assert.ok(Date.now() - started < 20_000, 'the sleeping worker was not ended');
    });

  test('writes one endless line', async () => {
    const script = fakeWorker('endless.py', 'import sys\nwhile True: sys.stdout.write("x" * 65536)\n');
    await assert.rejects(runNncfWorker([task()], { script }), /not part of its protocol/);
  });

  test('ignores SIGTERM', { skip: process.platform === 'win32' ? 'no SIGTERM there' : false }, async () => {
    const script = fakeWorker(
      'stubborn.py',
      'import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint("garbage", ' +
        'flush=True)\ntime.sleep(60)\n',
    );
    await assert.rejects(runNncfWorker([task()], { script }), NncfWorkerError);
  });

  test('Python is missing', async () => {
    await assert.rejects(runNncfWorker([task()], { python: path.join(folder, 'no-python') }), /did not start/);
  });

  test('a progress callback that throws ends the worker and is thrown on', async () => {
    const on_progress = () => {
      throw new RangeError('from the callback');
    };
    await assert.rejects(runNncfWorker([task()], { on_progress }), /from the callback/);
  });
});

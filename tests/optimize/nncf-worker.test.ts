// The worker's protocol with NNCF itself on tiny models, and every way in which a worker can fail.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CalibrationFile, CalibrationFileError } from '../../lib/optimize/calibration-file';
import { irStatistics } from '../../lib/ir/ir-statistics';
import type { NncfProgress, NncfTask } from '../../lib/optimize/nncf-task';
import { findPython, NncfWorkerError, runNncfWorker } from '../../lib/optimize/nncf-worker';
import { projectRoot } from '../project-root';

const WIDTH = 64; // of make_tiny_ir.py
const SAMPLES = 5;

let folder = '';
before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nncf-worker-'));
  execFileSync(findPython(), [path.join(projectRoot(), 'tests/fixtures/make_tiny_ir.py'), folder]);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function calibration(name: string): string {
  const file = new CalibrationFile(folder, name);
  for (let sample = 0; sample < SAMPLES; sample++) {
    const length = 3 + sample; // odd lengths too
    const data = Float32Array.from({ length: length * WIDTH }, (_, i) => Math.sin(i * 0.7 + sample));
    file.add({ x: { type: 'f32', shape: [1, length, WIDTH], data } });
  }
  return file.finish();
}

function quantizeTask(output: string, subset_size = SAMPLES): NncfTask {
  return {
    name: 'encoder',
    action: 'quantize',
    model: path.join(folder, 'encoder.xml'),
    output,
    calibration: calibration('calibration'),
    parameters: { subset_size },
  };
}

/** Resolves when `condition` holds; rejects after a time that is long even on a busy machine. */
async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 50) {
    if (waited > 20_000) throw new Error('It did not come true in 20 s.');
    await sleep(50);
  }
}

/** What kernel/launch.cjs does when Jupyter interrupts a cell. */
function interruptCell(): void {
  const emitter: NodeJS.EventEmitter = process;
  emitter.emit('cell-interrupt');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function fakeWorker(name: string, python: string): string {
  const script = path.join(folder, name);
  fs.writeFileSync(script, python);
  return script;
}

describe('NNCF at work', () => {
  test('quantizes, compresses, reports progress and counts', async () => {
    const int8 = path.join(folder, 'encoder-int8.xml');
    const compressed = path.join(folder, 'decoder-int8.xml');
    const progress: NncfProgress[] = [];
    const logs: string[] = [];
    const results = await runNncfWorker(
      [
        quantizeTask(int8),
        {
          name: 'decoder',
          action: 'compress_weights',
          model: path.join(folder, 'decoder.xml'),
          output: compressed,
          parameters: { mode: 'INT8_ASYM' },
        },
      ],
      { onProgress: (report) => progress.push(report), onLog: (_level, message) => logs.push(message) },
    );

    assert.deepEqual(
      results.map(({ name }) => name),
      ['encoder', 'decoder'],
    );
    assert.equal(results[0].samples, SAMPLES);
    // One bias after each of the 6 multiplications; query, key and value share one input, and so one smoothing.
    assert.equal(results[0].bias_corrected_nodes, 6);
    assert.ok(results[0].smooth_quant_nodes >= 3, `smoothed ${results[0].smooth_quant_nodes}`);
    // All 4 weights of the decoder: also the two that lie in the initial value of a ReadValue.
    assert.equal(results[1].compressed_weights, 4);

    const phases = new Set(progress.filter(({ task }) => task === 'encoder').map(({ phase }) => phase));
    assert.deepEqual([...phases], ['statistics', 'SmoothQuant', 'bias correction', 'writing']);
    const last = progress.filter(({ phase }) => phase === 'statistics').at(-1);
    assert.deepEqual([last?.done, last?.total], [SAMPLES, SAMPLES]);
    assert.ok(
      logs.some((line) => line.includes('bitwidth distribution')),
      logs.join('\n'),
    );

    const before = await irStatistics(path.join(folder, 'encoder.xml'));
    const statistics = await irStatistics(int8);
    assert.equal(before.fakeQuantize, 0);
    assert.equal(before.integerConstants.count, 0);
    assert.ok(statistics.fakeQuantize >= 6, `${statistics.fakeQuantize} FakeQuantize`);
    // 4 of width x width and 2 of width x 2 width, one byte each.
    assert.equal(statistics.integerConstants.bytes, 8 * WIDTH * WIDTH);
    const decoder = await irStatistics(compressed);
    assert.equal(decoder.fakeQuantize, 0);
    // Weights and one zero point per output channel.
    assert.equal(decoder.integerConstants.bytes, 4 * WIDTH * WIDTH + 4 * WIDTH);
  });

  test('4-bit weights', async () => {
    const output = path.join(folder, 'decoder-int4.xml');
    await runNncfWorker([
      {
        name: 'decoder',
        action: 'compress_weights',
        model: path.join(folder, 'decoder.xml'),
        output,
        parameters: { mode: 'INT4_SYM', group_size: 32, ratio: 1, all_layers: true },
      },
    ]);
    assert.equal((await irStatistics(output)).constants.i4.bytes, (4 * WIDTH * WIDTH) / 2);
  });

  test("NNCF's own error arrives with its message and traceback", async () => {
    const task: NncfTask = {
      name: 'encoder',
      action: 'quantize',
      model: path.join(folder, 'absent.xml'),
      output: path.join(folder, 'none.xml'),
      calibration: calibration('unused'),
      parameters: { subset_size: 1 },
    };
    await assert.rejects(runNncfWorker([task]), (error: unknown) => {
      assert.ok(error instanceof NncfWorkerError);
      assert.match(error.message, /NNCF failed on encoder: .*absent\.xml/s);
      assert.match(error.traceback ?? '', /Traceback[\s\S]*read_model/);
      return true;
    });
  });

  test('cancelling ends the worker at once with the reason', async () => {
    const controller = new AbortController();
    const started = Date.now();
    const onProgress = () => controller.abort(new Error('enough'));
    await assert.rejects(
      runNncfWorker([quantizeTask(path.join(folder, 'cancelled.xml'))], { onProgress, signal: controller.signal }),
      /enough/,
    );
    assert.ok(Date.now() - started < 30_000);
    assert.deepEqual(
      fs.readdirSync(folder).filter((name) => name.startsWith('cancelled')),
      [],
    );
    await assert.rejects(runNncfWorker([], { signal: controller.signal }), /enough/); // before the start too
  });
});

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
      onLog: (...log) => heard.push(log),
      onProgress: (progress) => heard.push(progress),
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
    const start = `import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\nopen(${JSON.stringify(pidFile)}, 'w').write(str(child.pid))\n`;
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
    const onLog = async (): Promise<void> => {
      throw new Error('from the callback');
    };
    await assert.rejects(runNncfWorker([task()], { script, onLog }), /from the callback/);
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
    const onProgress = () => {
      throw new RangeError('from the callback');
    };
    await assert.rejects(runNncfWorker([task()], { onProgress }), /from the callback/);
  });
});

test('the worker stops when its parent is gone', async () => {
  const { spawn } = await import('node:child_process');
  const child = spawn(findPython(), [path.join(projectRoot(), 'lib/optimize/nncf_worker.py')], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.end(`${JSON.stringify({ tasks: [quantizeTask(path.join(folder, 'orphan.xml'))] })}\n`);
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 3);
});

test('calibration inputs are checked and shared values are written once', () => {
  const file = new CalibrationFile(folder, 'shared');
  const data = new Float32Array(5);
  const shared = file.share(data);
  file.add({ a: { type: 'f32', shape: [1, 5], shared } });
  file.add({ a: { type: 'f32', shape: [5], shared }, b: { type: 'i64', shape: [1], data: new BigInt64Array([7n]) } });
  assert.throws(() => file.add({ a: { type: 'f32', shape: [7], data } }), CalibrationFileError);
  assert.throws(() => file.add({ a: { type: 'i64', shape: [5], data } }), CalibrationFileError);
  assert.throws(() => file.add({ a: { type: 'f32', shape: [9], shared } }), CalibrationFileError);
  file.finish();
  assert.equal(fs.statSync(path.join(folder, 'shared.bin')).size, 24 + 8); // 20 bytes padded to 24, then 8
});

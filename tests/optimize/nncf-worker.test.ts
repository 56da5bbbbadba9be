// The worker with NNCF itself on tiny models.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import { irStatistics } from '../../lib/ir/ir-statistics';
import type { NncfProgress, NncfTask } from '../../lib/optimize/nncf-task';
import { findNncfPython } from '../../lib/optimize/find-nncf-python';
import { runNncfWorker } from '../../lib/optimize/nncf-worker';
import { NncfWorkerError } from '../../lib/optimize/nncf-worker-error';
import { projectRoot } from '../project-root';
import { calibration, folder, quantizeTask, SAMPLES, WIDTH } from './worker-tasks';

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
      { on_progress: (report) => progress.push(report), on_log: (_level, message) => logs.push(message) },
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
    const on_progress = () => controller.abort(new Error('enough'));
    await assert.rejects(
      runNncfWorker([quantizeTask(path.join(folder, 'cancelled.xml'))], { on_progress, signal: controller.signal }),
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

test('the worker stops when its parent is gone', async () => {
  const { spawn } = await import('node:child_process');
  const child = spawn(findNncfPython(), [path.join(projectRoot(), 'lib/optimize/nncf_worker.py')], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.end(`${JSON.stringify({ tasks: [quantizeTask(path.join(folder, 'orphan.xml'))] })}\n`);
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 3);
});

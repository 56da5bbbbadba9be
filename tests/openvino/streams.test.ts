// Models that are compiled for several inferences at the same time.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { findRuntimes, loadOpenVINO, OpenVINOError, type CompiledModel } from '../../lib/openvino';
import { EXACT } from './conformance';
import { modelFiles, SLOW_SIZE, writeModels } from './write-models';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'openvino-streams-'));
const models = modelFiles(folder);
before(() => writeModels(folder));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

for (const { runtime } of findRuntimes()) {
  const ov = loadOpenVINO({ runtime });
  const compile = (file: string, streams: number): CompiledModel =>
    new ov.Core().compileModelSync(file, 'CPU', { ...EXACT, PERFORMANCE_HINT: 'THROUGHPUT', NUM_STREAMS: streams });
  const slowInput = { x: new ov.Tensor('f32', [SLOW_SIZE, SLOW_SIZE]) };

  test(`${runtime}: more requests than streams, again and again, each with its own result`, async () => {
    const compiled = compile(models.twice, 2);
    const requests = Array.from({ length: 7 }, () => compiled.createInferRequest());
    for (let round = 0; round < 50; round++) {
      const results = await Promise.all(
        requests.map(async (request, i) => {
          const { y } = await request.inferAsync({ x: new ov.Tensor('f32', [1, 2], Float32Array.of(i, round)) });
          return Array.from(y.data, Number);
        }),
      );
      assert.deepEqual(
        results,
        requests.map((_, i) => [2 * i, 2 * round]),
      );
    }
  });

  test(`${runtime}: a run that fails rejects with OpenVINO's words; others, and the request, go on`, async () => {
    const compiled = compile(models.two, 3);
    const run = (left: number, right: number): Promise<unknown> =>
      compiled.createInferRequest().inferAsync({
        left: new ov.Tensor('f32', [left, 3], new Float32Array(left * 3)),
        right: new ov.Tensor('f32', [right, 3], new Float32Array(right * 3)),
      });
    const results = await Promise.allSettled([run(1, 1), run(2, 4), run(3, 3), run(2, 2)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    );
    assert.match(String(results[1].status === 'rejected' && results[1].reason), /shape|dim|broadcast/i);
  });

  test(`${runtime}: a request that runs takes nothing else`, async () => {
    const request = compile(models.slow, 2).createInferRequest();
    const running = request.inferAsync(slowInput);
    assert.throws(() => request.getTensor('y'), OpenVINOError);
    await assert.rejects(request.inferAsync(), /run/i);
    assert.throws(() => request.dispose(), OpenVINOError);
    await running;
    request.dispose();
  });

  if (runtime === 'c-api')
    test('a run is cancelled while it runs, and while it waits for a stream; the others end well', async () => {
      const compiled = compile(models.slow, 2);
      const requests = Array.from({ length: 5 }, () => compiled.createInferRequest());
      for (const ms of [0, 1, 5]) {
        const runs = requests.map((request) => request.inferAsync(slowInput));
        const ends = Promise.allSettled(runs);
        await new Promise((resolve) => setTimeout(resolve, ms));
        for (const i of [0, 4]) requests[i].cancel();
        const results = await ends;
        assert.equal(results[4].status, 'rejected');
        assert.match(String(results[4].status === 'rejected' && results[4].reason), /cancel/i);
        for (const i of [1, 2, 3]) assert.equal(results[i].status, 'fulfilled');
      }
      await Promise.all(requests.map((request) => request.inferAsync()));
    });
}

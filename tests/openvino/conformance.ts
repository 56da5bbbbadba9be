// What every runtime must do alike: core, models, requests and their errors. Tensors and lifetimes stand in files of
// their own.
import assert from 'node:assert/strict';
import * as path from 'node:path';
import { test } from 'node:test';
import { OpenVINOError, type CompiledModel, type OpenVINO } from '../../lib/openvino';
import { SLOW_SIZE, type TestModels } from './write-models';

export interface Runtime {
  readonly name: string;
  readonly ov: OpenVINO;
  /** What only the C API can do. */
  readonly full: boolean;
}

/** Exact results are expected below: without this, a processor with bf16 computes in it. */
export const EXACT = { INFERENCE_PRECISION_HINT: 'f32' };

const f32 = (...values: number[]): Float32Array => Float32Array.from(values);

export function testCore({ name, ov, full }: Runtime, models: TestModels): void {
  const core = new ov.Core();

  test(`${name}: devices, their full names and versions`, () => {
    assert.ok(core.getAvailableDevices().includes('CPU'));
    assert.ok(core.getProperty('CPU', 'FULL_DEVICE_NAME').length > 3);
    const { buildNumber, description } = core.getVersions('CPU').CPU;
    assert.equal(buildNumber, ov.version);
    assert.match(description, /cpu/i);
  });

  test(`${name}: properties set on the core reach later compilations`, () => {
    const own = new ov.Core();
    own.setProperty('CPU', {});
    own.setProperty('CPU', { INFERENCE_NUM_THREADS: 1, PERFORMANCE_HINT: 'LATENCY', PERF_COUNT: true });
    assert.equal(own.getProperty('CPU', 'INFERENCE_NUM_THREADS'), '1');
    assert.equal(own.compileModelSync(models.twice, 'CPU').getProperty('INFERENCE_NUM_THREADS'), '1');
    assert.throws(
      () => own.setProperty('CPU', { PERFORMANCE_HINT: 'FAST' }),
      (error) => error instanceof OpenVINOError && /PERFORMANCE_HINT/.test(error.message),
    );
  });

  test(`${name}: a model's ports, in the model's order`, async () => {
    for (const model of [
      core.readModelSync(models.two),
      await core.readModel(models.two),
      core.readModelSync(models.two, models.two.replace('.xml', '.bin')),
    ]) {
      assert.deepEqual(model.inputs.map(String), ['right f32 [?,3]', 'left f32 [?,3]']);
      assert.deepEqual(
        model.outputs.map(({ anyName }) => anyName),
        ['sum', 'difference'],
      );
      assert.deepEqual(model.inputs[0].getPartialShape(), [-1, 3]);
      assert.equal(model.inputs[1].getElementType(), 'f32');
      assert.equal(model.inputs[1].getAnyName(), 'left');
      assert.equal(model.getFriendlyName(), 'two');
      assert.equal(model.isDynamic(), true);
    }
    assert.deepEqual(core.readModelSync(models.types).inputs.map(String), [
      'in_f32 f32 [?]',
      'in_i64 i64 [?]',
      'in_i32 i32 [?]',
    ]);
    assert.deepEqual(core.readModelSync(models.scalar).inputs[0].getPartialShape(), []);
  });

  test(`${name}: reshape to fixed, bounded and free sizes`, () => {
    const model = core.readModelSync(models.twice);
    assert.equal(model.reshape({ x: [[1, 8], 5] }), model);
    assert.deepEqual(model.inputs[0].getPartialShape(), [[1, 8], 5]);
    assert.equal(String(model.outputs[0]), 'y f32 [1..8,5]');
    model.reshape({ x: [4, 5] });
    assert.equal(model.isDynamic(), false);
    assert.deepEqual(core.compileModelSync(model, 'CPU').outputs[0].getPartialShape(), [4, 5]);
    model.reshape({ x: [-1, [2, -1]] });
    assert.deepEqual(model.inputs[0].getPartialShape(), [-1, -1]);
    assert.throws(
      () => model.reshape({ nope: [1] }),
      (error) => error instanceof OpenVINOError && /nope/.test(error.message),
    );
  });

  test(`${name}: compile from a file or a model, with properties that show`, async () => {
    const config = { ...EXACT, PERFORMANCE_HINT: 'LATENCY', INFERENCE_NUM_THREADS: 1, PERF_COUNT: true };
    const model = core.readModelSync(models.two);
    const compiled = [
      core.compileModelSync(models.two, 'CPU', config),
      core.compileModelSync(model, 'CPU', config),
      await core.compileModel(models.two, 'CPU', config),
      await core.compileModel(model, 'CPU', config),
    ];
    for (const one of compiled) {
      assert.equal(one.getProperty('INFERENCE_PRECISION_HINT'), 'f32');
      assert.equal(one.getProperty('INFERENCE_NUM_THREADS'), '1');
      assert.equal(one.getProperty('PERFORMANCE_HINT'), 'LATENCY');
      assert.deepEqual([...one.inputs, ...one.outputs].map(String), [
        'right f32 [?,3]',
        'left f32 [?,3]',
        'sum f32 [?,3]',
        'difference f32 [?,3]',
      ]);
    }
  });

  test(`${name}: errors hold OpenVINO's words and the culprit, each its own`, async () => {
    const missing = path.join(path.dirname(models.two), 'missing.xml');
    const { broken } = models;
    const says = (pattern: RegExp) => (error: unknown) => error instanceof OpenVINOError && pattern.test(error.message);
    assert.throws(() => core.readModelSync(missing), says(/missing\.xml: no such file/));
    assert.throws(() => core.compileModelSync(missing, 'CPU'), says(/missing\.xml: no such file/));
    assert.throws(() => core.readModelSync(models.two, missing), says(/missing\.xml: no such file/));
    assert.throws(() => core.readModelSync(broken), says(/Oddity/));
    assert.throws(() => core.compileModelSync(models.two, 'NOWHERE'), says(/NOWHERE/));
    assert.throws(() => core.compileModelSync(models.two, 'CPU', { PERFORMANCE_HINT: 'FAST' }), says(/FAST/));
    assert.throws(() => core.getProperty('CPU', 'NO_SUCH_THING'), says(/NO_SUCH_THING/));
    // A call that leaves no text must not repeat the last one's.
    assert.throws(
      () => core.getVersions('NOWHERE'),
      (error) => error instanceof OpenVINOError && !/NO_SUCH_THING/.test(error.message),
    );
    // Several at once, on threads: every promise gets the error of its own call, and failures do not stop the others.
    const settled = await Promise.allSettled([
      core.compileModel(models.two, 'NOWHERE'),
      core.readModel(broken),
      core.compileModel(models.twice, 'CPU'),
      core.readModel(missing),
      core.compileModel(models.two, 'ELSEWHERE'),
    ]);
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['rejected', 'rejected', 'fulfilled', 'rejected', 'rejected'],
    );
    const reasons = settled.map((result) => (result.status === 'rejected' ? String(result.reason) : ''));
    [/NOWHERE/, /Oddity/, /^$/, /missing\.xml/, /ELSEWHERE/].forEach((pattern, i) => assert.match(reasons[i], pattern));
  });

  test(`${name}: what the runtime lacks says so and names the one that has it`, () => {
    const request = core.compileModelSync(models.twice, 'CPU', { ...EXACT, PERF_COUNT: true }).createInferRequest();
    request.infer({ x: new ov.Tensor('f32', [300, 300], new Float32Array(90_000)) });
    if (!full) {
      assert.throws(() => request.getProfilingInfo(), /BLIP_OPENVINO_RUNTIME=c-api/);
      assert.throws(() => request.cancel(), /BLIP_OPENVINO_RUNTIME=c-api/);
      return;
    }
    const infos = request.getProfilingInfo();
    const executed = infos.filter(({ status }) => status === 'EXECUTED');
    assert.ok(executed.length > 0 && executed.some(({ realTimeUs }) => realTimeUs > 0), JSON.stringify(infos));
    assert.ok(
      infos.some(({ name: node, type, execType }) => node === 'double' && type !== '' && execType.includes('f32')),
      JSON.stringify(infos),
    );
  });
}

export function testRequests({ name, ov, full }: Runtime, models: TestModels): void {
  const core = new ov.Core();
  const compile = (file: string): CompiledModel => core.compileModelSync(file, 'CPU', EXACT);

  test(`${name}: inputs are bound by name, whatever their order`, async () => {
    const request = compile(models.two).createInferRequest();
    const left = new ov.Tensor('f32', [1, 3], f32(1, 2, 3));
    const right = new ov.Tensor('f32', [1, 3], f32(4, 5, 6));
    for (const inputs of [
      { left, right },
      { right, left },
    ])
      for (const outputs of [request.infer(inputs), await request.inferAsync(inputs)]) {
        assert.deepEqual(Object.keys(outputs), ['sum', 'difference']);
        assert.deepEqual(outputs.sum.data, f32(41, 52, 63));
        assert.deepEqual(outputs.difference.data, f32(-3, -3, -3));
      }
    assert.deepEqual(
      (await request.inferAsync({ left: right })).sum.data,
      f32(44, 55, 66),
      'what was bound before stays bound',
    );
  });

  test(`${name}: results stay, getTensor is live`, async () => {
    const request = compile(models.twice).createInferRequest();
    const input = (value: number): { x: InstanceType<OpenVINO['Tensor']> } => ({
      x: new ov.Tensor('f32', [1, 1], f32(value)),
    });
    const first = request.infer(input(1)).y;
    const second = (await request.inferAsync(input(2))).y;
    const live = request.getTensor('y');
    request.infer(input(3));
    assert.deepEqual([first.data, second.data, live.data], [f32(2), f32(4), f32(6)]);
  });

  test(`${name}: outputs of changing size, empty ones too`, async () => {
    const request = compile(models.twice).createInferRequest();
    for (const [rows, columns] of [[2, 3], [5, 7], [1, 1], ...(full ? [[0, 4]] : []), [3, 2]]) {
      const data = Float32Array.from({ length: rows * columns }, (_, i) => i + 0.5);
      const { y } = await request.inferAsync({ x: new ov.Tensor('f32', [rows, columns], data) });
      assert.deepEqual(y.getShape(), [rows, columns]);
      assert.deepEqual(
        y.data,
        data.map((value) => 2 * value),
      );
    }
    if (full) return;
    const empty = { x: new ov.Tensor('f32', [0, 4]) };
    const refused = /"y" may have no values .*BLIP_OPENVINO_RUNTIME=c-api/;
    assert.throws(() => request.infer(empty), refused);
    await assert.rejects(request.inferAsync(), refused);
    assert.throws(() => request.run(), refused);
    assert.deepEqual(request.infer({ x: new ov.Tensor('f32', [1, 1], f32(4)) }).y.data, f32(8), 'and goes on');
  });

  test(`${name}: an output is the next input without a copy`, () => {
    const model = core.readModelSync(models.twice);
    model.reshape({ x: [2, 2] });
    const compiled = core.compileModelSync(model, 'CPU', EXACT);
    const [first, second] = [compiled.createInferRequest(), compiled.createInferRequest()];
    const array = f32(1, 2, 3, 4);
    first.setTensor('x', new ov.Tensor('f32', [2, 2], array));
    second.setTensor('x', first.getTensor('y'));
    for (const factor of [1, 10]) {
      array.set([1 * factor, 2, 3, 4]);
      first.run();
      second.run(); // bound once: it reads where the first one writes
      assert.deepEqual(second.getTensor('y').data, f32(4 * factor, 8, 12, 16));
    }
  });

  test(`${name}: two requests feed each other by turns`, async () => {
    const compiled = compile(models.twice);
    const requests = [compiled.createInferRequest(), compiled.createInferRequest()];
    let tensor: InstanceType<OpenVINO['Tensor']> = new ov.Tensor('f32', [1, 2], f32(1, 3));
    for (let step = 0; step < 10; step++) {
      const request = requests[step % 2];
      request.setTensor('x', tensor);
      await request.runAsync();
      tensor = request.getTensor('y');
    }
    assert.deepEqual(tensor.data, f32(1024, 3072));
  });

  test(`${name}: a state belongs to its request and starts empty`, async () => {
    const compiled = compile(models.stateful);
    const feed = async (request: ReturnType<CompiledModel['createInferRequest']>, value: number): Promise<number[]> =>
      Array.from((await request.inferAsync({ x: new ov.Tensor('f32', [1, 1], f32(value)) })).state.data, Number);
    const [one, other] = [compiled.createInferRequest(), compiled.createInferRequest()];
    assert.deepEqual(await feed(one, 1), [1]);
    assert.deepEqual(await feed(one, 2), [1, 2]);
    assert.deepEqual(await feed(other, 9), [9]);
    assert.deepEqual(await feed(one, 3), [1, 2, 3]);
    assert.deepEqual(await feed(compiled.createInferRequest(), 7), [7]);
  });

  test(`${name}: an asynchronous run leaves the event loop free and its request alone`, async () => {
    const request = compile(models.slow).createInferRequest();
    const x = new ov.Tensor('f32', [SLOW_SIZE, SLOW_SIZE], new Float32Array(SLOW_SIZE ** 2).fill(1 / SLOW_SIZE));
    request.infer({ x }); // warm-up
    let turns = 0;
    const spin = (): void => {
      turns++;
      handle = setImmediate(spin);
    };
    let handle = setImmediate(spin);
    const running = request.inferAsync();
    assert.equal(turns, 0);
    for (const call of [
      () => request.run(),
      () => request.setTensor('x', x),
      () => request.getTensor('y'),
      () => request.infer({ x }),
      () => request.dispose(),
    ])
      assert.throws(call, /running/);
    await assert.rejects(request.inferAsync({ x }), /already running/);
    const { y } = await running;
    clearImmediate(handle);
    // A blocked loop turns once or twice; a free one, tens of thousands of times, or a few dozen on a busy machine.
    assert.ok(turns > 5, `the event loop turned ${turns} times`);
    assert.ok(Math.abs(Number(y.data[7]) - 1 / SLOW_SIZE) < 1e-6);
    request.dispose();
  });

  test(`${name}: many requests at once, each with its own result`, async () => {
    const compiled = compile(models.twice);
    const results = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const request = compiled.createInferRequest();
        const { y } = await request.inferAsync({ x: new ov.Tensor('f32', [1, 2], f32(i, -i)) });
        return Array.from(y.data, Number);
      }),
    );
    assert.deepEqual(
      results,
      Array.from({ length: 12 }, (_, i) => [2 * i, -2 * i]),
    );
  });

  test(`${name}: a run that fails rejects or throws with OpenVINO's words, and the request goes on`, async () => {
    const request = compile(models.two).createInferRequest();
    const rows = (count: number): InstanceType<OpenVINO['Tensor']> =>
      new ov.Tensor('f32', [count, 3], new Float32Array(count * 3).fill(1));
    const misfit = (error: unknown): boolean =>
      error instanceof OpenVINOError && error.message.length > 40 && /shape|dim|broadcast/i.test(error.message);
    assert.throws(() => request.infer({ left: rows(2), right: rows(4) }), misfit);
    await assert.rejects(request.inferAsync({ left: rows(2), right: rows(4) }), misfit);
    assert.throws(
      () => request.setTensor('nowhere', rows(1)),
      (error) => error instanceof OpenVINOError && /nowhere/.test(error.message),
    );
    assert.throws(() => request.setTensor('left', new ov.Tensor('f32', [1, 4], new Float32Array(4))), OpenVINOError);
    assert.throws(
      () => request.setTensor('left', new ov.Tensor('i64', [1, 3], new BigInt64Array(3))),
      (error) => error instanceof OpenVINOError && /i64/.test(error.message),
    );
    assert.throws(() => request.getTensor('nowhere'), OpenVINOError);
    assert.deepEqual((await request.inferAsync({ left: rows(1), right: rows(1) })).sum.data, f32(11, 11, 11));
  });

  if (full)
    test(`${name}: cancel ends a run with an error that says so`, async () => {
      const request = compile(models.slow).createInferRequest();
      request.infer({ x: new ov.Tensor('f32', [SLOW_SIZE, SLOW_SIZE]) });
      for (const wait of [0, 0, 0, 0, 0, 1, 2]) {
        // at once, perhaps before the run has its thread; and in the middle
        const running = request.inferAsync();
        if (wait)
          await new Promise((resolve) => {
            setTimeout(resolve, wait);
          });
        request.cancel();
        await assert.rejects(running, (error) => error instanceof OpenVINOError && /cancel/i.test(error.message));
      }
      await request.inferAsync();
      request.cancel(); // nothing runs: nothing happens
      await request.inferAsync();
    });
}

// What every runtime must do alike: who keeps what alive, and what dispose() ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DisposedError, type Tensor } from '../../lib/openvino';
import { collectGarbage } from './collect-garbage';
import { EXACT, type Runtime } from './conformance';
import { SLOW_SIZE, type TestModels } from './write-models';

export function testLifetimes({ name, ov }: Runtime, models: TestModels): void {
  const core = new ov.Core();
  const disposed = (what: string) => (error: unknown) =>
    error instanceof DisposedError && error.message.startsWith(`${what} was used after dispose()`);

  test(`${name}: after dispose(), every use throws and a second dispose() does nothing`, async () => {
    const own = new ov.Core();
    const model = own.readModelSync(models.twice);
    const compiled = own.compileModelSync(model, 'CPU', EXACT);
    const request = compiled.createInferRequest();
    const tensor = new ov.Tensor('f32', [1, 1], Float32Array.of(1));
    for (const object of [tensor, request, compiled, model, own]) {
      object.dispose();
      object.dispose();
    }

    for (const use of [
      () => tensor.data,
      () => tensor.getShape(),
      () => tensor.getSize(),
      () => tensor.getElementType(),
    ])
      assert.throws(use, disposed('Tensor'));
    for (const use of [
      () => request.infer(),
      () => request.run(),
      () => request.getTensor('y'),
      () => request.setTensor('x', tensor),
      () => request.readInto('y', new Float32Array(1)),
    ])
      assert.throws(use, disposed('InferRequest'));
    await assert.rejects(request.inferAsync(), disposed('InferRequest'));
    await assert.rejects(request.runAsync(), disposed('InferRequest'));
    for (const use of [() => compiled.createInferRequest(), () => compiled.getProperty('PERFORMANCE_HINT')])
      assert.throws(use, disposed('CompiledModel'));
    for (const use of [
      () => model.inputs,
      () => model.reshape({ x: [1, 1] }),
      () => model.getFriendlyName(),
      () => core.compileModelSync(model, 'CPU'),
    ])
      assert.throws(use, disposed('Model'));
    await assert.rejects(core.compileModel(model, 'CPU'), disposed('Model'));
    for (const use of [
      () => own.getAvailableDevices(),
      () => own.readModelSync(models.twice),
      () => own.compileModelSync(models.twice, 'CPU'),
    ])
      assert.throws(use, disposed('Core'));
    await assert.rejects(own.readModel(models.twice), disposed('Core'));
    assert.equal(compiled.inputs[0].anyName, 'x', 'what was read before stays readable');
  });

  test(`${name}: a disposed tensor cannot be bound, and one that is bound must not be disposed before the run`, () => {
    const request = core.compileModelSync(models.twice, 'CPU', EXACT).createInferRequest();
    const tensor = new ov.Tensor('f32', [1, 1], Float32Array.of(1));
    request.setTensor('x', tensor);
    request.run();
    tensor.dispose();
    assert.throws(() => request.run(), disposed('Tensor'));
    assert.throws(() => request.setTensor('x', tensor), disposed('Tensor'));
    assert.deepEqual(request.infer({ x: new ov.Tensor('f32', [1, 1], Float32Array.of(4)) }).y.data, Float32Array.of(8));
  });

  test(`${name}: results and requests outlive what they came from`, async () => {
    const own = new ov.Core();
    const model = own.readModelSync(models.twice);
    const compiled = own.compileModelSync(model, 'CPU', EXACT);
    const request = compiled.createInferRequest();
    for (const object of [own, model, compiled]) object.dispose();
    const { y } = await request.inferAsync({ x: new ov.Tensor('f32', [1, 2], Float32Array.of(1, 2)) });
    const live = request.getTensor('y');
    request.dispose();
    await collectGarbage();
    for (const tensor of [y, live]) assert.deepEqual(tensor.data, Float32Array.of(2, 4));
  });

  test(`${name}: dispose() while a compilation or a reading runs lets it end well`, async () => {
    const own = new ov.Core();
    const model = own.readModelSync(models.slow);
    const compiling = [own.compileModel(model, 'CPU', EXACT), own.compileModel(models.twice, 'CPU', EXACT)];
    const reading = own.readModel(models.two);
    model.dispose();
    own.dispose();
    assert.throws(() => model.inputs, DisposedError);
    assert.throws(() => own.getAvailableDevices(), DisposedError);
    const [slow, twice] = await Promise.all(compiling);
    assert.equal(slow.outputs[0].anyName, 'y');
    assert.deepEqual(
      twice.createInferRequest().infer({ x: new ov.Tensor('f32', [1, 1], Float32Array.of(3)) }).y.data,
      Float32Array.of(6),
    );
    assert.equal((await reading).inputs.length, 2);
  });

  test(`${name}: bound arrays live as long as the request needs them`, async () => {
    const request = core.compileModelSync(models.twice, 'CPU', EXACT).createInferRequest();
    bindFresh(4096, 3);
    await collectGarbage();
    const noise = Array.from({ length: 200 }, () => new Float32Array(4096).fill(NaN)); // would fill freed memory
    const { y } = await request.inferAsync();
    assert.ok(Array.from(y.data, Number).every((value) => value === 6));
    // A live handle of an input keeps the array even when another one is bound in its place.
    const live = request.getTensor('x');
    bindFresh(16, 1);
    await collectGarbage();
    noise.push(...Array.from({ length: 200 }, () => new Float32Array(4096).fill(NaN)));
    assert.ok(Array.from(live.data, Number).every((value) => value === 3));
    assert.equal(noise.length, 400);

    function bindFresh(length: number, value: number): void {
      request.setTensor('x', new ov.Tensor('f32', [1, length], new Float32Array(length).fill(value)));
    }
  });

  test(`${name}: a run in flight survives that nobody holds its request`, async () => {
    let x: Tensor | undefined = new ov.Tensor(
      'f32',
      [SLOW_SIZE, SLOW_SIZE],
      new Float32Array(SLOW_SIZE ** 2).fill(1 / SLOW_SIZE),
    );
    const running = core.compileModelSync(models.slow, 'CPU', EXACT).createInferRequest().inferAsync({ x });
    x = undefined;
    await collectGarbage();
    const { y } = await running;
    assert.ok(Math.abs(Number(y.data[0]) - 1 / SLOW_SIZE) < 1e-6);
  });

  test(`${name}: an array transferred to another thread is refused, not read`, () => {
    const request = core.compileModelSync(models.twice, 'CPU', EXACT).createInferRequest();
    const array = Float32Array.of(1, 2);
    const tensor = new ov.Tensor('f32', [1, 2], array);
    request.setTensor('x', tensor);
    structuredClone(array, { transfer: [array.buffer] });
    for (const use of [() => request.run(), () => request.setTensor('x', tensor), () => tensor.data])
      assert.throws(use, /transferred to another thread/);
  });
}

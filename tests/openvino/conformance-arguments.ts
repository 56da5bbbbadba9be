// What every runtime must do alike: properties of every type, and arguments of the wrong kind, which must never reach
// native code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenVINOError } from '../../lib/openvino';
import type { Runtime } from './conformance';
import type { TestModels } from './write-models';

const EMPTY: readonly unknown[] = [];
/** koffi takes some of these for addresses, others run code when they are looked at. */
const ODD_VALUES: readonly unknown[] = [
  5,
  -1,
  1.5,
  2 ** 40,
  123456789n,
  Symbol('odd'),
  null,
  {},
  EMPTY,
  [5n],
  () => 'CPU',
  'CPU\0',
  'x'.repeat(1e6),
  new Float64Array(2),
  { constructor: { name: 'Float32Array' }, length: 1, byteLength: 4, buffer: new ArrayBuffer(4) },
  new Proxy(Float32Array.of(1), {}),
  revoked(),
];

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
}

export function testArguments({ name, ov, full }: Runtime, models: TestModels): void {
  const core = new ov.Core();

  test(`${name}: properties read alike, whatever their type`, () => {
    const names = core.getProperty('CPU', 'SUPPORTED_PROPERTIES').split(' ');
    assert.ok(names.includes('PERFORMANCE_HINT') && names.includes('INFERENCE_NUM_THREADS'));
    assert.match(core.getProperty('CPU', 'OPTIMIZATION_CAPABILITIES'), /^\w+( \w+)+$/);
    assert.match(core.getProperty('CPU', 'RANGE_FOR_STREAMS'), /^\d+ \d+$/);
    const compiled = core.compileModelSync(models.twice, 'CPU', { PERF_COUNT: true });
    assert.equal(compiled.getProperty('PERF_COUNT'), 'YES');
    for (const property of [
      ...names.map((each) => () => core.getProperty('CPU', each)),
      () => compiled.getProperty('KEY_CACHE_GROUP_SIZE'),
    ])
      try {
        assert.notEqual(property(), 'undefined');
      } catch (error) {
        assert.ok(
          !full && error instanceof OpenVINOError && /BLIP_OPENVINO_RUNTIME=c-api/.test(error.message),
          String(error),
        );
      }
    assert.throws(
      () => compiled.getProperty('NO_SUCH_THING'),
      (error) => error instanceof OpenVINOError && /NO_SUCH_THING/.test(error.message),
    );
  });

  test(`${name}: arguments of the wrong kind are errors that name them, on every call`, async () => {
    const compiled = core.compileModelSync(models.twice, 'CPU');
    const request = compiled.createInferRequest();
    const tensor = new ov.Tensor('f32', [1, 1]);
    for (const odd of ODD_VALUES) {
      const calls: readonly ((value: never) => unknown)[] = [
        (value) => request.setTensor(value, tensor),
        (value) => request.setTensor('x', value),
        (value) => request.getTensor(value),
        (value) => request.readInto(value, new Float32Array(1)),
        (value) => request.readInto('y', value),
        (value) => request.infer({ x: value }),
        (value) => request.inferAsync({ x: value }),
        (value) => compiled.getProperty(value),
        (value) => core.getProperty(value, 'PERFORMANCE_HINT'),
        (value) => core.getProperty('CPU', value),
        (value) => core.setProperty(value, { PERFORMANCE_HINT: 'LATENCY' }),
        (value) => core.setProperty('CPU', { PERFORMANCE_HINT: value }),
        (value) => core.getVersions(value),
        (value) => core.readModelSync(value),
        (value) => core.readModel(value),
        (value) => core.compileModelSync(models.twice, value),
        (value) => core.compileModel(models.twice, value),
        (value) => core.compileModelSync(value, 'CPU'),
        (value) => core.compileModelSync(models.twice, 'CPU', { PERFORMANCE_HINT: value }),
        (value) => core.readModelSync(models.twice).reshape({ x: value }),
        (value) => core.readModelSync(models.twice).reshape({ x: [1, value] }),
        (value) => new ov.Tensor(value, [1]),
        (value) => new ov.Tensor('f32', [value]),
        (value) => new ov.Tensor('f32', value),
        (value) => new ov.Tensor('f32', [1], value),
      ];
      for (const [index, call] of calls.entries()) {
        const result: unknown = await (async () => call(odd as never))().catch((error: unknown) => error);
        // Any whole number is a size for reshape and for a tensor; an empty list is a scalar's shape.
        const harmless =
          typeof odd === 'number' ? index === 20 || index === 22 : odd === EMPTY && (index === 19 || index === 23);
        assert.ok(result instanceof OpenVINOError || harmless, `call ${index} with ${typeof odd}: ${String(result)}`);
        if (result instanceof OpenVINOError) assert.ok(result.message.length < 12_000);
      }
    }
  });
}

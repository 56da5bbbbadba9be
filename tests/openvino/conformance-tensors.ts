// What every runtime must do alike: tensors and the arrays they are made from, for every element type.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenVINOError, type ElementType, type InferRequest, type TensorData } from '../../lib/openvino';
import { EXACT, type Runtime } from './conformance';
import type { TestModels } from './write-models';

/** One array per type that both runtimes can make a tensor of, at the ends of its range. */
const ARRAYS: readonly (readonly [ElementType, TensorData])[] = [
  ['f32', Float32Array.of(1.5, -0, Infinity, 1e-40)],
  ['f64', Float64Array.of(1.5, Number.MAX_VALUE, NaN)],
  ['i8', Int8Array.of(-128, 127)],
  ['u8', Uint8Array.of(0, 255)],
  ['i16', Int16Array.of(-32768, 32767)],
  ['u16', Uint16Array.of(0, 65535)],
  ['i32', Int32Array.of(-(2 ** 31), 2 ** 31 - 1)],
  ['u32', Uint32Array.of(0, 2 ** 32 - 1)],
  ['i64', BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n)],
  ['u64', BigUint64Array.of(0n, 2n ** 64n - 1n)],
];
/** Half bits of 1 and -2; booleans. */
const C_API_ARRAYS: typeof ARRAYS = [
  ['f16', Uint16Array.of(0x3c00, 0xc000)],
  ['boolean', Uint8Array.of(1, 0, 1)],
];

export function testTensors({ name, ov, full }: Runtime, models: TestModels): void {
  const core = new ov.Core();
  const { Tensor } = ov;
  const request = (file: string): InferRequest => core.compileModelSync(file, 'CPU', EXACT).createInferRequest();
  const refuses = (pattern: RegExp) => (error: unknown) =>
    error instanceof OpenVINOError && pattern.test(error.message);

  for (const [type, array] of [...ARRAYS, ...(full ? C_API_ARRAYS : [])])
    test(`${name}: ${type} tensors give back what they were made from`, () => {
      const tensor = new Tensor(type, [1, array.length], array);
      assert.deepEqual(tensor.data, array);
      assert.deepEqual(tensor.getData(), array);
      assert.notEqual(tensor.data, array, 'a copy');
      assert.equal(tensor.getElementType(), type);
      assert.deepEqual(tensor.getShape(), [1, array.length]);
      assert.equal(tensor.getSize(), array.length);
      assert.ok(tensor instanceof Tensor);
      const zeros = new Tensor(type, [2, 3]);
      assert.equal(zeros.getData().constructor, array.constructor);
      assert.equal(zeros.getSize(), 6);
    });

  if (!full)
    test(`${name}: types without tensors are refused with the way out`, () => {
      for (const [type, array] of C_API_ARRAYS)
        assert.throws(
          () => new Tensor(type, [array.length], array),
          refuses(new RegExp(`${type}.*BLIP_OPENVINO_RUNTIME=c-api`)),
        );
    });

  test(`${name}: parts of buffers, Buffers, shared memory, arrays of another realm`, () => {
    const whole = Float32Array.of(0, 1, 2, 3, 4, 5, 6);
    for (const [part, values] of [
      [whole.subarray(2, 5), [2, 3, 4]],
      [whole.subarray(0, 3), [0, 1, 2]],
      [whole.subarray(4), [4, 5, 6]],
    ] as const)
      assert.deepEqual(
        Array.from(request(models.twice).infer({ x: new Tensor('f32', [1, 3], part) }).y.data, Number),
        values.map((value) => 2 * value),
      );
    assert.deepEqual(new Tensor('i64', [2], BigInt64Array.of(7n, 8n, 9n).subarray(1)).data, BigInt64Array.of(8n, 9n));
    assert.deepEqual(new Tensor('u8', [3], Buffer.from([1, 2, 3])).data, Uint8Array.of(1, 2, 3)); // lies in Node's pool
    const shared = new Float32Array(new SharedArrayBuffer(8));
    shared.set([5, 6]);
    assert.deepEqual(Array.from(new Tensor('f32', [2], shared).data, Number), [5, 6]);
    const foreign: unknown = require('node:vm').runInNewContext('Float32Array.of(1, 2)');
    if (!ArrayBuffer.isView(foreign) || !('length' in foreign)) assert.fail('no array');
    assert.deepEqual(Array.from(new Tensor('f32', [2], foreign as Float32Array).data, Number), [1, 2]);
  });

  test(`${name}: scalars and empty tensors`, async () => {
    const scalar = new Tensor('f32', [], Float32Array.of(41));
    assert.deepEqual(scalar.getShape(), []);
    assert.equal(scalar.getSize(), 1);
    const { y } = await request(models.scalar).inferAsync({ x: scalar });
    assert.deepEqual(y.getShape(), []);
    assert.deepEqual(y.data, Float32Array.of(42));
    for (const tensor of [new Tensor('f32', [0, 4]), new Tensor('f32', [0, 4], new Float32Array(0))]) {
      assert.deepEqual(tensor.getShape(), [0, 4]);
      assert.deepEqual(tensor.data, new Float32Array(0));
      if (full) assert.deepEqual(request(models.twice).infer({ x: tensor }).y.getShape(), [0, 4]);
    }
  });

  // The CPU plugin computes i64 in i32: larger numbers would wrap, in every runtime.
  test(`${name}: values pass through a model in every type`, () => {
    const outputs = request(models.types).infer({
      in_f32: new Tensor('f32', [2], Float32Array.of(0.1, -3)),
      in_i64: new Tensor('i64', [2], BigInt64Array.of(-1n, 2n ** 30n - 1n)),
      in_i32: new Tensor('i32', [1], Int32Array.of(-7)),
    });
    assert.deepEqual(outputs.out_f32.data, Float32Array.of(0.2, -6));
    assert.deepEqual(outputs.out_i64.data, BigInt64Array.of(-2n, 2n ** 31n - 2n));
    assert.deepEqual(outputs.out_i32.data, Int32Array.of(-14));
  });

  test(`${name}: f16 and boolean inputs and outputs, as far as the runtime has them`, () => {
    if (!full) {
      const model = core.readModelSync(models.halves);
      assert.throws(
        () =>
          core
            .compileModelSync(model, 'CPU')
            .createInferRequest()
            .infer({ x: new Tensor('f32', [2]) }),
        refuses(/"out_f16" may have no values \(the input "in_f16" is not set\)/),
      );
      model.reshape({ in_f16: [2], in_boolean: [3] });
      const one = core.compileModelSync(model, 'CPU', EXACT).createInferRequest();
      const outputs = one.infer({ x: new Tensor('f32', [2], Float32Array.of(1, -2)) });
      assert.equal(outputs.flags.getElementType(), 'boolean');
      assert.throws(() => outputs.flags.data, OpenVINOError);
      return;
    }
    const outputs = request(models.halves).infer({
      in_f16: new Tensor('f16', [2], Uint16Array.of(0x3c00, 0xc000)),
      in_boolean: new Tensor('boolean', [3], Uint8Array.of(1, 0, 1)),
      x: new Tensor('f32', [2], Float32Array.of(1, -2)),
    });
    assert.deepEqual(outputs.out_f16.data, Uint16Array.of(0x4000, 0xc400)); // 2, -4
    assert.deepEqual(outputs.out_boolean.data, Uint8Array.of(1, 0, 1));
    assert.deepEqual(outputs.flags.data, Uint8Array.of(0, 1));
    assert.deepEqual(outputs.bits.data, Uint16Array.of(0x3c00, 0xc000));
  });

  test(`${name}: what cannot be a tensor is refused before native code sees it`, () => {
    assert.throws(
      () => new Tensor('f32', [2], Float32Array.of(1, 2, 3)),
      refuses(/f32\[2\].*got 3 values, expected 2/),
    );
    assert.throws(() => new Tensor('f32', [3], new Float32Array(0)), refuses(/got 0 values, expected 3/));
    assert.throws(() => new Tensor('f32', [0], Float32Array.of(1)), refuses(/got 1 values, expected 0/));
    assert.throws(
      () => new Tensor('f32', [2], Int32Array.of(1, 2)),
      refuses(/got a Int32Array, expected a Float32Array/),
    );
    assert.throws(() => new Tensor('i64', [1], Int32Array.of(1)), refuses(/expected a BigInt64Array/));
    assert.throws(() => new Tensor('u8', [2], Int8Array.of(1, 2)), refuses(/got a Int8Array, expected a Uint8Array/));
    for (const shape of [[-1], [1.5], [NaN], [2 ** 60]])
      assert.throws(() => new Tensor('f32', shape), refuses(/whole numbers/));
    const untyped: unknown = 'bf16';
    assert.throws(() => new Tensor(untyped as ElementType, [1]), refuses(/unknown element type "bf16".*f32/));
    const list: unknown = [1, 2];
    assert.throws(() => new Tensor('f32', [2], list as Float32Array), refuses(/got a list, expected a Float32Array/));
  });

  test(`${name}: sizes without memory, resizable buffers, and arrays that lie about themselves`, () => {
    assert.throws(
      () => new Tensor('f32', [2 ** 40]),
      refuses(/f32\[1099511627776\]: no memory for 4398046511104 bytes/),
    );
    assert.throws(() => new Tensor('f32', [2 ** 40, 2 ** 40]), refuses(/product/));
    assert.throws(() => new Tensor('f32', new Array<number>(65).fill(1)), refuses(/at most 64 sizes/));
    const resizable: unknown = Reflect.construct(ArrayBuffer, [8, { maxByteLength: 16 }]);
    if (!(resizable instanceof ArrayBuffer)) assert.fail('no buffer');
    assert.throws(() => new Tensor('f32', [2], new Float32Array(resizable)), refuses(/resizable.*data\.slice\(\)/));
    class Liar extends Float32Array {
      override get length(): number {
        return 1000;
      }
    }
    assert.throws(() => new Tensor('f32', [1000], new Liar(2)), refuses(/got 2 values, expected 1000/));
    assert.throws(() => new Tensor('f32', [1000], new Proxy(new Float32Array(1000), {})), refuses(/got an object/));
    const transferred = Float32Array.of(1, 2);
    structuredClone(transferred, { transfer: [transferred.buffer] });
    assert.throws(() => new Tensor('f32', [2], transferred), refuses(/got 0 values, expected 2.*transferred/));
    let reads = 0;
    const shape = [2];
    Object.defineProperty(shape, 0, { get: () => (reads++ === 0 ? 2 : 2 ** 20) });
    assert.equal(new Tensor('f32', shape, Float32Array.of(1, 2)).getSize(), 2, 'the shape is read once');
  });

  test(`${name}: a tensor shares its array: writes show in the next run, bound outputs are written`, async () => {
    const one = request(models.twice);
    const [input, output] = [Float32Array.of(1, 2), new Float32Array(2)];
    one.setTensor('x', new Tensor('f32', [1, 2], input));
    one.setTensor('y', new Tensor('f32', [1, 2], output));
    one.run();
    assert.deepEqual(output, Float32Array.of(2, 4));
    input.set([10, 20]);
    await one.runAsync();
    assert.deepEqual(output, Float32Array.of(20, 40));
    assert.deepEqual(one.getTensor('x').data, input);
    assert.deepEqual(one.getTensor('y').data, output);
  });

  test(`${name}: readInto fills an array of the right kind and length only`, () => {
    const one = request(models.twice);
    one.infer({ x: new Tensor('f32', [1, 3], Float32Array.of(1, 2, 3)) });
    const target = new Float32Array(5);
    one.readInto('y', target.subarray(1, 4));
    assert.deepEqual(target, Float32Array.of(0, 2, 4, 6, 0));
    assert.throws(
      () => one.readInto('y', new Float32Array(2)),
      refuses(/"y".*Float32Array of 2 values, expected a Float32Array of 3/),
    );
    assert.throws(() => one.readInto('y', new Int32Array(3)), refuses(/"y".*Int32Array.*expected a Float32Array/));
    const wide = request(models.types);
    wide.infer({
      in_f32: new Tensor('f32', [1]),
      in_i32: new Tensor('i32', [1]),
      in_i64: new Tensor('i64', [2], BigInt64Array.of(4n, -5n)),
    });
    const big = new BigInt64Array(2);
    wide.readInto('out_i64', big);
    assert.deepEqual(big, BigInt64Array.of(8n, -10n));
  });
}

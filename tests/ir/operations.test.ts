// Every operation: the shape and type that lib/ir infers are OpenVINO's own, and what OpenVINO computes is what plain
// TypeScript does.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { GraphBuilder, writeIR, type IRType, type Value } from '../../lib/ir';
import { loadOpenVINO, type Tensor } from '../../lib/openvino';
import { ELEMENTWISE_CASES } from './elementwise-cases';
import { PRODUCT_CASES } from './product-cases';
import { SHAPE_CASES } from './shape-cases';
import { generate, type Nd } from './nd-array';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ir-ops-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
const CASES = [...ELEMENTWISE_CASES, ...SHAPE_CASES, ...PRODUCT_CASES];
const ov = loadOpenVINO();
const core = new ov.Core();

/**
 * f32 against f64: sums here have up to 48 terms of a size near 1, so a few units of the last of 24 bits; activations
 * use polynomials.
 */
const TOLERANCE = 2e-5;

/**
 * Values in steps of 1/16, which f16 holds exactly, some of them equal between two inputs; integers are valid indices
 * 0..3.
 */
function example(type: IRType, sizes: readonly number[], seed: number): Nd {
  let state = seed * 7919 + 17;
  return generate(sizes, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return type === 'f32' ? (state % 65) / 16 - 2 : (state >> 8) % 3;
  });
}

function toTensor(type: IRType, { shape, data }: Nd): Tensor {
  return type === 'f32'
    ? new ov.Tensor('f32', shape, Float32Array.from(data))
    : new ov.Tensor('i64', shape, BigInt64Array.from(data, BigInt));
}

for (const { name, inputs, build, reference } of CASES)
  test(name, async () => {
    const graph = new GraphBuilder(name);
    const built = build(
      graph,
      inputs.map(({ type, shape }, n) => graph.parameter(`in${n}`, type, shape)),
    );
    const values: Value[] = Array.isArray(built) ? built : [built];
    // Booleans are read as f32, which every runtime can.
    const outputs = values.map((value, n) =>
      value.type === 'boolean' ? graph.convert(value, 'f32', `float${n}`) : value,
    );
    outputs.forEach((value, n) => graph.result(`out${n}`, value));
    const { xml } = await writeIR(graph, path.join(folder, `${CASES.findIndex((one) => one.name === name)}.xml`));

    const model = core.readModelSync(xml);
    outputs.forEach(({ shape, type }, n) => {
      const port = model.outputs.find(({ anyName }) => anyName === `out${n}`);
      const theirs = port?.getPartialShape().map((dim) => (typeof dim === 'number' ? dim : -1)); // we have no intervals
      assert.deepEqual([port?.getElementType(), theirs], [type, [...shape]], "OpenVINO's inference and ours");
    });

    const examples = inputs.map(({ type, sizes }, n) => example(type, sizes, n + 1));
    const request = core.compileModelSync(model, 'CPU', { INFERENCE_PRECISION_HINT: 'f32' }).createInferRequest();
    const results = request.infer(
      Object.fromEntries(inputs.map(({ type }, n) => [`in${n}`, toTensor(type, examples[n])])),
    );
    const expected = [reference(examples)].flat();
    assert.equal(expected.length, values.length);
    expected.forEach(({ shape, data }, n) => {
      const tensor = results[`out${n}`];
      assert.deepEqual(tensor.getShape(), [...shape]);
      const got = Array.from(tensor.data, Number);
      const worst = data.reduce(
        (most, value, k) => Math.max(most, Math.abs(value - got[k]) / Math.max(1, Math.abs(value))),
        0,
      );
      assert.ok(got.length === data.length && worst <= TOLERANCE, `out${n}: worst difference ${worst}`);
    });
  });

// A part of a graph as a graph of its own: what is kept, what is redirected, and that OpenVINO computes it.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { loadOpenVINO } from '../../lib';
import { excerptIR, GraphBuilder, readIR, ReadIRError, writeIR } from '../../lib/ir';

const openvino = loadOpenVINO();
const core = new openvino.Core();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'excerpt-ir-'));
after(() => {
  core.dispose();
  fs.rmSync(folder, { recursive: true, force: true });
});
const file = path.join(folder, 'chain.xml');

/** y = ((x + 1) * 2 + sum of all x so far) * 10, and z = y - 1. */
before(async () => {
  const g = new GraphBuilder('chain');
  const x = g.parameter('x', 'f32', [1]);
  const doubled = g.multiply(g.add(x, g.float('one', 1), 'plus_one'), g.float('two', 2), 'doubled');
  const variable = { id: 'sum', type: 'f32' as const, shape: [1] };
  const sum = g.add(g.readValue(variable, g.float('zero', 0, 1)), x, 'new_sum');
  g.assign(variable, sum);
  const y = g.multiply(g.add(doubled, sum, 'with_sum'), g.float('ten', 10), 'times_ten');
  g.result('y', y);
  g.result('z', g.subtract(y, g.float('one', 1), 'less'));
  await writeIR(g, file);
});

/** What the excerpt gives for 3 and then for 4, and the layers that it has. */
async function run(redirect: Record<string, string>): Promise<{ outputs: number[]; names: string[] }> {
  const excerpt = path.join(folder, 'part.xml');
  fs.writeFileSync(excerpt, excerptIR(file, { results: ['y/result'], redirect }));
  const model = await core.readModel(excerpt, file.replace(/xml$/, 'bin'));
  const compiled = await core.compileModel(model, 'CPU', { INFERENCE_PRECISION_HINT: 'f32' });
  const request = compiled.createInferRequest();
  const outputs = [3, 4].map((value) => {
    const { y } = request.infer({ x: new openvino.Tensor('f32', [1], Float32Array.of(value)) });
    return Number(y.getData()[0]);
  });
  for (const each of [request, compiled, model]) each.dispose();
  return { outputs, names: readIR(excerpt).layers.map(({ name }) => name) };
}

test('without redirecting, only what the results do not need is left out', async () => {
  const { outputs, names } = await run({});
  assert.deepEqual(outputs, [110, 170]);
  assert.ok(names.includes('sum/assign') && !names.includes('less') && !names.includes('z/result'));
});

test('an operation that is redirected is left out, with everything that only it needs', async () => {
  const { outputs, names } = await run({ doubled: 'plus_one' });
  assert.deepEqual(outputs, [70, 120]);
  assert.ok(!names.includes('doubled') && !names.includes('two'));
});

test('a result that is redirected keeps its name, and variables that nobody reads are left out', async () => {
  const { outputs, names } = await run({ times_ten: 'doubled' });
  assert.deepEqual(outputs, [8, 10]);
  assert.deepEqual(names, ['x', 'one', 'plus_one', 'two', 'doubled', 'y/result']);
});

test('layers that are not there, and one without an output', () => {
  const excerpt = (result: string, redirect: Record<string, string>) => () =>
    excerptIR(file, { results: [result], redirect });
  assert.throws(excerpt('w/result', {}), ReadIRError);
  assert.throws(excerpt('y/result', { nothing: 'doubled' }), /no layer "nothing"/);
  assert.throws(excerpt('y/result', { doubled: 'nothing' }), /no layer "nothing"/);
  assert.throws(excerpt('y/result', { doubled: 'z/result' }), /"z\/result" has no output/);
});

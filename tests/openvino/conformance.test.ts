// One suite over every runtime that is present, and over openvino-node's adapter with an imitation of its addon.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { findRuntimes, loadOpenVINO } from '../../lib/openvino';
import { adaptAddon } from '../../lib/openvino/openvino-node';
import { testCore, testRequests, type Runtime } from './conformance';
import { testLifetimes } from './conformance-lifetimes';
import { testTensors } from './conformance-tensors';
import { imitateAddon, type Calls } from './imitation-addon';
import { modelFiles, writeModels } from './write-models';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'openvino-conformance-'));
const models = modelFiles(folder);
before(() => writeModels(folder));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const runtimes: Runtime[] = findRuntimes().map(({ runtime }) => {
  const ov = loadOpenVINO({ runtime });
  return { name: `${runtime} ${ov.version}`, ov, full: runtime === 'c-api' };
});
const calls: Calls = { compiled: 0, inferred: 0 };
const native = runtimes.find(({ full }) => full);
if (native)
  runtimes.push({
    name: "openvino-node's adapter over an imitated addon",
    ov: adaptAddon(imitateAddon(native.ov, calls)),
    full: false,
  });

test(`runtimes under test: ${runtimes.map(({ name }) => name).join('; ')}`, () => {
  assert.ok(runtimes.length > 0);
});

for (const runtime of runtimes) {
  testCore(runtime, models);
  testRequests(runtime, models);
  testTensors(runtime, models);
  testLifetimes(runtime, models);
}

test('tensors and models of one runtime are refused by the other, by name', () => {
  for (const [mine, other] of [
    [runtimes[0], runtimes.at(-1)],
    [runtimes.at(-1), runtimes[0]],
  ]) {
    if (!mine || !other || mine === other) continue;
    const core = new mine.ov.Core();
    const request = core.compileModelSync(models.twice, 'CPU').createInferRequest();
    const foreign = new other.ov.Tensor('f32', [1, 1]);
    assert.ok(!(foreign instanceof mine.ov.Tensor));
    assert.throws(() => request.setTensor('x', foreign), /setTensor\("x"\): the tensor belongs to another runtime/);
    assert.throws(
      () => core.compileModelSync(new other.ov.Core().readModelSync(models.twice), 'CPU'),
      /belongs to another runtime/,
    );
  }
});

test('the adapter compiles nothing to list ports, once to tell their types, and infers once per call', async () => {
  const adapter = runtimes.find(({ name }) => name.includes('imitated'));
  if (!adapter) return;
  const core = new adapter.ov.Core();
  const model = core.readModelSync(models.two);
  const before = { ...calls };
  assert.equal(model.inputs[0].anyName, 'right');
  assert.equal(calls.compiled, before.compiled);
  assert.deepEqual(
    [...model.inputs, ...model.outputs].map((port) => port.getElementType()),
    ['f32', 'f32', 'f32', 'f32'],
  );
  assert.equal(calls.compiled, before.compiled + 1);
  const request = core.compileModelSync(models.twice, 'CPU').createInferRequest();
  await request.inferAsync({ x: new adapter.ov.Tensor('f32', [1, 1]) });
  request.run();
  assert.equal(calls.inferred, before.inferred + 2);
});

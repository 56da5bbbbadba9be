// One suite over every runtime that is present, and over openvino-node's adapter with an imitation of its addon.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { findRuntimes, loadOpenVINO, type Tensor } from '../../lib/openvino';
import { adaptAddon } from '../../lib/openvino/openvino-node';
import { EXACT, testCore, testRequests, type Runtime } from './conformance';
import { testArguments } from './conformance-arguments';
import { testLifetimes } from './conformance-lifetimes';
import { testTensors } from './conformance-tensors';
import { imitateAddon, noCalls } from './imitation-addon';
import { modelFiles, SLOW_SIZE, writeModels } from './write-models';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'openvino-conformance-'));
const models = modelFiles(folder);
before(() => writeModels(folder));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const runtimes: Runtime[] = findRuntimes().map(({ runtime }) => {
  const ov = loadOpenVINO({ runtime });
  return { name: `${runtime} ${ov.version}`, ov, full: runtime === 'c-api' };
});
const calls = noCalls();
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
  testArguments(runtime, models);
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
  assert.equal(calls.inferredAsync, before.inferredAsync + 1);
  assert.equal(calls.inferred, before.inferred + 1);
});

test('two adapters over two addons: tensors and models are told apart by their addon, not by their class', () => {
  if (!native) return;
  const [one, other] = [adaptAddon(imitateAddon(native.ov)), adaptAddon(imitateAddon(native.ov))];
  const tensor = new other.Tensor('f32', [1, 1]);
  assert.ok(tensor instanceof other.Tensor && !(tensor instanceof one.Tensor));
  const core = new one.Core();
  const request = core.compileModelSync(models.twice, 'CPU').createInferRequest();
  assert.throws(() => request.setTensor('x', tensor), /belongs to another runtime/);
  const model = new other.Core().readModelSync(models.twice);
  assert.throws(() => core.compileModelSync(model, 'CPU'), /belongs to another runtime/);
});

test('tiny models run on the event loop, which keeps its turns; large inputs and slow models beside it', async () => {
  if (!native) return;
  const own = noCalls();
  const ov = adaptAddon(imitateAddon(native.ov, own));
  const tiny = new ov.Core().compileModelSync(models.twice, 'CPU', EXACT).createInferRequest();
  const input = (length: number): Tensor => new ov.Tensor('f32', [1, length]);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  for (let i = 0; i < 3000; i++) await tiny.inferAsync({ x: input(1) });
  clearInterval(timer);
  assert.equal(own.inferred + own.inferredAsync, 3000);
  assert.ok(own.inferredAsync < own.inferred, `${own.inferredAsync} of 3000 on threads of their own`);
  assert.ok(turns > 2, `the event loop turned ${turns} times`);

  const before = own.inferredAsync;
  await tiny.inferAsync({ x: input(1000) }); // may take much longer than the last one
  assert.equal(own.inferredAsync, before + 1);
  const slow = new ov.Core().compileModelSync(models.slow, 'CPU', EXACT).createInferRequest();
  const x = new ov.Tensor('f32', [SLOW_SIZE, SLOW_SIZE]);
  for (let i = 0; i < 3; i++) await slow.inferAsync({ x });
  assert.equal(own.inferredAsync, before + 4);
});

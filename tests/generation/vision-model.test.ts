// The vision model for one picture and for batches: the same numbers, shapes fixed where they are known, nothing left
// after dispose.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { VisionModel } from '../../lib/generation/vision-model';
import { loadOpenVINO, type CompiledModel } from '../../lib/openvino';
import { projectRoot } from '../project-root';

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-vision-'));
const xml = path.join(work, 'blip_vision_model.xml');
const openvino = loadOpenVINO();
const load = (): Promise<VisionModel> =>
  VisionModel.load({
    openvino,
    core: new openvino.Core(),
    xml,
    device: 'CPU',
    properties: { INFERENCE_PRECISION_HINT: 'f32' },
  });

before(async () => {
  const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'tests', 'fixtures', 'checkpoints', 'vqa-odd'));
  await convertBlip(checkpoint, work);
  checkpoint.close();
});
after(() => fs.rmSync(work, { recursive: true, force: true }));

/** Rows of made-up pictures through a model. */
function run(model: CompiledModel, pictures: readonly Float32Array[]): Float32Array {
  const [, ...rest] = model.inputs[0].getPartialShape().map(Number);
  const data = Float32Array.from(pictures.flatMap((picture) => Array.from(picture)));
  const { last_hidden_state } = model
    .createInferRequest()
    .infer({ pixel_values: new openvino.Tensor('f32', [pictures.length, ...rest], data) });
  const values = last_hidden_state.getData();
  assert.ok(values instanceof Float32Array);
  return values;
}

describe('the vision model', () => {
  it('has its batch size fixed for one picture and free for batches', async () => {
    const vision = await load();
    assert.equal((await vision.forRows(1)).inputs[0].getPartialShape()[0], 1);
    const batches = await vision.forRows(3);
    assert.equal(batches.inputs[0].getPartialShape()[0], -1);
    assert.equal(await vision.forRows(2), batches, 'batches of all sizes share one model');
    vision.dispose();
  });

  it('gives a picture the same embeddings alone and in a batch', async () => {
    const vision = await load();
    const size = vision.single.inputs[0]
      .getPartialShape()
      .map(Number)
      .reduce((product, dim) => product * dim, 1);
    const pictures = [1, 2, 3].map((seed) => Float32Array.from({ length: size }, (_, i) => Math.sin(seed * i)));
    const together = run(await vision.forRows(3), pictures);
    const alone = pictures.map((picture) => run(vision.single, [picture]));
    // f32, summed in another order: values lie around 1.
    alone
      .flatMap((values) => Array.from(values))
      .forEach((value, i) =>
        assert.ok(Math.abs(value - together[i]) < 2e-5, `value ${i}: ${value} alone, ${together[i]} in the batch`),
      );
    vision.dispose();
  });

  it('frees both models, also one that is being compiled', async () => {
    const vision = await load();
    const compiling = vision.forRows(2);
    vision.dispose();
    const batches = await compiling;
    for (const model of [vision.single, batches]) assert.throws(() => model.createInferRequest(), /after dispose/);
  });
});

// The bundled model to INT8 and back into use: real INT8, as accurate as FP16. quantize-failures.test.ts has what goes
// wrong.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { loadVqaSamples, type VqaSample } from '../../lib/datasets';
import { compareModels } from '../../lib/evaluation';
import { irStatistics } from '../../lib/ir';
import { quantizeBlip, QuantizeError } from '../../lib/optimize';
import { projectRoot } from '../project-root';
import { makeTinyModel } from './tiny-model';

const CALIBRATION = 64;
const VALIDATION = 200;
/** The bound: one point of accuracy. */
const POINT = 0.01;

let folder = '';
let fp16 = '';
let calibration: readonly VqaSample[] = [];
const bundled = (name: string): string => path.join(projectRoot(), name);

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quantize-blip-'));
  fp16 = path.join(folder, 'fp16');
  const checkpoint = await loadCheckpoint(bundled('models/blip-scenes'));
  await convertBlip(checkpoint, fp16);
  checkpoint.close();
  calibration = (await loadVqaSamples(bundled('data/vqa-scenes'), { split: 'train', count: CALIBRATION })).samples;
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

test('INT8 weights in every part, and accuracy within one point of FP16', async () => {
  const int8 = path.join(folder, 'int8');
  const phases = new Set<string>();
  const broken: VqaSample = {
    image_id: 'broken',
    image: Buffer.from('no picture'),
    question_id: 'x',
    question: 'what?',
    answers: ['x'],
  };
  const quantized = await quantizeBlip(fp16, [broken, ...calibration], int8, {
    subset_size: CALIBRATION,
    progress_callback: ({ status }) => phases.add(status),
  });

  assert.deepEqual(
    quantized.calibration.skipped.map(({ image_id }) => image_id),
    ['broken'],
  );
  assert.equal(quantized.calibration.samples, CALIBRATION);
  assert.ok(quantized.calibration.images < CALIBRATION, 'a picture with several questions was encoded more than once');
  assert.deepEqual(
    [...phases],
    [
      'calibration inputs',
      'starting NNCF',
      'statistics',
      'SmoothQuant',
      'bias correction',
      'writing',
      'weight compression',
    ],
  );
  assert.deepEqual(fs.readdirSync(folder).sort(), ['fp16', 'int8']);
  assert.deepEqual(fs.readdirSync(int8).sort(), fs.readdirSync(fp16).sort());

  const { vision_model, text_encoder, text_decoder } = quantized.parts;
  assert.ok(vision_model && text_encoder && text_decoder);
  for (const part of [vision_model, text_encoder, text_decoder]) {
    const after = await irStatistics(part.xml);
    // Weights make up nearly all of a part: as integers they hold one byte of every two before.
    assert.ok(
      after.integerConstants.bytes > 0.45 * part.before.binBytes,
      `${part.xml}: ${after.integerConstants.bytes} bytes of integers`,
    );
    assert.ok(part.ratio > 1.85, `${part.xml}: ratio ${part.ratio}`);
  }
  assert.ok(
    vision_model.nncf.smooth_quant_nodes > 0 &&
      vision_model.nncf.bias_corrected_nodes > 0 &&
      vision_model.after.fakeQuantize > 0,
  );
  assert.ok(text_encoder.nncf.smooth_quant_nodes > 0 && text_encoder.after.fakeQuantize > 0);
  assert.equal(text_decoder.after.fakeQuantize, 0);

  const { samples } = await loadVqaSamples(bundled('data/vqa-scenes'), { split: 'val', count: VALIDATION });
  const compared = await compareModels(fp16, int8, samples, { runs: 3, warmup: 1, captions: 20 });
  const { accuracy } = compared;
  assert.ok(accuracy);
  assert.equal(accuracy.questions, VALIDATION);
  assert.ok(accuracy.before > 0.7, `FP16 accuracy ${accuracy.before}: the model does not work`);
  assert.ok(accuracy.after >= accuracy.before - POINT, `accuracy ${accuracy.before} -> ${accuracy.after}`);
  assert.ok(accuracy.answerAgreement >= 0.95, `agreement ${accuracy.answerAgreement}`);
  assert.ok(compared.captions.agreement >= 0.8, `captions ${compared.captions.agreement}`);
  assert.deepEqual(Object.keys(compared.latency).sort(), [
    'decoder_step',
    'image-to-text',
    'text_encoder',
    'vision_model',
    'visual-question-answering',
  ]);
  for (const { before, after } of Object.values(compared.latency))
    assert.ok(before.samples.length === 3 && after.samples.length === 3 && before.median > 0);
  assert.equal(
    compared.sizes.total?.before,
    ['vision_model', 'text_encoder', 'text_decoder'].reduce(
      (sum, part) => sum + fs.statSync(path.join(fp16, `blip_${part}.bin`)).size,
      0,
    ),
  );

  // The same model against itself agrees everywhere: the comparison itself adds no difference.
  const self = await compareModels(fp16, fp16, samples.slice(0, 20), { runs: 0, captions: 5 });
  assert.equal(self.accuracy?.answerAgreement, 1);
  assert.equal(self.captions.agreement, 1);
});

test('4-bit weights for the decoder alone: no samples needed, the other parts copied', async () => {
  const int4 = path.join(folder, 'int4');
  const result = await quantizeBlip(fp16, [], int4, { parts: ['text_decoder'], decoder_weights: 'INT4_SYM' });
  assert.ok((result.parts.text_decoder?.after.constants.i4?.bytes ?? 0) > 0);
  assert.ok((result.parts.text_decoder?.ratio ?? 0) > 2.2); // not 4: embeddings stay in 8 bits
  for (const name of ['blip_vision_model.bin', 'blip_text_encoder.xml'])
    assert.ok(fs.readFileSync(path.join(int4, name)).equals(fs.readFileSync(path.join(fp16, name))), name);
  await assert.rejects(
    quantizeBlip(int4, [], path.join(folder, 'twice'), { parts: ['text_decoder'] }),
    (error: Error) =>
      error instanceof QuantizeError && /int4.*blip_text_decoder\.xml is quantized already/.test(error.message),
  );
  assert.ok(!fs.existsSync(path.join(folder, 'twice')));
  const { samples } = await loadVqaSamples(bundled('data/vqa-scenes'), { split: 'val', count: 50 });
  const { accuracy, sizes } = await compareModels(fp16, int4, samples, { runs: 0, captions: 0 });
  // A looser bound than for 8 bits, on fewer questions: the accuracy is what the option is reported with.
  assert.ok(accuracy && accuracy.after > accuracy.before - 0.1, `${accuracy?.before} -> ${accuracy?.after}`);
  assert.ok(sizes.vision_model?.ratio === 1 && (sizes.text_decoder?.ratio ?? 0) > 2.2);
});

test("a data set in the hub's parquet form calibrates and judges as the bundled one does", async () => {
  const tiny = await makeTinyModel(path.join(folder, 'tiny'));
  const load = (split: 'train' | 'val') =>
    loadVqaSamples(bundled('tests/fixtures/datasets/vqa.parquet'), { split, cache_dir: path.join(folder, 'cache') });
  const { samples } = await load('train');
  const { calibration: used } = await quantizeBlip(tiny, samples, path.join(folder, 'tiny-int8'));
  assert.deepEqual([used.samples, used.skipped.length], [samples.length, 0]);
  const { accuracy, captions } = await compareModels(
    tiny,
    path.join(folder, 'tiny-int8'),
    (await load('val')).samples,
    { runs: 0 },
  );
  assert.equal(accuracy?.metric, 'vqa'); // ten answers each
  assert.ok(captions.images > 0);
});

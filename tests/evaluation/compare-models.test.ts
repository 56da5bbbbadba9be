// Comparing two precisions: what is counted, which measure is taken, what the times are of. On a tiny random model:
// numbers, not quality.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import type { Progress } from '../../lib/core/progress';
import type { VqaSample } from '../../lib/datasets';
import { OVBlipModel } from '../../lib/generation';
import { CompareError, compareModels, compareSizes, vqaAccuracy } from '../../lib/evaluation';
import { quantizeBlip } from '../../lib/optimize';
import { BlipProcessor } from '../../lib/preprocessing';
import { projectRoot } from '../project-root';
import { makeSamples, makeTinyModel } from '../optimize/tiny-model';
import { writeVocabulary } from '../write-vocabulary';

const F32 = { INFERENCE_PRECISION_HINT: 'f32' };

let folder = '';
let fp16 = '';
let int4 = '';
let samples: VqaSample[] = [];
before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'compare-models-'));
  fp16 = await makeTinyModel(path.join(folder, 'fp16'));
  int4 = path.join(folder, 'int4');
  samples = await makeSamples(3);
  await quantizeBlip(fp16, [], int4, { parts: ['text_decoder'] });
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

test('accuracy is that of the answers: VQA with ten answers for every sample, exact match else', async () => {
  const processor = await BlipProcessor.fromCheckpoint(fp16);
  const model = await OVBlipModel.load(fp16, { properties: F32 });
  const answers: string[] = [];
  for (const { image, question } of samples)
    answers.push(
      processor.decode(
        (
          await model.generateAnswer(
            { pixel_values: await processor.image(image), ...processor.text(question) },
            { max_length: 20 },
          )
        )[0],
      ),
    );
  model.dispose();
  // The model's own answer from one person, from two, and from nobody.
  const ten = samples.map(
    (sample, i): VqaSample => ({
      ...sample,
      question_type: i === 0 ? 'first' : 'other',
      answers: [
        ...Array.from({ length: i }, () => answers[i]),
        ...Array.from({ length: 10 - i }, (_, n) => `no such answer ${n}`),
      ],
    }),
  );
  const expected = ten.map(({ answers: truths }, i) => vqaAccuracy(answers[i], truths));
  const { accuracy } = await compareModels(fp16, fp16, ten, { runs: 0, captions: 0, properties: F32 });
  assert.equal(accuracy?.metric, 'vqa');
  const mean = expected.reduce((sum, value) => sum + value, 0) / 3;
  assert.ok(
    Math.abs((accuracy?.before ?? NaN) - mean) < 1e-12 && accuracy?.after === accuracy?.before,
    `${accuracy?.before}, expected ${mean}`,
  );
  assert.deepEqual(
    Object.entries(accuracy?.byType ?? {}).map(([type, { questions }]) => [type, questions]),
    [
      ['first', 1],
      ['other', 2],
    ],
  );
  const nine = ten.map((sample, i) => (i === 1 ? { ...sample, answers: [answers[1]] } : sample));
  const exact = await compareModels(fp16, fp16, nine, { runs: 0, captions: 0, properties: F32 });
  assert.equal(exact.accuracy?.metric, 'exact match');
  assert.ok((exact.accuracy?.before ?? 0) >= 1 / 3);
});

test('times: as many as runs, of every stage and task, with device, precision and threads beside them', async () => {
  const seen = new Map<string, number>();
  const compared = await compareModels(fp16, int4, samples, {
    runs: 5,
    warmup: 2,
    captions: 2,
    progress_callback: ({ status, loaded = 0 }) => seen.set(status, loaded),
  });
  for (const [what, { before, after, speedup }] of Object.entries(compared.latency)) {
    assert.deepEqual([before.samples.length, after.samples.length], [5, 5], what);
    assert.ok(
      [...before.samples, ...after.samples].every((ms) => ms > 0),
      what,
    );
    const ratios = before.samples.map((time, round) => time / after.samples[round]).sort((a, b) => a - b);
    assert.ok(speedup >= ratios[0] && speedup <= ratios[ratios.length - 1]);
    const [low, high] = [Math.ceil(ratios.length / 2) - 1, Math.floor(ratios.length / 2)];
    assert.equal(speedup, (ratios[low] + ratios[high]) / 2);
    assert.ok(before.p10 <= before.median && before.median <= before.p90);
  }
  // A stage is a part of its task, measured in the same runs.
  const { vision_model, 'image-to-text': caption } = compared.latency;
  vision_model?.before.samples.forEach((ms, run) => assert.ok(ms < (caption?.before.samples[run] ?? 0), `run ${run}`));
  assert.equal(compared.device, 'CPU');
  assert.ok(
    compared.device_name.length > 0 && compared.threads >= 1 && /^[a-z]+\d+$/.test(compared.precision.before),
    JSON.stringify([compared.device_name, compared.threads, compared.precision]),
  );
  assert.deepEqual(
    [...seen],
    [
      ['accuracy', 3],
      ['latency: image-to-text', 7],
      ['latency: visual-question-answering', 7],
    ],
  );
  assert.equal(compared.captions.images, 2);
});

test('a captioning model: captions alone', async () => {
  const captioning = path.join(folder, 'captioning');
  const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'tests/fixtures/checkpoints/caption-bf16'));
  await convertBlip(checkpoint, captioning);
  const { image_size } = checkpoint.config.vision_config;
  checkpoint.close();
  writeVocabulary(captioning, []);
  const config: object = JSON.parse(fs.readFileSync(path.join(fp16, 'preprocessor_config.json'), 'utf8'));
  fs.writeFileSync(
    path.join(captioning, 'preprocessor_config.json'),
    JSON.stringify({ ...config, size: { height: image_size, width: image_size } }),
  );
  const seen: string[] = [];
  const compared = await compareModels(captioning, captioning, samples, {
    runs: 1,
    warmup: 0,
    captions: 2,
    progress_callback: ({ status }) => seen.push(status),
  });
  assert.equal(compared.accuracy, undefined);
  assert.deepEqual([compared.captions.images, compared.captions.agreement], [2, 1]);
  assert.deepEqual(Object.keys(compared.latency), ['vision_model', 'decoder_step', 'image-to-text']);
  assert.deepEqual(seen, ['captions', 'captions', 'latency: image-to-text']);
  assert.throws(
    () => compareSizes(fp16, captioning),
    (error: unknown) => error instanceof CompareError && /text_encoder.bin is missing/.test(error.message),
  );
  assert.throws(() => compareSizes(captioning, fp16), /text_encoder.bin is missing, but/);
});

test('sizes are those of the files', () => {
  const sizes = compareSizes(fp16, int4);
  const bytes = (of: string, part: string): number => fs.statSync(path.join(of, `blip_${part}.bin`)).size;
  assert.deepEqual(sizes.text_decoder, {
    before: bytes(fp16, 'text_decoder'),
    after: bytes(int4, 'text_decoder'),
    ratio: bytes(fp16, 'text_decoder') / bytes(int4, 'text_decoder'),
  });
  assert.equal(sizes.vision_model?.ratio, 1);
  assert.equal(
    sizes.total?.after,
    ['vision_model', 'text_encoder', 'text_decoder'].reduce((sum, part) => sum + bytes(int4, part), 0),
  );
  assert.throws(() => compareSizes(folder, folder), /no model/);
});

test('wrong calls, before any model is loaded; cancelling', async () => {
  await assert.rejects(compareModels(fp16, int4, []), CompareError);
  const wrong: [options: object, message: RegExp][] = [
    [{ runs: NaN }, /runs is NaN, expected a whole number/],
    [{ warmup: -1 }, /warmup is -1/],
    [{ captions: 1.5 }, /captions is 1\.5/],
    [{ metric: 'vqa' }, /unknown option "metric"/],
  ];
  for (const [options, message] of wrong)
    await assert.rejects(compareModels('no', 'folders', samples, options), message);
  await assert.rejects(compareModels('no', 'folders', samples), /no model/);
  for (const phase of ['accuracy', 'latency: image-to-text']) {
    const controller = new AbortController();
    await assert.rejects(
      compareModels(fp16, int4, samples, {
        runs: 1000,
        signal: controller.signal,
        progress_callback: ({ status }) => {
          if (status === phase) controller.abort(new Error(`stop at ${phase}`));
        },
      }),
      new RegExp(`stop at ${phase}`),
    );
    const progress_callback = async ({ status }: Progress): Promise<void> => {
      if (status === phase) throw new TypeError(`in the callback at ${phase}`);
    };
    await assert.rejects(compareModels(fp16, int4, samples, { runs: 1000, progress_callback }), {
      name: 'TypeError',
      message: `in the callback at ${phase}`,
    });
  }
});

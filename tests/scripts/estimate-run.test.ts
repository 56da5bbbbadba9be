// What the start command says first: sizes follow the configuration, times grow with the work and shrink with cores.
// References: parameters of the published checkpoints as transformers counts them, their files' sizes on the hub, and
// the original tutorial's sizes of the FP16 models (168145.68 + 268087.17 + 269303.42 KB).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseBlipConfig, type BlipTask } from '../../lib/checkpoint';
import { runSettings } from '../../lib/notebook';
import { estimateRun } from '../../scripts/estimate-run';
import { planLines, planRun } from '../../scripts/plan-run';

const LARGE = {
  vision_config: { hidden_size: 1024, intermediate_size: 4096, num_hidden_layers: 24, num_attention_heads: 16 },
};
const estimate = (config: object, task: BlipTask, cores = 2) =>
  estimateRun(parseBlipConfig({ model_type: 'blip', ...config }, 'config.json'), task, cores);

const near = (got: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(got / expected - 1) < tolerance, `${got} instead of ${expected}`);

describe('the estimate', () => {
  test('of downloads is the size of the files on the hub, within 1 %', () => {
    near(estimate({}, 'visual-question-answering').downloadBytes, 1.54e9, 0.01);
    near(estimate({}, 'image-to-text').downloadBytes, 989_820_849, 0.01);
    near(estimate({}, 'image-text-retrieval').downloadBytes, 895e6, 0.01);
    near(estimate(LARGE, 'image-to-text').downloadBytes, 1.88e9, 0.01);
  });

  test("of the models' room is FP16, INT8 and the folder with the 4-bit decoder", () => {
    const fp16 = 1024 * (168145.68 + 268087.17 + 269303.42);
    const [encoders, decoder] = [1024 * (168145.68 + 268087.17), 1024 * 269303.42];
    const { modelBytes } = estimate({}, 'visual-question-answering');
    near(modelBytes, fp16 + fp16 / 2 + encoders / 2 + decoder / 4, 0.03);
  });

  test('of calibration inputs is less than the 3.55 MB an image that they once were', () => {
    const { temporaryBytes } = estimate({}, 'visual-question-answering');
    near(temporaryBytes, 300 * (3 * 384 * 384 + 4 * 577 * 768), 0.01);
    assert.ok(temporaryBytes / 300 < 2.3e6);
    near(estimate({}, 'image-to-text').temporaryBytes, 300 * 3 * 384 * 384, 0.01);
  });

  test('of the time grows with the model and shrinks with cores', () => {
    const [base, large, small, many] = [
      estimate({}, 'visual-question-answering'),
      estimate(LARGE, 'image-to-text'),
      estimate({ vision_config: { image_size: 128, num_hidden_layers: 2 } }, 'visual-question-answering'),
      estimate({}, 'visual-question-answering', 16),
    ].map(({ seconds }) => seconds);
    const [quiet, busy] = [0, 8].map((load) =>
      estimateRun(parseBlipConfig({ model_type: 'blip' }, 'config.json'), 'image-to-text', 2, load),
    );
    assert.equal(busy.seconds[0], quiet.seconds[0]);
    assert.equal(busy.seconds[1], 4 * quiet.seconds[1]); // four programs for each core
    for (const [least, most] of [base, large, small, many]) assert.ok(least > 0 && least < most);
    assert.ok(small[0] < base[0] && many[0] < base[0] && base[0] < large[0]);
  });
});

describe('the plan', () => {
  test('names model, task, time and room', async () => {
    const [what, howLong, ...more] = await planRun(runSettings({}));
    assert.match(what, /models\/blip-scenes \(answers questions, writes captions; 6\.6 million parameters\) on CPU/);
    assert.match(
      howLong,
      /^Estimate: .* on \d+ cores?(, busy .* at once\))?; \d+ MB in the folder output, where .* are free$/,
    );
    assert.deepEqual(more, []);
    const captions = await planRun(runSettings({ BLIP_MODEL: 'tests/fixtures/checkpoints/caption-bf16' }));
    assert.match(captions[0], /\(writes captions; 0\.\d million parameters\)/);
    assert.match(captions[1], /120 MB to download/); // the data set; the weights are there
  });

  test('names what is to be downloaded, and warns where there is no room', () => {
    const config = parseBlipConfig({ model_type: 'blip' }, 'config.json');
    const settings = runSettings({ BLIP_MODEL: 'Salesforce/blip-itm-base-coco' });
    const plan = {
      id: settings.model,
      config,
      task: 'image-text-retrieval',
      isHere: false,
      cores: 1,
      load: 0,
    } as const;
    const [what, howLong, warning] = planLines(settings, { ...plan, free: 1e9 });
    assert.match(what, /matches texts to images; 22\d\.\d million parameters/);
    assert.match(howLong, /^Estimate: \d+ min to \d h \d+ min on 1 core; 1\.0 GB to download; 2\.0 GB in the folder/);
    assert.match(warning, /not enough.*BLIP_OUTPUT/);
    assert.equal(planLines(settings, { ...plan, free: undefined }).length, 2);
    const [, busy] = planLines(settings, { ...plan, load: 4, free: undefined });
    assert.match(busy, /^Estimate: \d+ min to \d+ h .* on 1 core, busy with other programs \(4 at once\); /);
  });

  test('is refused for a model that is not there', async () => {
    await assert.rejects(planRun(runSettings({ BLIP_MODEL: 'models/blip-scnes' })), /Did you mean models\/blip-scenes/);
  });
});

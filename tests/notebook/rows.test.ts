// The rows that the notebooks show, from the bundled model and from made-up measurements: numbers that stand in several
// tables are equal, and nothing odd is shown.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadCheckpoint, type BlipCheckpoint } from '../../lib/checkpoint';
import { convertBlip, type ConvertedBlip } from '../../lib/convert';
import { loadVqaSamples } from '../../lib/datasets';
import { compareSizes } from '../../lib/evaluation';
import { readSafetensorsCounts } from './safetensors-counts';
import * as nb from '../../lib/notebook';
import { describeDevices } from '../../lib/notebook/device-rows';
import { BlipProcessor } from '../../lib/preprocessing';
import { projectRoot } from '../project-root';

const MODEL = path.join(projectRoot(), 'models', 'blip-scenes');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-rows-'));
const latency = (median: number) => ({ median, p10: median * 0.9, p90: median * 1.2, samples: [median] });
const pair = (before: number, after: number) => ({
  before: latency(before),
  after: latency(after),
  speedup: before / after,
});
const numberOf = (text: string): number => Number(text.replaceAll(',', ''));

describe('a checkpoint and its conversion', () => {
  let checkpoint: BlipCheckpoint;
  let converted: ConvertedBlip;
  before(async () => {
    checkpoint = await loadCheckpoint(MODEL);
    converted = await convertBlip(checkpoint, path.join(folder, 'fp16'));
  });
  after(() => {
    checkpoint.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  test('parameters are those of the header, in the order in which data flows', () => {
    const rows = nb.parameterRows(checkpoint);
    assert.deepEqual(
      rows.map(({ part }) => part),
      ['vision_model', 'text_encoder', 'text_decoder', 'all'],
    );
    const counts = readSafetensorsCounts(path.join(MODEL, 'model.safetensors'));
    for (const { part, parameters } of rows.slice(0, 3)) assert.equal(numberOf(parameters), counts[part], part);
    assert.equal(rows.at(-1)?.share, '100.0 %');
  });

  test('parameters before and after the conversion are equal, with those that are left out', () => {
    const before = nb.parameterRows(checkpoint);
    const after = nb.conversionRows(converted);
    const { num_hidden_layers, hidden_size } = checkpoint.config.text_config;
    for (const row of after) {
      assert.equal(row.parameters, before.find(({ part }) => part === row.part)?.parameters);
      // The key's bias of each layer's cross-attention
      const biases = row.part === 'vision_model' ? 0 : num_hidden_layers * hidden_size;
      assert.equal(numberOf(row['left out']), biases);
      assert.equal(row.file, `blip_${row.part}.xml + .bin`);
    }
  });

  test('sizes are those of the files', () => {
    const sizes = compareSizes(converted.folder, converted.folder);
    const rows = nb.sizeRows(sizes);
    assert.equal(rows.at(-1)?.part, 'total');
    for (const { part, ...row } of nb.conversionRows(converted)) {
      const size = fs.statSync(path.join(converted.folder, `blip_${part}.bin`)).size;
      assert.equal(row['bin KB'], (size / 1024).toFixed(2));
      assert.equal(rows.find((each) => each.part === part)?.['FP16 KB'], row['bin KB']);
    }
    const chart = nb.sizeChart(sizes);
    assert.deepEqual(
      chart.series[0].values.map((value) => value.toFixed(2)),
      rows.map((row) => row['FP16 KB']),
    );
  });

  test('layers, tokens and tensors', async () => {
    assert.deepEqual(nb.architectureRows(checkpoint.config)[0], {
      part: 'vision',
      layers: 5,
      hidden: 192,
      heads: 6,
      input: '128 x 128 pixels',
      unit: 'patch of 16 x 16 pixels',
    });
    const processor = await BlipProcessor.fromCheckpoint(checkpoint);
    const text = processor.text('how many dogs?');
    const rows = nb.tokenRows(processor, text);
    assert.deepEqual(
      rows.map(({ token }) => token),
      ['[CLS]', 'how', 'many', 'dogs', '?', '[SEP]'],
    );
    assert.deepEqual(rows[1], { position: 1, token_id: 679, token: 'how' });
    const pixel_values = await processor.image(path.join(projectRoot(), 'data', 'pictures', 'demo.jpg'));
    const rgb = nb.pixelRows(pixel_values);
    assert.deepEqual(
      rgb.map(({ channel }) => channel),
      ['red', 'green', 'blue'],
    );
    const size = 128 * 128;
    assert.equal(rgb[1]['upper left pixel'], pixel_values.data[size].toFixed(2));
    const blue = Array.from(pixel_values.data.slice(2 * size));
    assert.equal(rgb[2].largest, Math.max(...blue).toFixed(2));
    assert.equal(rgb[2].mean, (blue.reduce((sum, value) => sum + value, 0) / size).toFixed(2));
    const image_embeds = { data: new Float32Array(65 * 192), dims: [1, 65, 192] as const };
    const inputs = nb.inputRows(['vision_model'], { pixel_values, text, image_embeds });
    assert.deepEqual(inputs, [
      { model: 'vision_model', input: 'pixel_values', shape: '[1, 3, 128, 128]', type: 'f32' },
    ]);
    assert.equal(nb.inputRows(['vision_model', 'text_encoder'], { pixel_values, text, image_embeds }).length, 4);
  });
});

test('devices: the chosen one is marked, and one that is missing is told', () => {
  const core = {
    getAvailableDevices: () => ['CPU', 'GPU.0', 'GPU.1'],
    getProperty: (device: string) => `name ${device}`,
  };
  const chosen = (device: string) => describeDevices(core, device).filter((row) => row.chosen === 'yes');
  assert.deepEqual(chosen('CPU'), [{ device: 'CPU', chosen: 'yes', 'full name': 'name CPU' }]);
  assert.deepEqual(
    chosen('GPU').map(({ device }) => device),
    ['GPU.0'],
  );
  assert.deepEqual(
    chosen('AUTO').map(({ device }) => device),
    ['AUTO'],
  );
  assert.match(chosen('AUTO:GPU,CPU')[0]['full name'], /made of GPU and CPU/);
  assert.doesNotMatch(chosen('AUTO:-GPU')[0]['full name'], /not found/);
  assert.doesNotMatch(chosen('MULTI:CPU(2)')[0]['full name'], /not found/);
  assert.match(chosen('NPU')[0]['full name'], /NPU: not found.*BLIP_DEVICE/);
  assert.match(chosen('AUTO:NPU,CPU')[0]['full name'], /^NPU: not found/);
  assert.equal(nb.deviceRows('CPU')[0].chosen, 'yes');
});

test('times: rows, and sentences that follow from them', () => {
  const stages = [
    { stage: 'preprocess', latency: latency(1) },
    { stage: 'vision model', latency: latency(3) },
  ];
  assert.equal(nb.longestStage(stages), 'longest: vision model, 75 % of the sum');
  const timed = [
    { stage: 'preprocess', latency: latency(5) },
    { stage: 'vision model', latency: latency(1.5) },
    { stage: 'decoder, caption token', latency: latency(0.5), steps: 12 },
    { stage: 'text encoder', latency: latency(1) },
    { stage: 'decoder, answer token', latency: latency(0.75), steps: 1 },
  ];
  assert.deepEqual(nb.stageSums(timed, { caption: latency(8), answer: latency(3) }), [
    'caption: vision model 1.50 + 12 decoder steps of 0.50 = 7.50 ms; measured as a whole: 8.00 ms',
    'answer: vision model 1.50 + text encoder 1.00 + 1 decoder step of 0.75 = 3.25 ms; measured as a whole: 3.00 ms',
  ]);
  assert.deepEqual(nb.stageSums(timed.slice(0, 3), { caption: undefined, answer: latency(3) }), []);
  assert.deepEqual(nb.stageRows(stages)[1], {
    stage: 'vision model',
    'median ms': '3.00',
    'p10 ms': '2.70',
    'p90 ms': '3.60',
  });
  assert.deepEqual(nb.runRows({ ...latency(1), samples: [45.04, 14.3] }), [
    { run: 1, 'time ms': '45.0' },
    { run: 2, 'time ms': '14.3' },
  ]);
  assert.equal(nb.processingTime({ median: 10.4 }), 'Processing time: 0.0104 s (10.40 ms)');
  const compared = { vision_model: pair(11, 10), text_encoder: pair(9, 10), 'image-to-text': pair(10, 10.2) };
  assert.deepEqual(nb.speedLines(compared), [
    'faster in 8 bits: vision model 1.10x',
    'about the same: caption, whole 0.98x',
    'slower in 8 bits: text encoder 0.90x',
  ]);
  assert.deepEqual(nb.speedLines({ vision_model: pair(2, 1) }), ['faster in 8 bits: vision model 2.00x']);
  assert.equal(nb.latencyRows(compared)[0]['FP16 p10-p90'], '9.90-13.20');
  const chart = nb.latencyChart({ device: 'CPU', latency: compared });
  assert.deepEqual(chart.x, ['vision model', 'text encoder', 'caption, whole']);
  assert.deepEqual(chart.series[1].high, [12, 12, 10.2 * 1.2]);
  const layer = { stage: 'vision model', ...pair(14.19, 9.2) };
  assert.deepEqual(nb.layerRows([layer]), [
    {
      'one layer of': 'vision model',
      'FP16 ms': '14.19',
      'INT8 ms': '9.20',
      'FP16 p10-p90': '12.77-17.03',
      'INT8 p10-p90': '8.28-11.04',
      'speed-up': '1.54x',
    },
  ]);
  assert.deepEqual(nb.busyLines([layer]), []);
  const [busy] = nb.busyLines([{ ...layer, after: { ...latency(1), p90: 2.5 } }]);
  assert.match(busy, /busy.*all stages.*again/);
  const slow = { ...layer, after: { ...latency(1), p90: 2.5 } };
  assert.match(nb.busyLines([layer, slow, { ...slow, stage: 'decoder, token' }])[0], /of vision model; decoder, token/);
});

test('a decoder in fewer bits, with accuracy where there is one', () => {
  const sizes = { text_decoder: { before: 2048, after: 1024, ratio: 2 } };
  const accuracy = {
    metric: 'vqa' as const,
    questions: 10,
    before: 0.9,
    after: 0.8,
    answerAgreement: 0.8,
    byType: {},
    changed: [],
  };
  assert.deepEqual(nb.decoderBitsRows({ sizes, accuracy }, [8, 4])[1], {
    'decoder bits': 4,
    'decoder KB': '1.00',
    'times smaller': '2.00',
    accuracy: '80.0 %',
  });
  assert.ok(!('accuracy' in nb.decoderBitsRows({ sizes }, [8, 4])[0]));
  assert.deepEqual(nb.decoderBitsRows({ sizes: {} }, [8, 4]), []);
});

test('differences of two lists', () => {
  assert.equal(nb.largestDifference(Float32Array.of(1, -2), [1, 2]), 4);
  assert.ok(Number.isNaN(nb.largestDifference([1, Number.NaN], [1, 1])), 'NaN is no small difference');
  assert.ok(Math.abs(nb.relativeDifference([3, 4], [3, 3]) - 0.2) < 1e-12);
  assert.equal(nb.relativeDifference([0, 0], [0, 0]), 0);
  assert.deepEqual(nb.checkClose('equal', [1, 2], [1, 2.25], 0.5), {
    check: 'equal',
    'largest difference': '0.25',
    'at most': '0.5',
    passed: true,
  });
  for (const [apart, shown] of [
    [0, '0'],
    [0.001, '0.001'],
    [2.44e-7, '2.4e-7'],
    [12345.678, '12000'],
  ] as const)
    assert.equal(nb.checkClose('equal', [0], [apart], 1)['largest difference'], shown);
  assert.equal(nb.checkClose('equal', [1, Number.NaN], [1, 2], 0.5).passed, false);
  assert.throws(() => nb.largestDifference([1], [1, 2]), /a has 1 numbers and b 2/);
});

test('rounded weights: integer times scale is what is read', () => {
  const [row] = nb.roundedRows([0.5, -1, 1], { bits: 8, count: 1 });
  assert.deepEqual(row, { weight: '0.50000', 'stored as': 192, 'read as': '0.50196', 'off by': '0.00196' });
  assert.deepEqual(nb.firstRow({ data: [1, 2, 3, 4], shape: [2, 2] }), [1, 2]);
});

test('a trace is checked: its text, and that shares add up', () => {
  const attention = { data: Float32Array.of(0.3, 0.5), rows: 1, columns: 2, class_token: 0.2 };
  const token = { token: 'two', token_id: 5, probability: 0.8, likeliest: [], attention };
  const traced = { text: 'two', tokens: [token, { ...token, token: 'dogs', probability: 0.9 }] } as never;
  assert.deepEqual(
    nb.traceChecks(traced, 'two').map(({ passed }) => passed),
    [true, true],
  );
  assert.equal(nb.traceChecks(traced, 'three')[0].passed, false);
  const more = { text: 'two', tokens: [{ ...token, attention: { ...attention, class_token: 0.5 } }] } as never;
  assert.equal(nb.traceChecks(more, 'two')[1].passed, false);
  assert.equal(nb.leastSure(traced), 'least sure of "two": 0.8000');
});

test('answers by image: how many are right, and the wrong ones', () => {
  const row = { image: 'a.jpg', question: 'how many?', truth: '2', answer: '2', right: 'yes' };
  const rows = [row, { ...row, answer: '3', right: 'NO' }, { ...row, image: 'b.jpg' }];
  assert.deepEqual(nb.answersByImage({ rows }), [
    { image: 'a.jpg', asked: 2, right: 1, wrong: 'how many? "3", not "2"' },
    { image: 'b.jpg', asked: 1, right: 1, wrong: '' },
  ]);
  const published = [{ output: 'caption', published: 'a dog', got: 'a dog', right: 'yes' }];
  assert.deepEqual(nb.answersByImage({ rows: published }), published);
});

test('hits of a search', () => {
  const hit = { image: 'pictures/a.jpg', score: 1, cosine: 0.127, match: 0.995 };
  assert.deepEqual(nb.hitFigure('a dog', hit), {
    image: 'pictures/a.jpg',
    title: '"a dog" by cosine and head',
    note: 'cosine 0.13, match 99.5 %',
  });
  assert.equal(nb.hitFigure('a dog', { image: 'a.jpg', score: 1, cosine: 0.5 }).note, 'cosine 0.50');
  assert.deepEqual(nb.textHitRows([{ text: 'a', score: 1, cosine: 0.5 }])[0]['matching head'], '');
  assert.deepEqual(nb.matchRows([{ text: 'a', score: 0.5 }]), [{ text: 'a', probability: '0.5000' }]);
});

test('fewer samples than were asked for are no secret', async () => {
  const skipped = { total: 2, reasons: {}, examples: [] };
  const loaded = await loadVqaSamples(path.join(projectRoot(), 'data', 'vqa-scenes'), { split: 'train', count: 9999 });
  assert.match(nb.sampleLine(loaded), /^\d{3} of 9999 samples \(it has no more\), 0 skipped$/);
  assert.equal(nb.sampleLine({ samples: [], asked: 0, skipped }), '0 of 0 samples, 2 skipped');
});

// The image processor's settings against HF's BlipImageProcessor (transformers 5.24,
// tests/fixtures/make_preprocessor_keys.py): whatever is accepted gives its pixels to the last bit, and whatever would
// not is refused by name.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { PreprocessorConfigError, preprocessImage, readPreprocessorConfig } from '../../lib/preprocessing';
import { fitImage } from '../../lib/preprocessing/fit-image';

const FIXTURES = path.join(__dirname, '..', 'fixtures', 'preprocessing');
type Outcome = { dims: number[]; sha256: string } | { error: string };
interface Case {
  change: string;
  text: string;
  verdict: string;
  pil: Record<string, Outcome>;
}
const fixture: { images: string[]; cases: Case[] } = JSON.parse(
  fs.readFileSync(path.join(FIXTURES, 'keys.json'), 'utf8'),
);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-settings-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function write(files: Record<string, string>): string {
  const target = fs.mkdtempSync(path.join(folder, 'case-'));
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(target, name), text);
  return target;
}

/** Settings with which HF makes pixels and this library refuses: the key that the message names. */
const REFUSED: Readonly<Record<string, string>> = {
  '{"do_pad": true, "pad_size": {"height": 32, "width": 32}}': 'pad_size',
  '{"do_pad": true, "pad_size": 24}': 'pad_size',
  '{"do_pad": true, "size": {"shortest_edge": 24}, "pad_size": {"height": 300, "width": 300}}': 'pad_size',
  '{"do_pad": "yes"}': 'do_pad',
  '{"size": [24, 20, 3]}': 'size',
  '{"size": true}': 'size',
  '{"size": {"shortest_edge": 24, "longest_edge": 30}}': 'size',
  '{"size": {"max_height": 24, "max_width": 24}}': 'size',
  '{"resample": 6}': 'resample',
  '{"resample": "bicubic"}': 'resample',
  '{"resample": true}': 'resample',
  '{"rescale_factor": 0}': 'rescale_factor',
  '{"rescale_factor": 1e-45}': 'rescale_factor',
  '{"rescale_factor": Infinity}': 'rescale_factor',
  '{"rescale_factor": NaN}': 'rescale_factor',
  '{"image_mean": 1e+30}': 'image_mean',
  '{"image_mean": [0.5, 1e+30, 0.5]}': 'image_mean',
  '{"image_std": 0}': 'image_std',
  '{"image_std": [1, 0, 1]}': 'image_std',
  '{"image_std": 1e-45}': 'image_std',
  '{"image_std": [0.5, 0.5, 1e-45]}': 'image_std',
  '{"image_std": -Infinity}': 'image_std',
};
/**
 * HF checks what a step would use though the step is off, and leaves other modes than RGB to fail later: here they give
 * pixels.
 */
const ACCEPTED = [
  '{"do_resize": false, "size": "any", "resample": "any"}',
  '{"do_convert_rgb": false}',
  '{"do_convert_rgb": null}',
];

test('every case: the same pixels, or an error that names the key', async () => {
  const counts = { equal: 0, refused: 0, failed: 0 };
  for (const { change, text, verdict, pil } of fixture.cases) {
    const target = write({ 'preprocessor_config.json': text });
    const outcomes = Object.entries(verdict === 'same' ? fixture.cases[0].pil : pil);
    const failsThere = outcomes.every(([, outcome]) => 'error' in outcome) && !ACCEPTED.includes(change);
    if (failsThere || change in REFUSED) {
      assertRefused(target, change in REFUSED ? [REFUSED[change]] : Object.keys(JSON.parse(change)));
      counts[failsThere ? 'failed' : 'refused']++;
      continue;
    }
    const config = readPreprocessorConfig(target);
    for (const [name, outcome] of outcomes) {
      const { data, dims } = await preprocessImage(path.join(FIXTURES, 'images', name), config);
      if ('error' in outcome) {
        assert.ok(ACCEPTED.includes(change), `${change}: ${name}: ${outcome.error}`);
        continue;
      }
      assert.deepEqual(dims, outcome.dims, `${change}: ${name}`);
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      assert.equal(createHash('sha256').update(bytes).digest('hex'), outcome.sha256, `${change}: ${name}`);
      counts.equal++;
    }
  }
  assert.ok(counts.equal > 400 && counts.refused === Object.keys(REFUSED).length, JSON.stringify(counts));
  assert.ok(counts.failed > 20, JSON.stringify(counts));
});

/** The message starts with the file and names one of the keys. */
function assertRefused(target: string, keys: readonly string[]): void {
  assert.throws(
    () => readPreprocessorConfig(target),
    (error: unknown) => {
      assert.ok(error instanceof PreprocessorConfigError, `${keys}: ${error}`);
      assert.ok(error.message.startsWith(path.join(target, 'preprocessor_config.json')), error.message);
      assert.ok(
        keys.some((key) => error.message.includes(`"${key}"`)),
        `${error.message} names none of ${keys}`,
      );
      return true;
    },
    keys.join(),
  );
}

test('numbers that lose the image together', () => {
  const refuses = (settings: object, words: RegExp): void => {
    const target = write({ 'preprocessor_config.json': JSON.stringify(settings) });
    assert.throws(() => readPreprocessorConfig(target), words);
  };
  refuses({ rescale_factor: 1e4, image_std: 1e-4 }, /"rescale_factor" 10000.*"image_std" 0\.0001.*white/);
  refuses({ rescale_factor: 1e-6, image_mean: 1e4 }, /"rescale_factor" 0\.000001.*distinct/);
});

// make_processor_types.py
test('another model’s processor with the same steps: its own defaults, to the last bit', async () => {
  const {
    cases,
  }: { cases: { text: string; error?: string; pil: Record<string, { dims: number[]; sha256: string }> }[] } =
    JSON.parse(fs.readFileSync(path.join(FIXTURES, 'types.json'), 'utf8'));
  let equal = 0;
  for (const { text, error, pil } of cases) {
    if (error !== undefined) continue;
    const config = readPreprocessorConfig(write({ 'preprocessor_config.json': text }));
    for (const [name, { dims, sha256 }] of Object.entries(pil)) {
      const pixels = await preprocessImage(path.join(FIXTURES, 'images', name), config);
      assert.deepEqual(pixels.dims, dims, `${text}: ${name}`);
      const bytes = new Uint8Array(pixels.data.buffer, pixels.data.byteOffset, pixels.data.byteLength);
      assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256, `${text}: ${name}`);
      equal++;
    }
  }
  assert.ok(equal > 300, String(equal));
});

test('a processor with other steps is refused', () => {
  for (const settings of [
    { image_processor_type: 'Siglip2ImageProcessor' },
    { feature_extractor_type: 'DetrFeatureExtractor' },
    { image_processor_type: 'ImageProcessor' },
    { image_processor_type: 7 },
  ]) {
    const target = write({ 'preprocessor_config.json': JSON.stringify(settings) });
    assert.throws(() => readPreprocessorConfig(target), /_type" is .*expected one of BlipImageProcessor, CLIP/);
  }
  const both = { image_processor_type: 'BlipImageProcessor', feature_extractor_type: 'DetrFeatureExtractor' };
  assert.doesNotThrow(() => readPreprocessorConfig(write({ 'preprocessor_config.json': JSON.stringify(both) })));
});

// What transformers 5.24 does with the same folders.
test('processor_config.json goes first if it has an image_processor', () => {
  const size = (files: Record<string, unknown>): unknown =>
    readPreprocessorConfig(
      write(Object.fromEntries(Object.entries(files).map(([name, json]) => [name, JSON.stringify(json)]))),
    ).size;
  const old = { size: 24 };
  const now = { image_processor: { size: { height: 32, width: 32 } }, processor_class: 'BlipProcessor' };
  assert.deepEqual(size({ 'processor_config.json': now }), { height: 32, width: 32 });
  assert.deepEqual(size({ 'processor_config.json': now, 'preprocessor_config.json': old }), { height: 32, width: 32 });
  for (const flat of [{ processor_class: 'BlipProcessor', size: 32 }, { image_processor: null }])
    assert.deepEqual(size({ 'processor_config.json': flat, 'preprocessor_config.json': old }), {
      height: 24,
      width: 24,
    });
  assert.deepEqual(size({ 'processor_config.json': { image_processor: {} }, 'preprocessor_config.json': old }), {
    height: 384,
    width: 384,
  });
  assert.throws(() => size({ 'processor_config.json': { size: 32 } }), /neither preprocessor_config\.json nor/);
  assert.throws(() => size({}), /neither preprocessor_config\.json nor/);
  assert.throws(
    () => size({ 'processor_config.json': { image_processor: { size: 'x' } } }),
    /processor_config\.json, image_processor: "size" is "x"/,
  );
});

test('hostile files end in short errors', () => {
  for (const text of [
    '',
    '[]',
    'null',
    '{',
    '{"size": '.repeat(100_000),
    `{"size": "${'x'.repeat(1e6)}"}`,
    '{"size": [[[[]]]]}',
  ])
    assert.throws(
      () => readPreprocessorConfig(write({ 'preprocessor_config.json': text })),
      (error) => error instanceof PreprocessorConfigError && error.message.length < 600,
    );
});

test('a long strip is not enlarged without limit', () => {
  const strip = { data: new Uint8Array(3 * 100_000), width: 100_000, height: 1 };
  const settings = {
    do_resize: true,
    size: { shortest_edge: 384 },
    resample: 'bicubic',
    do_center_crop: false,
  } as const;
  assert.throws(() => fitImage(strip, settings), /100000 x 1 pixels.*38400000.*at most 16384/);
});

// The processor over a whole checkpoint folder: its files, its checks, its batches.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { BlipProcessor, BlipTokenizer, PreprocessorConfigError } from '../../lib/preprocessing';
import { parsePreprocessorConfig } from '../../lib/preprocessing/preprocessor-config';

const FIXTURES = path.join(__dirname, '..', 'fixtures', 'preprocessing');
const image = (name: string): string => path.join(FIXTURES, 'images', name);
const folders: string[] = [];
after(() => folders.forEach((folder) => fs.rmSync(folder, { recursive: true })));

/** Words of the tokenizer's fixture, whose last two are [DEC] and [ENC]. */
const VOCAB_SIZE = new BlipTokenizer(path.join(FIXTURES, 'tokenizer')).vocabSize;
const CONFIG = {
  model_type: 'blip',
  text_config: { max_position_embeddings: 16, vocab_size: VOCAB_SIZE, bos_token_id: VOCAB_SIZE - 2, sep_token_id: 3 },
  vision_config: { image_size: 24, patch_size: 8 },
};

/** A checkpoint folder without weights. */
function makeFolder(files: Record<string, unknown>): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-processor-'));
  folders.push(folder);
  fs.cpSync(path.join(FIXTURES, 'tokenizer'), folder, { recursive: true });
  for (const [name, json] of Object.entries({ 'config.json': CONFIG, ...files }))
    fs.writeFileSync(path.join(folder, name), JSON.stringify(json));
  return folder;
}

const SETTINGS = { size: { height: 24, width: 24 }, image_mean: [0.5, 0.5, 0.5], image_std: [0.25, 0.25, 0.25] };

test('pictures and text from one folder', async () => {
  const warnings: string[] = [];
  const processor = await BlipProcessor.fromCheckpoint(makeFolder({ 'preprocessor_config.json': SETTINGS }), {
    on_warning: (message) => warnings.push(message),
  });
  const one = await processor.image(image('photo.jpg'));
  const two = await processor.images([image('rgb.png'), image('photo.jpg')]);
  assert.deepEqual(
    [one.dims, two.dims],
    [
      [1, 3, 24, 24],
      [2, 3, 24, 24],
    ],
  );
  assert.deepEqual(two.data.subarray(one.data.length), one.data);
  assert.ok(
    one.data.every((value) => value >= -2 && value <= 2),
    '(x - 0.5) / 0.25 of 0..1',
  );
  const text = processor.text(['how many dogs are in the picture?', 'what?']);
  assert.deepEqual(text.dims, [2, 10]);
  assert.deepEqual(processor.batchDecode([text.input_ids.subarray(0, 10), text.input_ids.subarray(10)]), [
    'how many dogs are in the picture?',
    'what?',
  ]);
  assert.deepEqual(warnings, []);
  assert.deepEqual(processor.text('dog '.repeat(30)).dims, [1, 16]);
  assert.equal(warnings.length, 1);
});

test('transformers 5 writes processor_config.json; the size may be one number', async () => {
  const nested = await BlipProcessor.fromCheckpoint(
    makeFolder({ 'processor_config.json': { image_processor: { ...SETTINGS, size: 24 } } }),
  );
  assert.deepEqual((await nested.image(image('rgb.png'))).dims, [1, 3, 24, 24]);
});

test('files that are missing or do not fit together', async () => {
  const rejects = (folder: string, pattern: RegExp): Promise<void> =>
    assert.rejects(BlipProcessor.fromCheckpoint(folder), pattern);
  await rejects(makeFolder({}), /neither preprocessor_config\.json nor .*processor_config\.json/);
  await rejects(
    makeFolder({ 'preprocessor_config.json': { size: { height: 32, width: 32 } } }),
    /32 x 32 pixels.*24 x 24/,
  );
  await rejects('Salesforce/blip-vqa-base', /config\.json: cannot be read.*loadCheckpoint first/);
});

test("settings: HF's defaults, and errors that name the key", () => {
  const defaults = parsePreprocessorConfig({}, 'file.json');
  assert.deepEqual(
    [defaults.size, defaults.resample, defaults.do_normalize, defaults.image_mean[0]],
    [{ height: 384, width: 384 }, 'bicubic', true, 0.48145466],
  );
  for (const [settings, pattern] of [
    [{ resample: 6 }, /file\.json: "resample" is 6; expected one of PIL's numbers 0 \(nearest\), 1 \(lanczos\)/],
    [{ resample: false }, /"resample" is false/],
    [{ size: { longest_edge: 384 } }, /"size"/],
    [{ size: 0 }, /"size"/],
    [{ image_mean: [1, 2] }, /"image_mean" is \[1,2\]; expected one or three numbers/],
    [{ image_std: [1, 0, 1] }, /"image_std"/],
    [{ do_center_crop: true }, /"crop_size" is missing.*"do_center_crop" is true/],
    [{ do_resize: 'yes' }, /"do_resize" is "yes"/],
    [{ rescale_factor: 'x' }, /"rescale_factor"/],
    [[], /expected an object/],
  ] as const)
    assert.throws(
      () => parsePreprocessorConfig(settings, 'file.json'),
      (error) => error instanceof PreprocessorConfigError && pattern.test(error.message),
      String(pattern),
    );
});

// Calibration inputs from TypeScript to Python: the same numbers to the bit, little room on disk, flat memory.
// The reader (calibration_data.py) runs in the project's Python; the reference is the preprocessing itself.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { calibrate } from '../../lib/optimize/calibrate';
import { CalibrationFile, CalibrationFileError } from '../../lib/optimize/calibration-file';
import { findNncfPython } from '../../lib/optimize/find-nncf-python';
import { BlipProcessor, channelTables } from '../../lib/preprocessing';
import { projectRoot } from '../project-root';
import { IMAGE_SIZE, makeSamples, makeTinyModel, writePreprocessor } from './tiny-model';

/**
 * Reads every sample of an index; writes all values behind each other as they lie in memory. Prints what it used at
 * most, in KB.
 */
const READER = `
import resource, sys
sys.path.insert(0, sys.argv[1])
from calibration_data import CalibrationData
data = CalibrationData(sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open(sys.argv[3], "wb") as out:
    for sample in data.samples:
        for name, values in sorted(data.read(sample).items()):
            assert values.flags["C_CONTIGUOUS"] and values.max() is not None, name
            if len(data.samples) < 100:
                out.write(values.tobytes())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
`;

let folder = '';
before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'calibration-'));
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function read(index: string): { bytes: Buffer; kilobytes: number } {
  const out = path.join(folder, 'read.bin');
  const lib = path.join(projectRoot(), 'lib', 'optimize');
  const printed = execFileSync(findNncfPython(), ['-c', READER, lib, index, out], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
  return { bytes: fs.readFileSync(out), kilobytes: Number(printed) };
}

const bytesOf = (values: Float32Array | BigInt64Array): Buffer =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);

const POSIX_ONLY = { skip: process.platform === 'win32' ? 'the resource module is POSIX' : false };

describe('what NNCF reads', POSIX_ONLY, () => {
  test('is what the models see: images of odd sizes, with each kind of scaling, to the bit', async () => {
    const model = await makeTinyModel(path.join(folder, 'odd'));
    const sizes = [
      [1, 1],
      [7, 3],
      [24, 24],
      [31, 50],
    ] as const;
    const images = await Promise.all(
      sizes.map(([width, height]) =>
        sharp(
          Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 89 + width) % 256),
          { raw: { width, height, channels: 3 } },
        )
          .png()
          .toBuffer(),
      ),
    );
    for (const changes of [
      {},
      { do_normalize: false },
      { do_rescale: false },
      { image_mean: [0.48145466, 0.4578275, 0.40821073], image_std: [0.26862954, 0.26130258, 0.27577711] },
      { rescale_factor: 1 / 127.5 },
    ]) {
      writePreprocessor(model, changes);
      const processor = await BlipProcessor.fromCheckpoint(model);
      const samples = images.map((image, i) => ({
        image_id: `${i}`,
        image,
        question_id: `${i}`,
        question: 'how many dogs?',
        answers: [],
      }));
      const work = fs.mkdtempSync(path.join(folder, 'work-'));
      const made = await calibrate(model, samples, work, { parts: ['vision_model'] });
      assert.deepEqual([made.report.samples, made.report.skipped], [4, []]);
      const expected = await Promise.all(images.map(async (image) => bytesOf((await processor.image(image)).data)));
      assert.ok(read(made.vision).bytes.equals(Buffer.concat(expected)), JSON.stringify(changes));
    }
  });

  test('of texts: ids, masks and embeddings; what several samples share is written once', async () => {
    const model = await makeTinyModel(path.join(folder, 'texts'));
    const samples = (await makeSamples(3)).flatMap((sample) => [sample, { ...sample, question: 'how many?' }]);
    const work = fs.mkdtempSync(path.join(folder, 'work-'));
    const { text, report } = await calibrate(model, samples, work, { parts: ['vision_model', 'text_encoder'] });
    assert.deepEqual([report.samples, report.images], [6, 3]);
    const index: { samples: Record<string, { offset: number; shape: number[] }>[] } = JSON.parse(
      fs.readFileSync(text, 'utf8'),
    );
    const [first, second, third] = index.samples;
    assert.equal(first.encoder_hidden_states.offset, second.encoder_hidden_states.offset);
    assert.notEqual(first.encoder_hidden_states.offset, third.encoder_hidden_states.offset);
    assert.equal(first.encoder_attention_mask.offset, third.encoder_attention_mask.offset);
    const [, tokens, hidden] = first.encoder_hidden_states.shape;
    // By image: 8-bit pixels and f32 embeddings; by sample: two short lists of i64; one mask for all.
    const perImage = 3 * IMAGE_SIZE * IMAGE_SIZE + 4 * tokens * hidden;
    const ids = index.samples.reduce((sum, { input_ids }) => sum + 2 * 8 * input_ids.shape[1], 0);
    assert.equal(report.bytes, 3 * perImage + ids + 8 * tokens);
  });

  test('stays the same share of memory with more samples', async () => {
    const file = new CalibrationFile(folder, 'many');
    const shape = [1, 100, 768];
    const shared = [0, 1].map((value) => file.share(new Float32Array(100 * 768).fill(value)));
    for (let sample = 0; sample < 400; sample++)
      file.add({ x: { type: 'f32', shape, data: new Float32Array(100 * 768).fill(sample) } });
    for (let sample = 0; sample < 400; sample++) file.add({ x: { type: 'f32', shape, shared: shared[sample % 2] } });
    const index = file.finish();
    assert.equal(file.size, 402 * 4 * 100 * 768); // 124 MB
    const { kilobytes } = read(index);
    assert.ok(kilobytes < 30_000, `reading 124 MB in pieces of 0.3 MB took ${kilobytes} KB more`);
  });

  test('a file that was cut short is an error with its name', async () => {
    const file = new CalibrationFile(folder, 'short');
    file.add({ x: { type: 'f32', shape: [100], data: new Float32Array(100) } });
    const index = file.finish();
    fs.truncateSync(path.join(folder, 'short.bin'), 200);
    assert.throws(() => read(index), /short\.bin: 50 of 100 values at byte 0/);
  });
});

test('inputs that do not fit what is said about them are refused', () => {
  const tables = channelTables({
    do_resize: true,
    size: { width: 1, height: 1 },
    resample: 'bicubic',
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: false,
    image_mean: [0, 0, 0],
    image_std: [1, 1, 1],
  });
  const image = { width: 2, height: 2, data: new Uint8Array(11) };
  for (const [file, got] of [
    [new CalibrationFile(folder, 'a', tables), image],
    [new CalibrationFile(folder, 'b'), { ...image, data: new Uint8Array(12) }],
  ] as const) {
    assert.throws(() => file.add({ pixel_values: { type: 'rgb', image: got } }), CalibrationFileError);
    file.close();
  }
});

test('calibration inputs are checked and shared values are written once', () => {
  const file = new CalibrationFile(folder, 'shared');
  const data = new Float32Array(5);
  const shared = file.share(data);
  file.add({ a: { type: 'f32', shape: [1, 5], shared } });
  file.add({ a: { type: 'f32', shape: [5], shared }, b: { type: 'i64', shape: [1], data: new BigInt64Array([7n]) } });
  assert.throws(() => file.add({ a: { type: 'f32', shape: [7], data } }), CalibrationFileError);
  assert.throws(() => file.add({ a: { type: 'i64', shape: [5], data } }), CalibrationFileError);
  assert.throws(() => file.add({ a: { type: 'f32', shape: [9], shared } }), CalibrationFileError);
  file.finish();
  assert.equal(fs.statSync(path.join(folder, 'shared.bin')).size, 24 + 8); // 20 bytes padded to 24, then 8
});

// Image-text matching against Hugging Face's BlipForImageTextRetrieval on a small random checkpoint
// (tests/fixtures/make_checkpoints.py), with the bundled model's encoders through the pipeline, and what it says when
// it cannot work.
// Tolerance: 1e-5 on probabilities, FP32 IR computed in f32; the differences seen are below 1e-6.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  convertBlip,
  loadCheckpoint,
  OVBlipMatcher,
  OVBlipModel,
  openSafetensors,
  pipeline,
  quantizeBlip,
  loadVqaSamples,
} from '../../lib';
import { projectRoot } from '../project-root';
import { editCheckpoint } from '../convert/edit-checkpoint';

const FIXTURE = path.join(__dirname, '..', 'fixtures', 'checkpoints', 'retrieval');
const PICTURE = path.join(projectRoot(), 'data', 'pictures', 'demo.jpg');
const TOLERANCE = 1e-5;
const properties = { INFERENCE_PRECISION_HINT: 'f32' };
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-matcher-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

async function convert(checkpoint: string, output: string): Promise<string> {
  const loaded = await loadCheckpoint(checkpoint);
  const { folder } = await convertBlip(loaded, output, { compress_to_fp16: false });
  loaded.close();
  return folder;
}

/**
 * The bundled model as a retrieval checkpoint: without its decoder, with a head that takes the first word's vector
 * apart, and projections of 8 rows.
 */
function bundledRetrieval(folder: string): string {
  const source = path.join(projectRoot(), 'models', 'blip-scenes');
  fs.cpSync(source, folder, { recursive: true });
  return editCheckpoint(path.relative(path.dirname(FIXTURE), source), folder, {
    config: (config) => {
      config.architectures = ['BlipForImageTextRetrieval'];
      config.image_text_hidden_size = 8;
    },
    tensors: (all) => {
      for (const name of [...all.keys()]) if (name.startsWith('text_decoder.')) all.delete(name);
      const weight = Float32Array.from({ length: 2 * 192 }, (_, i) => 0.1 * Math.sin(i));
      all.set('itm_head.weight', { dtype: 'F32', shape: [2, 192], bytes: new Uint8Array(weight.buffer) });
      all.set('itm_head.bias', { dtype: 'F32', shape: [2], bytes: new Uint8Array(8) });
      for (const name of ['vision_proj', 'text_proj']) {
        const rows = Float32Array.from({ length: 8 * 192 }, (_, i) => Math.sin(i * name.length));
        all.set(`${name}.weight`, { dtype: 'F32', shape: [8, 192], bytes: new Uint8Array(rows.buffer) });
        all.set(`${name}.bias`, { dtype: 'F32', shape: [8], bytes: new Uint8Array(32) });
      }
    },
  });
}

function assertClose(got: readonly number[], expected: readonly number[]): void {
  assert.equal(got.length, expected.length);
  got.forEach((value, i) =>
    assert.ok(Math.abs(value - expected[i]) < TOLERANCE, `${got.join()} instead of ${expected.join()}`),
  );
}

describe('a retrieval checkpoint', async () => {
  const { tensors } = openSafetensors(path.join(FIXTURE, 'expected.safetensors'));
  const read = (name: string) => {
    const tensor = tensors.get(name);
    assert.ok(tensor, name);
    return tensor;
  };
  const integers = (name: string): BigInt64Array => new BigInt64Array(read(name).bytes().slice().buffer);
  const logits = read('itm_score').toFloat32();
  const expected = [0, 1].map(
    (row) => Math.exp(logits[2 * row + 1]) / (Math.exp(logits[2 * row]) + Math.exp(logits[2 * row + 1])),
  );
  const pixel_values = { data: read('pixel_values').toFloat32(), dims: [2, 3, 14, 14] as const };
  const [input_ids, attention_mask] = [integers('input_ids'), integers('attention_mask')];
  const folder = await convert(FIXTURE, path.join(work, 'retrieval'));
  const matcher = await OVBlipMatcher.load(folder, { properties });
  after(() => matcher.dispose());

  it("gives Hugging Face's probabilities, two pictures with a text each", async () => {
    assertClose(
      await matcher.match({
        pixel_values: { ...pixel_values, dims: [...pixel_values.dims] },
        input_ids,
        attention_mask,
        dims: [2, 7],
      }),
      expected,
    );
  });

  it('one encoded picture with both texts, one text with both pictures, and calls that overlap', async () => {
    const first = await matcher.encodeImage({
      pixel_values: { data: pixel_values.data.slice(0, 3 * 14 * 14), dims: [1, 3, 14, 14] },
    });
    const text = (row: number) => ({
      input_ids: input_ids.slice(7 * row, 7 * row + 7),
      attention_mask: attention_mask.slice(7 * row, 7 * row + 7),
    });
    const [both, pictures, second] = await Promise.all([
      matcher.match({ image_embeds: first, input_ids, attention_mask, dims: [2, 7] }),
      matcher.match({ pixel_values: { ...pixel_values, dims: [...pixel_values.dims] }, ...text(1) }),
      matcher.match({ image_embeds: first, ...text(1) }),
    ]);
    assertClose([both[0], pictures[1]], expected);
    assertClose([both[1], pictures[0]], [second[0], second[0]]);
  });

  it('refuses inputs that do not fit, and work after dispose', async () => {
    const image_embeds = { data: new Float32Array(3 * 2 * 16), dims: [3, 2, 16] as [number, number, number] };
    await assert.rejects(matcher.match({ image_embeds, input_ids, attention_mask, dims: [2, 7] }), {
      name: 'BlipModelError',
      message: /3 images and 2 texts: give one image/,
    });
    await assert.rejects(
      matcher.match({ image_embeds, input_ids: BigInt64Array.of(50n), attention_mask: BigInt64Array.of(1n) }),
      { name: 'BlipModelError', message: /input_ids .*50, expected 0 to 49/ },
    );
    const other = await OVBlipMatcher.load(folder);
    other.dispose();
    await assert.rejects(
      other.encodeImage({ pixel_values: { data: new Float32Array(3 * 14 * 14), dims: [1, 3, 14, 14] } }),
      { name: 'BlipModelError', message: /was disposed/ },
    );
  });

  it('cannot be converted without its head', async () => {
    const headless = editCheckpoint('retrieval', path.join(work, 'headless'), {
      tensors: (all) => {
        all.delete('itm_head.weight');
      },
    });
    await assert.rejects(
      convert(headless, path.join(work, 'headless-ir')),
      /1 missing:\n {2}itm_head\.weight, expected \[2, 21\]/,
    );
  });
});

describe('image-text-matching with the bundled encoders', () => {
  const folder = path.join(work, 'bundled');
  const texts = ['two dogs on the beach', 'a red car in the street at night', 'dogs'];
  before(() => convert(bundledRetrieval(path.join(work, 'bundled-checkpoint')), folder));

  it('scores texts in their order, each as if it were alone, and its INT8 version agrees', async () => {
    const matcher = await pipeline('image-text-matching', folder, { properties });
    const matches = await matcher(PICTURE, texts);
    assert.deepEqual(
      matches.map(({ text }) => text),
      texts,
    );
    assert.ok(
      matches.every(({ score }) => score > 0 && score < 1) &&
        new Set(matches.map(({ score }) => score.toFixed(4))).size === 3,
      JSON.stringify(matches),
    );
    for (const [i, text] of texts.entries())
      assertClose(
        (await matcher(PICTURE, text)).map(({ score }) => score),
        [matches[i].score],
      );
    assert.deepEqual(await matcher(PICTURE, []), []);
    await assert.rejects(Reflect.apply(matcher, undefined, [PICTURE, 7]), {
      name: 'PipelineError',
      message: /The text is 7, expected a string/,
    });
    const cosines = await matcher(PICTURE, texts, { use_itm_head: false });
    matcher.dispose();

    const { samples } = await loadVqaSamples(path.join(projectRoot(), 'data', 'vqa-scenes'), {
      split: 'train',
      count: 20,
      seed: 1,
    });
    const int8 = await quantizeBlip(folder, samples, path.join(work, 'int8'), { subset_size: 20 });
    assert.deepEqual(Object.keys(int8.parts), ['vision_model', 'text_encoder', 'text_features']);
    const { before: fp32, after: compressed } = int8.parts.text_features ?? assert.fail();
    assert.ok(compressed.binBytes < 0.4 * fp32.binBytes, `${compressed.binBytes} of ${fp32.binBytes} bytes`);
    const small = await pipeline('image-text-matching', int8.folder, { properties });
    for (const [i, { score }] of (await small(PICTURE, texts)).entries())
      assert.ok(
        Math.abs(Math.log(score / (1 - score)) - Math.log(matches[i].score / (1 - matches[i].score))) < 0.2,
        `${texts[i]}: ${score} instead of ${matches[i].score}`,
      );
    // Quantized activations of the vision model move a cosine a little: 0.007 was seen
    for (const [i, { score }] of (await small(PICTURE, texts, { use_itm_head: false })).entries())
      assert.ok(Math.abs(score - cosines[i].score) < 0.1, `${texts[i]}: ${score} instead of ${cosines[i].score}`);
    small.dispose();
  });

  it('is for retrieval models alone, and says so', async () => {
    const vqa = await convert(path.join(FIXTURE, '..', 'vqa-f16'), path.join(work, 'vqa'));
    await assert.rejects(pipeline('image-text-matching', vqa), {
      name: 'BlipModelError',
      message: /not a retrieval model.*text decoder.*OVBlipModel/,
    });
    await assert.rejects(OVBlipMatcher.load(path.join(work, 'absent')), {
      name: 'BlipModelError',
      message: /config\.json is missing\. Expected a folder that convertBlip wrote .* retrieval checkpoint/,
    });
    await assert.rejects(OVBlipModel.load(folder), { name: 'BlipModelError', message: /Load it with OVBlipMatcher/ });
  });
});

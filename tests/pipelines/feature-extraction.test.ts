// Contrastive features through the pipelines, on the reduced copy of a published checkpoint whose cosines PyTorch
// computed (fixtures/make_published.py), and on a checkpoint of BlipModel; and what they say when they cannot work.
// Tolerance: 1e-4 on cosines, FP32 weights computed in f32; the differences seen are below 1e-6.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { convertBlip, loadCheckpoint, openSafetensors, OVBlipMatcher, OVBlipModel, pipeline } from '../../lib';
import { projectRoot } from '../project-root';

const FIXTURES = path.join(__dirname, '..', 'fixtures');
const PUBLISHED = path.join(FIXTURES, 'published', 'blip-itm-base-coco');
const CONTRASTIVE = path.join(FIXTURES, 'checkpoints', 'contrastive');
const PICTURE = path.join(projectRoot(), 'data', 'pictures', 'demo.jpg');
const TOLERANCE = 1e-4;
const properties = { INFERENCE_PRECISION_HINT: 'f32' };
const { texts, match, cosine } = JSON.parse(fs.readFileSync(path.join(PUBLISHED, 'expected.json'), 'utf8'));
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'features-'));
const folder = path.join(work, 'retrieval');
after(() => fs.rmSync(work, { recursive: true, force: true }));

async function convert(source: string, output: string): Promise<void> {
  const checkpoint = await loadCheckpoint(source);
  await convertBlip(checkpoint, output, { compress_to_fp16: false }).finally(() => checkpoint.close());
}

before(() => convert(PUBLISHED, folder));

function assertClose(got: readonly number[], expected: readonly number[]): void {
  assert.equal(got.length, expected.length);
  got.forEach((value, i) =>
    assert.ok(Math.abs(value - expected[i]) < TOLERANCE, `${got.join()} instead of ${expected.join()}`),
  );
}

describe('features of a retrieval checkpoint', () => {
  it('rows of length 1, whose dot products are the cosines of PyTorch, in any batch', async () => {
    const images = await pipeline('image-feature-extraction', folder, { properties });
    const words = await pipeline('feature-extraction', folder, { properties });
    const image = await images(PICTURE);
    assert.deepEqual([image.type, image.dims, image.data.length], ['float32', [1, 16], 16]);
    const pair = await images([PICTURE, PICTURE], { batch_size: 2 });
    assertClose(pair.tolist().flat(), [...image.data, ...image.data]);
    for (const batch_size of [1, 2, 32]) {
      const features = await words(texts, { batch_size });
      assert.deepEqual(features.dims, [texts.length, 16]);
      const rows = features.tolist();
      assertClose(
        rows.map((row) => Math.hypot(...row)),
        texts.map(() => 1),
      );
      assertClose(
        rows.map((row) => row.reduce((sum, value, i) => sum + value * image.data[i], 0)),
        cosine,
      );
    }
    assert.deepEqual((await words([])).dims, [0, 0]);
    for (const batch_size of [0, -1, 1.5, Number.NaN, 1e9])
      await assert.rejects(words('a', { batch_size }), {
        name: 'PipelineError',
        message: /batch_size is .* 1 to 1024/,
      });
    await assert.rejects(Reflect.apply(words, undefined, [['a', 7]]), { message: /The text is 7/ });
    await assert.rejects(Reflect.apply(words, undefined, ['a', { pooling: 'mean' }]), {
      name: 'OptionsError',
      message: /"pooling" is not implemented/,
    });
    images.dispose();
    words.dispose();
  });

  it('use_itm_head chooses between the matching head and the cosine, one image encoding for both', async () => {
    const matcher = await pipeline('image-text-matching', folder, { properties });
    const score = (matches: readonly { score: number }[]): number[] => matches.map((each) => each.score);
    assertClose(score(await matcher(PICTURE, texts)), match);
    assertClose(score(await matcher(PICTURE, texts, { use_itm_head: false })), cosine);
    await assert.rejects(Reflect.apply(matcher, undefined, [PICTURE, texts, { use_itm_head: 'no' }]), {
      name: 'PipelineError',
      message: /use_itm_head is "no", expected true or false/,
    });
    matcher.dispose();
  });

  it('a folder of an earlier version matches texts, and asks for a conversion where features are wanted', async () => {
    const old = path.join(work, 'old');
    fs.cpSync(folder, old, { recursive: true });
    for (const name of ['blip_text_features.xml', 'blip_text_features.bin', 'blip_manifest.json'])
      fs.rmSync(path.join(old, name));
    const matcher = await pipeline('image-text-matching', old, { properties });
    assert.equal((await matcher(PICTURE, 'a dog')).length, 1);
    await assert.rejects(matcher(PICTURE, 'a dog', { use_itm_head: false }), {
      name: 'BlipModelError',
      message: /no contrastive features.*convert the checkpoint again/,
    });
    matcher.dispose();
  });
});

describe('a checkpoint of BlipModel', async () => {
  const output = path.join(work, 'contrastive');
  await convert(CONTRASTIVE, output);
  const { tensors } = openSafetensors(path.join(CONTRASTIVE, 'expected.safetensors'));

  it('gives the cosines of PyTorch, and has no matching head', async () => {
    const matcher = await OVBlipMatcher.load(output, { properties });
    const floats = (name: string): Float32Array => tensors.get(name)?.toFloat32() ?? new Float32Array();
    const integers = (name: string): BigInt64Array =>
      new BigInt64Array(tensors.get(name)?.bytes().slice().buffer ?? []);
    const pixel_values = { data: floats('pixel_values'), dims: [2, 3, 22, 22] as const };
    const inputs = {
      pixel_values: { ...pixel_values, dims: [...pixel_values.dims] as [number, number, number, number] },
      input_ids: integers('input_ids'),
      attention_mask: integers('attention_mask'),
      dims: [2, 7] as const,
    };
    const [images, words] = [floats('image_features'), floats('text_features')];
    const expected = [0, 1].map((row) => {
      const part = (all: Float32Array): Float32Array =>
        all.subarray((row * all.length) / 2, ((row + 1) * all.length) / 2);
      return part(images).reduce((sum, value, i) => sum + value * part(words)[i], 0);
    });
    assertClose(await matcher.cosineSimilarity(inputs), expected);
    assert.deepEqual([matcher.canMatch, matcher.hasFeatures], [false, true]);
    await assert.rejects(matcher.match(inputs), { name: 'BlipModelError', message: /no matching head.*use_itm_head/ });
    matcher.dispose();
  });

  it('does no other task', async () => {
    await assert.rejects(OVBlipModel.load(output), { name: 'BlipModelError', message: /Load it with OVBlipMatcher/ });
    await assert.rejects(pipeline('image-to-text', CONTRASTIVE), {
      name: 'PipelineError',
      message: /does not do "image-to-text".*feature-extraction/,
    });
  });
});

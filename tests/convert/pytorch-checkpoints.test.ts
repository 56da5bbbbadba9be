// Checkpoints of PyTorch's files, converted: the same graphs and weights, to the byte, as of the safetensors that they
// were made from; and a checkpoint of the original repository that comes alone, against what PyTorch computes with it
// (tests/fixtures/make_pytorch_files.py).
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { loadCheckpoint, openSafetensors } from '../../lib/checkpoint';
import { CheckpointTensorsError, convertBlip } from '../../lib/convert';
import { OVBlipModel } from '../../lib/generation';
import { BlipProcessor } from '../../lib/preprocessing';
import { editCheckpoint } from './edit-checkpoint';
import { writeVocabulary } from '../write-vocabulary';

const FIXTURES = path.join(__dirname, '..', 'fixtures');
const F32 = { INFERENCE_PRECISION_HINT: 'f32', KV_CACHE_PRECISION: 'f32' };
/** Values of order 1 through three layers, both sides in f32: the differences seen are below 1e-5. */
const TOLERANCE = 1e-4;
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-pytorch-convert-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

async function convert(source: string, options = {}): Promise<string> {
  const checkpoint = await loadCheckpoint(source);
  try {
    return (await convertBlip(checkpoint, fs.mkdtempSync(path.join(work, 'model-')), options)).folder;
  } finally {
    checkpoint.close();
  }
}

/**
 * Everything in a model folder, but the checkpoint's name and which of its two names the decoder's output bias goes by.
 */
function contentOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    fs
      .readdirSync(folder)
      .filter((name) => /^blip_.*\.(xml|bin)$/.test(name) || name === 'config.json')
      .map((name) => [
        name,
        fs
          .readFileSync(path.join(folder, name), 'latin1')
          .replace(/<checkpoint value="[^"]*"\/>/, '')
          .replaceAll('predictions.decoder.bias', 'predictions.bias'),
      ]),
  );
}

describe('the same model from every form of a checkpoint', () => {
  const twins = {
    'vqa-f16': ['vqa-bin', 'vqa-legacy', 'vqa-original/model_base.pth'],
    'caption-bf16': ['caption-bin', 'caption-shards', 'caption-original/model_base.pth'],
    retrieval: ['retrieval-bin', 'retrieval-original/model_base.pth'],
  };
  for (const [twin, forms] of Object.entries(twins))
    for (const form of forms)
      it(`${form} as ${twin}`, async () => {
        for (const compress_to_fp16 of [true, false]) {
          const expected = contentOf(await convert(path.join(FIXTURES, 'checkpoints', twin), { compress_to_fp16 }));
          const converted = contentOf(await convert(path.join(FIXTURES, 'pytorch', form), { compress_to_fp16 }));
          assert.deepEqual(Object.keys(converted), Object.keys(expected));
          for (const [name, text] of Object.entries(expected)) assert.ok(converted[name] === text, name);
        }
      });

  it('weights that do not fit config.json are named with the file that holds them', async () => {
    const folder = path.join(work, 'misfit');
    fs.cpSync(path.join(FIXTURES, 'pytorch', 'vqa-bin'), folder, { recursive: true });
    const file = path.join(folder, 'config.json');
    const json = JSON.parse(fs.readFileSync(file, 'utf8'));
    json.text_config.vocab_size += 1;
    json.vision_config.num_hidden_layers += 1;
    fs.writeFileSync(file, JSON.stringify(json));
    await assert.rejects(convert(folder), (error: unknown) => {
      assert.ok(error instanceof CheckpointTensorsError);
      assert.match(error.message, /missing:\n {2}vision_model\.encoder\.layers\.2\.layer_norm1\.weight/);
      assert.match(error.message, /word_embeddings\.weight is \[61, 32\], expected \[62, 32\] \(pytorch_model\.bin\)/);
      return true;
    });
  });

  it('weights that are no floats are named before anything is written', async () => {
    const folder = editCheckpoint('vqa-f16', path.join(work, 'integers'), {
      tensors: (tensors) => {
        const name = 'vision_model.post_layernorm.bias';
        const bias = tensors.get(name) ?? assert.fail(name);
        tensors.set(name, { ...bias, dtype: 'I16' });
      },
    });
    await assert.rejects(
      convert(folder),
      /1 of a dtype that is not converted:\n {2}vision_model\.post_layernorm\.bias is I16, expected.*\(model\.safe/,
    );
  });
});

describe('a .pth of the original repository, alone, equals PyTorch', async () => {
  const folder = path.join(FIXTURES, 'pytorch', 'derived');
  const model = path.join(work, 'derived');
  const checkpoint = await loadCheckpoint(path.join(folder, 'model_base_vqa.pth'));
  await convertBlip(checkpoint, model, { compress_to_fp16: false });
  checkpoint.close();
  const { tensors } = openSafetensors(path.join(folder, 'expected.safetensors'));
  const floats = (name: string): Float32Array => tensors.get(name)?.toFloat32() ?? assert.fail(name);
  const input_ids = new BigInt64Array(tensors.get('input_ids')?.bytes().slice().buffer ?? assert.fail());

  it('image embeddings and greedy answers', async () => {
    const loaded = await OVBlipModel.load(model, { properties: F32 });
    try {
      const image_embeds = await loaded.encodeImage({
        pixel_values: { data: floats('pixel_values'), dims: [2, 3, 48, 48] },
      });
      const expected = floats('image_embeds');
      const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - image_embeds.data[i])), 0);
      assert.equal(image_embeds.data.length, expected.length);
      assert.ok(worst < TOLERANCE, `differs by ${worst}`);
      const attention_mask = new BigInt64Array(input_ids.length).fill(1n);
      const ids = await loaded.generateAnswer(
        { image_embeds, input_ids, attention_mask, dims: [2, 7] },
        { max_new_tokens: 12 },
      );
      const { greedy } = JSON.parse(fs.readFileSync(path.join(folder, 'expected.json'), 'utf8'));
      assert.deepEqual(ids, greedy);
    } finally {
      loaded.dispose();
    }
  });

  it('the model folder has the side files that the checkpoint lacked, and needs a vocabulary alone', async () => {
    const names = fs.readdirSync(model).filter((name) => !name.startsWith('blip_'));
    assert.deepEqual(names, ['config.json', 'preprocessor_config.json']);
    await assert.rejects(BlipProcessor.fromCheckpoint(model), /vocab\.txt.*bert-base-uncased/);
    writeVocabulary(model, []);
    const processor = await BlipProcessor.fromCheckpoint(model);
    assert.deepEqual(processor.imageConfig.size, { height: 48, width: 48 });
  });
});

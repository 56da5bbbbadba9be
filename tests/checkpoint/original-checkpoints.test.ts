// Checkpoints of the original repository: names, configuration from shapes, and what takes part in which task. That
// their values are right, and what a converted one computes, is tested in pytorch-checkpoints.test.ts and
// tests/convert/pytorch-checkpoints.test.ts.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { CheckpointError, loadCheckpoint, parseBlipConfig, type CheckpointTensor } from '../../lib/checkpoint';
import { deriveConfig, imageSizeOf } from '../../lib/checkpoint/original/original-side-files';
import { readOriginal } from '../../lib/checkpoint/original/read-original';
import { renameOriginal } from '../../lib/checkpoint/original/rename-original';
import { checkTensors, expectedTensors } from '../../lib/convert/expected-tensors';
import { BlipProcessor } from '../../lib/preprocessing';
import { writeVocabulary } from '../write-vocabulary';

const FIXTURES = path.join(__dirname, '..', 'fixtures');
const PUBLISHED = path.join(FIXTURES, 'pytorch');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-original-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

function copyOf(name: string): string {
  const folder = fs.mkdtempSync(path.join(work, 'folder-'));
  fs.cpSync(path.join(PUBLISHED, name), folder, { recursive: true });
  return folder;
}

/** Tensors of which only name and shape matter. */
function ofShapes(shapes: Readonly<Record<string, readonly number[]>>): Map<string, CheckpointTensor> {
  const unread = (): never => assert.fail('only shapes are looked at');
  return new Map(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      {
        name,
        path: 'model.pth',
        dtype: 'F32',
        shape,
        byteLength: 0,
        bytes: unread,
        toFloat32: unread,
        floatPieces: unread,
      },
    ]),
  );
}

/** The shapes of a checkpoint of the size of Salesforce's, as the library expects them, under their names there. */
function published(
  vision: object,
  text: object,
  task: 'visual-question-answering' | 'image-to-text' | 'image-text-retrieval',
) {
  const config = parseBlipConfig(
    { vision_config: vision, text_config: { num_attention_heads: 12, ...text } },
    'config.json',
  );
  return { config, tensors: ofShapes(Object.fromEntries(expectedTensors(config, task))) };
}

describe('configuration from the shapes of tensors', () => {
  const cases = [
    ['base, 384 pixels', {}, 'image-to-text', 'BlipForConditionalGeneration'],
    ['base, 480 pixels', { image_size: 480 }, 'visual-question-answering', 'BlipForQuestionAnswering'],
    [
      'large',
      { hidden_size: 1024, num_hidden_layers: 24, num_attention_heads: 16, intermediate_size: 4096 },
      'image-text-retrieval',
      'BlipForImageTextRetrieval',
    ],
    ['base, 224 pixels', { image_size: 224 }, 'image-to-text', 'BlipForConditionalGeneration'],
  ] as const;
  for (const [name, vision, task, architecture] of cases)
    it(`${name}: ${architecture}`, () => {
      const { config, tensors } = published({ layer_norm_eps: 1e-6, ...vision }, {}, task);
      const derived = parseBlipConfig(deriveConfig(tensors, architecture, 'model.pth'), 'derived');
      assert.deepEqual(derived.vision_config, config.vision_config);
      assert.deepEqual(derived.text_config, config.text_config);
      assert.deepEqual(derived.architectures, [architecture]);
    });

  it('says what is missing, and what to do, where shapes do not tell', () => {
    const derive = (shapes: Readonly<Record<string, readonly number[]>>) => () =>
      deriveConfig(new Map([...published({}, {}, 'image-to-text').tensors, ...ofShapes(shapes)]), 'X', 'model.pth');
    const words = 'text_decoder.bert.embeddings.word_embeddings.weight';
    assert.throws(
      derive({ [words]: [100, 768] }),
      /model\.pth: the vocabulary has 100 words.*30524.*Put a config\.json/,
    );
    assert.throws(
      derive({ [words]: [30524, 100] }),
      /text model's hidden size is 100, expected a multiple of 64.*config\.json/,
    );
    const patches = 'vision_model.embeddings.patch_embedding.weight';
    assert.throws(derive({ [patches]: [72, 3, 16, 16] }), /vision model's hidden size is 72/);
    assert.throws(derive({ 'vision_model.embeddings.position_embedding': [1, 578, 768] }), /578 rows.*square/);
    assert.throws(derive({ 'vision_model.embeddings.position_embedding': [] }), /has no axis 1/);
    assert.throws(
      () => imageSizeOf(new Map(), 'model.pth'),
      /no tensor "vision_model\.embeddings\.position_embedding"/,
    );
  });
});

describe('names of the original repository', () => {
  it('training copies and queues are left out', () => {
    const names = [
      'visual_encoder_m.cls_token',
      'text_encoder_m.embeddings.LayerNorm.bias',
      'vision_proj_m.bias',
      'text_proj_m.bias',
      'image_queue',
      'text_queue',
      'idx_queue',
      'ptr_queue',
      'queue_ptr',
      'temp',
    ];
    const renamed = renameOriginal(
      ofShapes(Object.fromEntries([...names, 'visual_encoder.cls_token'].map((name) => [name, []]))),
      'm',
    );
    assert.deepEqual([...renamed.keys()], ['vision_model.embeddings.class_embedding']);
  });
  it('names the task of an NLVR2 checkpoint', () =>
    assert.throws(
      () => renameOriginal(ofShapes({ 'cls_head.0.weight': [] }), 'model_base_nlvr.pth'),
      /CheckpointError: model_base_nlvr\.pth: a checkpoint for NLVR2/,
    ));
  it('refuses two tensors of one name', () =>
    assert.throws(
      () => renameOriginal(ofShapes({ 'vision_model.post_layernorm.bias': [], 'visual_encoder.norm.bias': [] }), 'm'),
      /two tensors.*vision_model\.post_layernorm\.bias/,
    ));
});

describe('the task of a file', () => {
  /** Of some parts, in the size of Salesforce's base models. */
  function partsOf(...parts: string[]): Map<string, CheckpointTensor> {
    const shapes = new Map([
      ...published({}, {}, 'visual-question-answering').tensors,
      ...published({}, {}, 'image-text-retrieval').tensors,
    ]);
    const text = [...shapes].filter(([name]) => parts.includes(name.split('.')[0]));
    const vision = {
      'visual_encoder.pos_embed': [1, 197, 768],
      'visual_encoder.patch_embed.proj.weight': [768, 3, 16, 16],
      'visual_encoder.blocks.0.mlp.fc1.weight': [3072, 768],
    };
    return new Map([...ofShapes(vision), ...text]);
  }
  const cases = [
    ['captions', ['text_decoder'], ['text_decoder'], 'BlipForConditionalGeneration'],
    ['questions', ['text_encoder', 'text_decoder'], ['text_encoder', 'text_decoder'], 'BlipForQuestionAnswering'],
    ['retrieval', ['text_encoder', 'itm_head'], ['text_encoder', 'itm_head'], 'BlipForImageTextRetrieval'],
    [
      'pretraining, as transformers takes it',
      ['text_encoder', 'text_decoder', 'itm_head'],
      ['text_decoder'],
      'BlipForConditionalGeneration',
    ],
  ] as const;
  for (const [task, parts, kept, architecture] of cases)
    it(`${task}: ${architecture}`, () => {
      const read = readOriginal(partsOf(...parts), fs.mkdtempSync(path.join(work, 'empty-')), 'model.pth');
      assert.deepEqual(read.config.architectures, [architecture]);
      assert.equal(read.config.vision_config.image_size, 224);
      const found = new Set([...read.tensors.keys()].map((name) => name.split('.')[0]));
      assert.deepEqual(found, new Set(['vision_model', ...kept]));
    });
});

describe('a .pth alone', () => {
  const file = path.join(PUBLISHED, 'derived', 'model_base_vqa.pth');

  it('loads with what its shapes say', async () => {
    const checkpoint = await loadCheckpoint(file);
    assert.equal(checkpoint.task, 'visual-question-answering');
    assert.equal(checkpoint.config.vision_config.image_size, 48);
    assert.deepEqual([...checkpoint.derivedFiles.keys()], ['config.json', 'preprocessor_config.json']);
    checkTensors(checkpoint);
    checkpoint.close();
  });

  it('needs the tokenizer beside it, and says which; then images have the size that the weights ask for', async () => {
    const folder = copyOf('derived');
    const source = path.join(folder, 'model_base_vqa.pth');
    const checkpoint = await loadCheckpoint(source);
    await assert.rejects(
      BlipProcessor.fromCheckpoint(checkpoint),
      /neither tokenizer\.json nor vocab\.txt.*bert-base-uncased/,
    );
    writeVocabulary(folder, [], checkpoint.config.text_config);
    const processor = await BlipProcessor.fromCheckpoint(checkpoint);
    assert.deepEqual(processor.imageConfig.size, { height: 48, width: 48 });
    assert.equal(processor.imageConfig.resample, 'bicubic');
    checkpoint.close();
    assert.deepEqual((await BlipProcessor.fromPretrained(source)).imageConfig, processor.imageConfig);
  });

  it('goes before the image size in files that were copied from the hub, whose other settings count', async () => {
    for (const name of ['preprocessor_config.json', 'processor_config.json']) {
      const folder = copyOf('vqa-original');
      const config = path.join(folder, 'config.json');
      const json = JSON.parse(fs.readFileSync(config, 'utf8'));
      json.vision_config.image_size = 384;
      fs.writeFileSync(config, JSON.stringify(json));
      const settings = { size: { height: 384, width: 384 }, resample: 2 };
      fs.writeFileSync(
        path.join(folder, name),
        JSON.stringify(name === 'processor_config.json' ? { image_processor: settings } : settings),
      );
      writeVocabulary(folder, []);
      const checkpoint = await loadCheckpoint(path.join(folder, 'model_base.pth'));
      assert.equal(checkpoint.config.vision_config.image_size, 24);
      assert.equal(checkpoint.config.text_config.num_attention_heads, 4, 'the rest is that of config.json');
      const { imageConfig } = await BlipProcessor.fromCheckpoint(checkpoint);
      assert.deepEqual([imageConfig.size, imageConfig.resample], [{ height: 24, width: 24 }, 'bilinear']);
      assert.deepEqual([...checkpoint.derivedFiles.keys()], ['config.json', name]);
      checkpoint.close();
    }
  });

  it('takes only the parts of the task that config.json names', async () => {
    const folder = copyOf('vqa-original');
    const [config, source] = ['config.json', 'model_base.pth'].map((name) => path.join(folder, name));
    const json = JSON.parse(fs.readFileSync(config, 'utf8'));
    fs.writeFileSync(config, JSON.stringify({ ...json, architectures: ['BlipForConditionalGeneration'] }));
    const checkpoint = await loadCheckpoint(source);
    assert.equal(checkpoint.task, 'image-to-text');
    assert.ok(![...checkpoint.tensors.keys()].some((name) => name.startsWith('text_encoder.')));
    checkTensors(checkpoint);
    checkpoint.close();
  });

  it('names a config.json that is not one', async () => {
    const folder = copyOf('vqa-original');
    fs.writeFileSync(path.join(folder, 'config.json'), '[]');
    await assert.rejects(loadCheckpoint(path.join(folder, 'model_base.pth')), /config\.json/);
    fs.rmSync(path.join(folder, 'config.json'));
    await assert.rejects(
      loadCheckpoint(path.join(folder, 'model_base.pth')),
      (error: unknown) =>
        error instanceof CheckpointError && /vocabulary has 61 words|hidden size is 32/.test(error.message),
    );
  });
});

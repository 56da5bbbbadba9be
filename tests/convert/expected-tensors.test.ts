// Tensors that do not fit config.json are refused before anything is written, all of them in one message.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { CheckpointTensorsError, type ConvertedBlip } from '../../lib/convert';
import { convert, FIXTURES, fresh } from './convert-fixture';
import { editCheckpoint, type Edits } from './edit-checkpoint';

/** The weights of every part. */
function bins({ folder }: ConvertedBlip): Buffer[] {
  const names = fs.readdirSync(folder).filter((name) => name.endsWith('.bin'));
  assert.ok(names.length > 1);
  return names.map((name) => fs.readFileSync(path.join(folder, name)));
}

describe('tensors that do not fit config.json are refused before anything is written', () => {
  const refuse = async (edits: Edits, ...parts: RegExp[]): Promise<void> => {
    const folder = editCheckpoint('vqa-f16', fresh(), edits);
    const output = fresh();
    await assert.rejects(convert(folder, output), (error: unknown) => {
      assert.ok(error instanceof CheckpointTensorsError, String(error));
      assert.ok(
        error.message.startsWith(`${folder}: the weights do not fit config.json (visual-question-answering)`),
        error.message,
      );
      for (const part of parts) assert.match(error.message, part);
      return true;
    });
    assert.equal(fs.existsSync(output), false);
  };

  it('a missing tensor, with the shape it should have', () =>
    refuse(
      { tensors: (all) => all.delete('text_encoder.encoder.layer.0.crossattention.self.key.weight') },
      /1 missing:\n {2}text_encoder\.encoder\.layer\.0\.crossattention\.self\.key\.weight, expected \[32, 32\]/,
    ));

  it('a tensor of another shape, with both shapes and its file', () =>
    refuse(
      {
        tensors: (all) => {
          const was = all.get('vision_model.post_layernorm.bias');
          if (was) all.set('vision_model.post_layernorm.bias', { ...was, shape: [4, 8] });
        },
      },
      /1 of the wrong shape:\n {2}vision_model\.post_layernorm\.bias is \[4, 8\], expected \[32\] \(model\.safe/,
    ));

  it('a tensor that no part reads, with its shape and file', () =>
    refuse(
      {
        tensors: (all) =>
          all.set('text_decoder.bert.adapter.weight', { dtype: 'F16', shape: [2], bytes: new Uint8Array(4) }),
      },
      /1 unexpected:\n {2}text_decoder\.bert\.adapter\.weight \[2\] \(model\.safetensors\)/,
    ));

  it('weights that were quantized: what they are, and what to take instead', () =>
    refuse(
      {
        tensors: (all) => {
          const name = 'vision_model.encoder.layers.0.mlp.fc1.weight';
          const was = all.get(name) ?? assert.fail(name);
          // as bitsandbytes saves a layer of 8 bits
          all.set(name, { dtype: 'I8', shape: was.shape, bytes: new Uint8Array(was.bytes.length / 2) });
          all.set(name.replace('weight', 'SCB'), {
            dtype: 'F32',
            shape: [was.shape[0]],
            bytes: new Uint8Array(4 * was.shape[0]),
          });
        },
      },
      /fc1\.weight is I8, expected one of F32/,
      /fc1\.SCB \[\d+\]/,
      /quantized.*model\.dequantize\(\).*quantizeBlip/,
    ));

  it('a tensor of another dtype that no task has is no reason', async () => {
    const folder = editCheckpoint('vqa-f16', fresh(), {
      tensors: (all) => all.set('my_head.weight', { dtype: 'I32', shape: [1], bytes: new Uint8Array(4) }),
    });
    const [plain, extended] = [await convert(path.join(FIXTURES, 'vqa-f16'), fresh()), await convert(folder, fresh())];
    assert.deepEqual(bins(extended), bins(plain));
  });

  it('a config.json of a deeper model, with the first missing names and how many more', () =>
    refuse(
      {
        config: (config) => {
          if (typeof config.vision_config === 'object')
            config.vision_config = { ...config.vision_config, num_hidden_layers: 4 };
        },
      },
      /24 missing:\n {2}vision_model\.encoder\.layers\.2\.layer_norm1\.weight, expected \[32\]/,
      /and 12 more\n/,
      /belong together/,
    ));

  it('a config.json of another vocabulary, naming every tensor that has it', () =>
    refuse(
      {
        config: (config) => {
          if (typeof config.text_config === 'object') config.text_config = { ...config.text_config, vocab_size: 62 };
        },
      },
      /3 of the wrong shape:/,
      /text_decoder\.cls\.predictions\.bias is \[61\], expected \[62\]/,
    ));

  it('but not buffers, tied copies and heads of other tasks: they are passed over', async () => {
    const zeros = (...shape: number[]) => ({
      dtype: 'F16',
      shape,
      bytes: new Uint8Array(2 * shape.reduce((a, b) => a * b, 1)),
    });
    const extras = (
      all: Map<string, ReturnType<typeof zeros> | { dtype: string; shape: readonly number[]; bytes: Uint8Array }>,
    ): void => {
      all.set('text_encoder.embeddings.position_ids', zeros(1, 33));
      all.set('text_encoder.pooler.dense.bias', zeros(32));
      all.set('itm_head.weight', zeros(2, 32));
      const embedding = all.get('text_decoder.bert.embeddings.word_embeddings.weight');
      assert.ok(embedding);
      all.set('text_decoder.cls.predictions.decoder.weight', embedding);
    };
    const plain = await convert(path.join(FIXTURES, 'vqa-f16'), fresh());
    const extended = await convert(editCheckpoint('vqa-f16', fresh(), { tensors: extras }), fresh());
    for (const part of ['vision_model', 'text_encoder', 'text_decoder'] as const)
      assert.deepEqual(
        fs.readFileSync(extended.models[part]?.bin ?? ''),
        fs.readFileSync(plain.models[part]?.bin ?? ''),
        part,
      );
  });

  it('an output layer of its own is checked like every other tensor', () =>
    refuse(
      {
        tensors: (all) =>
          all.set('text_decoder.cls.predictions.decoder.weight', {
            dtype: 'F16',
            shape: [60, 32],
            bytes: new Uint8Array(60 * 32 * 2),
          }),
      },
      /1 of the wrong shape:\n {2}text_decoder\.cls\.predictions\.decoder\.weight is \[60, 32\], expected \[61, 32\]/,
    ));

  it('an output layer of its own must be there when config.json says that it is not tied', () =>
    refuse(
      {
        config: (config) => {
          config.tie_word_embeddings = false;
          if (typeof config.text_config === 'object')
            config.text_config = { ...config.text_config, tie_word_embeddings: false };
        },
      },
      /2 missing:\n {2}text_decoder\.cls\.predictions\.decoder\.weight, expected \[61, 32\]/,
    ));

  it('reads a tied tensor under either of its names', async () => {
    const rename = (all: Map<string, { dtype: string; shape: readonly number[]; bytes: Uint8Array }>): void => {
      for (const [from, to] of [
        ['cls.predictions.bias', 'cls.predictions.decoder.bias'],
        ['bert.embeddings.word_embeddings.weight', 'cls.predictions.decoder.weight'],
      ]) {
        const tensor = all.get(`text_decoder.${from}`);
        assert.ok(tensor, from);
        all.delete(`text_decoder.${from}`);
        all.set(`text_decoder.${to}`, tensor);
      }
    };
    const plain = await convert(path.join(FIXTURES, 'vqa-f16'), fresh());
    const renamed = await convert(editCheckpoint('vqa-f16', fresh(), { tensors: rename }), fresh());
    assert.deepEqual(
      fs.readFileSync(renamed.models.text_decoder?.bin ?? ''),
      fs.readFileSync(plain.models.text_decoder?.bin ?? ''),
    );
  });
});

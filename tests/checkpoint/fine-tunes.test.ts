// What people have who trained a model themselves or fetched one by hand: adapters, state dicts of training scripts,
// and files that are something else than their name says (tests/fixtures/make_pytorch_files.py).
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import {
  CheckpointError,
  loadCheckpoint,
  openPyTorchFile,
  openSafetensors,
  PyTorchFileError,
  SafetensorsError,
} from '../../lib/checkpoint';
import { editCheckpoint } from '../convert/edit-checkpoint';

const FIXTURES = path.join(__dirname, '..', 'fixtures');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-fine-tunes-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

/** A folder with these files, each with its text, and perhaps config.json. */
function folderOf(files: Readonly<Record<string, string>>, hasConfig = true): string {
  const folder = fs.mkdtempSync(path.join(work, 'folder-'));
  if (hasConfig)
    fs.copyFileSync(path.join(FIXTURES, 'checkpoints', 'vqa-f16', 'config.json'), path.join(folder, 'config.json'));
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text, 'latin1');
  return folder;
}

describe('state dicts of training scripts', () => {
  it('is found under any name, when it is the only one', () => {
    const file = openPyTorchFile(path.join(FIXTURES, 'pytorch', 'nested.bin'));
    assert.deepEqual([...file.tensors.keys()], ['a.weight', 'a.bias']);
    assert.deepEqual([...(file.tensors.get('a.weight')?.toFloat32() ?? [])], [0, 1, 2, 3, 4, 5]);
    file.close();
  });

  it('of several none is chosen', () =>
    assert.throws(
      () => openPyTorchFile(path.join(FIXTURES, 'pytorch', 'several.bin')),
      (error: unknown) =>
        error instanceof PyTorchFileError && /several\.bin.*"student", "teacher".*alone/.test(error.message),
    ));

  it('a TorchScript archive is told as that', () =>
    assert.throws(
      () => openPyTorchFile(path.join(FIXTURES, 'pytorch', 'script.bin')),
      (error: unknown) => error instanceof PyTorchFileError && /TorchScript/.test(error.message),
    ));
});

describe('adapters of PEFT', () => {
  const CONFIG = '{"peft_type": "LORA", "base_model_name_or_path": "Salesforce/blip-vqa-base"}';

  it('a folder with an adapter is told as that, with its base', async () => {
    for (const hasConfig of [false, true])
      await assert.rejects(
        loadCheckpoint(folderOf({ 'adapter_config.json': CONFIG, 'adapter_model.safetensors': '' }, hasConfig)),
        (error: unknown) =>
          error instanceof CheckpointError &&
          /adapter of PEFT.*"Salesforce\/blip-vqa-base".*merge_and_unload/.test(error.message),
      );
  });

  it('one whose settings cannot be read is an adapter all the same', async () => {
    for (const text of ['', '[]', '{"base_model_name_or_path": 7}'])
      await assert.rejects(loadCheckpoint(folderOf({ 'adapter_config.json': text }, false)), /adapter of PEFT/);
  });

  it('weights with an adapter that was not merged are refused, not read without it', async () => {
    const query = 'text_decoder.bert.encoder.layer.0.attention.self.query';
    const folder = editCheckpoint('vqa-f16', path.join(work, 'unmerged'), {
      tensors: (all) => {
        all.set(`${query}.lora_A.default.weight`, { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) });
      },
    });
    await assert.rejects(
      loadCheckpoint(folder),
      (error: unknown) => error instanceof CheckpointError && /model\.safetensors.*PEFT.*merge/.test(error.message),
    );
  });

  it('a merged model that kept adapter_config.json beside its weights is read', async () => {
    const folder = editCheckpoint('vqa-f16', path.join(work, 'merged'), {});
    fs.writeFileSync(path.join(folder, 'adapter_config.json'), CONFIG);
    (await loadCheckpoint(folder)).close();
  });
});

describe('files that are something else than their name says', () => {
  const POINTER = 'version https://git-lfs.github.com/spec/v1\noid sha256:4665\nsize 9800\n';
  const others: readonly (readonly [string, string, RegExp])[] = [
    ['a pointer of Git LFS', POINTER, /git lfs pull/],
    ['a web page', '<!DOCTYPE html><html><body>Sign in</body></html>', /web page/],
    ['an answer in JSON', '{"error": "Repository not found"}', /JSON/],
    ['weights of TensorFlow', '\x89HDF\r\n\x1a\n\0\0\0\0\0', /TensorFlow/],
  ];
  for (const [what, text, message] of others)
    it(what, () => {
      const folder = folderOf({ 'model.safetensors': text, 'pytorch_model.bin': text });
      const [safetensors, bin] = ['model.safetensors', 'pytorch_model.bin'].map((name) => path.join(folder, name));
      const told = (error: unknown, file: string): boolean =>
        error instanceof Error && error.message.startsWith(file) && message.test(error.message);
      assert.throws(
        () => openSafetensors(safetensors),
        (error) => error instanceof SafetensorsError && told(error, safetensors),
      );
      assert.throws(
        () => openPyTorchFile(bin),
        (error) => error instanceof PyTorchFileError && told(error, bin),
      );
    });

  it('the one format under the name of the other', () => {
    const folder = folderOf({});
    const copy = (from: string, name: string): string => {
      fs.copyFileSync(path.join(FIXTURES, from), path.join(folder, name));
      return path.join(folder, name);
    };
    for (const file of ['zip.bin', 'legacy.bin'])
      assert.throws(
        () => openSafetensors(copy(`pytorch/${file}`, 'a.safetensors')),
        /file of PyTorch.*pytorch_model\.bin/,
      );
    assert.throws(() => openPyTorchFile(copy('pytorch/expected.safetensors', 'a.bin')), /safetensors file/);
  });

  it('a cut safetensors file, whatever its header’s length, is none of PyTorch’s', () => {
    for (const length of [0x0280, 0x020480]) {
      const bytes = Buffer.alloc(100, '{"a":');
      bytes.writeBigUInt64LE(BigInt(length));
      const folder = folderOf({ 'model.safetensors': bytes.toString('latin1') });
      assert.throws(() => openSafetensors(path.join(folder, 'model.safetensors')), /incomplete/);
    }
  });

  it('weights of other frameworks beside config.json, with how they become readable', async () => {
    for (const [name, message] of [
      ['tf_model.h5', /tf_model\.h5.*TensorFlow.*from_tf/],
      ['flax_model.msgpack', /flax_model\.msgpack.*Flax.*from_flax/],
      ['model.onnx', /model\.onnx/],
    ] as const)
      await assert.rejects(loadCheckpoint(folderOf({ [name]: 'x' })), message);
  });
});

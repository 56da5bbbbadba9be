// Checkpoints whose weights are files of PyTorch's (tests/fixtures/make_pytorch_files.py): every tensor as in the
// safetensors that they were made from, in each form; which file goes first; and what is said of a folder that lacks
// something.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { CheckpointError, loadCheckpoint, PyTorchFileError } from '../../lib/checkpoint';

const FIXTURES = path.join(__dirname, '..', 'fixtures');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-pytorch-checkpoints-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

/** What the published files hold beside the parameters. */
const BESIDE = /position_ids$|cls\.predictions\.decoder\.(weight|bias)$/;

/** A folder of its own with copies of these fixtures' files. */
function copyOf(...names: string[]): string {
  const folder = fs.mkdtempSync(path.join(work, 'folder-'));
  for (const name of names) fs.cpSync(path.join(FIXTURES, name), folder, { recursive: true });
  return folder;
}

async function assertTwins(source: string, twin: string): Promise<void> {
  const [checkpoint, expected] = [await loadCheckpoint(source), await loadCheckpoint(twin)];
  assert.deepEqual(checkpoint.parameterCounts, expected.parameterCounts);
  assert.equal(checkpoint.task, expected.task);
  assert.deepEqual(checkpoint.config, expected.config);
  for (const [name, reference] of expected.tensors) {
    const tensor = checkpoint.tensors.get(name);
    assert.equal(tensor?.name, name);
    assert.equal(tensor?.dtype, reference.dtype);
    assert.deepEqual(tensor?.shape, reference.shape);
    assert.deepEqual(tensor?.bytes(), reference.bytes(), name);
  }
  for (const name of checkpoint.tensors.keys()) assert.ok(expected.tensors.has(name) || BESIDE.test(name), name);
  checkpoint.close();
  expected.close();
}

describe('checkpoints in PyTorch’s format hold what their safetensors twins do', () => {
  const twins = [
    ['vqa-bin', 'vqa-f16'],
    ['vqa-legacy', 'vqa-f16'],
    ['caption-bin', 'caption-bf16'],
    ['caption-shards', 'caption-bf16'],
    ['retrieval-bin', 'retrieval'],
    ['vqa-original/model_base.pth', 'vqa-f16'],
    ['caption-original/model_base.pth', 'caption-bf16'],
    ['retrieval-original/model_base.pth', 'retrieval'],
  ] as const;
  for (const [name, twin] of twins)
    it(name, () => assertTwins(path.join(FIXTURES, 'pytorch', name), path.join(FIXTURES, 'checkpoints', twin)));

  it('a file of weights that is named, with config.json beside it', async () => {
    await assertTwins(
      path.join(FIXTURES, 'pytorch', 'vqa-bin', 'pytorch_model.bin'),
      path.join(FIXTURES, 'checkpoints', 'vqa-f16'),
    );
    await assertTwins(
      path.join(FIXTURES, 'checkpoints', 'vqa-f16', 'model.safetensors'),
      path.join(FIXTURES, 'checkpoints', 'vqa-f16'),
    );
  });

  it('original names in pytorch_model.bin', async () => {
    const folder = copyOf('pytorch/vqa-original');
    fs.renameSync(path.join(folder, 'model_base.pth'), path.join(folder, 'pytorch_model.bin'));
    await assertTwins(folder, path.join(FIXTURES, 'checkpoints', 'vqa-f16'));
  });
});

describe('which weights are taken', () => {
  const file = async (folder: string): Promise<string> => {
    const checkpoint = await loadCheckpoint(folder);
    checkpoint.close();
    return path.basename(checkpoint.tensors.get('vision_model.embeddings.class_embedding')?.path ?? '');
  };

  it('safetensors before PyTorch’s files, one file before shards', async () => {
    const folder = copyOf('pytorch/caption-shards', 'pytorch/caption-bin', 'checkpoints/caption-bf16');
    const index = { weight_map: { 'vision_model.embeddings.class_embedding': 'shard.safetensors' } };
    fs.copyFileSync(path.join(folder, 'model.safetensors'), path.join(folder, 'shard.safetensors'));
    fs.writeFileSync(path.join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
    const remove = (name: string): void => fs.rmSync(path.join(folder, name));
    assert.equal(await file(folder), 'model.safetensors');
    remove('model.safetensors');
    assert.equal(await file(folder), 'shard.safetensors');
    remove('model.safetensors.index.json');
    assert.equal(await file(folder), 'pytorch_model.bin');
    remove('pytorch_model.bin');
    assert.match(await file(folder), /^pytorch_model-0000\d-of-00003\.bin$/);
  });

  it('says what is there, and how to name another file', async () => {
    const folder = copyOf('pytorch/vqa-original');
    await assert.rejects(loadCheckpoint(folder), (error: unknown) => {
      assert.ok(error instanceof CheckpointError);
      assert.match(error.message, /none of model\.safetensors.*pytorch_model\.bin\.index\.json/);
      assert.match(error.message, /found .*model_base\.pth/);
      assert.ok(error.message.includes(`name it: ${path.join(folder, 'model_base.pth')}`));
      return true;
    });
    fs.rmSync(path.join(folder, 'config.json'));
    await assert.rejects(loadCheckpoint(folder), /no config\.json here.*name the file: .*model_base\.pth/);
    fs.rmSync(path.join(folder, 'model_base.pth'));
    await assert.rejects(loadCheckpoint(folder), /no config\.json here \(found nothing\)/);
  });

  it('says what to put beside a file', async () => {
    const folder = copyOf('pytorch/vqa-bin');
    fs.rmSync(path.join(folder, 'config.json'));
    await assert.rejects(
      loadCheckpoint(path.join(folder, 'pytorch_model.bin')),
      /pytorch_model\.bin: there is no config\.json beside it.*preprocessor_config\.json/,
    );
    await assert.rejects(loadCheckpoint(path.join(folder, 'model.pth')), /CheckpointError: .*model\.pth: no such file/);
    fs.writeFileSync(path.join(folder, 'notes.txt'), 'weights');
    await assert.rejects(
      loadCheckpoint(path.join(folder, 'notes.txt')),
      /notes\.txt: a file of weights ends in \.safetensors/,
    );
  });

  it('closes the weights that it refuses', async () => {
    const open = (): number => (fs.existsSync('/dev/fd') ? fs.readdirSync('/dev/fd').length : 0);
    const folder = copyOf('pytorch/vqa-bin');
    fs.rmSync(path.join(folder, 'config.json'));
    const before = open();
    await assert.rejects(loadCheckpoint(path.join(folder, 'pytorch_model.bin')), /no config\.json/);
    assert.equal(open(), before);
  });

  it('names a broken file, and a shard that lacks a tensor', async () => {
    const folder = copyOf('pytorch/caption-bin');
    fs.truncateSync(path.join(folder, 'pytorch_model.bin'), 1000);
    await assert.rejects(loadCheckpoint(folder), PyTorchFileError);
    const shards = copyOf('pytorch/caption-shards');
    const index = path.join(shards, 'pytorch_model.bin.index.json');
    const json = JSON.parse(fs.readFileSync(index, 'utf8'));
    json.weight_map['no.such.tensor'] = 'pytorch_model-00001-of-00003.bin';
    fs.writeFileSync(index, JSON.stringify(json));
    await assert.rejects(
      loadCheckpoint(shards),
      /says that pytorch_model-00001-of-00003\.bin holds "no\.such\.tensor"/,
    );
  });
});

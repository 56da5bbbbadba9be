// Checkpoint folders: parameter counts as PyTorch counts them, tasks, shards, and what is wrong with a broken folder.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { CheckpointError, loadCheckpoint } from '../../lib/checkpoint';

const FIXTURES = path.join(__dirname, '..', 'fixtures');
const COUNTS: Readonly<Record<string, Record<string, number>>> = JSON.parse(
  fs.readFileSync(path.join(FIXTURES, 'checkpoint', 'parameter-counts.json'), 'utf8'),
);
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-checkpoint-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

function copyOf(name: string): string {
  const folder = fs.mkdtempSync(path.join(work, 'folder-'));
  fs.cpSync(path.join(FIXTURES, 'checkpoints', name), folder, { recursive: true });
  return folder;
}

describe('loadCheckpoint', () => {
  for (const [name, counts] of Object.entries(COUNTS)) {
    it(`${name}: parameters per part as in PyTorch, values that can be read`, async () => {
      const checkpoint = await loadCheckpoint(path.join(FIXTURES, 'checkpoints', name));
      assert.deepEqual(checkpoint.parameterCounts, counts);
      const task = name.startsWith('vqa')
        ? 'visual-question-answering'
        : name.startsWith('caption')
          ? 'image-to-text'
          : 'image-text-retrieval';
      assert.equal(checkpoint.task, task);
      const embedding = checkpoint.tensors.get(
        `${task === 'image-text-retrieval' ? 'text_encoder' : 'text_decoder.bert'}.embeddings.word_embeddings.weight`,
      );
      assert.deepEqual(embedding?.shape, [
        checkpoint.config.text_config.vocab_size,
        checkpoint.config.text_config.hidden_size,
      ]);
      const values = embedding?.toFloat32() ?? new Float32Array();
      assert.ok(
        values.length > 0 && values.every((value) => Math.abs(value) < 2) && values.some((value) => value !== 0),
      );
      checkpoint.close();
    });
  }

  it('tells the task from the keys when architectures is missing', async () => {
    for (const [name, task] of [
      ['vqa-f16', 'visual-question-answering'],
      ['caption-bf16', 'image-to-text'],
    ] as const) {
      const folder = copyOf(name);
      const file = path.join(folder, 'config.json');
      fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"architectures"', '"was"'));
      const checkpoint = await loadCheckpoint(folder);
      assert.equal(checkpoint.task, task);
      checkpoint.close();
    }
  });

  it('names what a folder lacks and what is there', async () => {
    const folder = copyOf('vqa-f16');
    fs.rmSync(path.join(folder, 'model.safetensors'));
    fs.writeFileSync(path.join(folder, 'weights.bin'), '');
    await assert.rejects(
      loadCheckpoint(folder),
      /CheckpointError: .*none of model\.safetensors, .* is here \(found .*weights\.bin/,
    );
    fs.rmSync(path.join(folder, 'config.json'));
    await assert.rejects(loadCheckpoint(folder), /no config\.json here \(found .*expected\.json/);
    fs.writeFileSync(path.join(folder, 'config.json'), '{');
    await assert.rejects(loadCheckpoint(folder), /config\.json: cannot be read as JSON/);
  });

  it('names the checkpoints in a training’s output folder, and in a repository’s folder of the cache', async () => {
    const training = fs.mkdtempSync(path.join(work, 'training-'));
    for (const step of [500, 1000, 1500]) {
      const folder = path.join(training, `checkpoint-${step}`);
      fs.mkdirSync(folder);
      if (step < 1500) fs.writeFileSync(path.join(folder, 'config.json'), '{}');
    }
    fs.writeFileSync(path.join(training, 'trainer_state.json'), '{}');
    await assert.rejects(loadCheckpoint(training), (error: unknown) => {
      assert.ok(error instanceof CheckpointError, String(error));
      const [latest, earlier] = [1000, 500].map((step) => path.join(training, `checkpoint-${step}`));
      assert.ok(error.message.includes(`there is one in ${latest} and in ${earlier}: name that folder`), error.message);
      return true;
    });
    const cache = path.join(work, 'models--Some-Org--blip');
    const snapshot = path.join(cache, 'snapshots', 'a'.repeat(40));
    fs.mkdirSync(snapshot, { recursive: true });
    fs.writeFileSync(path.join(snapshot, 'config.json'), '{}');
    await assert.rejects(loadCheckpoint(cache), (error: unknown) => String(error).includes(`one in ${snapshot}: name`));
    for (let i = 0; i < 30; i++) fs.writeFileSync(path.join(training, `picture-${i}.png`), '');
    fs.rmSync(path.join(training, 'checkpoint-500'), { recursive: true });
    await assert.rejects(loadCheckpoint(training), /checkpoint-1000.*, …\).*one in .*checkpoint-1000: name/);
  });

  it('reads an index that lists tied tensors and buffers that are not there, and shards below the folder', async () => {
    const folder = copyOf('caption-sharded');
    const index = path.join(folder, 'model.safetensors.index.json');
    const json: { weight_map: Record<string, string> } = JSON.parse(fs.readFileSync(index, 'utf8'));
    const plain = await loadCheckpoint(folder);
    const names = [...plain.tensors.keys()];
    plain.close();
    const [shard] = Object.values(json.weight_map);
    const shards = new Set(Object.values(json.weight_map));
    fs.mkdirSync(path.join(folder, 'weights'));
    for (const name of shards) fs.renameSync(path.join(folder, name), path.join(folder, 'weights', name));
    const moved = Object.entries(json.weight_map).map(([name, file]) => [name, `./weights/${file}`]);
    const absent = ['text_decoder.cls.predictions.decoder.weight', 'text_decoder.bert.embeddings.position_ids'];
    for (const name of absent) moved.push([name, `weights/${shard}`]);
    fs.writeFileSync(index, JSON.stringify({ weight_map: Object.fromEntries(moved) }));
    const checkpoint = await loadCheckpoint(folder);
    assert.deepEqual([...checkpoint.tensors.keys()].sort(), names.sort());
    assert.equal(checkpoint.tensors.get(names[0])?.toFloat32().some(Number.isNaN), false);
    checkpoint.close();
  });

  it('checks the index of shards: keys, missing shards, paths that lead out', async () => {
    const folder = copyOf('caption-sharded');
    const index = path.join(folder, 'model.safetensors.index.json');
    const original = fs.readFileSync(index, 'utf8');
    const withEntry = (key: string, shard: unknown): void => {
      const json = JSON.parse(original);
      json.weight_map[key] = shard;
      fs.writeFileSync(index, JSON.stringify(json));
    };
    withEntry('no.such.tensor', 'model-00001-of-00003.safetensors');
    await assert.rejects(
      loadCheckpoint(folder),
      /says that model-00001-of-00003\.safetensors holds "no\.such\.tensor", but it does not/,
    );
    for (const shard of [
      '../secret.safetensors',
      'a/../../b',
      './../b',
      'a//b',
      'a/',
      '..',
      '',
      '/etc/passwd',
      'a\\b',
      7,
    ]) {
      withEntry('x', shard);
      await assert.rejects(loadCheckpoint(folder), /is not a plain file name/, JSON.stringify(shard));
    }
    fs.writeFileSync(index, original);
    fs.rmSync(path.join(folder, 'model-00002-of-00003.safetensors'));
    await assert.rejects(loadCheckpoint(folder), /model-00002-of-00003\.safetensors: no such file/);
  });
});

// config.json and the index of shards with sizes that no weights have: refused by name, before any work depends on
// them.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { BlipConfigError, CheckpointError, loadCheckpoint, parseBlipConfig } from '../../lib/checkpoint';
import { readWeightIndex } from '../../lib/checkpoint/weight-index';
import { BlipError } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/is-record';
import { parseJSON } from '../../lib/core/read-json';
import { projectRoot } from '../project-root';

const BUNDLED = path.join(projectRoot(), 'models', 'blip-scenes');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-hostile-config-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

const folder = path.join(work, 'checkpoint');
fs.cpSync(BUNDLED, folder, { recursive: true });

async function refuses(part: string, field: string, value: number, ...words: string[]): Promise<void> {
  const json: unknown = JSON.parse(fs.readFileSync(path.join(BUNDLED, 'config.json'), 'utf8'));
  assert.ok(isRecord(json) && isRecord(json[part]));
  json[part][field] = value;
  fs.writeFileSync(path.join(folder, 'config.json'), JSON.stringify(json));
  const start = performance.now();
  await assert.rejects(loadCheckpoint(folder), (error: unknown) => {
    assert.ok(error instanceof BlipConfigError || error instanceof CheckpointError, String(error));
    for (const word of ['config.json', `${part}.${field}`, String(value), ...words])
      assert.ok(error.message.includes(word), `${error.message} lacks "${word}"`);
    return true;
  });
  assert.ok(performance.now() - start < 20_000, 'at once');
}

test('a size beyond what the weights hold names the field and the tensor', async () => {
  await refuses('vision_config', 'num_hidden_layers', 900, 'layers.899');
  await refuses('text_config', 'num_hidden_layers', 1000, 'layer.999');
  await refuses('vision_config', 'intermediate_size', 65_536, 'MLP');
  await refuses('vision_config', 'image_size', 16_384, 'position_embedding');
  await refuses('text_config', 'vocab_size', 1_900_000, 'word_embeddings');
  await refuses('text_config', 'max_position_embeddings', 1_000_000, 'position_embeddings');
  for (const part of ['vision_config', 'text_config']) await refuses(part, 'hidden_size', 192 * 64, 'attention');
});

test('a size beyond any model is refused as the field is read', async () => {
  for (const part of ['vision_config', 'text_config'])
    for (const field of ['num_hidden_layers', 'hidden_size', 'intermediate_size'])
      for (const value of [100_000_000, 2 ** 53 - 1, 1e300]) await refuses(part, field, value, ' 1 to ');
  await refuses('vision_config', 'num_hidden_layers', 100_000, '1 to 1000');
  await refuses('vision_config', 'image_size', 1e9, ' 1 to ');
  await refuses('text_config', 'vocab_size', 1e9, ' 1 to ');
});

test('values of any kind and length make a short message of a named class', () => {
  const long = 'x'.repeat(5_000_000);
  const values: unknown[] = [
    long,
    { [long]: long },
    Array.from({ length: 100_000 }, () => long),
    [[[[[[]]]]]],
    null,
    -1,
  ];
  for (const value of values)
    for (const json of [
      value,
      { model_type: value },
      { text_config: value },
      { vision_config: { image_size: value } },
    ]) {
      try {
        parseBlipConfig(json, 'config.json');
      } catch (error) {
        assert.ok(error instanceof BlipError, String(error));
        assert.ok(error.message.length < 1500, `a message of ${error.message.length} characters`);
      }
    }
  assert.deepEqual(parseBlipConfig({ architectures: [{ toString: 1 }, 'A', [[]]] }, 'config.json').architectures, [
    'A',
  ]);
});

test('an index of shards with a long or foreign name makes a short message', () => {
  const file = path.join(work, 'model.safetensors.index.json');
  for (const shard of ['../x', 'y'.repeat(1_000_000), { a: 'z'.repeat(1_000_000) }]) {
    fs.writeFileSync(file, JSON.stringify({ weight_map: { ['t'.repeat(1_000_000)]: shard } }));
    if (typeof shard === 'string' && !shard.startsWith('.')) continue;
    assert.throws(
      () => readWeightIndex(file),
      (error) => error instanceof CheckpointError && error.message.length < 1000 && error.message.includes(file),
    );
  }
});

test('the count of values is bounded before JSON is parsed, and characters of strings do not count', () => {
  for (const text of [`[${'[],'.repeat(2_500_000)}1]`, `[${'0,'.repeat(2_500_001)}1]`, '{{{1'])
    assert.throws(() => parseJSON(text, 'text'), /^FileError: text: (has more than 2500000 values|cannot be read)/);
  assert.equal(parseJSON(JSON.stringify(',[{'.repeat(2_500_000)), 'text'), ',[{'.repeat(2_500_000));
  assert.throws(() => parseJSON('[1,2,3]', 'text', { maxValues: 2 }), /more than 2 values/);
});

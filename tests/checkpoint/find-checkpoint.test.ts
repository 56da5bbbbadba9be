// Checkpoints by hub id: which files are fetched, that all side files are checked before any weights, revisions, and
// names that are wrong.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { CheckpointError, loadCheckpoint, type LoadCheckpointOptions } from '../../lib/checkpoint';
import { BlipError } from '../../lib/core/errors';
import { BlipProcessor } from '../../lib/preprocessing';
import { EntryNotFoundError, LocalEntryNotFoundError, MissingWeightsError } from '../../lib/hub';
import { COMMIT, ID, LoopbackHub } from '../hub/loopback-hub';
import { scenarioEnvironment, withEnvironment } from '../hub/run-scenario';
import { writeVocabulary } from '../write-vocabulary';

const FIXTURES = path.join(__dirname, '..', 'fixtures', 'checkpoints');
const PUBLISHED = path.join(__dirname, '..', 'fixtures', 'published', 'blip-vqa-base');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'find-checkpoint-'));
let hub: LoopbackHub;
let cache_dir: string;
let files: Record<string, Buffer>;

const SIDE = [
  'config.json',
  'preprocessor_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'vocab.txt',
];
const read = (folder: string, name: string): [string, Buffer] => [name, fs.readFileSync(path.join(folder, name))];

/** A whole checkpoint: published side files with small weights. */
function publishedFiles(): Record<string, Buffer> {
  return Object.fromEntries([...SIDE, 'model.safetensors'].map((name) => read(PUBLISHED, name)));
}

before(async () => {
  hub = await LoopbackHub.start();
});
after(async () => {
  await hub.stop();
  fs.rmSync(work, { recursive: true, force: true });
});
beforeEach(() => {
  files = publishedFiles();
  cache_dir = fs.mkdtempSync(path.join(work, 'cache-'));
});

async function load(
  id = ID,
  options: LoadCheckpointOptions = {},
  env: Record<string, string> = {},
): Promise<{ id: string; folder: string }> {
  hub.content = { files, large: Object.keys(files).filter((name) => /\.(safetensors|bin)$/.test(name)) };
  const environment = scenarioEnvironment(hub, { name: '', env }, work);
  const checkpoint = await withEnvironment(environment, () => loadCheckpoint(id, { cache_dir, ...options }));
  checkpoint.close();
  return checkpoint;
}
const weightsAsked = (): string[] => hub.log.map(({ url }) => url).filter((url) => /model/.test(path.basename(url)));

describe('a checkpoint on the hub', () => {
  it('comes with every side file that it has, and is complete offline', async () => {
    files['added_tokens.json'] = Buffer.from('{}');
    files['generation_config.json'] = Buffer.from('{}');
    files['README.md'] = Buffer.from('# not asked for');
    const { folder } = await load();
    assert.deepEqual(
      fs.readdirSync(folder).sort(),
      Object.keys(files)
        .filter((name) => name !== 'README.md')
        .sort(),
    );
    await BlipProcessor.fromCheckpoint(folder);
    hub.log = [];
    assert.equal((await load(ID, { local_files_only: true })).folder, folder);
    assert.deepEqual(hub.log, []);
  });

  it('gives its processor without its weights', async () => {
    hub.content = { files };
    const env = scenarioEnvironment(hub, { name: '' }, work);
    const processor = await withEnvironment(env, () => BlipProcessor.fromPretrained(ID, { cache_dir }));
    assert.ok(processor.text('how many dogs are there?').input_ids.length > 2);
    assert.deepEqual(weightsAsked(), []);
  });

  it('sharded weights', async () => {
    const sharded = path.join(FIXTURES, 'caption-sharded');
    const shards = fs.readdirSync(sharded).filter((name) => name.startsWith('model'));
    const folder = fs.mkdtempSync(path.join(work, 'vocabulary-'));
    fs.copyFileSync(path.join(sharded, 'config.json'), path.join(folder, 'config.json'));
    writeVocabulary(folder, ['dog']);
    files = Object.fromEntries([
      ...shards.map((name) => read(sharded, name)),
      ...['config.json', 'vocab.txt'].map((name) => read(folder, name)),
    ]);
    assert.ok(shards.length > 2);
    files['preprocessor_config.json'] = Buffer.from('{ "size": 32 }');
    const fetched = (await load()).folder;
    for (const name of shards) assert.ok(fs.existsSync(path.join(fetched, name)), name);
  });

  for (const [name, weights] of [
    ['pytorch_model.bin', { 'pytorch_model.bin': 'x' }],
    [
      'sharded pytorch_model.bin',
      {
        'pytorch_model.bin.index.json': '{"weight_map":{"a":"part-1.bin","b":"part-2.bin","c":"part-1.bin"}}',
        'part-1.bin': 'x',
        'part-2.bin': 'y',
      },
    ],
  ] as const)
    it(`without safetensors: ${name} is fetched`, async () => {
      delete files['model.safetensors'];
      for (const [file, text] of Object.entries(weights)) files[file] = Buffer.from(text);
      await assert.rejects(load(), BlipError); // these are no weights
      const folder = path.join(cache_dir, `models--${ID.replace('/', '--')}`, 'snapshots', COMMIT);
      for (const [file, text] of Object.entries(weights))
        assert.equal(fs.readFileSync(path.join(folder, file), 'utf8'), text);
    });

  const PROBLEMS: readonly [what: string, file: string, text: string | undefined, message: RegExp][] = [
    ['config.json is no JSON', 'config.json', '{', /config\.json: cannot be read as JSON/],
    [
      'config.json lacks a key',
      'config.json',
      '{"model_type":"blip","vision_config":{"hidden_size":"x"}}',
      /config\.json.*hidden_size/,
    ],
    [
      'preprocessor_config.json is HTML',
      'preprocessor_config.json',
      '<html>',
      /preprocessor_config\.json: cannot be read as JSON/,
    ],
    [
      'preprocessor_config.json asks for what is not done',
      'preprocessor_config.json',
      '{"resample":17}',
      /preprocessor_config\.json.*resample.*17/,
    ],
    [
      'preprocessor_config.json of another size',
      'preprocessor_config.json',
      '{"size":{"height":16,"width":16}}',
      /16 x 16.*384 x 384/,
    ],
    ['no image processor at all', 'preprocessor_config.json', undefined, /preprocessor_config\.json/],
    ['tokenizer.json of another kind', 'tokenizer.json', '{"model":{"type":"BPE"}}', /tokenizer\.json/],
    ['special_tokens_map.json is no JSON', 'special_tokens_map.json', '{"a":NaN}', /special_tokens_map\.json.*NaN/],
    [
      'generation_config.json is no JSON',
      'generation_config.json',
      'x',
      /generation_config\.json: cannot be read as JSON/,
    ],
  ];
  for (const [what, file, text, message] of PROBLEMS)
    it(`${what}: told before a byte of weights is asked for`, async () => {
      if (text === undefined) delete files[file];
      else files[file] = Buffer.from(text);
      await assert.rejects(load(), message);
      assert.deepEqual(weightsAsked(), []);
    });

  it('no tokenizer at all: told before the weights', async () => {
    for (const name of ['tokenizer.json', 'vocab.txt']) delete files[name];
    await assert.rejects(load(), /tokenizer\.json.*vocab\.txt/);
    assert.deepEqual(weightsAsked(), []);
  });

  it('no config.json: no checkpoint', async () => {
    delete files['config.json'];
    await assert.rejects(
      load(),
      (error: unknown) =>
        error instanceof EntryNotFoundError &&
        /Some-Org\/blip\.test: has no file config\.json at main.*"Entry not found"/.test(error.message),
    );
    assert.equal(hub.log.filter(({ url }) => !url.endsWith('/adapter_config.json')).length, 1);
  });

  it('an adapter of PEFT is told as that, with its base, whether or not config.json is beside', async () => {
    files['adapter_config.json'] = Buffer.from('{"peft_type": "LORA", "base_model_name_or_path": "Salesforce/blip-x"}');
    files['adapter_model.safetensors'] = files['model.safetensors'];
    delete files['model.safetensors'];
    const told = (error: unknown): boolean =>
      error instanceof CheckpointError &&
      error.message.startsWith(ID) &&
      /adapter of PEFT.*"Salesforce\/blip-x".*merge_and_unload/.test(error.message);
    await assert.rejects(load(), told);
    delete files['config.json'];
    await assert.rejects(load(), told);
    assert.ok(!hub.log.some(({ method, url }) => method === 'GET' && url.endsWith('adapter_model.safetensors')));
  });

  it('no weights in a form that is read: the forms, and where to look', async () => {
    delete files['model.safetensors'];
    files['tf_model.h5'] = Buffer.from('x');
    await assert.rejects(
      load(),
      (error: unknown) => error instanceof MissingWeightsError && /pytorch_model\.bin.*refs\/pr/.test(error.message),
    );
  });

  it('the index of a sharded checkpoint leads nowhere else', async () => {
    delete files['model.safetensors'];
    files['model.safetensors.index.json'] = Buffer.from('{"weight_map":{"a":"../../../etc/passwd"}}');
    await assert.rejects(load(), /"\.\.\/\.\.\/\.\.\/etc\/passwd" of "a" is not a plain file name/);
  });
});

describe('revisions', () => {
  const asked = (): string[] =>
    [...new Set(hub.log.map(({ url }) => /resolve\/([^/]+)/.exec(url)?.[1] ?? ''))].filter((name) => name !== '');

  it('behind an @, as an option, in BLIP_REVISION; `main` when none is named', async () => {
    assert.equal((await load()).id, ID);
    assert.deepEqual(asked(), ['main']);
    for (const call of [
      () => load(`${ID}@refs/pr/1`),
      () => load(ID, { revision: 'refs/pr/1' }),
      () => load(ID, {}, { BLIP_REVISION: 'refs/pr/1' }),
    ]) {
      assert.equal((await call()).id, `${ID}@refs/pr/1`);
      assert.deepEqual(asked(), ['refs%2Fpr%2F1']);
    }
    assert.equal((await load(`${ID}@v1.0`, {}, { BLIP_REVISION: 'refs/pr/1' })).id, `${ID}@v1.0`);
    assert.equal((await load(ID, {}, { BLIP_REVISION: '' })).id, ID);
  });

  it('two that differ are one too many; one that is none', async () => {
    await assert.rejects(
      load(`${ID}@v1.0`, { revision: 'main' }),
      /names the revision "v1\.0", the option revision "main"/,
    );
    await assert.rejects(load(`${ID}@../x`), CheckpointError);
    await assert.rejects(load(ID, {}, { BLIP_REVISION: '../x' }), /expected a branch, a tag/);
    await assert.rejects(load(`${ID}@nothing`), /has no revision "nothing".*"Invalid rev id: nothing".*refs\/pr/);
  });

  it('offline, another revision than the cached one is not in the cache', async () => {
    await load();
    await assert.rejects(load(`${ID}@v1.0`, { local_files_only: true }), LocalEntryNotFoundError);
  });
});

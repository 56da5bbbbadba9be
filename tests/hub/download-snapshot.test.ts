// Downloads into the cache that Python shares: what is fetched, in which order, and what the cache does alone.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { CacheError, downloadSnapshot, HubError, LocalEntryNotFoundError } from '../../lib/hub';
import { COMMIT, gitOid, ID, NEXT_COMMIT, patternBytes } from './loopback-hub';
import { scenarioEnvironment, withEnvironment } from './run-scenario';
import { CONTENT, FILES } from './scenarios';
import { DATA, WANTED, WEIGHT, setUpDownloads } from './set-up-downloads';

const t = setUpDownloads();

describe('what is fetched', () => {
  it('nothing twice; with a complete cache one question is enough', async () => {
    const folder = await t().load();
    assert.equal(folder, path.join(t().store, 'snapshots', COMMIT));
    for (const [name, data] of Object.entries(CONTENT.files)) {
      assert.deepEqual(fs.readFileSync(path.join(folder, name)), data, name);
      assert.equal(
        fs.realpathSync(path.join(folder, name)),
        fs.realpathSync(t().blob(name === WEIGHT ? undefined : gitOid(data))),
      );
    }
    assert.deepEqual(t().incomplete(), []);
    t().hub.log = [];
    assert.equal(await t().load(), folder);
    assert.deepEqual(
      t().hub.log.map(({ method, url }) => `${method} ${url}`),
      [`HEAD /${ID}/resolve/main/config.json`],
    );
    t().hub.log = [];
    assert.equal(await t().load({ revision: COMMIT }), folder);
    assert.deepEqual(t().hub.log, [], 'a commit never changes');
  });

  it('the check sees all side files, and nothing of the weights is asked for when it throws', async () => {
    const check = (folder: string): never => {
      assert.deepEqual(fs.readdirSync(folder).sort(), ['config.json', 'vocab.txt']);
      throw new Error('a bad side file');
    };
    await assert.rejects(t().load({}, { ...WANTED, check }), /a bad side file/);
    assert.deepEqual(
      t().hub.log.filter(({ url }) => url.includes('model')),
      [],
    );
  });

  it('the first weights that exist; all shards of an index', async () => {
    const shards = { 'a.bin': patternBytes(1000), 'b.bin': patternBytes(2000, 2) };
    t().hub.content = {
      files: { 'config.json': Buffer.from('{}'), 'w.index.json': Buffer.from('["a.bin","b.bin"]'), ...shards },
      large: ['a.bin', 'b.bin'],
    };
    const readShards = (file: string): string[] => JSON.parse(fs.readFileSync(file, 'utf8'));
    const weights = [{ name: WEIGHT }, { name: 'w.index.json', readShards }, { name: 'pytorch_model.bin' }];
    const folder = await t().load({}, { files: FILES.slice(0, 1), weights });
    assert.deepEqual(fs.readdirSync(folder).sort(), ['a.bin', 'b.bin', 'config.json', 'w.index.json']);
    assert.deepEqual(fs.readFileSync(path.join(folder, 'b.bin')), shards['b.bin']);
    fs.rmSync(path.join(folder, 'b.bin'));
    const files = { files: FILES.slice(0, 1), weights };
    await assert.rejects(t().load({ local_files_only: true }, files), LocalEntryNotFoundError);
    await t().load({}, files);
    assert.equal(await t().load({ local_files_only: true }, files), folder);
  });

  it('no weights at all: which were looked for, and what to do', async () => {
    t().hub.content = { files: { 'config.json': Buffer.from('{}'), 'vocab.txt': Buffer.from('x') } };
    await assert.rejects(t().load(), /no weights .*model\.safetensors, pytorch_model\.bin.*refs\/pr/);
  });

  it('a branch that moves in between is begun again', async () => {
    t().hub.content = {
      ...CONTENT,
      rules: [
        { host: 'hub', times: 1 },
        { host: 'hub', commit: NEXT_COMMIT },
      ],
    };
    const folder = await t().load();
    assert.equal(path.basename(folder), NEXT_COMMIT);
    assert.deepEqual(fs.readdirSync(folder).sort(), Object.keys(CONTENT.files).sort());
    assert.equal(fs.readFileSync(path.join(t().store, 'refs', 'main'), 'utf8'), NEXT_COMMIT);
  });

  it('refuses ids and revisions that lead out of the cache', async () => {
    for (const id of ['../x', 'a/..', 'a/b/c', '.', 'a/b?c', 'a/b--c', ''])
      await assert.rejects(downloadSnapshot(id, WANTED, { cache_dir: t().cache }), HubError, id);
    for (const revision of ['../../x', 'a b', '', '/etc', 'a//b', 'x/', 'a\\b', 'refs/../../x', '.', '-x', 'a\0b'])
      await assert.rejects(t().load({ revision }), /expected a branch, a tag/, revision);
    assert.equal(t().hub.log.length, 0);
  });
});

function isCacheError(error: unknown, message: RegExp): boolean {
  return error instanceof CacheError && message.test(error.message) && /HF_HUB_CACHE/.test(error.message);
}

describe('a cache', () => {
  it('that must not be written is used as it is', {
    skip: process.getuid?.() === 0 && 'root may write anywhere',
  }, async () => {
    const folder = await t().load();
    const folders = [
      t().store,
      ...fs.readdirSync(t().store, { recursive: true }).map((name) => path.join(t().store, String(name))),
    ];
    const readOnly = folders.filter((name) => fs.lstatSync(name).isDirectory());
    for (const name of readOnly) fs.chmodSync(name, 0o555);
    try {
      assert.equal(await t().load(), folder);
    } finally {
      for (const name of readOnly) fs.chmodSync(name, 0o755);
    }
  });

  it('that cannot be written is told with a way out, and does for what is complete in it', {
    skip: process.getuid?.() === 0 && 'root may write anywhere',
  }, async () => {
    fs.chmodSync(t().cache, 0o555);
    try {
      await assert.rejects(t().load(), (error: unknown) => isCacheError(error, /you may not write there.*EACCES/));
    } finally {
      fs.chmodSync(t().cache, 0o755);
    }
  });

  it('that is a file, or lies below one, is told as that', async () => {
    const file = path.join(t().work, 'a-file');
    fs.writeFileSync(file, '');
    for (const cache_dir of [file, path.join(file, 'hub')])
      for (const local_files_only of [false, true])
        await assert.rejects(
          t().load({ cache_dir, local_files_only }),
          (error: unknown) =>
            isCacheError(error, /a file stands where a folder is needed/) &&
            error instanceof Error &&
            error.message.startsWith(cache_dir),
        );
  });

  it('in which a new commit cannot be stored serves with the one before', async () => {
    const folder = await t().load();
    t().disturb({ host: 'hub', commit: NEXT_COMMIT });
    fs.writeFileSync(path.join(t().store, 'snapshots', NEXT_COMMIT), 'in the way');
    const told: string[] = [];
    const progress_callback = (event: { status: string; message?: string }): void => {
      if (event.status === 'cached') told.push(event.message ?? '');
    };
    assert.equal(await t().load({ progress_callback }), folder);
    assert.equal(told.length, 1);
    assert.match(told[0], /cache cannot be used.*The copy in the cache is used/);
  });

  it('without links, as Python writes it on Windows, is used and completed', async () => {
    const folder = path.join(t().store, 'snapshots', COMMIT);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, WEIGHT), DATA);
    assert.equal(await t().load(), folder);
    assert.deepEqual(t().asked('content'), []);
  });

  it('without links, when HF_HUB_DISABLE_SYMLINKS says so: files that share their content with the blobs', async () => {
    const folder = await t().load({}, undefined, { HF_HUB_DISABLE_SYMLINKS: 'YES' });
    const file = path.join(folder, WEIGHT);
    assert.ok(fs.lstatSync(file).isFile());
    assert.deepEqual(fs.readFileSync(file), DATA);
    assert.equal(fs.statSync(file).ino, fs.statSync(t().blob()).ino, 'no second copy on the disk');
    assert.equal(await t().load(), folder, 'serves without the variable, too');
  });

  it('whose blob was deleted is completed', async () => {
    const folder = await t().load();
    fs.rmSync(t().blob());
    await t().load();
    assert.deepEqual(fs.readFileSync(path.join(folder, WEIGHT)), DATA);
  });

  it('is found through HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME and XDG_CACHE_HOME', async () => {
    const places = { HF_HUB_CACHE: '', HUGGINGFACE_HUB_CACHE: '', HF_HOME: 'hub', XDG_CACHE_HOME: 'huggingface/hub' };
    for (const [name, below] of Object.entries(places)) {
      const root = fs.mkdtempSync(path.join(t().work, 'home-'));
      await t().load({ cache_dir: path.join(root, below) });
      const env = { ...scenarioEnvironment(t().hub, { name: '' }, t().work), HF_HUB_CACHE: undefined, [name]: root };
      const folder = await withEnvironment(env, () => downloadSnapshot(ID, WANTED, { local_files_only: true }));
      assert.ok(folder.startsWith(root), name);
    }
  });

  it('with a part only says what is missing, offline', async () => {
    t().disturb({ host: 'content', status: 404, headers: { 'X-Error-Code': 'EntryNotFound' } });
    await assert.rejects(t().load());
    await assert.rejects(
      t().load({ local_files_only: true }),
      /lacks the weights \(model\.safetensors, .*only partly in the cache, and the option local_files_only is set/,
    );
    await assert.rejects(t().load({}, WANTED, { HF_HUB_OFFLINE: '1' }), /HF_HUB_OFFLINE is set\. Unset it/);
  });
});

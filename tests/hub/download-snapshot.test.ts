// Downloads into the cache that Python shares: what is fetched, in which order, what is kept when it breaks off, what is told.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Progress } from '../../lib/core/progress';
import {
  DiskSpaceError,
  downloadSnapshot,
  HubError,
  LocalEntryNotFoundError,
  UnreachableError,
  type DownloadOptions,
  type SnapshotFiles,
} from '../../lib/hub';
import { COMMIT, gitOid, ID, LoopbackHub, NEXT_COMMIT, patternBytes, sha256, type Rule } from './loopback-hub';
import { scenarioEnvironment, withEnvironment } from './run-scenario';
import { CONTENT, FILES, WEIGHTS } from './scenarios';

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-hub-'));
const WEIGHT = 'model.safetensors';
const DATA = CONTENT.files[WEIGHT];
const WANTED: SnapshotFiles = { files: FILES, weights: WEIGHTS.map((name) => ({ name })) };
let hub: LoopbackHub;
let cache_dir: string;

before(async () => {
  hub = await LoopbackHub.start();
});
after(async () => {
  await hub.stop();
  fs.rmSync(work, { recursive: true, force: true });
});
beforeEach(() => {
  hub.content = CONTENT;
  cache_dir = fs.mkdtempSync(path.join(work, 'cache-'));
});

function load(options: DownloadOptions = {}, wanted = WANTED, env: Record<string, string> = {}): Promise<string> {
  return withEnvironment(scenarioEnvironment(hub, { name: '', env }, work), () =>
    downloadSnapshot(ID, wanted, { cache_dir, ...options }),
  );
}
const disturb = (...rules: Rule[]): void => {
  hub.content = { ...CONTENT, rules };
};
const store = (): string => path.join(cache_dir, 'models--Some-Org--blip.test');
const blob = (name = sha256(DATA)): string => path.join(store(), 'blobs', name);
const incomplete = (): string[] =>
  fs.readdirSync(path.join(store(), 'blobs')).filter((name) => name.endsWith('.incomplete'));
const asked = (host: string): (string | undefined)[] =>
  hub.log.filter((request) => request.host === host && request.method === 'GET').map(({ range }) => range);
const GONE = 4_194_305; // beyond the largest process id of Linux

describe('what is fetched', () => {
  it('nothing twice; with a complete cache one question is enough', async () => {
    const folder = await load();
    assert.equal(folder, path.join(store(), 'snapshots', COMMIT));
    for (const [name, data] of Object.entries(CONTENT.files)) {
      assert.deepEqual(fs.readFileSync(path.join(folder, name)), data, name);
      assert.equal(
        fs.realpathSync(path.join(folder, name)),
        fs.realpathSync(blob(name === WEIGHT ? undefined : gitOid(data))),
      );
    }
    assert.deepEqual(incomplete(), []);
    hub.log = [];
    assert.equal(await load(), folder);
    assert.deepEqual(
      hub.log.map(({ method, url }) => `${method} ${url}`),
      [`HEAD /${ID}/resolve/main/config.json`],
    );
    hub.log = [];
    assert.equal(await load({ revision: COMMIT }), folder);
    assert.deepEqual(hub.log, [], 'a commit never changes');
  });

  it('the check sees all side files, and nothing of the weights is asked for when it throws', async () => {
    const check = (folder: string): never => {
      assert.deepEqual(fs.readdirSync(folder).sort(), ['config.json', 'vocab.txt']);
      throw new Error('a bad side file');
    };
    await assert.rejects(load({}, { ...WANTED, check }), /a bad side file/);
    assert.deepEqual(
      hub.log.filter(({ url }) => url.includes('model')),
      [],
    );
  });

  it('the first weights that exist; all shards of an index', async () => {
    const shards = { 'a.bin': patternBytes(1000), 'b.bin': patternBytes(2000, 2) };
    hub.content = {
      files: { 'config.json': Buffer.from('{}'), 'w.index.json': Buffer.from('["a.bin","b.bin"]'), ...shards },
      large: ['a.bin', 'b.bin'],
    };
    const readShards = (file: string): string[] => JSON.parse(fs.readFileSync(file, 'utf8'));
    const weights = [{ name: WEIGHT }, { name: 'w.index.json', readShards }, { name: 'pytorch_model.bin' }];
    const folder = await load({}, { files: FILES.slice(0, 1), weights });
    assert.deepEqual(fs.readdirSync(folder).sort(), ['a.bin', 'b.bin', 'config.json', 'w.index.json']);
    assert.deepEqual(fs.readFileSync(path.join(folder, 'b.bin')), shards['b.bin']);
    fs.rmSync(path.join(folder, 'b.bin'));
    const files = { files: FILES.slice(0, 1), weights };
    await assert.rejects(load({ local_files_only: true }, files), LocalEntryNotFoundError);
    await load({}, files);
    assert.equal(await load({ local_files_only: true }, files), folder);
  });

  it('no weights at all: which were looked for, and what to do', async () => {
    hub.content = { files: { 'config.json': Buffer.from('{}'), 'vocab.txt': Buffer.from('x') } };
    await assert.rejects(load(), /no weights .*model\.safetensors, pytorch_model\.bin.*refs\/pr/);
  });

  it('a branch that moves in between is begun again', async () => {
    hub.content = {
      ...CONTENT,
      rules: [
        { host: 'hub', times: 1 },
        { host: 'hub', commit: NEXT_COMMIT },
      ],
    };
    const folder = await load();
    assert.equal(path.basename(folder), NEXT_COMMIT);
    assert.deepEqual(fs.readdirSync(folder).sort(), Object.keys(CONTENT.files).sort());
    assert.equal(fs.readFileSync(path.join(store(), 'refs', 'main'), 'utf8'), NEXT_COMMIT);
  });

  it('refuses ids and revisions that lead out of the cache', async () => {
    for (const id of ['../x', 'a/..', 'a/b/c', '.', 'a/b?c', 'a/b--c', ''])
      await assert.rejects(downloadSnapshot(id, WANTED, { cache_dir }), HubError, id);
    for (const revision of ['../../x', 'a b', '', '/etc', 'a//b', 'x/', 'a\\b', 'refs/../../x', '.', '-x', 'a\0b'])
      await assert.rejects(load({ revision }), /expected a branch, a tag/, revision);
    assert.equal(hub.log.length, 0);
  });
});

describe('transfers', () => {
  it('go on behind the last byte, and report progress that never runs backwards', async () => {
    disturb({ host: 'content', times: 1, breakAfter: 70_000 }, { host: 'content', times: 1, breakAfter: 50_000 });
    const loaded: number[] = [];
    const progress_callback = ({ file, status, loaded: bytes = 0 }: Progress): void => {
      if (file === WEIGHT && status === 'download') loaded.push(bytes);
    };
    const folder = await load({ progress_callback });
    assert.deepEqual(fs.readFileSync(path.join(folder, WEIGHT)), DATA);
    assert.deepEqual(asked('content'), [undefined, 'bytes=70000-', 'bytes=120000-']);
    assert.equal(loaded.at(-1), DATA.length);
    assert.deepEqual(
      loaded,
      [...loaded].sort((a, b) => a - b),
    );
  });

  it('that fall silent are taken up again', async () => {
    disturb({ host: 'content', times: 1, stallAfter: 70_000 });
    const folder = await load({}, WANTED, { HF_HUB_DOWNLOAD_TIMEOUT: '0.5' });
    assert.deepEqual(fs.readFileSync(path.join(folder, WEIGHT)), DATA);
    assert.deepEqual(asked('content'), [undefined, 'bytes=70000-']);
  });

  it('end after five attempts that brought nothing new, however often some bytes came', async () => {
    disturb({ host: 'content', breakAfter: 10, ignoreRange: true });
    await assert.rejects(
      load(),
      (error: unknown) => error instanceof UnreachableError && /5 times in a row/.test(error.message),
    );
    assert.equal(asked('content').length, 5);
    hub.content = CONTENT;
    await load();
  });

  it('take over what a process that is gone has left', async () => {
    fs.mkdirSync(path.join(store(), 'blobs'), { recursive: true });
    fs.writeFileSync(`${blob()}.${GONE}.incomplete`, DATA.subarray(0, 70_000));
    const folder = await load();
    assert.deepEqual(fs.readFileSync(path.join(folder, WEIGHT)), DATA);
    assert.deepEqual(asked('content'), ['bytes=70000-']);
    assert.deepEqual(incomplete(), []);
  });

  it('start again when what was left is wrong, or longer than the file', async () => {
    for (const wrong of [Buffer.alloc(50_000, 1), Buffer.alloc(DATA.length, 1), Buffer.alloc(DATA.length + 5, 1)]) {
      fs.rmSync(store(), { recursive: true, force: true });
      fs.mkdirSync(path.join(store(), 'blobs'), { recursive: true });
      fs.writeFileSync(`${blob()}.${GONE}.incomplete`, wrong);
      assert.deepEqual(fs.readFileSync(path.join(await load(), WEIGHT)), DATA);
    }
  });

  it('of other bytes than announced leave nothing that looks complete', async () => {
    disturb({ host: 'content', corrupt: true });
    await assert.rejects(load(), /model\.safetensors: .*not the one with SHA-256 \w{64}, 3 times.*mirror/);
    assert.ok(!fs.existsSync(blob()));
    assert.ok(!fs.existsSync(path.join(store(), 'snapshots', COMMIT, WEIGHT)));
  });

  it('of a file that changes between two attempts begin anew (If-Range)', async () => {
    const small = patternBytes(40_000, 7);
    const files = { ...CONTENT.files, 'vocab.txt': small };
    hub.content = {
      ...CONTENT,
      files,
      rules: [
        { host: 'hub', method: 'GET', path: 'vocab', times: 1, breakAfter: 10_000, headers: { ETag: '"earlier"' } },
      ],
    };
    assert.deepEqual(fs.readFileSync(path.join(await load(), 'vocab.txt')), small);
    const asked = hub.log.filter(({ method, url }) => method === 'GET' && url.includes('vocab'));
    assert.deepEqual(
      asked.map(({ range, ifRange }) => [range, ifRange]),
      [
        [undefined, undefined],
        ['bytes=10000-', '"earlier"'],
      ],
    );
  });

  it('stop at once when they are told to, and go on later', async () => {
    const controller = new AbortController();
    const progress_callback = ({ file, loaded = 0 }: Progress): void => {
      if (file === WEIGHT && loaded > 0) controller.abort();
    };
    disturb({ host: 'content', times: 1, stallAfter: 70_000 });
    await assert.rejects(load({ signal: controller.signal, progress_callback }), { name: 'AbortError' });
    assert.ok(!fs.existsSync(path.join(store(), 'snapshots', COMMIT, WEIGHT)));
    assert.deepEqual(fs.readFileSync(path.join(await load(), WEIGHT)), DATA);
    assert.equal(asked('content').length, 2);
  });

  it('are shared by two calls at once; the end of one is not the end of the other', async () => {
    await Promise.all([load(), load()]);
    assert.equal(asked('content').length, 1);
    cache_dir = fs.mkdtempSync(path.join(work, 'cache-'));
    disturb({ host: 'content', times: 1, breakAfter: 70_000 });
    const first = new AbortController();
    const seen: number[] = [];
    const one = load({ signal: first.signal });
    const two = load({
      progress_callback: ({ file, loaded = 0 }) => {
        if (file !== WEIGHT) return;
        seen.push(loaded);
        first.abort(new Error('enough'));
      },
    });
    const [cancelled, folder] = await Promise.allSettled([one, two]);
    assert.match(String(cancelled.status === 'rejected' && cancelled.reason), /enough/);
    assert.ok(folder.status === 'fulfilled', JSON.stringify(folder));
    assert.deepEqual(fs.readFileSync(path.join(folder.value, WEIGHT)), DATA);
    assert.ok(seen.length > 0);
  });

  it('end with an error of their progress callback, but not with that of another call', async () => {
    const failing = async (): Promise<never> => Promise.reject(new Error('a broken callback'));
    await assert.rejects(load({ progress_callback: failing }), /a broken callback/);
    cache_dir = fs.mkdtempSync(path.join(work, 'cache-'));
    disturb({ host: 'content', times: 1, breakAfter: 70_000 });
    const broken = ({ file, loaded = 0 }: Progress): void => {
      if (file === WEIGHT && loaded > 0) throw new Error('a broken callback');
    };
    const calls = [load(), load({ progress_callback: broken }), load()];
    const [first, second, third] = await Promise.allSettled(calls);
    assert.deepEqual([first.status, third.status], ['fulfilled', 'fulfilled']);
    assert.match(String(second.status === 'rejected' && second.reason), /a broken callback/);
    assert.equal(asked('content').length, 2);
  });

  it('are made by one process at a time: another one waits, and takes what it finds', async () => {
    fs.mkdirSync(path.join(store(), 'blobs'), { recursive: true });
    const lock = `${blob()}.lock`;
    fs.writeFileSync(lock, JSON.stringify({ pid: process.ppid, host: os.hostname() }));
    const reports: string[] = [];
    const call = load({
      progress_callback: ({ status, file }) => {
        if (file !== WEIGHT || !status.startsWith('waiting')) return;
        reports.push(status);
        fs.writeFileSync(blob(), DATA); // the other process is done
        fs.rmSync(lock);
      },
    });
    assert.deepEqual(fs.readFileSync(path.join(await call, WEIGHT)), DATA);
    assert.equal(reports.length, 1);
    assert.deepEqual(asked('content'), []);
    assert.ok(!fs.existsSync(lock));
  });

  it('that do not fit on the disk are not begun', async () => {
    disturb({
      host: 'hub',
      path: WEIGHT,
      status: 302,
      headers: {
        Location: '{content}/blob/model.safetensors',
        'X-Repo-Commit': COMMIT,
        'X-Linked-Etag': `"${sha256(DATA)}"`,
        'X-Linked-Size': '9000000000000000',
      },
    });
    await assert.rejects(
      load(),
      (error: unknown) =>
        error instanceof DiskSpaceError &&
        /9000000\.00 GB are still to be downloaded.* GB left\. Make room.*HF_HUB_CACHE/.test(error.message) &&
        error.message.includes(cache_dir),
    );
    assert.deepEqual(asked('content'), []);
  });
});

describe('waits', () => {
  const waits = (reports: readonly Progress[]): Progress[] => reports.filter(({ status }) => status === 'wait');

  it('are as long as the server says, and are shown', async () => {
    const reports: Progress[] = [];
    disturb({ host: 'hub', method: 'HEAD', path: 'config', times: 1, status: 429, headers: { 'Retry-After': '1' } });
    const started = performance.now();
    await load({ progress_callback: (progress) => reports.push(progress) });
    assert.ok(performance.now() - started >= 1_990, 'one second, and one against rounding'); // a timer may come a little early
    const shown = waits(reports);
    assert.ok(shown.length >= 2);
    assert.deepEqual([shown[0].file, shown[0].loaded, shown[0].total], ['config.json', 0, 2]);
    assert.match(shown[0].message ?? '', /status 429 \(too many requests\)/);
    assert.equal(shown.at(-1)?.loaded, 2);
  });

  it('end with the call', async () => {
    const controller = new AbortController();
    disturb({ host: 'hub', status: 503, headers: { 'Retry-After': '200' } });
    const progress_callback = (): void => controller.abort(new Error('enough'));
    const started = performance.now();
    await assert.rejects(load({ signal: controller.signal, progress_callback }), /enough/);
    assert.ok(performance.now() - started < 20_000);
  });

  it('of more than five minutes are left to the user', async () => {
    disturb({ host: 'hub', status: 429, headers: { RateLimit: '"api";r=0;t=3600' } });
    await assert.rejects(load(), /429.* asks to wait 60 minutes\. Try again then/);
    assert.equal(hub.log.length, 1);
  });

  it('are not made when the cache can do instead, which is told', async () => {
    const folder = await load();
    disturb({ host: 'hub', status: 503 });
    const reports: Progress[] = [];
    assert.equal(await load({ progress_callback: (progress) => reports.push(progress) }), folder);
    assert.equal(hub.log.length, 1);
    assert.match(
      reports.find(({ status }) => status === 'cached')?.message ?? '',
      /status 503.* copy in the cache is used/,
    );
  });
});

describe('a cache', () => {
  it('that must not be written is used as it is', {
    skip: process.getuid?.() === 0 && 'root may write anywhere',
  }, async () => {
    const folder = await load();
    const folders = [
      store(),
      ...fs.readdirSync(store(), { recursive: true }).map((name) => path.join(store(), String(name))),
    ];
    const readOnly = folders.filter((name) => fs.lstatSync(name).isDirectory());
    for (const name of readOnly) fs.chmodSync(name, 0o555);
    try {
      assert.equal(await load(), folder);
    } finally {
      for (const name of readOnly) fs.chmodSync(name, 0o755);
    }
  });

  it('without links, as Python writes it on Windows, is used and completed', async () => {
    const folder = path.join(store(), 'snapshots', COMMIT);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, WEIGHT), DATA);
    assert.equal(await load(), folder);
    assert.deepEqual(asked('content'), []);
  });

  it('whose blob was deleted is completed', async () => {
    const folder = await load();
    fs.rmSync(blob());
    await load();
    assert.deepEqual(fs.readFileSync(path.join(folder, WEIGHT)), DATA);
  });

  it('is found through HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME and XDG_CACHE_HOME', async () => {
    const places = { HF_HUB_CACHE: '', HUGGINGFACE_HUB_CACHE: '', HF_HOME: 'hub', XDG_CACHE_HOME: 'huggingface/hub' };
    for (const [name, below] of Object.entries(places)) {
      const root = fs.mkdtempSync(path.join(work, 'home-'));
      await load({ cache_dir: path.join(root, below) });
      const env = { ...scenarioEnvironment(hub, { name: '' }, work), HF_HUB_CACHE: undefined, [name]: root };
      const folder = await withEnvironment(env, () => downloadSnapshot(ID, WANTED, { local_files_only: true }));
      assert.ok(folder.startsWith(root), name);
    }
  });

  it('with a part only says what is missing, offline', async () => {
    disturb({ host: 'content', status: 404, headers: { 'X-Error-Code': 'EntryNotFound' } });
    await assert.rejects(load());
    await assert.rejects(
      load({ local_files_only: true }),
      /lacks the weights \(model\.safetensors, .*only partly in the cache, and the option local_files_only is set/,
    );
    await assert.rejects(load({}, WANTED, { HF_HUB_OFFLINE: '1' }), /HF_HUB_OFFLINE is set\. Unset it/);
  });
});

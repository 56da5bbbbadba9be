// Downloads from a hub: a server on this machine that answers as huggingface.co does (HEAD with commit and etags, large files
// behind a redirect, ranges), transfers that break, refusals, and a cache as Python's huggingface_hub writes it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { downloadSnapshot, HubError } from '../../lib/hub';

const FIXTURES = path.join(__dirname, '..', 'fixtures', 'checkpoints');
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const ID = 'Some-Org/blip.test';
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-hub-'));
const savedEnv = { ...process.env };

/** What the server holds and how it misbehaves; set anew for each test. */
let files: Record<string, Buffer>;
let log: { method: string; url: string; range?: string; authorization?: string }[];
let breakAfter: number[]; // the next transfers of weights break off after so many bytes
let status: number | undefined; // answer everything with it
let failures: number; // so many requests are answered 503 first
let corrupt: boolean;
let small: 'direct' | 'relative-redirect';
let cdn = '';

const sha = (algorithm: string, data: Buffer): string => createHash(algorithm).update(data).digest('hex');
const isLarge = (name: string): boolean => name.endsWith('.safetensors');

function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
  const url = request.url ?? '';
  log.push({
    method: request.method ?? '',
    url,
    range: request.headers.range,
    authorization: request.headers.authorization,
  });
  if (failures-- > 0) {
    response.writeHead(503).end();
    return;
  }
  if (status) {
    response.writeHead(status).end();
    return;
  }
  const cached = /^\/api\/resolve-cache\/(.+)$/.exec(url);
  const [, revision, name] = cached
    ? [undefined, 'main', cached[1]]
    : (/^\/Some-Org\/blip\.test\/resolve\/([^/]+)\/(.+)$/.exec(url) ?? []);
  const data = name ? files[name] : undefined;
  if (!data || !name || !['main', COMMIT, 'refs%2Fpr%2F1'].includes(revision ?? '')) {
    response.writeHead(404, { 'X-Error-Code': 'EntryNotFound' }).end();
    return;
  }
  const headers = { 'X-Repo-Commit': COMMIT, ETag: `"${sha('sha1', data)}"`, 'Accept-Ranges': 'bytes' };
  if (isLarge(name)) {
    response.writeHead(302, {
      ...headers,
      ETag: '"of-the-redirect"',
      'X-Linked-Etag': `"${sha('sha256', data)}"`,
      'X-Linked-Size': data.length,
      'Content-Length': 3,
      Location: `${cdn}/blob/${name}`,
    });
    response.end(request.method === 'HEAD' ? '' : 'out');
  } else if (small === 'relative-redirect' && !cached) {
    response
      .writeHead(307, { 'X-Repo-Commit': COMMIT, 'Content-Length': 5, Location: `/api/resolve-cache/${name}` })
      .end(request.method === 'HEAD' ? '' : 'moved');
  } else {
    response.writeHead(200, { ...headers, 'Content-Length': data.length }).end(request.method === 'HEAD' ? '' : data);
  }
}

/** The content host: another origin, as on the hub. */
function answerBlob(request: http.IncomingMessage, response: http.ServerResponse): void {
  log.push({
    method: request.method ?? '',
    url: request.url ?? '',
    range: request.headers.range,
    authorization: request.headers.authorization,
  });
  const whole = files[path.posix.basename(request.url ?? '')];
  const data = corrupt ? Buffer.from(whole).fill(1, 0, 1000) : whole;
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (start >= data.length) {
    response.writeHead(416).end();
    return;
  }
  response.writeHead(start ? 206 : 200, {
    'Content-Length': data.length - start,
    ...(start ? { 'Content-Range': `bytes ${start}-${data.length - 1}/${data.length}` } : {}),
  });
  const cut = breakAfter.shift();
  if (cut === undefined) {
    response.end(data.subarray(start));
    return;
  }
  response.write(data.subarray(start, start + cut), () => setTimeout(() => response.destroy(), 30));
}

const servers = [http.createServer(answer), http.createServer(answerBlob)];
before(async () => {
  for (const server of servers)
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
  const [hub, blobs] = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  process.env.HF_ENDPOINT = `${hub}/`;
  cdn = blobs.replace('127.0.0.1', 'localhost');
  for (const name of ['HF_TOKEN', 'HF_HUB_OFFLINE', 'HF_HUB_CACHE', 'HF_HOME']) delete process.env[name];
});
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  for (const name of ['HF_ENDPOINT', 'HF_TOKEN', 'HF_HUB_OFFLINE', 'HF_HUB_CACHE', 'HF_HOME', 'XDG_CACHE_HOME']) {
    if (savedEnv[name] === undefined) delete process.env[name];
    else process.env[name] = savedEnv[name];
  }
  fs.rmSync(work, { recursive: true, force: true });
});

let cache_dir: string;
beforeEach(() => {
  const read = (name: string): Buffer => fs.readFileSync(path.join(FIXTURES, 'vqa-f16', name));
  files = {
    'config.json': read('config.json'),
    'generation_config.json': read('generation_config.json'),
    'model.safetensors': read('model.safetensors'),
  };
  log = [];
  breakAfter = [];
  status = undefined;
  failures = 0;
  corrupt = false;
  small = 'direct';
  cache_dir = fs.mkdtempSync(path.join(work, 'cache-'));
});

const store = (): string => path.join(cache_dir, 'models--Some-Org--blip.test');
const incomplete = (): string[] =>
  fs.readdirSync(path.join(store(), 'blobs')).filter((name) => name.endsWith('.incomplete'));

describe('downloadSnapshot', () => {
  for (const way of ['direct', 'relative-redirect'] as const) {
    it(`writes the layout of Python's cache and fetches nothing twice (small files: ${way})`, async () => {
      small = way;
      const folder = await downloadSnapshot(ID, { cache_dir });
      assert.equal(folder, path.join(store(), 'snapshots', COMMIT));
      assert.equal(fs.readFileSync(path.join(store(), 'refs', 'main'), 'utf8'), COMMIT);
      for (const [name, data] of Object.entries(files)) {
        const blob = path.join(store(), 'blobs', sha(isLarge(name) ? 'sha256' : 'sha1', data));
        assert.deepEqual(fs.readFileSync(blob), data, name);
        assert.equal(fs.realpathSync(path.join(folder, name)), fs.realpathSync(blob), name);
        assert.ok(
          !path.isAbsolute(fs.readlinkSync(path.join(folder, name))),
          'a relative link: the cache can be moved',
        );
      }
      assert.deepEqual(fs.readdirSync(folder).sort(), Object.keys(files).sort());
      assert.deepEqual(incomplete(), []);
      log = [];
      await downloadSnapshot(ID, { cache_dir });
      assert.deepEqual(
        log.filter(({ method }) => method === 'GET'),
        [],
      );
    });
  }

  it('takes a transfer up where it broke off, and reports progress', async () => {
    const total = files['model.safetensors'].length;
    breakAfter = [30_000, 20_000];
    const loaded: number[] = [];
    const folder = await downloadSnapshot(ID, {
      cache_dir,
      progress_callback: (p) => {
        if (p.file === 'model.safetensors' && p.loaded !== undefined) loaded.push(p.loaded);
      },
    });
    assert.deepEqual(fs.readFileSync(path.join(folder, 'model.safetensors')), files['model.safetensors']);
    assert.deepEqual(
      log.filter(({ url }) => url.startsWith('/blob/')).map(({ range }) => range),
      [undefined, 'bytes=30000-', 'bytes=50000-'],
    );
    assert.equal(loaded.at(-1), total);
    assert.deepEqual(
      loaded,
      [...loaded].sort((a, b) => a - b),
      'never runs backwards',
    );
  });

  it('takes over what a process that is gone has left', async () => {
    const data = files['model.safetensors'];
    fs.mkdirSync(path.join(store(), 'blobs'), { recursive: true });
    fs.writeFileSync(
      path.join(store(), 'blobs', `${sha('sha256', data)}.4194305.incomplete`),
      data.subarray(0, 70_000),
    ); // beyond the largest process id of Linux
    const folder = await downloadSnapshot(ID, { cache_dir });
    assert.deepEqual(fs.readFileSync(path.join(folder, 'model.safetensors')), data);
    assert.deepEqual(
      log.filter(({ url }) => url.startsWith('/blob/')).map(({ range }) => range),
      ['bytes=70000-'],
    );
    assert.deepEqual(incomplete(), []);
  });

  it('starts again when what an earlier process left was wrong, or longer than the file', async () => {
    const data = files['model.safetensors'];
    const left = path.join(store(), 'blobs', `${sha('sha256', data)}.4194305.incomplete`);
    for (const wrong of [Buffer.alloc(50_000, 1), Buffer.alloc(data.length, 1), Buffer.alloc(data.length + 5, 1)]) {
      fs.rmSync(store(), { recursive: true, force: true });
      fs.mkdirSync(path.dirname(left), { recursive: true });
      fs.writeFileSync(left, wrong);
      const folder = await downloadSnapshot(ID, { cache_dir });
      assert.deepEqual(fs.readFileSync(path.join(folder, 'model.safetensors')), data);
    }
  });

  it('refuses content whose SHA-256 is wrong, and leaves nothing that looks complete', async () => {
    corrupt = true;
    await assert.rejects(downloadSnapshot(ID, { cache_dir }), /HubError: .*failed 5 times .*SHA-256/);
    assert.ok(!fs.existsSync(path.join(store(), 'blobs', sha('sha256', files['model.safetensors']))));
    assert.ok(!fs.existsSync(path.join(store(), 'snapshots', COMMIT, 'model.safetensors')));
  });

  it('outlasts passing failures; says what lasting ones mean', async () => {
    failures = 2;
    await downloadSnapshot(ID, { cache_dir });
    for (const [code, message] of [
      [401, /refused \(401\).*HF_TOKEN/],
      [403, /refused \(403\)/],
      [404, /has no file config\.json/],
    ] as const) {
      status = code;
      log = [];
      await assert.rejects(
        downloadSnapshot(ID, { cache_dir: fs.mkdtempSync(path.join(work, 'c-')) }),
        (error: unknown) => error instanceof HubError && message.test(error.message),
      );
      assert.equal(log.length, 1, 'asked once');
    }
  });

  it('falls back on a complete cache when the hub fails, else says why it failed', async () => {
    const folder = await downloadSnapshot(ID, { cache_dir });
    status = 503;
    assert.equal(await downloadSnapshot(ID, { cache_dir }), folder);
    fs.rmSync(path.join(folder, 'model.safetensors'));
    await assert.rejects(downloadSnapshot(ID, { cache_dir }), /failed 5 times \(.*503\).*Check the network/);
  });

  it('asks for no network when it may not: HF_HUB_OFFLINE, local_files_only, a cached commit', async () => {
    await assert.rejects(downloadSnapshot(ID, { cache_dir, local_files_only: true }), /is not in the cache/);
    assert.equal(log.length, 0);
    const folder = await downloadSnapshot(ID, { cache_dir });
    log = [];
    assert.equal(await downloadSnapshot(ID, { cache_dir, local_files_only: true }), folder);
    process.env.HF_HUB_OFFLINE = '1';
    try {
      assert.equal(await downloadSnapshot(ID, { cache_dir }), folder);
    } finally {
      delete process.env.HF_HUB_OFFLINE;
    }
    assert.equal(log.length, 0);
    await downloadSnapshot(ID, { cache_dir, revision: COMMIT });
    assert.deepEqual(
      log.filter(
        ({ url }) => /config\.json$|\.safetensors$/.test(url) && /\/(config|model|generation_config)\./.test(url),
      ),
      [],
    );
    assert.ok(!fs.existsSync(path.join(store(), 'refs', COMMIT)), 'a commit needs no ref');
  });

  it('gives the token to the hub and to nobody else', async () => {
    process.env.HF_TOKEN = 'hf_secret';
    try {
      await downloadSnapshot(ID, { cache_dir });
    } finally {
      delete process.env.HF_TOKEN;
    }
    for (const { url, authorization } of log)
      assert.equal(authorization, url.startsWith('/blob/') ? undefined : 'Bearer hf_secret', url);
  });

  it('stops at once when it is told to, and goes on later', async () => {
    const controller = new AbortController();
    const progress_callback = (p: { file?: string; loaded?: number }): void => {
      if (p.file === 'model.safetensors' && (p.loaded ?? 0) > 0) controller.abort();
    };
    breakAfter = [40_000];
    await assert.rejects(downloadSnapshot(ID, { cache_dir, signal: controller.signal, progress_callback }), {
      name: 'AbortError',
    });
    assert.ok(!fs.existsSync(path.join(store(), 'snapshots', COMMIT, 'model.safetensors')));
    const folder = await downloadSnapshot(ID, { cache_dir });
    assert.deepEqual(fs.readFileSync(path.join(folder, 'model.safetensors')), files['model.safetensors']);
  });

  it('two calls at once share one download', async () => {
    await Promise.all([downloadSnapshot(ID, { cache_dir }), downloadSnapshot(ID, { cache_dir })]);
    assert.equal(log.filter(({ url }) => url.startsWith('/blob/')).length, 1);
  });

  it('fetches shards; a branch with slashes; says when there are only PyTorch weights', async () => {
    const sharded = path.join(FIXTURES, 'caption-sharded');
    files = Object.fromEntries(
      fs
        .readdirSync(sharded)
        .filter((name) => !name.startsWith('expected'))
        .map((name) => [name, fs.readFileSync(path.join(sharded, name))]),
    );
    const checkpoint = await loadCheckpoint(ID, { cache_dir, revision: 'refs/pr/1' });
    assert.equal(checkpoint.tensors.size, (await loadCheckpoint(sharded)).tensors.size);
    assert.equal(fs.readFileSync(path.join(store(), 'refs', 'refs', 'pr', '1'), 'utf8'), COMMIT);
    files = { 'config.json': files['config.json'], 'pytorch_model.bin': Buffer.from('x') };
    await assert.rejects(
      downloadSnapshot(ID, { cache_dir: fs.mkdtempSync(path.join(work, 'c-')) }),
      /at main has neither model\.safetensors nor .*only pytorch_model\.bin/,
    );
  });

  it('refuses ids and revisions that lead out of the cache', async () => {
    for (const id of ['../x', 'a/..', 'a/b/c', '.', 'a/b?c', 'a/b--c', ''])
      await assert.rejects(downloadSnapshot(id, { cache_dir }), HubError, id);
    for (const revision of ['../../x', 'a b', ''])
      await assert.rejects(downloadSnapshot(ID, { cache_dir, revision }), HubError, revision);
    assert.equal(log.length, 0);
  });
});

describe('a cache that Python wrote', () => {
  /** What `hf_hub_download` leaves behind; `symlinks` false: as on Windows without the right to make links. */
  function pythonCache(root: string, symlinks: boolean): void {
    const model = path.join(root, 'models--Some-Org--blip.test');
    const snapshot = path.join(model, 'snapshots', COMMIT);
    for (const folder of ['blobs', 'refs', `.no_exist/${COMMIT}`])
      fs.mkdirSync(path.join(model, folder), { recursive: true });
    fs.mkdirSync(snapshot, { recursive: true });
    fs.writeFileSync(path.join(model, 'refs', 'main'), COMMIT);
    for (const [name, data] of Object.entries(files)) {
      const etag = sha(isLarge(name) ? 'sha256' : 'sha1', data);
      if (!symlinks) {
        fs.writeFileSync(path.join(snapshot, name), data);
        continue;
      }
      fs.writeFileSync(path.join(model, 'blobs', etag), data);
      fs.symlinkSync(`../../blobs/${etag}`, path.join(snapshot, name));
    }
  }

  for (const symlinks of [true, false]) {
    it(`is read and completed without a second download (${symlinks ? 'links' : 'plain files'})`, async () => {
      pythonCache(cache_dir, symlinks);
      const checkpoint = await loadCheckpoint(ID, { cache_dir });
      assert.equal(checkpoint.config.text_config.vocab_size, 61);
      checkpoint.close();
      assert.deepEqual(
        log.filter(({ method }) => method === 'GET'),
        [],
      );
    });
  }

  it('is found through HF_HUB_CACHE, HF_HOME and XDG_CACHE_HOME', async () => {
    const places: readonly [string, string[]][] = [
      ['HF_HUB_CACHE', []],
      ['HF_HOME', ['hub']],
      ['XDG_CACHE_HOME', ['huggingface', 'hub']],
    ];
    for (const [name, below] of places) {
      const root = fs.mkdtempSync(path.join(work, 'home-'));
      pythonCache(path.join(root, ...below), true);
      const saved = process.env[name];
      process.env[name] = root;
      try {
        assert.ok((await downloadSnapshot(ID, { local_files_only: true })).startsWith(root), name);
      } finally {
        if (saved === undefined) delete process.env[name];
        else process.env[name] = saved;
      }
    }
  });
});

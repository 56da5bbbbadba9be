// VQAv2 in parquet form from a hub on the loopback device, and everything that can go wrong on the way.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { HubError } from '../../lib/hub';
import { loadVqaParquet, loadVqaSamples, VqaParquetError } from '../../lib/datasets';
import { projectRoot } from '../project-root';

// 12 rows in 3 row groups, 3 of no use
const CONTENTS = fs.readFileSync(path.join(projectRoot(), 'tests/fixtures/datasets/vqa.parquet'));
const FILE = '/file.parquet';
const LIST = '/api/datasets/someone/vqa/parquet';
/** Silence that counts as a stall, in the test of stalls alone: elsewhere a loaded machine may take its time. */
const TIMEOUT_MS = 400;

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => boolean | undefined;

let folder = '';
let server: http.Server;
let endpoint = '';
let requests: string[] = [];
/** Answers a request in its own way and returns true, or leaves it to the hub. */
let disturb: Answer = () => false;
let splits: Record<string, Record<string, string[]>> = {};

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'parquet-hub-'));
  server = http.createServer((request, response) => {
    requests.push(`${request.url} ${request.headers.range ?? ''} ${request.headers.authorization ?? ''}`);
    if (disturb(request, response)) return;
    if (request.url === LIST) {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(splits));
      return;
    }
    if (request.url !== FILE) {
      response.writeHead(404).end('Not found');
      return;
    }
    const { bytes, headers } = range(request);
    response.writeHead(206, headers).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
  fs.rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  requests = [];
  disturb = () => false;
  splits = { default: { train: [`${endpoint}${FILE}`], validation: [`${endpoint}${FILE}`] } };
  process.env.HF_ENDPOINT = endpoint;
});
afterEach(() => {
  for (const name of ['HF_ENDPOINT', 'HF_TOKEN', 'HF_HUB_OFFLINE']) delete process.env[name];
});

function cacheDir(): string {
  return fs.mkdtempSync(path.join(folder, 'cache-'));
}

/** An address where nobody listens. */
async function closedEndpoint(): Promise<string> {
  const closed = http.createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  return `http://127.0.0.1:${port}`;
}

function range({ headers }: http.IncomingMessage): { bytes: Buffer; headers: http.OutgoingHttpHeaders } {
  const [first, last] =
    /bytes=(\d+)-(\d+)/
      .exec(headers.range ?? '')
      ?.slice(1)
      .map(Number) ?? assert.fail('no range was asked for');
  const bytes = CONTENTS.subarray(first, last + 1);
  return {
    bytes,
    headers: {
      'Content-Range': `bytes ${first}-${first + bytes.length - 1}/${CONTENTS.length}`,
      'Content-Length': bytes.length,
      ETag: '"one"',
    },
  };
}

const load = (options: object = {}, count = 100) =>
  loadVqaSamples('someone/vqa', { split: 'val', count, cache_dir: cacheDir(), ...options });
const ids = (samples: readonly { question_id: string }[]): string[] => samples.map(({ question_id }) => question_id);
const expected = async (count = 100) =>
  ids(
    (
      await loadVqaParquet([path.join(projectRoot(), 'tests/fixtures/datasets/vqa.parquet')], {
        count,
        cache_dir: cacheDir(),
      })
    ).samples,
  );
const files = (): string[] => requests.filter((line) => line.startsWith(FILE));

test('range requests alone, with the token, and the same samples as from disk', async () => {
  process.env.HF_TOKEN = 'hf_secret';
  const { samples, skipped } = await load();
  assert.deepEqual(ids(samples), await expected());
  assert.equal(skipped.total, 3);
  assert.ok(
    files().length > 0 &&
      requests.every((line) => line.includes('Bearer hf_secret')) &&
      files().every((line) => line.includes('bytes=')),
    requests.join('\n'),
  );
});

test('the token does not go to another host', async () => {
  process.env.HF_TOKEN = 'hf_secret';
  process.env.HF_ENDPOINT = await closedEndpoint();
  await loadVqaParquet([`${endpoint}${FILE}`], { count: 2, cache_dir: cacheDir() });
  assert.ok(requests.length > 0 && requests.every((line) => !line.includes('secret')), requests.join('\n'));
});

test('a second call takes samples from the cache, also when the hub is gone or HF_HUB_OFFLINE is set', async () => {
  const cache_dir = cacheDir();
  const { samples } = await load({ cache_dir }, 5);
  requests = [];
  assert.deepEqual((await load({ cache_dir }, 5)).samples, samples);
  assert.deepEqual(files(), []);
  process.env.HF_HUB_OFFLINE = '1';
  requests = [];
  assert.deepEqual((await load({ cache_dir }, 5)).samples, samples);
  assert.deepEqual(requests, []);
  await assert.rejects(load({ cache_dir }), /HF_HUB_OFFLINE is set. Unset it/); // more than is cached
  await assert.rejects(load(), /HF_HUB_OFFLINE is set/);
  delete process.env.HF_HUB_OFFLINE;
  disturb = (_request, response) => {
    response.writeHead(503).end();
    return true;
  };
  assert.deepEqual((await load({ cache_dir }, 5)).samples, samples);
});

test('connections dropped in the middle: the next request goes on behind the last byte', async () => {
  let dropped = 0;
  disturb = (request, response) => {
    if (request.url !== FILE || dropped >= 5) return false;
    const { bytes, headers } = range(request);
    if (bytes.length < 100) return false;
    dropped++;
    response.writeHead(206, headers);
    response.write(bytes.subarray(0, 60), () => setTimeout(() => response.destroy(), 20)); // sent before the reset
    return true;
  };
  const { samples } = await load();
  assert.deepEqual(ids(samples), await expected());
  assert.equal(dropped, 5); // as many as the attempts that a silent server gets
  const starts = files().map((line) => Number(/bytes=(\d+)/.exec(line)?.[1]));
  assert.ok(
    starts.some((start, index) => index > 0 && start === starts[index - 1] + 60),
    starts.join(),
  );
});

test('answers that end early are continued; connections refused and 5xx are tried again', async () => {
  let short = 2,
    failing = 2;
  disturb = (request, response) => {
    if (failing > 0) {
      failing--;
      response.writeHead(500 + failing).end();
      return true;
    }
    if (request.url !== FILE || short === 0) return false;
    const { bytes, headers } = range(request);
    if (bytes.length < 100) return false;
    short--;
    response
      .writeHead(206, { 'Content-Range': headers['Content-Range'], ETag: headers.ETag })
      .end(bytes.subarray(0, 50)); // no Content-Length: looks whole
    return true;
  };
  assert.deepEqual(ids((await load()).samples), await expected());
  assert.equal(short + failing, 0);
  process.env.HF_ENDPOINT = await closedEndpoint();
  await assert.rejects(load(), /ECONNREFUSED.*5 times in a row. Check the network/s);
});

test('429 is waited for as long as the server asks', async () => {
  let refused = 1;
  disturb = (_request, response) => {
    if (refused-- <= 0) return false;
    response.writeHead(429, { 'Retry-After': '1' }).end();
    return true;
  };
  const started = Date.now();
  assert.equal((await load({}, 1)).samples.length, 1);
  assert.ok(Date.now() - started >= 990, `waited ${Date.now() - started} ms`); // a timer may come a little early
});

test('a server that stalls is asked again, one that is slow but not silent is not', async () => {
  let stalls = 1;
  disturb = (request, response) => {
    if (request.url !== FILE) return false;
    const { bytes, headers } = range(request);
    if (bytes.length < 100) return false;
    response.writeHead(206, headers);
    if (stalls-- > 0) {
      response.write(bytes.subarray(0, 10));
      return true;
    } // and then nothing
    const pieces = Array.from({ length: 6 }, (_, i) =>
      bytes.subarray(Math.floor((i * bytes.length) / 6), Math.floor(((i + 1) * bytes.length) / 6)),
    );
    const next = (): void => {
      const piece = pieces.shift();
      if (!piece) {
        response.end();
        return;
      }
      response.write(piece);
      setTimeout(next, TIMEOUT_MS / 4);
    };
    next(); // 1.5 times the time-out in all
    return true;
  };
  assert.equal((await load({ timeout_ms: TIMEOUT_MS }, 1)).samples.length, 1);
  assert.ok(stalls < 0);
  disturb = (request) => request.url === FILE; // never answers
  await assert.rejects(load({ timeout_ms: 50 }, 1), /no data for 0\.05 s, 5 times in a row/);
});

test('cancelling ends a request, and a pause, at once with the reason', async () => {
  for (const answer of [
    (): boolean => true,
    (_request: http.IncomingMessage, response: http.ServerResponse): boolean => {
      response.writeHead(503, { 'Retry-After': '20' }).end();
      return true;
    },
  ]) {
    disturb = answer;
    const controller = new AbortController();
    const started = Date.now();
    setTimeout(() => controller.abort(new Error('enough')), 100);
    await assert.rejects(load({ signal: controller.signal, timeout_ms: 60_000 }), /enough/);
    assert.ok(Date.now() - started < 5_000);
  }
});

test('wrong sizes: another range, too many bytes, a file that changed, a file cut short', async () => {
  const disturbFile = (
    change: (headers: http.OutgoingHttpHeaders, bytes: Buffer) => [http.OutgoingHttpHeaders, Uint8Array],
  ): void => {
    disturb = (request, response) => {
      if (request.url !== FILE) return false;
      const { bytes, headers } = range(request);
      if (bytes.length < 2) return false; // the first question, for the size
      const [head, body] = change(headers, bytes);
      response.writeHead(206, head).end(body);
      return true;
    };
  };
  disturbFile((headers, bytes) => [
    { ...headers, 'Content-Range': `bytes 0-${bytes.length - 1}/${CONTENTS.length}` },
    bytes,
  ]);
  await assert.rejects(load(), /Content-Range "bytes 0-.*expected 206 and that range/);
  disturbFile((headers, bytes) => [
    { 'Content-Range': headers['Content-Range'], ETag: headers.ETag },
    Buffer.concat([bytes, bytes]),
  ]);
  await assert.rejects(load(), /got more than the \d+ bytes/);
  disturbFile((headers, bytes) => [
    { ...headers, 'Content-Range': String(headers['Content-Range']).replace(/\d+$/, '7777') },
    bytes,
  ]);
  await assert.rejects(load(), /changed while it was read: 7777 bytes/);
  disturbFile((headers, bytes) => [{ ...headers, ETag: '"two"' }, bytes]);
  await assert.rejects(load(), /changed while it was read: .*"two"/);
  disturb = (request, response) => {
    if (request.url !== FILE) return false;
    const { bytes, headers } = range(request);
    response
      .writeHead(206, {
        ...headers,
        'Content-Range': String(headers['Content-Range']).replace(/\d+$/, String(CONTENTS.length - 500)),
      })
      .end(bytes);
    return true;
  };
  await assert.rejects(
    load(),
    (error: unknown) => error instanceof VqaParquetError && /not a parquet file, or cut short/.test(error.message),
  );
});

test('HTML pages of a proxy or a login, in place of the list and of the file', async () => {
  const page =
    (where: string): Answer =>
    (request, response) => {
      if (request.url !== where) return false;
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Sign in</title>');
      return true;
    };
  disturb = page(LIST);
  await assert.rejects(load(), /text\/html \("<!doctype html>.*expected JSON. Check that HF_ENDPOINT/);
  disturb = page(FILE);
  await assert.rejects(load(), /got status 200, text\/html.*expected 206.*Download the file/);
  disturb = (request, response) => {
    if (request.url !== LIST) return false;
    response.end('{"error":"no"}');
    return true;
  };
  await assert.rejects(load(), /got no lists of parquet files.*Check the id/);
});

for (const [status, advice] of [
  [401, /status 401.*set HF_TOKEN/],
  [403, /status 403.*set HF_TOKEN/],
  [404, /status 404.*Check the id/],
  [416, /status 416/],
] as const)
  test(`status ${status} is not tried again and says what to do`, async () => {
    for (const where of [LIST, FILE]) {
      let asked = 0;
      disturb = (request, response) => {
        if (request.url !== where) return false;
        asked++;
        response.writeHead(status).end('<html>');
        return true;
      };
      await assert.rejects(
        load(),
        (error: unknown) => error instanceof HubError && advice.test(error.message) && error.message.includes(where),
      );
      assert.equal(asked, 1);
    }
  });

test('configs and splits: the only config, a named one, one split divided, and what there is when none fits', async () => {
  const file = `${endpoint}${FILE}`;
  splits = { english: { validation: [file], testdev: [file] } };
  const [train, val] = [ids((await load({ split: 'train' })).samples), ids((await load()).samples)];
  assert.deepEqual([...train, ...val].sort(), (await expected()).sort());
  assert.ok(train.length > 0 && val.length > 0);
  assert.deepEqual(ids((await load({ hub_split: { train: 'validation', val: 'testdev' } })).samples), await expected());
  await assert.rejects(load({ config: 'french' }), /someone\/vqa has no config "french"; it has english/);
  await assert.rejects(load({ hub_split: 'train' }), /has no split "train"; it has validation, testdev/);
  splits = { a: { test: [file], extra: [file] }, b: { train: [file] } };
  await assert.rejects(load(), /has no config "default"; it has a, b/);
  await assert.rejects(load({ config: 'a' }), /has no split for validation; it has test, extra/);
});

test('a download that was cut off goes on where it stopped', async () => {
  const cache_dir = cacheDir();
  splits = {
    default: { train: [`${endpoint}${FILE}`, `${endpoint}/second.parquet`], validation: [`${endpoint}${FILE}`] },
  };
  disturb = (request, response) => {
    if (request.url !== '/second.parquet') return false;
    response.writeHead(404).end(); // after the first file's rows were read
    return true;
  };
  await assert.rejects(load({ cache_dir, split: 'train', seed: 3 }), /status 404/);
  const first = files().length;
  assert.ok(first > 0, requests.join('\n'));
  disturb = (request, response) => {
    if (request.url !== '/second.parquet') return false;
    const { bytes, headers } = range(request);
    response.writeHead(206, headers).end(bytes);
    return true;
  };
  requests = [];
  const { samples } = await load({ cache_dir, split: 'train', seed: 3 });
  assert.ok(files().length < first, requests.join('\n')); // its footer again, not its rows
  assert.equal(samples.length, 18);
});

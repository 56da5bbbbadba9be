// VQAv2 in parquet form: a file written by pyarrow, read from disk and over HTTP ranges, cached and taken up again.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import sharp from 'sharp';
import { loadVqaSamples } from '../../lib/datasets';
import { loadVqaParquet, VqaParquetError } from '../../lib/datasets/vqa-parquet';
import { projectRoot } from '../../lib/project-root';

const FIXTURE = path.join(projectRoot(), 'tests/fixtures/datasets/vqa.parquet'); // make_vqa_parquet.py
const READABLE = 9; // of 12 rows

let folder = '';
let server: http.Server;
let endpoint = '';
let requests: string[] = [];
let failNext = 0;
let ranges = true;

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vqa-parquet-'));
  const contents = fs.readFileSync(FIXTURE);
  server = http.createServer((request, response) => {
    requests.push(`${request.url} ${request.headers.range ?? ''} ${request.headers.authorization ?? ''}`);
    if (failNext > 0) { failNext--; response.writeHead(503).end(); return; }
    if (request.url === '/api/datasets/someone/vqa/parquet/default/validation') { response.end(JSON.stringify([`${endpoint}/file.parquet`])); return; }
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '');
    if (request.url !== '/file.parquet') { response.writeHead(404).end(); return; }
    if (!range || !ranges) { response.end(contents); return; }
    const [first, last] = [Number(range[1]), Number(range[2])];
    response.writeHead(206, { 'Content-Range': `bytes ${first}-${last}/${contents.length}` }).end(contents.subarray(first, last + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.close();
  fs.rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => { requests = []; failNext = 0; ranges = true; });

function cacheDir(): string { return fs.mkdtempSync(path.join(folder, 'cache-')); }

test('reads pictures, questions and answers; broken rows are counted and others take their place', async () => {
  const { samples, skipped } = await loadVqaParquet([FIXTURE], { count: 100, cache_dir: cacheDir() });
  assert.equal(samples.length, READABLE);
  assert.deepEqual(skipped.reasons, { 'picture broken': 1, 'no question': 1, 'picture missing': 1 });
  assert.ok(skipped.examples.every((line) => line.startsWith('vqa.parquet, row ')), skipped.examples.join());
  assert.equal(new Set(samples.map(({ question_id }) => question_id)).size, READABLE);
  for (const { image_id, question_id, question, answers, question_type, image } of samples) {
    const row = Number(image_id) - 1000;
    assert.equal(question_id, String(5000 + row));
    assert.equal(question, `how many é in ${row}?`);
    assert.deepEqual(answers, Array.from({ length: 10 }, () => String(row)));
    assert.equal(question_type, 'how many');
    assert.ok(typeof image === 'string');
    const { data, info } = await sharp(image).raw().toBuffer({ resolveWithObject: true });
    assert.deepEqual([info.width, info.height, ...data.subarray(0, 3)], [4, 3, 200, row * 10, 255 - row]);
  }
});

test('the seed decides the order; count cuts it', async () => {
  const ids = async (seed: number, count: number) => (await loadVqaParquet([FIXTURE], { count, seed, cache_dir: cacheDir() })).samples.map(({ question_id }) => question_id);
  const all = await ids(42, 100);
  assert.deepEqual(await ids(42, 100), all);
  assert.deepEqual(await ids(42, 4), all.slice(0, 4));
  assert.notDeepEqual(await ids(7, 100), all);
});

test('from a hub: range requests alone, retries, the token, and a second call without the network', async () => {
  const cache_dir = cacheDir();
  process.env.HF_ENDPOINT = endpoint;
  process.env.HF_TOKEN = 'hf_secret';
  try {
    failNext = 2;
    const { samples } = await loadVqaSamples('someone/vqa', { split: 'val', count: 5, cache_dir });
    assert.equal(samples.length, 5);
    const local = await loadVqaParquet([FIXTURE], { count: 5, cache_dir: cacheDir() });
    assert.deepEqual(samples.map(({ question_id }) => question_id), local.samples.map(({ question_id }) => question_id));
    assert.ok(requests.filter((line) => line.startsWith('/file')).every((line) => line.includes('bytes=') && line.includes('Bearer hf_secret')), requests.join('\n'));
    requests = [];
    const again = await loadVqaParquet([`${endpoint}/file.parquet`], { count: 5, cache_dir });
    assert.deepEqual(again, { ...again, samples });
    assert.deepEqual(requests, []);
    await assert.rejects(loadVqaSamples('someone/absent', { split: 'val', cache_dir }), /status 404.*Check the id/);
    ranges = false;
    await assert.rejects(loadVqaSamples('someone/vqa', { split: 'val', cache_dir: cacheDir() }), /status 200 to a range request, expected 206/);
    ranges = true;
    failNext = 99;
    await assert.rejects(loadVqaSamples('someone/vqa', { split: 'val', cache_dir: cacheDir() }), /status 503, 4 times in a row/);
  } finally {
    delete process.env.HF_ENDPOINT;
    delete process.env.HF_TOKEN;
  }
});

test('a call that was cancelled is taken up again, also after a line cut short', async () => {
  const cache_dir = cacheDir();
  const controller = new AbortController();
  const interrupted = loadVqaParquet([FIXTURE], { count: 100, cache_dir, signal: controller.signal, progress_callback: ({ loaded = 0 }) => { if (loaded === 5) controller.abort(new Error('enough')); } });
  await assert.rejects(interrupted, /enough/);
  const [request] = fs.readdirSync(cache_dir);
  const log = path.join(cache_dir, request, 'blocks.jsonl');
  const lines = fs.readFileSync(log, 'utf8').split('\n').length - 1;
  assert.ok(lines >= 1, 'the first block was kept');
  fs.appendFileSync(log, '{"block":1,"sam');
  const seen: number[] = [];
  const { samples, skipped } = await loadVqaParquet([FIXTURE], { count: 100, cache_dir, progress_callback: ({ loaded = 0 }) => seen.push(loaded) });
  assert.ok(seen[0] >= 3, `went on from ${seen[0]}`);
  const fresh = await loadVqaParquet([FIXTURE], { count: 100, cache_dir: cacheDir() });
  assert.deepEqual(samples.map(({ question_id }) => question_id), fresh.samples.map(({ question_id }) => question_id));
  assert.deepEqual(skipped, fresh.skipped);
});

test('clear errors: no parquet file, another column, nothing there', async () => {
  const text = path.join(folder, 'text.parquet');
  fs.writeFileSync(text, 'this is no parquet file at all');
  await assert.rejects(loadVqaParquet([text], { count: 1, cache_dir: cacheDir() }), VqaParquetError);
  await assert.rejects(loadVqaParquet([FIXTURE], { count: 1, cache_dir: cacheDir(), columns: { question: 'ask' } }), /no column "ask".*question_type/);
  await assert.rejects(loadVqaSamples('no/such/folder'), /neither a folder/);
});

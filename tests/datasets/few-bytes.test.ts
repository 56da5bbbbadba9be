// Of large files on the hub, few bytes are fetched in few requests. Layouts are those of the hub, with images a tenth
// as large.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { loadVqaParquet, loadVqaSamples, type VqaSample } from '../../lib/datasets';
import { RangeReader } from '../../lib/datasets/parquet/range-reader';
import { type LoopbackHub, startHub } from './loopback-hub';
import { type WrittenColumn, writeParquet } from './write-parquet';

/** COCO's photos have 160 KB. */
const IMAGE_BYTES = 16_000;

let folder = '';
let hub: LoopbackHub;
let jpeg: Uint8Array;
before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'few-bytes-'));
  hub = await startHub();
  process.env.HF_ENDPOINT = hub.endpoint;
  jpeg = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#f80' } })
    .jpeg()
    .toBuffer();
});
after(() => {
  delete process.env.HF_ENDPOINT;
  hub.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const cacheDir = (): string => fs.mkdtempSync(path.join(folder, 'cache-'));

/** An image of its own for each number: what follows a JPEG's end is not looked at. */
function image(number: number, size: number): Uint8Array {
  const bytes = Buffer.alloc(size, number % 251);
  bytes.set(jpeg);
  bytes.writeUInt32LE(number, jpeg.length);
  return bytes;
}

/** Columns as VQAv2's copies have them, and one that is of no use here. */
function vqaColumns(
  rows: number,
  perImage: number,
  first: number,
  dictionary: boolean,
  size = IMAGE_BYTES,
): WrittenColumn[] {
  const numbers = Array.from({ length: rows }, (_, row) => row);
  const images = new Map<number, Uint8Array>();
  const imageOf = (row: number): Uint8Array => {
    const number = first + Math.floor(row / perImage);
    const known = images.get(number) ?? image(number, size);
    images.set(number, known);
    return known;
  };
  return [
    { name: 'clip_features', values: numbers.map((row) => Buffer.alloc(8000, row % 256)) },
    { name: 'question', values: numbers.map((row) => `what is in picture ${row}?`) },
    { name: 'multiple_choice_answer', values: numbers.map(() => 'net') },
    { name: 'image_id', values: numbers.map((row) => String(first + Math.floor(row / perImage))) },
    { name: 'question_id', values: numbers.map((row) => `${first}-${row}`) },
    { name: 'image', values: numbers.map(imageOf), dictionary },
  ];
}

async function load(id: string, options: { split: 'train' | 'val'; count: number; cache_dir?: string }) {
  hub.requests.length = 0;
  hub.sent = 0;
  const { samples, skipped } = await loadVqaSamples(id, { cache_dir: cacheDir(), ...options });
  assert.equal(skipped.total, 0);
  const files = new Set(hub.requests.filter((line) => line.includes('/resolve/')).map((line) => line.split(' ')[0]));
  return { samples, requests: hub.requests.length, files: files.size, bytes: hub.sent };
}

const ids = (samples: readonly VqaSample[]): string[] => samples.map(({ question_id }) => question_id);

test('row groups of 100 rows, images in a dictionary: 300 samples in little more than their images', async () => {
  const names = Array.from({ length: 12 }, (_, i) => `default/validation/${String(i).padStart(4, '0')}.parquet`);
  const files: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    files[name] = path.join(folder, `shard-${index}.parquet`);
    fs.writeFileSync(files[name], writeParquet(vqaColumns(600, 5, 1000 * (index + 1), true), { rowGroupSize: 100 }));
  }
  hub.repositories['lmms-lab/VQAv2'] = { files, parquet: { default: { validation: names } } };
  const train = await load('lmms-lab/VQAv2', { split: 'train', count: 300 });
  const groups = 10; // 32 rows of each
  const groupBytes = 20 * IMAGE_BYTES + 100 * 60;
  const footers = train.files * 64 * 1024;
  assert.ok(train.bytes < groups * groupBytes * 1.1 + footers, `${train.bytes} bytes`);
  assert.ok(train.requests <= 2 + 2 * train.files + groups + 1, `${train.requests} requests of ${train.files} files`);
  assert.ok(train.files <= groups, `${train.files} files`);
  assert.ok(new Set(train.samples.map(({ image_id }) => image_id)).size > 120, 'images of all ten groups');
  const val = await load('lmms-lab/VQAv2', { split: 'val', count: 100 });
  const mine = new Set(train.samples.map(({ image_id }) => image_id));
  assert.ok(val.samples.every(({ image_id }) => !mine.has(image_id)));
  // the same samples whatever was asked for before
  const cache_dir = cacheDir();
  for (const count of [5, 40, 300])
    assert.deepEqual(
      ids((await load('lmms-lab/VQAv2', { split: 'train', count, cache_dir })).samples),
      ids(train.samples).slice(0, count),
    );
});

test('a row group of a thousand images in one dictionary is fetched once and used up', async () => {
  const names = [0, 1, 2].map((i) => `default/train/000${i}.parquet`);
  const files: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    files[name] = path.join(folder, `large-${index}.parquet`);
    fs.writeFileSync(files[name], writeParquet(vqaColumns(1000, 1, 5000 * (index + 1), true), { rowGroupSize: 1000 }));
  }
  hub.repositories['someone/large'] = { files, parquet: { default: { train: names } } };
  const { bytes } = await load('someone/large', { split: 'train', count: 150 });
  assert.ok(bytes < 1000 * (IMAGE_BYTES + 8000) * 1.1, `${bytes} bytes`);
});

test('of a large row group without a dictionary only some pages are fetched; all of it gives all rows', async () => {
  const rows = 400;
  const size = 4 * IMAGE_BYTES; // 26 MB of images: two windows
  const file = path.join(folder, 'plain.parquet');
  fs.writeFileSync(file, writeParquet(vqaColumns(rows, 4, 7, false, size), { rowGroupSize: rows, rowsPerPage: 12 }));
  hub.repositories['someone/plain'] = {
    files: { 'x.parquet': file },
    parquet: { default: { train: ['x.parquet'], validation: ['x.parquet'] } },
  };
  const some = await load('someone/plain', { split: 'train', count: 20 });
  assert.ok(some.bytes < 0.75 * rows * size, `${some.bytes} bytes`);
  const all = await load('someone/plain', { split: 'train', count: 2 * rows });
  assert.equal(new Set(ids(all.samples)).size, rows);
  assert.deepEqual(ids(all.samples).slice(0, 20), ids(some.samples));
  const local = await loadVqaParquet([file], { count: 2 * rows, cache_dir: cacheDir() });
  assert.equal(new Set(ids(local.samples)).size, rows);
});

test('ranges that lie close together are one request, others are not, and none is fetched twice', async () => {
  const asked: string[] = [];
  const reader = new RangeReader({
    byteLength: 1 << 24,
    slice: async (start, end = 1 << 24) => {
      asked.push(`${start}-${end}`);
      return Uint8Array.from({ length: end - start }, (_, i) => (start + i) % 251).buffer;
    },
  });
  const ranges = [
    { start: 5000, end: 6000 },
    { start: 100, end: 200 },
    { start: 1 << 20, end: (1 << 20) + 10 },
    { start: 150, end: 160 },
  ];
  await reader.prefetch(ranges);
  assert.deepEqual(asked, ['100-6000', `${1 << 20}-${(1 << 20) + 10}`]);
  for (const { start, end } of ranges)
    assert.deepEqual(
      [...(await reader.read(start, end))],
      Array.from({ length: end - start }, (_, i) => (start + i) % 251),
    );
  assert.equal(asked.length, 2);
  assert.equal((await reader.read(10_000, 10_010, 1000)).length, 10); // and what follows
  assert.equal((await reader.peek(10_010, 10_500))[0], 10_010 % 251);
  assert.equal(asked.length, 3);
  reader.release();
  await reader.read(100, 200);
  assert.equal(asked.length, 4);
});

// How many requests and bytes samples of a data set on the hub take, for the row groups that are usual there. A hub on
// the loopback device serves generated files with images of COCO's size. Run: npx tsx benchmarks/parquet-bytes.ts
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import sharp from 'sharp';
import { loadVqaSamples } from '../lib/datasets';
import { startHub } from '../tests/datasets/loopback-hub';
import { type WrittenColumn, writeParquet } from '../tests/datasets/write-parquet';

/** lmms-lab/VQAv2's validation split: 6.9 GB for 40,504 images. */
const IMAGE_BYTES = 170_000;
/** VQAv2 asks 5.3 questions about each of its validation images. */
const QUESTIONS = 5;
const ROWS = 1000;
const SHARDS = 24;
const LAYOUTS = [
  { name: 'lmms-lab/VQAv2', rowGroupSize: 100, perImage: QUESTIONS },
  { name: 'the same in groups of 1,000', rowGroupSize: 1000, perImage: QUESTIONS },
  { name: 'merve/vqav2-small', rowGroupSize: 100, perImage: 1 },
  { name: 'Multimodal-Fatima/VQAv2_train', rowGroupSize: 1000, perImage: 1 },
];
const REQUESTS = [
  ['train', 300],
  ['val', 100],
  ['val', 300],
] as const;

function columns(jpeg: Uint8Array, perImage: number): WrittenColumn[] {
  const numbers = Array.from({ length: ROWS }, (_, row) => row);
  const images = Array.from({ length: Math.ceil(ROWS / perImage) }, (_, number) => {
    const bytes = Buffer.alloc(IMAGE_BYTES, number % 251); // what follows a JPEG's end is not looked at
    bytes.set(jpeg);
    bytes.writeUInt32LE(number, jpeg.length);
    return bytes;
  });
  const imageOf = (row: number): number => Math.floor(row / perImage);
  return [
    { name: 'multiple_choice_answer', values: numbers.map(() => 'net') },
    { name: 'image_id', values: numbers.map((row) => String(imageOf(row))) },
    { name: 'question_id', values: numbers.map(String) },
    { name: 'question', values: numbers.map((row) => `what is in picture ${row}?`) },
    { name: 'image', values: numbers.map((row) => images[imageOf(row)]), dictionary: true },
  ];
}

async function main(): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'parquet-bytes-'));
  const hub = await startHub();
  process.env.HF_ENDPOINT = hub.endpoint;
  const plain = sharp({ create: { width: 640, height: 480, channels: 3, background: '#f80' } });
  const jpeg = await plain.jpeg().toBuffer();
  console.log('| layout | rows in a group | MB in a group | split | samples | requests | MB |');
  console.log('|---|---|---|---|---|---|---|');
  for (const { name, rowGroupSize, perImage } of LAYOUTS) {
    const file = path.join(folder, `${rowGroupSize}-${perImage}.parquet`);
    fs.writeFileSync(file, writeParquet(columns(jpeg, perImage), { rowGroupSize }));
    const names = Array.from({ length: SHARDS }, (_, shard) => `default/validation/${shard}.parquet`);
    hub.repositories['owner/set'] = {
      files: Object.fromEntries(names.map((one) => [one, file])),
      parquet: { default: { validation: names } },
    };
    for (const [split, count] of REQUESTS) {
      hub.requests.length = 0;
      hub.sent = 0;
      const cache_dir = fs.mkdtempSync(path.join(folder, 'cache-'));
      const { samples } = await loadVqaSamples('owner/set', { split, count, cache_dir });
      const groupMB = ((rowGroupSize / perImage) * IMAGE_BYTES) / 1e6;
      const row = [name, rowGroupSize, groupMB.toFixed(1), split, samples.length, hub.requests.length];
      console.log(`| ${[...row, (hub.sent / 1e6).toFixed(1)].join(' | ')} |`);
      fs.rmSync(cache_dir, { recursive: true });
    }
  }
  hub.close();
  fs.rmSync(folder, { recursive: true });
}

void main();

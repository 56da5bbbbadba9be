// measure-search.ts [IMAGES [SIZE]]: the flat search over random features: how long a search takes with vector
// instructions and without, how long an index takes to write, to read and to check, and how much memory it holds.
// Beside it the share of the true 10 nearest that the search finds, compared with sums in double precision.
// Run it with: node --import tsx benchmarks/measure-search.ts 100000 256
// It writes benchmarks/results/search-IMAGES.json.
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { summarize, type Latency } from '../lib';
import { readIndexFile, writeIndexFile } from '../lib/search/index-file';
import type { IndexedImage } from '../lib/search/index-header';
import { nearest } from '../lib/search/nearest';

const IMAGES = Number(process.argv[2] ?? 100_000);
const SIZE = Number(process.argv[3] ?? 256);
const SHORTLIST = 128;
const WARM_UP = 5;
const RUNS = 50;
const FILE_RUNS = 5;
const CHECKED_QUERIES = 20;
const TOP = 10;

/** Rows of length 1 in random directions. */
function randomRows(count: number): Float32Array {
  const rows = new Float32Array(count * SIZE);
  for (let row = 0; row < count; row++) {
    let squares = 0;
    for (let i = row * SIZE; i < (row + 1) * SIZE; i++) {
      rows[i] = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
      squares += rows[i] ** 2;
    }
    const length = Math.sqrt(squares);
    for (let i = row * SIZE; i < (row + 1) * SIZE; i++) rows[i] /= length;
  }
  return rows;
}

async function time(runs: number, warmup: number, fn: (run: number) => unknown): Promise<Latency> {
  const samples: number[] = [];
  for (let run = -warmup; run < runs; run++) {
    const start = performance.now();
    await fn(run + warmup);
    if (run >= 0) samples.push(performance.now() - start);
  }
  return summarize(samples);
}

/** Median, p10 and p90 in milliseconds. */
function short({ median, p10, p90 }: Latency): Record<string, number> {
  return Object.fromEntries(
    Object.entries({ median, p10, p90 }).map(([name, value]) => [name, Number(value.toFixed(1))]),
  );
}

/** As `nearest` without vector instructions: a size that they do not fit. */
function scalarRows(rows: Float32Array): Float32Array {
  const odd = new Float32Array((rows.length / SIZE) * (SIZE + 1));
  for (let row = 0; row < rows.length / SIZE; row++)
    odd.set(rows.subarray(row * SIZE, (row + 1) * SIZE), row * (SIZE + 1));
  return odd;
}

function exactTop(query: Float32Array, rows: Float32Array): Set<number> {
  const products = new Float64Array(rows.length / SIZE);
  for (let row = 0; row < products.length; row++)
    for (let i = 0; i < SIZE; i++) products[row] += query[i] * rows[row * SIZE + i];
  return new Set(
    Array.from(products.keys())
      .sort((a, b) => products[b] - products[a])
      .slice(0, TOP),
  );
}

async function main(): Promise<void> {
  const before = process.memoryUsage().rss;
  const features = randomRows(IMAGES);
  const queries = randomRows(WARM_UP + RUNS);
  const query = (run: number): Float32Array => queries.subarray(run * SIZE, (run + 1) * SIZE);
  const vectors = await time(RUNS, WARM_UP, (run) => nearest(query(run), features, SHORTLIST));
  const memory = process.memoryUsage().rss - before;
  const odd = scalarRows(features);
  const scalar = await time(RUNS, WARM_UP, (run) => nearest(new Float32Array([...query(run), 0]), odd, SHORTLIST));
  let found = 0;
  for (let run = 0; run < CHECKED_QUERIES; run++) {
    const exact = exactTop(query(run), features);
    found += nearest(query(run), features, TOP).filter(({ row }) => exact.has(row)).length;
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-search-'));
  try {
    const file = path.join(folder, 'index');
    const images = Array.from(
      { length: IMAGES },
      (_, i): IndexedImage => ({
        path: `2026/holidays/IMG_${String(i).padStart(7, '0')}.jpg`,
        size: 3_000_000 + i,
        mtime_ns: String(1_764_288_000_000_000_000n + BigInt(i)),
        sha256: randomBytes(32).toString('hex'),
      }),
    );
    const model = { id: 'random', digest: '0'.repeat(64) };
    const write = await time(FILE_RUNS, 1, () =>
      writeIndexFile(file, { model, folder: '.', size: SIZE, images, features }),
    );
    const read = await time(FILE_RUNS, 1, () => readIndexFile(file));
    const report = {
      date: new Date().toISOString().slice(0, 10),
      processor: os.cpus()[0]?.model,
      cores: os.cpus().length,
      load: Number(os.loadavg()[0].toFixed(1)),
      node: process.versions.node,
      images: IMAGES,
      size: SIZE,
      shortlist: SHORTLIST,
      search_ms: short(vectors),
      search_without_vector_instructions_ms: short(scalar),
      recall_of_10: found / (CHECKED_QUERIES * TOP),
      write_ms: short(write),
      read_and_check_ms: short(read),
      file_bytes: fs.statSync(file).size,
      features_bytes: features.byteLength,
      resident_bytes_after_search: memory,
    };
    const text = `${JSON.stringify(report, undefined, 2)}\n`;
    fs.writeFileSync(path.join(__dirname, 'results', `search-${IMAGES}.json`), text);
    process.stdout.write(text);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

void main();

// Damaged and hostile parquet files: each ends in values or in a ParquetError, soon and in little memory.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { ParquetError, ParquetFile } from '../../../lib/datasets/parquet';
import { mulberry32 } from '../../../lib/datasets/seeded-shuffle';
import { projectRoot } from '../../project-root';
import { mutate } from '../mutate';

const FOLDER = path.join(projectRoot(), 'tests/fixtures/datasets/forms');
const FILES = [
  'snappy-v1',
  'zstd-v2',
  'gzip-v1',
  'brotli-v2',
  'lz4-v1',
  'lz4-hadoop',
  'delta-v1',
  'delta-v2',
  'pages-v1',
  'fallback-v2',
  'none-v1',
  'plain-v2',
  'split-rows',
];
const MUTATIONS = Number(process.env.PARQUET_MUTATIONS ?? 60);
/** One file takes milliseconds; a busy machine may take its time, a hang has none of it. */
const LONGEST_MS = 20_000;

/** Reads all columns of all rows. */
async function readAll(bytes: Uint8Array): Promise<void> {
  const file = await ParquetFile.open({
    byteLength: bytes.length,
    slice: async (start, end = bytes.length) => {
      assert.ok(start >= 0 && start <= end && end <= bytes.length, `a read from ${start} to ${end} of ${bytes.length}`);
      return new Uint8Array(bytes.subarray(start, end)).buffer;
    },
  });
  for (const groups of file.planSpans()) {
    const span = file.openSpan(groups);
    const rows = Math.min(span.rows, 10_000);
    for (const leaf of file.footer.leaves) {
      const values = await span.read(leaf, 0, rows);
      assert.equal(values.length, rows);
    }
  }
}

for (const [number, name] of FILES.entries())
  test(`${name} with bytes changed, lost and moved`, async () => {
    const original = fs.readFileSync(path.join(FOLDER, `${name}.parquet`));
    await readAll(original);
    const random = mulberry32(number + 1);
    let refused = 0;
    for (let mutation = 0; mutation < MUTATIONS; mutation++) {
      const bytes = mutate(original, random);
      const started = performance.now();
      try {
        await readAll(bytes);
      } catch (error) {
        if (!(error instanceof ParquetError)) {
          throw new Error(`mutation ${mutation} of ${name}: ${error instanceof Error ? error.stack : String(error)}`);
        }
        assert.ok(error.message.length < 1500, error.message);
        refused++;
      }
      const taken = performance.now() - started;
      assert.ok(taken < LONGEST_MS, `mutation ${mutation} of ${name} took ${taken} ms`);
    }
    assert.ok(
      refused > 0 && process.memoryUsage().rss < 2 ** 31,
      `${refused} refused, ${process.memoryUsage().rss} bytes`,
    );
  });

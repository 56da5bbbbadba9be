// captionFolder and askFolder on the bundled model, one table of all: its rows, its forms, and how a run goes on.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import { askFolder, captionFolder, type BatchSummary } from '../../lib';
import { FIXTURES, PICTURES, base, counts, expected, photos, rowsOf, work, type Row } from './caption-fixture';

describe('a table', () => {
  test('JSONL: captions and scores as PyTorch has them, at any batch size, and in beams', async () => {
    const digest = '27310e78f093bca43a91798817a7b3a0c9b3fd0a42d7785445b854d23dab4ab6'; // sha256sum demo.jpg
    for (const [name, options] of Object.entries({
      one: { batch_size: 1 },
      three: { batch_size: 3 },
      streams: { streams: 2 },
      small: { memory_limit: 2 ** 24 },
      beams: { generation: { num_beams: 3 } },
    })) {
      const output = path.join(work, `${name}.jsonl`);
      assert.deepEqual(counts(await captionFolder(PICTURES, { ...base, ...options, output })), [8, 0, 0, 0], name);
      for (const row of rowsOf(output)) {
        const { caption, score } = expected[path.basename(row.image)];
        assert.equal(row.caption, caption, name);
        // FP16 weights in f32; sharp's resized image differs from PIL's by a level here and there
        assert.ok(Math.abs(row.score - score) < 2e-3, `${name} ${row.image}: ${row.score}, expected ${score}`);
        if (row.image.endsWith('demo.jpg')) assert.equal(row.sha256, digest);
      }
    }
  });

  test('goes on where it was stopped, also behind a torn line, and keeps one row per image', async () => {
    const folder = photos('demo.jpg', 'park-day-cat.jpg', 'snow-night-cat.jpg');
    const output = path.join(work, 'torn.jsonl');
    await captionFolder(folder, { ...base, output });
    const bytes = fs.readFileSync(output);
    fs.writeFileSync(output, bytes.subarray(0, bytes.length - 30)); // a process that was killed while it wrote
    assert.deepEqual(counts(await captionFolder(folder, { ...base, output })), [1, 2, 0, 0]);
    assert.equal(new Set(rowsOf(output).map(({ image }) => image)).size, 3);
    await captionFolder(folder, { ...base, output, generation: { max_new_tokens: 2 } });
    assert.deepEqual(
      rowsOf(output).map(({ caption }) => caption.split(' ').length),
      [2, 2, 2],
    );
  });

  test('that is somebody else’s file is not touched', async () => {
    const output = path.join(work, 'other.jsonl');
    for (const text of ['{"text": "mine"}\n', 'mine', '{"text"']) {
      fs.writeFileSync(output, text);
      await assert.rejects(captionFolder(photos('demo.jpg'), { ...base, output }), /other\.jsonl, line 1/);
      assert.equal(fs.readFileSync(output, 'utf8'), text);
    }
  });

  test('CSV, read by Python: answers, odd names, no formulas', { skip: process.platform === 'win32' }, async () => {
    const folder = photos();
    process.chdir(folder);
    const names = ['=cmd,"x".jpg', 'a\nb.jpg', 'é.jpg'];
    for (const name of names) fs.copyFileSync(path.join(PICTURES, 'demo.jpg'), name);
    fs.writeFileSync('list.jsonl', names.map((name) => JSON.stringify(name)).join('\n'));
    const questions = ['how many dogs are there?', 'is it day or night?'];
    const { done } = await askFolder('list.jsonl', questions, { ...base, output: 'out.csv' });
    process.chdir(path.dirname(path.dirname(PICTURES)));
    assert.equal(done, 3);
    const script =
      'import csv,json,sys; print(json.dumps(list(csv.DictReader(open(sys.argv[1],newline="",encoding="utf-8")))))';
    const { stdout, error } = spawnSync('python3', ['-c', script, path.join(folder, 'out.csv')], { encoding: 'utf8' });
    if (error) return; // no Python here
    const rows: Row[] = JSON.parse(stdout);
    assert.deepEqual(
      rows.map(({ image, question, answer }) => [image, question, answer]).sort(),
      names.flatMap((name) => questions.map((q, i) => [name.replace(/^=/, "'="), q, ['2', 'day'][i]])).sort(),
    );
    assert.ok(fs.readFileSync(path.join(folder, 'out.csv')).includes('\r\n'));
  });

  test('parquet: the file whose rows pyarrow read', async () => {
    const { writeParquet } = await import('../../lib/batch/write-table');
    const output = path.join(work, 'fixed.parquet');
    await writeParquet({ journal: path.join(FIXTURES, 'rows.jsonl'), output, rows: 'captions', shard: undefined });
    assert.deepEqual(fs.readFileSync(output), fs.readFileSync(path.join(FIXTURES, 'rows.parquet')));
  });

  test('of tar and parquet files, with images in them', async () => {
    for (const [name, count] of [
      ['set-000000.tar', [4, 0, 0, 1]],
      ['images.parquet', [3, 0, 0, 1]],
    ] as const) {
      const output = path.join(work, `${name}.out.parquet`);
      const call = (): Promise<BatchSummary> => captionFolder(path.join(FIXTURES, name), { ...base, output });
      assert.deepEqual(counts(await call()), count);
      assert.deepEqual(counts(await call()), [0, count[0], 0, 1]);
    }
  });
});

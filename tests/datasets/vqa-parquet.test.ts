// VQAv2 in parquet form: files written by pyarrow, read from disk, cached and taken up again. parquet-hub.test.ts reads over HTTP.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { loadVqaParquet, loadVqaSamples, VqaParquetError, VqaSourceError } from '../../lib/datasets';
import { projectRoot } from '../project-root';

const FIXTURE = path.join(projectRoot(), 'tests/fixtures/datasets/vqa.parquet'); // make_vqa_parquet.py
const READABLE = 9; // of 12 rows

let folder = '';

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vqa-parquet-'));
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function cacheDir(): string {
  return fs.mkdtempSync(path.join(folder, 'cache-'));
}

test('reads pictures, questions and answers; broken rows are counted and others take their place', async () => {
  const { samples, skipped } = await loadVqaParquet([FIXTURE], { count: 100, cache_dir: cacheDir() });
  assert.equal(samples.length, READABLE);
  assert.deepEqual(skipped.reasons, { 'picture broken': 1, 'no question': 1, 'picture missing': 1 });
  assert.ok(
    skipped.examples.every((line) => line.startsWith('vqa.parquet, row ')),
    skipped.examples.join(),
  );
  assert.equal(new Set(samples.map(({ question_id }) => question_id)).size, READABLE);
  for (const { image_id, question_id, question, answers, question_type, image } of samples) {
    const row = Number(image_id) - 1000;
    assert.equal(question_id, String(5000 + row));
    assert.equal(question, `how many é in ${row}?`);
    assert.deepEqual(
      answers,
      Array.from({ length: 10 }, () => String(row)),
    );
    assert.equal(question_type, 'how many');
    assert.ok(typeof image === 'string');
    const { data, info } = await sharp(image).raw().toBuffer({ resolveWithObject: true });
    assert.deepEqual([info.width, info.height, ...data.subarray(0, 3)], [4, 3, 200, row * 10, 255 - row]);
  }
});

test('the seed decides the order; count cuts it', async () => {
  const ids = async (seed: number, count: number) =>
    (await loadVqaParquet([FIXTURE], { count, seed, cache_dir: cacheDir() })).samples.map(
      ({ question_id }) => question_id,
    );
  const all = await ids(42, 100);
  assert.deepEqual(await ids(42, 100), all);
  assert.deepEqual(await ids(42, 4), all.slice(0, 4));
  assert.notDeepEqual(await ids(7, 100), all);
});

test('a call that was cancelled is taken up again, also after a line cut short', async () => {
  const cache_dir = cacheDir();
  const controller = new AbortController();
  const interrupted = loadVqaParquet([FIXTURE], {
    count: 100,
    cache_dir,
    signal: controller.signal,
    progress_callback: ({ loaded = 0 }) => {
      if (loaded === 5) controller.abort(new Error('enough'));
    },
  });
  await assert.rejects(interrupted, /enough/);
  const [request] = fs.readdirSync(cache_dir);
  const log = path.join(cache_dir, request, 'blocks.jsonl');
  const lines = fs.readFileSync(log, 'utf8').split('\n').length - 1;
  assert.ok(lines >= 1, 'the first block was kept');
  fs.appendFileSync(log, '{"block":1,"sam');
  const seen: number[] = [];
  const { samples, skipped } = await loadVqaParquet([FIXTURE], {
    count: 100,
    cache_dir,
    progress_callback: ({ loaded = 0 }) => seen.push(loaded),
  });
  assert.ok(seen[0] >= 3, `went on from ${seen[0]}`);
  const fresh = await loadVqaParquet([FIXTURE], { count: 100, cache_dir: cacheDir() });
  assert.deepEqual(
    samples.map(({ question_id }) => question_id),
    fresh.samples.map(({ question_id }) => question_id),
  );
  assert.deepEqual(skipped, fresh.skipped);
});

test('clear errors: no parquet file, a cut one, another column, no answers, nothing there', async () => {
  const text = path.join(folder, 'text.parquet');
  fs.writeFileSync(text, 'this is no parquet file at all');
  await assert.rejects(loadVqaParquet([text], { count: 1, cache_dir: cacheDir() }), VqaParquetError);
  fs.writeFileSync(text, fs.readFileSync(FIXTURE).subarray(0, 2000));
  await assert.rejects(
    loadVqaParquet([text], { count: 1, cache_dir: cacheDir() }),
    /text\.parquet: not a parquet file, or cut short/,
  );
  fs.writeFileSync(text, '');
  await assert.rejects(loadVqaParquet([text], { count: 1, cache_dir: cacheDir() }), VqaParquetError);
  await assert.rejects(
    loadVqaParquet([FIXTURE], { count: 1, cache_dir: cacheDir(), columns: { question: 'ask' } }),
    /no column "ask".*it has: question_type, multiple_choice_answer, answers, image_id, answer_type, question_id, question, image\./,
  );
  await assert.rejects(
    loadVqaParquet([FIXTURE], {
      count: 1,
      cache_dir: cacheDir(),
      columns: { answers: 'x', multiple_choice_answer: 'y' },
    }),
    /no column "x".*expected image, question, and x or y/,
  );
  await assert.rejects(loadVqaSamples('no/such/folder'), /neither a folder/);
  await assert.rejects(loadVqaSamples('../up'), VqaSourceError);
  await assert.rejects(loadVqaSamples(''), /"" is neither a folder/);
  await assert.rejects(loadVqaSamples(path.join(projectRoot(), 'package.json')), /no \.parquet file; name the folder/);
});

test('options are checked before anything is read', async () => {
  const wrong: [options: object, message: RegExp][] = [
    [{ count: 0 }, /count is 0; expected a whole number/],
    [{ count: NaN }, /count is NaN/],
    [{ count: 1.5 }, /count is 1\.5/],
    [{ seed: 0.5 }, /seed is 0\.5/],
    [{ split: 'test' }, /split is "test"; expected train or val/],
    [{ shuffle: false }, /shuffle is no option; expected split, count/],
    [{ timeout_ms: 0 }, /timeout_ms is 0/],
  ];
  for (const [options, message] of wrong)
    await assert.rejects(
      loadVqaSamples('no/such/folder', options),
      (error: unknown) => error instanceof VqaSourceError && message.test(error.message),
    );
});

test('a broken row group is passed over, the others are read', async () => {
  const broken = path.join(folder, 'broken.parquet');
  const bytes = fs.readFileSync(FIXTURE);
  bytes.fill(0xff, 4, 60); // the first page of the first of three row groups, behind the mark PAR1
  fs.writeFileSync(broken, bytes);
  const { samples, skipped } = await loadVqaParquet([broken], { count: 100, cache_dir: cacheDir() });
  assert.equal(skipped.reasons['row group broken'], 4);
  assert.ok(
    samples.length >= 6 && samples.every(({ image_id }) => Number(image_id) >= 1004),
    samples.map(({ image_id }) => image_id).join(),
  );
});

test('another content under the same name is not taken from the cache', async () => {
  const file = path.join(folder, 'changing.parquet');
  const cache_dir = cacheDir();
  fs.copyFileSync(FIXTURE, file);
  assert.equal((await loadVqaParquet([file], { count: 3, cache_dir })).samples.length, 3);
  fs.writeFileSync(file, 'something else');
  await assert.rejects(loadVqaParquet([file], { count: 3, cache_dir }), VqaParquetError);
});

test('splits of a folder by the names of its files; one split, or none, is divided without a shared row', async () => {
  const ids = async (source: string, split: 'train' | 'val') =>
    (await loadVqaSamples(source, { split, count: 100, cache_dir: cacheDir() })).samples
      .map(({ question_id }) => question_id)
      .sort();
  const all = (await loadVqaParquet([FIXTURE], { count: 100, cache_dir: cacheDir() })).samples
    .map(({ question_id }) => question_id)
    .sort();
  const layouts: [names: string[], divided: boolean][] = [
    [
      [
        'data/train-00000-of-00001.parquet',
        'data/validation-00000-of-00001.parquet',
        'data/test-00000-of-00001.parquet',
      ],
      false,
    ],
    [['default/train/0000.parquet', 'default/val/0000.parquet'], false],
    [['trained/validation-0.parquet', 'trained/train-0.parquet'], false],
    [['0000.parquet'], true],
    [['validation-00000-of-00001.parquet'], true],
  ];
  for (const [index, [names, divided]] of layouts.entries()) {
    const source = path.join(folder, `layout-${index}`);
    for (const name of names) {
      fs.mkdirSync(path.dirname(path.join(source, name)), { recursive: true });
      fs.copyFileSync(FIXTURE, path.join(source, name));
    }
    const [train, val] = [await ids(source, 'train'), await ids(source, 'val')];
    if (divided) {
      assert.deepEqual([...train, ...val].sort(), all, names.join());
      assert.ok(train.length > 0 && val.length > 0 && train.every((id) => !val.includes(id)), names.join());
    } else assert.deepEqual([train, val], [all, all], names.join()); // every file is the same one here
  }
  const [train, val] = [await ids(FIXTURE, 'train'), await ids(FIXTURE, 'val')];
  assert.deepEqual([...train, ...val].sort(), all);
});

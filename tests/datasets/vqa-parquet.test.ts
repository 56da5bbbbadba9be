// VQAv2 in parquet form: files written by pyarrow, read from disk, cached and taken up again. parquet-hub.test.ts reads
// over HTTP.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { loadVqaParquet, loadVqaSamples, VqaParquetError, VqaSourceError } from '../../lib/datasets';
import { mulberry32 } from '../../lib/datasets/seeded-shuffle';
import { projectRoot } from '../project-root';
import { mutate } from './mutate';

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

test('reads images, questions and answers; broken rows are counted and others take their place', async () => {
  const { samples, skipped } = await loadVqaParquet([FIXTURE], { count: 100, cache_dir: cacheDir() });
  assert.equal(samples.length, READABLE);
  assert.deepEqual(skipped.reasons, { 'image unreadable': 1, 'no question': 1, 'image missing': 1 });
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
  // 60 rows in 3 row groups of 20
  const LARGE = path.join(projectRoot(), 'tests/fixtures/datasets/hub/lmms-validation-0.parquet');
  const files = [LARGE, FIXTURE];
  const controller = new AbortController();
  const interrupted = loadVqaParquet(files, {
    count: 100,
    cache_dir,
    signal: controller.signal,
    progress_callback: ({ status, loaded = 0 }) => {
      if (status === 'samples' && loaded === 40) controller.abort(new Error('enough'));
    },
  });
  await assert.rejects(interrupted, /enough/);
  const [request] = fs.readdirSync(cache_dir);
  const log = path.join(cache_dir, request, 'steps.jsonl');
  const lines = fs.readFileSync(log, 'utf8').split('\n').length - 1;
  assert.ok(lines >= 1, 'the first step was kept');
  fs.appendFileSync(log, '{"key":"1/0/0/0","sam');
  const seen: number[] = [];
  const { samples, skipped } = await loadVqaParquet(files, {
    count: 100,
    cache_dir,
    progress_callback: ({ loaded = 0 }) => seen.push(loaded),
  });
  assert.ok(
    seen.some((loaded, i) => i > 0 && loaded - seen[i - 1] > 1),
    'samples of the first call came at once',
  );
  const fresh = await loadVqaParquet(files, { count: 100, cache_dir: cacheDir() });
  const ids = (all: typeof samples) => all.map(({ question_id }) => question_id);
  assert.deepEqual(ids(samples), ids(fresh.samples));
  assert.deepEqual(skipped, fresh.skipped);
  // a smaller request takes from the same samples, and a larger one went on
  assert.deepEqual(ids((await loadVqaParquet(files, { count: 7, cache_dir })).samples), ids(samples).slice(0, 7));
  assert.equal(fs.readdirSync(cache_dir).length, 1);
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
    /no column "ask".*it has: question_type, multiple_choice_answer, answers, image_id, .*question, image\./,
  );
  await assert.rejects(
    loadVqaParquet([FIXTURE], {
      count: 1,
      cache_dir: cacheDir(),
      columns: { answers: 'x', multiple_choice_answer: 'y' },
    }),
    /no column "x".*expected image, question, and x or y/,
  );
  await assert.rejects(
    loadVqaSamples('no/such/folder'),
    /no\/such\/folder: no such folder\. Expected a folder in VQAv2's form.*hub id such as/,
  );
  await assert.rejects(loadVqaSamples('../up'), VqaSourceError);
  await assert.rejects(loadVqaSamples(''), /"": no such folder/);
  await assert.rejects(loadVqaSamples('vqav2'), /"vqav2": no such folder.*with its owner in front/);
  await assert.rejects(loadVqaSamples(path.join(projectRoot(), 'package.json')), /no \.parquet file; name the folder/);
});

test('a slip in a local name is told with what may have been meant, without asking the network', async () => {
  const near = path.join(folder, 'near');
  fs.mkdirSync(path.join(near, 'vqa-set', 'data'), { recursive: true });
  fs.copyFileSync(FIXTURE, path.join(near, 'vqa-set', 'data', 'train-00000-of-00001.parquet'));
  fs.copyFileSync(FIXTURE, path.join(near, 'rows.parquet'));
  process.env.HF_ENDPOINT = 'http://hub.invalid';
  try {
    for (const [given, meant] of [
      [path.join(near, 'vqa-sets'), path.join(near, 'vqa-set')],
      [path.join(near, 'row.parquet'), path.join(near, 'rows.parquet')],
      ['data/vqa-scnes', 'data/vqa-scenes'], // "data" is a folder here: no owner on the hub
    ])
      await assert.rejects(
        loadVqaSamples(given),
        (error: unknown) => error instanceof VqaSourceError && error.message.includes(`Did you mean ${meant}`),
      );
  } finally {
    delete process.env.HF_ENDPOINT;
  }
});

test('options are checked before anything is read', async () => {
  const wrong: [options: object, message: RegExp][] = [
    [{ count: 0 }, /count is 0; expected a whole number/],
    [{ count: NaN }, /count is NaN/],
    [{ count: 1.5 }, /count is 1\.5/],
    [{ seed: 0.5 }, /seed is 0\.5/],
    [{ split: 'test' }, /split is "test"; expected train or val/],
    [{ shuffle: false }, /option "shuffle"; expected split, count/],
    [{ timeout_ms: 0 }, /timeout_ms is 0/],
  ];
  for (const [options, message] of wrong)
    await assert.rejects(
      loadVqaSamples('no/such/folder', options),
      (error: unknown) => error instanceof VqaSourceError && message.test(error.message),
    );
});

test('a broken row group is skipped and counted, the others are read', async () => {
  const broken = path.join(folder, 'broken.parquet');
  const bytes = fs.readFileSync(FIXTURE);
  bytes.fill(0xff, 4, 60); // the first page of the first of three row groups, behind the mark PAR1
  fs.writeFileSync(broken, bytes);
  const { samples, skipped } = await loadVqaParquet([broken], { count: 100, cache_dir: cacheDir() });
  assert.equal(skipped.reasons['row group unreadable (column question_type, SNAPPY)'], 4);
  assert.match(
    skipped.examples.join('\n'),
    /^broken\.parquet, rows 0 to 3: row group unreadable .*: a value of the unknown Thrift type/m,
  );
  assert.ok(
    samples.length >= 6 && samples.every(({ image_id }) => Number(image_id) >= 1004),
    samples.map(({ image_id }) => image_id).join(),
  );
});

test('nothing usable is an error with the reasons, the rows and the codec', async () => {
  const broken = path.join(folder, 'unusable.parquet');
  const bytes = fs.readFileSync(path.join(projectRoot(), 'tests/fixtures/datasets/vqa-forms/image-binary.parquet'));
  bytes.fill(0xff, bytes.indexOf('PNG'), bytes.indexOf('PNG') + 100); // ZSTD leaves the first image as it is
  fs.writeFileSync(broken, bytes);
  await assert.rejects(loadVqaParquet([broken], { count: 5, cache_dir: cacheDir() }), (error: unknown) => {
    assert.ok(error instanceof VqaParquetError);
    assert.match(
      error.message,
      /unusable\.parquet: none of 12 rows .*12 × row group unreadable \(column img, ZSTD\) .*rows 0 to 11: /,
    );
    return true;
  });
  const cut = path.join(folder, 'cut.parquet');
  fs.writeFileSync(cut, fs.readFileSync(FIXTURE).subarray(0, 5000));
  const { samples, skipped } = await loadVqaParquet([cut, FIXTURE], { count: 5, cache_dir: cacheDir() });
  assert.deepEqual([samples.length, skipped.reasons['file unusable']], [5, 1]); // one good file is enough
  await assert.rejects(
    loadVqaParquet([cut, cut], { count: 5, cache_dir: cacheDir() }),
    /cut\.parquet: not a parquet file, or cut short/,
  );
  const empty = path.join(projectRoot(), 'tests/fixtures/datasets/forms/no-rows.parquet');
  await assert.rejects(
    loadVqaParquet([empty], {
      count: 5,
      cache_dir: cacheDir(),
      columns: { question: 'text', image: 'data', answers: 'texts' },
    }),
    /no-rows\.parquet: has no rows/,
  );
});

test('one image cannot be divided: calibration has its rows, validation is told why', async () => {
  const file = path.join(projectRoot(), 'tests/fixtures/datasets/vqa-forms/one-image-zstd.parquet');
  const options = { cache_dir: cacheDir() };
  assert.equal((await loadVqaSamples(file, options)).samples.length, 10);
  await assert.rejects(
    loadVqaSamples(file, { ...options, split: 'val' }),
    /none of its 10 rows belongs to the part "val".*too few different images/,
  );
});

test('damaged files give samples or an error that says why, and never samples of nothing', async () => {
  const file = path.join(folder, 'damaged.parquet');
  const original = fs.readFileSync(FIXTURE);
  const random = mulberry32(5);
  const cache_dir = cacheDir();
  let [read, refused] = [0, 0];
  for (let mutation = 0; mutation < 80; mutation++) {
    fs.writeFileSync(file, mutate(original, random));
    for (const part of ['all', 'val'] as const)
      try {
        const { samples } = await loadVqaParquet([file], { count: 20, cache_dir, part, revision: String(mutation) });
        assert.ok(
          samples.length > 0 && samples.every(({ answers, question }) => answers.length > 0 && question !== ''),
        );
        read++;
      } catch (error) {
        assert.ok(error instanceof VqaParquetError && error.message.startsWith(file), String(error));
        refused++;
      }
  }
  assert.ok(read > 20 && refused > 20, `${read} read, ${refused} refused`);
});

test('a cache that cannot be written to is told, with what to do', async () => {
  const blocked = path.join(folder, 'blocked');
  fs.writeFileSync(blocked, 'a file');
  await assert.rejects(
    loadVqaParquet([FIXTURE], { count: 3, cache_dir: path.join(blocked, 'datasets') }),
    (error: unknown) =>
      error instanceof VqaSourceError &&
      /blocked.*samples cannot be kept there: .*cache_dir or BLIP_CACHE/.test(error.message),
  );
});

test('a step that two processes noted is counted once', async () => {
  const cache_dir = cacheDir();
  const first = await loadVqaParquet([FIXTURE], { count: 3, cache_dir });
  const log = path.join(cache_dir, fs.readdirSync(cache_dir)[0], 'steps.jsonl');
  fs.appendFileSync(log, fs.readFileSync(log));
  const all = await loadVqaParquet([FIXTURE], { count: 100, cache_dir });
  assert.equal(all.samples.length, READABLE);
  assert.deepEqual(all.samples.slice(0, 3), first.samples);
  assert.equal(new Set(all.samples.map(({ question_id }) => question_id)).size, READABLE);
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

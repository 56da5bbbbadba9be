// Forms of answers and images in parquet (make_vqa_parquet.py made the files), and the parts that read them.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import {
  loadVqaParquet,
  loadVqaSamples,
  VqaParquetError,
  VqaSourceError,
  type LoadVqaOptions,
} from '../../lib/datasets';
import { chosenAnswer } from '../../lib/datasets/chosen-answer';
import { chooseSplit, splitOfPath } from '../../lib/datasets/choose-split';
import { divisionBound, partOf } from '../../lib/datasets/divide-rows';
import { findParquetFiles } from '../../lib/datasets/find-parquet-files';
import { parseAnswers } from '../../lib/datasets/parse-answers';
import { findImageFile, rowImage } from '../../lib/datasets/read-row-image';
import { projectRoot } from '../project-root';

const FORMS = path.join(projectRoot(), 'tests/fixtures/datasets/vqa-forms');

let folder = '';
before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vqa-forms-'));
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

const cacheDir = (): string => fs.mkdtempSync(path.join(folder, 'cache-'));
const load = (name: string, options: Partial<LoadVqaOptions> = {}) =>
  loadVqaParquet([path.join(FORMS, `${name}.parquet`)], { count: 100, cache_dir: cacheDir(), ...options });

for (const form of ['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4', 'binary', 'text'])
  test(`one-image-${form}: 10 rows`, async () => {
    const { samples, skipped } = await load(`one-image-${form}`);
    assert.deepEqual([samples.length, skipped.total], [10, 0]);
    for (const { question, answers } of samples) {
      assert.equal(question, 'how many dogs?');
      assert.deepEqual(answers, form === 'text' ? ['2'] : Array.from({ length: 10 }, () => '2'));
    }
    assert.equal(new Set(samples.map(({ image_id }) => image_id)).size, 1); // one image is encoded once
  });

test('answers as one text, as JSON of lists and of records, as a record of lists', async () => {
  const text = await load('answers-text');
  assert.deepEqual(
    text.samples.map(({ answers }) => answers[0]).sort(),
    Array.from({ length: 12 }, (_, i) => `two ${i}`).sort(),
  );
  for (const name of ['answers-json', 'answers-lists']) {
    const { samples } = await load(name);
    assert.equal(samples.length, 12);
    for (const { question, answers } of samples)
      assert.deepEqual(
        answers,
        Array.from({ length: 10 }, () => /\d+/.exec(question)?.[0]),
        name,
      );
  }
});

test('parseAnswers: every form, and what is no answer', () => {
  const cases: [answers: unknown, mostCommon: unknown, expected: string[] | undefined][] = [
    [[{ answer: 'net' }, { answer: 'nets' }], 'x', ['net', 'nets']],
    [['a', null, 'b', ''], undefined, ['a', 'b']],
    [[3, 4n], undefined, ['3', '4']],
    ['down', undefined, ['down']],
    ['["a","b"]', undefined, ['a', 'b']],
    ['[{"answer":"a","answer_id":1}]', undefined, ['a']],
    ['{"answer":["a","b"]}', undefined, ['a', 'b']],
    ["['a', \"it's\", 'c\\'d']", undefined, ['a', "it's", "c'd"]],
    ["['a' 'b'\n 'c']", undefined, ['a', 'b', 'c']], // as NumPy prints it
    ['[sic] no', undefined, ['[sic] no']],
    [['[a]'], undefined, ['[a]']], // within a list brackets are the answer's own
    [{ answer: ['a'], answer_id: [1] }, undefined, ['a']],
    [{ list: [{ element: 'a' }] }, undefined, ['a']],
    [Buffer.from('é'), undefined, ['é']],
    [null, 'one', ['one']],
    [[], 'one', ['one']],
    ['[]', 'one', ['one']],
    [{ text: 'a' }, undefined, ['a']],
    [[{ answer_id: 1 }], undefined, undefined],
    [' ', undefined, undefined],
    [undefined, undefined, undefined],
    [true, undefined, ['yes']],
    [[false], undefined, ['no']],
    [`${'['.repeat(50_000)}`, undefined, ['['.repeat(50_000)]], // too deep for JSON: a text like any other
  ];
  for (const [answers, mostCommon, expected] of cases)
    assert.deepEqual(
      parseAnswers(answers, mostCommon),
      expected,
      String(JSON.stringify(answers, (_, value) => String(value))).slice(0, 80),
    );
});

test('the number or the letter of a choice stands for its text', async () => {
  const choices = ['cat', 'dog', '3'];
  const { samples } = await load('choices');
  assert.deepEqual(
    samples.map(({ answers }) => answers[0]).sort(),
    choices.flatMap((text) => Array(4).fill(text)).sort(),
  );
  const cases: [answer: unknown, choices: unknown, expected: unknown][] = [
    [0, choices, 'cat'],
    [1n, choices, 'dog'],
    ['2', choices, '3'],
    ['B', choices, 'dog'],
    [' A ', choices, 'cat'],
    ['A', "['cat', 'dog']", 'cat'], // MMMU has the list as text
    ['3', choices, '3'], // a choice itself
    ['dog', choices, 'dog'],
    [7, choices, 7],
    ['Z', choices, 'Z'],
    [-1, choices, -1],
    [1.5, choices, 1.5],
    [['dog'], choices, ['dog']],
    [1, null, 1],
    [1, undefined, 1],
    [null, choices, null],
  ];
  for (const [answer, list, expected] of cases) assert.deepEqual(chosenAnswer(answer, list), expected, String(answer));
});

test('truth values, decimals, UUIDs and gaps in ids', async () => {
  const truth = (await load('answers-truth')).samples;
  assert.deepEqual(new Set(truth.map(({ answers }) => answers[0])), new Set(['yes', 'no']));
  assert.ok(truth.some(({ image_id }) => image_id === 'fe'.repeat(16)));
  assert.equal(new Set(truth.map(({ image_id }) => image_id)).size, 12, 'each row its own image');
  const decimal = (await load('answers-decimal')).samples;
  assert.deepEqual(
    decimal.map(({ answers }) => Number(answers[0])).sort((a, b) => a - b),
    Array.from({ length: 12 }, (_, i) => i / 4),
  );
  assert.equal(new Set(decimal.map(({ question_id }) => question_id)).size, 12, 'NaN is no id');
});

test('a question in several languages: English, or the one that columns names', async () => {
  const questions = async (options: Partial<LoadVqaOptions>): Promise<string[]> =>
    (await load('languages', options)).samples.map(({ question }) => question.replace(/\d+/, 'N'));
  assert.deepEqual(new Set(await questions({})), new Set(['what N?']));
  assert.deepEqual(new Set(await questions({ columns: { question: 'query.fr' } })), new Set(['quoi N?']));
  await assert.rejects(questions({ columns: { question: 'query.es' } }), /no column "query\.es"/);
});

test('plain bytes under other names, large types, ids as text', async () => {
  const { samples } = await load('image-binary');
  assert.equal(samples.length, 12);
  assert.deepEqual(new Set(samples.map(({ image_id }) => image_id)), new Set(['i1000', 'i1001', 'i1002', 'i1003']));
  await assert.rejects(load('image-binary', { columns: { image: 'question' } }), VqaParquetError); // text is no image
  await assert.rejects(
    load('image-binary', { columns: { answers: 'nothing' } }),
    /no column "nothing".*expected image, question, and nothing or/,
  );
});

for (const form of ['image-path', 'image-struct-path'])
  test(`${form}: files beside the parquet file, and none outside of its folder`, async () => {
    const root = fs.mkdtempSync(path.join(folder, 'data-'));
    const data = path.join(root, 'data');
    fs.mkdirSync(path.join(data, 'images'), { recursive: true });
    const image = fs.readFileSync(path.join(projectRoot(), 'data/pictures/demo.jpg'));
    for (const place of ['data/images/0.png', 'data/images/1.png', 'outside.png'])
      fs.writeFileSync(path.join(root, place), image);
    fs.symlinkSync(path.join(root, 'outside.png'), path.join(data, 'images/link.png'));
    fs.copyFileSync(path.join(FORMS, `${form}.parquet`), path.join(data, 'rows.parquet'));
    const options = { count: 100, cache_dir: cacheDir() };
    const { samples, skipped } = await loadVqaParquet([path.join(data, 'rows.parquet')], options);
    assert.deepEqual(samples.map(({ question }) => question).sort(), ['0?', '1?', '2?']);
    assert.ok(samples.every(({ image }) => path.dirname(String(image)) === fs.realpathSync(path.join(data, 'images'))));
    assert.equal(new Set(samples.map(({ image }) => image)).size, 2);
    assert.deepEqual(skipped.reasons, {
      'image missing': 1,
      'image file missing': 1,
      'image path leads out of the folder': 3, // up, absolute, through a link
      'image is a web address': 1,
    });
    // within the data set's own folder a path may lead up
    const whole = await loadVqaSamples(root, { ...options, split: 'train' });
    const rest = await loadVqaSamples(root, { ...options, split: 'val' });
    const questions = [...whole.samples, ...rest.samples].map(({ question }) => question).sort();
    assert.deepEqual(questions, ['0?', '1?', '2?', '4?', '7?']);
    // taken from the cache again, also where the images stay where they are
    assert.deepEqual((await loadVqaSamples(root, { ...options, split: 'train' })).samples, whole.samples);
  });

test('rowImage: bytes, paths, base64, lists of one', () => {
  const bytes = Uint8Array.of(255, 216, 255);
  assert.deepEqual(rowImage([{ bytes }, { path: 'a' }]), { bytes });
  assert.deepEqual(rowImage([{ bytes: null }, { path: 'a' }]), { path: 'a' });
  assert.deepEqual(rowImage([[{ bytes }]]), { bytes });
  assert.equal(rowImage([[{ bytes }, { bytes }]]), 'several images in one row');
  assert.equal(rowImage([null, { path: '' }]), 'image missing');
  assert.equal(rowImage([new Uint8Array()]), 'image missing');
  const image = fs.readFileSync(path.join(projectRoot(), 'data/pictures/demo.jpg'));
  for (const start of ['', 'data:image/jpeg;base64,']) {
    const read = rowImage([start + image.toString('base64')]);
    assert.ok(typeof read !== 'string' && 'bytes' in read && image.equals(read.bytes));
  }
});

test('a path into an archive, as Python’s `datasets` writes it, is told from a web address', () => {
  for (const place of ['zip://0.jpg::images.zip', 'zip://a/0.jpg::https://example.org/images.zip'])
    assert.equal(findImageFile(place, '/data', '/data'), 'image lies in an archive');
  assert.equal(findImageFile('https://example.org/0.jpg', '/data', '/data'), 'image is a web address');
});

test('the division: the same on every machine, never empty when there are two images, a fifth of many', () => {
  const ids = Array.from({ length: 500 }, (_, i) => `id:${i}`);
  for (const size of [2, 3, 12, 500]) {
    const some = ids.slice(0, size);
    const bound = divisionBound(some);
    const val = some.filter((id) => partOf(id, bound) === 'val').length;
    assert.equal(val, Math.max(1, Math.round(size / 5)));
  }
  assert.equal(divisionBound(['id:1', 'id:1']), 1);
  // Computed apart from this code: int(sha256('id:7').hexdigest()[:12], 16) / 2**48
  assert.equal(partOf('id:7', 0.8), 'train');
  assert.equal(partOf('id:7', 0.79), 'val');
});

test('splits: exact names, words in longer names, one name for both, a pair, what there is', () => {
  const splits = (...names: string[]) => new Map(names.map((name) => [name, [`${name}.parquet`]]));
  const choose = (names: string[], purpose: 'train' | 'val', own?: Parameters<typeof chooseSplit>[3]) => {
    const { files, part } = chooseSplit(splits(...names), purpose, 'it', own);
    return [files.join(), part].join(' ');
  };
  assert.equal(choose(['train', 'validation', 'test'], 'train'), 'train.parquet all');
  assert.equal(choose(['train', 'validation', 'test'], 'val'), 'validation.parquet all');
  assert.equal(choose(['validation', 'testdev', 'test'], 'train'), 'validation.parquet train');
  assert.equal(choose(['minival_validation', 'test'], 'val'), 'minival_validation.parquet val');
  assert.equal(choose(['val', 'test', 'test_dev'], 'val'), 'val.parquet val'); // test_dev has no answers
  assert.equal(choose(['trainval', 'train_val'], 'val'), 'train_val.parquet val'); // one split for both
  assert.equal(choose(['test'], 'train'), 'test.parquet train');
  assert.equal(choose(['a', 'b'], 'val', 'b'), 'b.parquet val');
  assert.equal(choose(['a', 'b'], 'val', { train: 'a', val: 'b' }), 'b.parquet all');
  assert.equal(choose(['a', 'b'], 'val', { train: 'a', val: 'a' }), 'a.parquet val');
  assert.throws(
    () => choose(['a', 'b'], 'train'),
    /it has no split for training; it has a, b\. .*hub_split, or BLIP_SPLIT/,
  );
  assert.throws(() => choose(['a', 'b'], 'train', 'c'), VqaParquetError);
  for (const [name, split] of [
    ['data/validation-00000-of-00068.parquet', 'validation'],
    ['data/train-00142-of-00143-3eb8008db9fbdfab.parquet', 'train'],
    ['default/partial-train/0000.parquet', 'train'],
    ['default/val/0000.parquet', 'val'],
    ['minival_validation-00000-of-00009.parquet', 'minival_validation'],
    ['trained/rows.parquet', ''],
    ['0000.parquet', ''],
  ])
    assert.equal(splitOfPath(name), split, name);
});

test("options that a folder in VQAv2's form has no use for are refused", async () => {
  const source = path.join(projectRoot(), 'data/vqa-scenes');
  await assert.rejects(
    loadVqaSamples(source, { columns: { image: 'x' } }),
    /holds no parquet files, where the option columns/,
  );
  process.env.BLIP_SPLIT = 'other'; // a setting for other data sets does no harm
  try {
    assert.equal((await loadVqaSamples(source, { count: 2 })).samples.length, 2);
  } finally {
    delete process.env.BLIP_SPLIT;
  }
});

test('options of another kind are refused', async () => {
  const wrong: [options: object, message: RegExp][] = [
    [{ hub_split: 3 }, /hub_split is 3; expected a split's name, or/],
    [{ hub_split: { train: 'a' } }, /hub_split is/],
    [{ columns: { picture: 'x' } }, /columns has "picture": "x"; expected names of columns for image, question/],
    [{ columns: { image: 3 } }, /columns has "image": 3/],
    [{ revision: 'a..b' }, /revision is "a\.\.b"; expected a branch/],
    [{ revision: 'main' }, /one-image-none\.parquet is on this machine, where the option revision means nothing/],
    [{ hub_split: 'train' }, /is one file, where the option hub_split means nothing/],
  ];
  for (const [options, message] of wrong)
    await assert.rejects(
      loadVqaSamples(path.join(FORMS, 'one-image-none.parquet'), options),
      (error: unknown) => error instanceof VqaSourceError && message.test(error.message),
    );
});

test('a repository’s folder in the hub’s cache: the current commit alone', () => {
  const repository = fs.mkdtempSync(path.join(folder, 'datasets--'));
  const put = (commit: string): string => {
    const data = path.join(repository, 'snapshots', commit, 'data');
    fs.mkdirSync(data, { recursive: true });
    fs.copyFileSync(path.join(FORMS, 'choices.parquet'), path.join(data, 'train-00000-of-00001.parquet'));
    return path.join(data, 'train-00000-of-00001.parquet');
  };
  fs.mkdirSync(path.join(repository, 'refs'));
  const first = put('aaaa');
  assert.deepEqual([...findParquetFiles(repository).values()], [[first]]);
  const second = put('bbbb');
  assert.throws(() => findParquetFiles(repository), /hub's cache, with 2 commits; name one of them/);
  fs.writeFileSync(path.join(repository, 'refs', 'main'), 'bbbb');
  assert.deepEqual([...findParquetFiles(repository).values()], [[second]]);
});

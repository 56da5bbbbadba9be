// VQAv2's JSON form, its streamed reader, and the shuffle.
import assert from 'node:assert/strict';
import realFs from 'node:fs'; // the module itself, which a test may watch
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { findVqaV2, loadVqaSamples, loadVqaV2, seededShuffle, VqaSourceError, VqaV2Error } from '../../lib/datasets';
import { JsonArrayError, readJsonArray } from '../../lib/datasets/read-json-array';
import { mulberry32 } from '../../lib/datasets/seeded-shuffle';
import type { Progress } from '../../lib/core/progress';
import { projectRoot } from '../project-root';

let folder = '';
before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vqa-v2-'));
  const images = path.join(folder, 'train2014');
  fs.mkdirSync(images);
  const picture = await sharp({ create: { width: 5, height: 3, channels: 3, background: '#f80' } })
    .jpeg()
    .toBuffer();
  for (const id of [1, 2, 3, 4])
    fs.writeFileSync(
      path.join(images, `COCO_train2014_${String(id).padStart(12, '0')}.jpg`),
      id === 3 ? picture.subarray(0, 40) : picture,
    );
  // Six questions of each picture; picture 3 is broken, picture 5 missing; question 402 has no answers, one row is no
  // question.
  const questions: unknown[] = [];
  const annotations: unknown[] = [];
  for (const image_id of [1, 2, 3, 4, 5])
    for (let n = 1; n <= 6; n++) {
      const question_id = image_id * 100 + n;
      questions.push({ image_id, question: `a "quoted" {brace} ${question_id}?`, question_id });
      if (question_id !== 402)
        annotations.push({
          question_type: 'what',
          multiple_choice_answer: 'x',
          answers: Array.from({ length: 10 }, (_, i) => ({
            answer: `${question_id}`,
            answer_confidence: 'yes',
            answer_id: i,
          })),
          image_id,
          question_id,
        });
    }
  questions.push({ image_id: 1 });
  fs.writeFileSync(
    path.join(folder, 'v2_OpenEnded_mscoco_train2014_questions.json'),
    JSON.stringify({ info: { description: 'a list of "questions" it is' }, questions }),
  );
  fs.writeFileSync(
    path.join(folder, 'v2_mscoco_train2014_annotations.json'),
    JSON.stringify({ info: {}, annotations }, null, 1),
  );
  fs.writeFileSync(
    path.join(folder, 'captions_train2014.json'),
    JSON.stringify({
      annotations: [
        { image_id: 1, id: 7, caption: 'one' },
        { image_id: 1, id: 8, caption: 'first' },
      ],
    }),
  );
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

test('the official layout: joined by id, broken rows counted', async () => {
  const { samples, skipped, source } = await loadVqaSamples(folder, { split: 'train', count: 100 });
  assert.equal(samples.length, 17); // 3 readable pictures x 6, one without answers
  assert.deepEqual(skipped.reasons, {
    'not a question': 1,
    'image unreadable': 6,
    'image missing': 6,
    'no answers': 1,
  });
  assert.equal(source, 'v2_OpenEnded_mscoco_train2014_questions.json');
  for (const sample of samples) {
    assert.equal(sample.question, `a "quoted" {brace} ${sample.question_id}?`);
    assert.deepEqual(
      sample.answers,
      Array.from({ length: 10 }, () => sample.question_id),
    );
    assert.match(String(sample.image), new RegExp(`0${sample.image_id}\\.jpg$`));
    assert.deepEqual(sample.caption, sample.image_id === '1' ? ['one', 'first'] : undefined);
  }
});

test('seeded order, and skipped rows are replaced by the next ones', async () => {
  const files = findVqaV2(folder, 'train');
  const ids = async (options: object) =>
    (await loadVqaV2(files, options)).samples.map(({ question_id }) => question_id);
  const all = await ids({ seed: 42 });
  assert.deepEqual(await ids({ seed: 42, count: 7 }), all.slice(0, 7));
  assert.notDeepEqual(await ids({ seed: 1 }), all);
  assert.deepEqual(await ids({ seed: null, count: 3 }), ['101', '102', '103']);
});

test('a missing split names what is missing', () => {
  assert.throws(
    () => findVqaV2(folder, 'val'),
    (error: unknown) =>
      error instanceof VqaV2Error && /no questions, annotations, image folder of the split "val"/.test(error.message),
  );
});

test('names of OK-VQA, of VQA’s first version and of abstract scenes', () => {
  for (const [questions, annotations, images] of [
    ['OpenEnded_mscoco_train2014_questions.json', 'mscoco_train2014_annotations.json', 'train2014'],
    ['v2_OpenEnded_abstract_v002_train2017_questions.json', 'v2_abstract_v002_train2017_annotations.json', 'train2017'],
  ]) {
    const other = fs.mkdtempSync(path.join(folder, 'names-'));
    for (const name of [questions, annotations, 'mscoco_trainval2014_annotations.json'])
      fs.writeFileSync(path.join(other, name), '{}');
    fs.mkdirSync(path.join(other, images));
    assert.deepEqual(
      Object.values(findVqaV2(other, 'train')).map((file) => path.basename(file)),
      [questions, annotations, images],
    );
  }
});

test('data in the forms of Python’s datasets: how it becomes parquet', () => {
  for (const [name, advice] of [
    ['state.json', 'load_from_disk('],
    ['dataset_dict.json', '["train"].to_parquet('],
    ['data-00000-of-00001.arrow', 'Dataset.from_file('],
    ['train.jsonl', 'Dataset.from_json('],
    ['train.csv', 'Dataset.from_csv('],
  ] as const) {
    const other = fs.mkdtempSync(path.join(folder, 'other-'));
    fs.writeFileSync(path.join(other, name), '{}');
    assert.throws(
      () => findVqaV2(other, 'train'),
      (error: unknown) => error instanceof VqaV2Error && error.message.includes(advice) && error.message.includes(name),
      name,
    );
  }
});

test('the bundled names: one folder of pictures for both splits, ids as strings, the one common answer', async () => {
  const source = path.join(folder, 'bundled');
  fs.mkdirSync(path.join(source, 'images'), { recursive: true });
  fs.copyFileSync(
    path.join(folder, 'train2014', 'COCO_train2014_000000000001.jpg'),
    path.join(source, 'images', 'beach.jpg'),
  );
  for (const split of ['train', 'val']) {
    const question_id = `${split}-1`;
    fs.writeFileSync(
      path.join(source, `questions_${split}.json`),
      JSON.stringify({
        questions: [
          { image_id: 'beach', question: 'sand?', question_id },
          { image_id: 'beach', question: '  ', question_id: 'blank' },
        ],
      }),
    );
    fs.writeFileSync(
      path.join(source, `annotations_${split}.json`),
      JSON.stringify({ annotations: [{ question_id, multiple_choice_answer: 'yes' }] }),
    );
  }
  for (const split of ['train', 'val'] as const) {
    const { samples, skipped } = await loadVqaSamples(source, { split });
    assert.deepEqual(samples, [
      {
        image_id: 'beach',
        question_id: `${split}-1`,
        question: 'sand?',
        answers: ['yes'],
        image: path.join(source, 'images', 'beach.jpg'),
      },
    ]);
    assert.deepEqual(skipped.reasons, { 'not a question': 1 });
  }
});

test('the bundled data set itself: both splits, none of their pictures in common', async () => {
  const source = path.join(projectRoot(), 'data/vqa-scenes');
  const [train, val] = [
    await loadVqaSamples(source, { split: 'train' }),
    await loadVqaSamples(source, { split: 'val', count: 100 }),
  ];
  assert.deepEqual(
    [train.samples.length, val.samples.length, train.skipped.total, val.skipped.total],
    [300, 100, 0, 0],
  );
  const pictures = new Set(train.samples.map(({ image }) => image));
  assert.ok(val.samples.every(({ image }) => !pictures.has(image)));
});

test('a folder with few of the images: the annotations (370 MB in VQAv2) are read once or twice', async (context) => {
  const source = path.join(folder, 'few');
  fs.mkdirSync(path.join(source, 'images'), { recursive: true });
  const numbers = Array.from({ length: 2000 }, (_, id) => id);
  for (const id of numbers.filter((number) => number % 400 === 0))
    fs.copyFileSync(
      path.join(folder, 'train2014', 'COCO_train2014_000000000001.jpg'),
      path.join(source, 'images', `${id}.jpg`),
    );
  fs.writeFileSync(
    path.join(source, 'questions_train.json'),
    JSON.stringify({ questions: numbers.map((id) => ({ image_id: id, question: 'what?', question_id: id })) }),
  );
  fs.writeFileSync(
    path.join(source, 'annotations_train.json'),
    JSON.stringify({ annotations: numbers.map((id) => ({ question_id: id, multiple_choice_answer: 'x' })) }),
  );
  const opened = context.mock.method(realFs, 'createReadStream');
  const { samples, skipped } = await loadVqaSamples(source, { count: 5 });
  assert.deepEqual([samples.length, Object.keys(skipped.reasons)], [5, ['image missing']]);
  assert.ok(skipped.total <= 1995 && skipped.total > 0);
  const passes = opened.mock.calls.filter(({ arguments: [file] }) => String(file).includes('annotations')).length;
  assert.ok(passes >= 1 && passes <= 2, `${passes} passes`);
});

test('files that are no data set: a page of HTML, a list cut short, pictures missing', async () => {
  const files = findVqaV2(folder, 'train');
  const wrong = path.join(folder, 'wrong.json');
  fs.writeFileSync(wrong, '<!doctype html><title>404</title>');
  await assert.rejects(
    loadVqaV2({ ...files, questions: wrong }),
    (error: unknown) => error instanceof JsonArrayError && /wrong\.json: got no list "questions"/.test(error.message),
  );
  const annotations = fs.readFileSync(files.annotations, 'utf8');
  fs.writeFileSync(wrong, annotations.slice(0, annotations.length / 2));
  await assert.rejects(
    loadVqaV2({ ...files, annotations: wrong }),
    /wrong\.json ends within the list "annotations": it is cut short, download it again/,
  );
  await assert.rejects(
    loadVqaV2({ ...files, images: path.join(folder, 'absent') }),
    /absent is missing: expected the folder/,
  );
  for (const options of [{ count: 0 }, { count: NaN }, { seed: 1.5 }])
    await assert.rejects(loadVqaV2(files, options), VqaSourceError);
});

test('nothing usable is an error that says why', async () => {
  const source = path.join(folder, 'useless');
  fs.mkdirSync(path.join(source, 'images'), { recursive: true });
  const questions = [1, 2, 3].map((id) => ({ image_id: id, question: 'what?', question_id: id }));
  fs.writeFileSync(path.join(source, 'questions_train.json'), JSON.stringify({ questions }));
  fs.writeFileSync(path.join(source, 'annotations_train.json'), JSON.stringify({ annotations: [] }));
  await assert.rejects(loadVqaSamples(source), (error: unknown) => {
    assert.ok(error instanceof VqaV2Error);
    assert.match(
      error.message,
      /questions_train\.json: none of its questions can be used: 3 × image missing \(question \d: image missing/,
    );
    return true;
  });
  fs.writeFileSync(path.join(source, 'questions_train.json'), JSON.stringify({ questions: [] }));
  await assert.rejects(loadVqaSamples(source), /questions_train\.json: has no questions/);
});

test('progress counts samples, cancelling ends with the reason', async () => {
  const seen: string[] = [];
  const controller = new AbortController();
  const progress_callback = ({ status, loaded = 0, total = 0 }: Progress): void => {
    seen.push(`${status} ${loaded}/${total}`);
    if (loaded === 3) controller.abort(new Error('enough'));
  };
  await assert.rejects(loadVqaSamples(folder, { count: 10, progress_callback, signal: controller.signal }), /enough/);
  const rejecting = async (): Promise<void> => {
    throw new TypeError('in the callback');
  };
  await assert.rejects(loadVqaSamples(folder, { count: 10, progress_callback: rejecting }), /in the callback/);
  assert.deepEqual(seen, ['samples 1/10', 'samples 2/10', 'samples 3/10']);
  await assert.rejects(loadVqaSamples(folder, { signal: controller.signal }), /enough/); // before the start too
});

test('the shuffle is a permutation and stays the same on every machine', () => {
  assert.deepEqual(seededShuffle([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 42), EXPECTED_ORDER);
  assert.deepEqual(
    [
      ...seededShuffle(
        Array.from({ length: 1000 }, (_, i) => i),
        3,
      ),
    ].sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  const random = mulberry32(1);
  const mean = Array.from({ length: 20_000 }, random).reduce((sum, value) => sum + value, 0) / 20_000;
  assert.ok(Math.abs(mean - 0.5) < 0.01, `mean ${mean}`); // 5 standard deviations of a uniform mean
});

test('the JSON reader: chunks, nesting, escapes, cut files', async () => {
  const read = async (text: string, key = 'list') => {
    const file = path.join(folder, 'read.json');
    fs.writeFileSync(file, text);
    const items: unknown[] = [];
    for await (const item of readJsonArray(file, key)) items.push(item);
    return items;
  };
  const items = Array.from({ length: 30_000 }, (_, i) => ({
    i,
    text: `é"]}{[\\ ${'x'.repeat(i % 50)}`,
    nested: [{ deep: [i] }],
  }));
  // 2.5 MB: many chunks
  assert.deepEqual(await read(JSON.stringify({ before: [1, { list2: [] }], list: items, after: 1 })), items);
  assert.deepEqual(await read('{"list": [ ] }'), []);
  assert.deepEqual(await read('{"list": [{"a":1},{"b":},{"c":3}]}'), [{ a: 1 }, undefined, { c: 3 }]);
  await assert.rejects(read('{"other": []}'), JsonArrayError);
  await assert.rejects(read('{"list": [{"a":1}, {"b"'), /cut short/);
  await assert.rejects(read('{"list": [1, 2]}'), /expected a list of objects/);
  await assert.rejects(async () => {
    for await (const item of readJsonArray(path.join(folder, 'absent.json'), 'x')) assert.ok(item);
  }, /is missing/);
});

// Computed apart from this code, with a mulberry32 and a Fisher-Yates written in Python.
const EXPECTED_ORDER = [0, 7, 3, 5, 2, 1, 8, 9, 4, 6];

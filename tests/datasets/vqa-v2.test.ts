// VQAv2's JSON form, its streamed reader, and the shuffle.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { findVqaV2, loadVqaSamples, loadVqaV2, seededShuffle, VqaV2Error } from '../../lib/datasets';
import { JsonArrayError, readJsonArray } from '../../lib/datasets/read-json-array';
import { mulberry32 } from '../../lib/datasets/seeded-shuffle';

let folder = '';
before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vqa-v2-'));
  const images = path.join(folder, 'train2014');
  fs.mkdirSync(images);
  const picture = await sharp({ create: { width: 5, height: 3, channels: 3, background: '#f80' } }).jpeg().toBuffer();
  for (const id of [1, 2, 3, 4]) fs.writeFileSync(path.join(images, `COCO_train2014_${String(id).padStart(12, '0')}.jpg`), id === 3 ? picture.subarray(0, 40) : picture);
  // Six questions of each picture; picture 3 is broken, picture 5 missing; question 402 has no answers, one row is no question.
  const questions: unknown[] = [];
  const annotations: unknown[] = [];
  for (const image_id of [1, 2, 3, 4, 5])
    for (let n = 1; n <= 6; n++) {
      const question_id = image_id * 100 + n;
      questions.push({ image_id, question: `a "quoted" {brace} ${question_id}?`, question_id });
      if (question_id !== 402) annotations.push({ question_type: 'what', multiple_choice_answer: 'x', answers: Array.from({ length: 10 }, (_, i) => ({ answer: `${question_id}`, answer_confidence: 'yes', answer_id: i })), image_id, question_id });
    }
  questions.push({ image_id: 1 });
  fs.writeFileSync(path.join(folder, 'v2_OpenEnded_mscoco_train2014_questions.json'), JSON.stringify({ info: { description: 'a list of "questions" it is' }, questions }));
  fs.writeFileSync(path.join(folder, 'v2_mscoco_train2014_annotations.json'), JSON.stringify({ info: {}, annotations }, null, 1));
  fs.writeFileSync(path.join(folder, 'captions_train2014.json'), JSON.stringify({ annotations: [{ image_id: 1, id: 7, caption: 'one' }, { image_id: 1, id: 8, caption: 'first' }] }));
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

test('the official layout: joined by id, broken rows counted', async () => {
  const { samples, skipped, source } = await loadVqaSamples(folder, { split: 'train', count: 100 });
  assert.equal(samples.length, 17); // 3 readable pictures x 6, one without answers
  assert.deepEqual(skipped.reasons, { 'not a question': 1, 'picture broken': 6, 'picture missing': 6, 'no answers': 1 });
  assert.equal(source, 'v2_OpenEnded_mscoco_train2014_questions.json');
  for (const sample of samples) {
    assert.equal(sample.question, `a "quoted" {brace} ${sample.question_id}?`);
    assert.deepEqual(sample.answers, Array.from({ length: 10 }, () => sample.question_id));
    assert.match(String(sample.image), new RegExp(`0${sample.image_id}\\.jpg$`));
    assert.deepEqual(sample.caption, sample.image_id === '1' ? ['one', 'first'] : undefined);
  }
});

test('seeded order, and skipped rows are replaced by the next ones', async () => {
  const files = findVqaV2(folder, 'train');
  const ids = async (options: object) => (await loadVqaV2(files, options)).samples.map(({ question_id }) => question_id);
  const all = await ids({ seed: 42 });
  assert.deepEqual(await ids({ seed: 42, count: 7 }), all.slice(0, 7));
  assert.notDeepEqual(await ids({ seed: 1 }), all);
  assert.deepEqual(await ids({ seed: null, count: 3 }), ['101', '102', '103']);
});

test('a missing split names what is missing', () => {
  assert.throws(() => findVqaV2(folder, 'val'), (error: unknown) => error instanceof VqaV2Error && /no questions, annotations, picture folder of the split "val"/.test(error.message));
});

test('the shuffle is a permutation and stays the same on every machine', () => {
  assert.deepEqual(seededShuffle([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 42), EXPECTED_ORDER);
  assert.deepEqual([...seededShuffle(Array.from({ length: 1000 }, (_, i) => i), 3)].sort((a, b) => a - b), Array.from({ length: 1000 }, (_, i) => i));
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
  const items = Array.from({ length: 30_000 }, (_, i) => ({ i, text: `é"]}{[\\ ${'x'.repeat(i % 50)}`, nested: [{ deep: [i] }] }));
  assert.deepEqual(await read(JSON.stringify({ before: [1, { list2: [] }], list: items, after: 1 })), items); // 2.5 MB: many chunks
  assert.deepEqual(await read('{"list": [ ] }'), []);
  assert.deepEqual(await read('{"list": [{"a":1},{"b":},{"c":3}]}'), [{ a: 1 }, undefined, { c: 3 }]);
  await assert.rejects(read('{"other": []}'), JsonArrayError);
  await assert.rejects(read('{"list": [{"a":1}, {"b"'), /cut short/);
  await assert.rejects(read('{"list": [1, 2]}'), /expected a list of objects/);
  await assert.rejects(async () => { for await (const item of readJsonArray(path.join(folder, 'absent.json'), 'x')) assert.ok(item); }, /is missing/);
});

// Computed apart from this code, with a mulberry32 and a Fisher-Yates written in Python.
const EXPECTED_ORDER = [0, 7, 3, 5, 2, 1, 8, 9, 4, 6];

// verifyCheckpoint on small copies of the eight published checkpoints, against what PyTorch computed with them; and on
// broken ones.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  ExpectedResultsError,
  PUBLISHED_RESULTS,
  publishedId,
  readExpected,
  verifyCheckpoint,
  type VerifyOptions,
  type VerifyRow,
} from '../../lib/evaluation';
import { expectedResults, PICTURE, PUBLISHED_FIXTURES } from '../cli/expected-results';

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-verify-'));
const VQA = path.join(PUBLISHED_FIXTURES, 'blip-vqa-base');
const quick: VerifyOptions = { picture: PICTURE, int8: false, runs: 0 };

before(() => {
  process.env.BLIP_CACHE = path.join(work, 'cache');
  delete process.env.BLIP_PICTURE;
});
after(() => {
  delete process.env.BLIP_CACHE;
  fs.rmSync(work, { recursive: true, force: true });
});

async function verify(model: string, options: VerifyOptions): Promise<VerifyRow[]> {
  const rows: VerifyRow[] = [];
  for await (const row of verifyCheckpoint(model, options)) rows.push(row);
  return rows;
}

/** A copy of the VQA checkpoint with one file changed. */
function changed(name: string, change: (bytes: Buffer) => Buffer | string | undefined): string {
  const folder = fs.mkdtempSync(path.join(work, 'changed-'));
  for (const file of fs.readdirSync(VQA)) fs.copyFileSync(path.join(VQA, file), path.join(folder, file));
  const content = change(fs.readFileSync(path.join(VQA, name)));
  if (content === undefined) fs.rmSync(path.join(folder, name));
  else fs.writeFileSync(path.join(folder, name), content);
  return folder;
}

describe('verifyCheckpoint', () => {
  it('knows all eight published checkpoints', () => {
    const names = Object.keys(PUBLISHED_RESULTS).map((id) => id.split('/')[1]);
    assert.deepEqual(names.sort(), fs.readdirSync(PUBLISHED_FIXTURES).sort());
  });

  for (const name of fs.readdirSync(PUBLISHED_FIXTURES))
    it(`passes ${name} with what PyTorch computed`, async () => {
      const expected = expectedResults(name);
      const rows = await verify(path.join(PUBLISHED_FIXTURES, name), { ...quick, expected });
      const failed = rows.filter(({ status }) => status === 'FAIL');
      assert.deepEqual(failed, []);
      const exact = rows.filter(({ check }) => check.includes('FP16 weights, f32'));
      assert.equal(exact.length, expected.cases.length);
      for (const row of exact) assert.equal(row.status, 'pass');
      assert.deepEqual(
        rows.slice(0, 4).map(({ check, status }) => [check, status]),
        ['side files', 'weights', 'key set and shapes', 'conversion to FP16'].map((check) => [check, 'pass']),
      );
    });

  it('compares a folder with the published checkpoint of its name, and fails where texts differ', async () => {
    const rows = await verify(VQA, quick);
    const failed = rows.filter(({ status }) => status === 'FAIL');
    assert.equal(failed.length, 1);
    assert.match(failed[0].check, /how many dogs.*FP16 weights, f32/);
    assert.match(failed[0].expected ?? '', /\[30522,1015,102\]/);
    assert.match(failed[0].got ?? '', /\[282,/);
    const size = rows.find(({ check }) => check === 'size of vision_model, FP16');
    assert.match(size?.expected ?? '', /172\.18 MB/);
  });

  it('has nothing to compare another checkpoint with, and says so', async () => {
    const folder = changed('vocab.txt', (bytes) => bytes);
    const rows = await verify(folder, quick);
    assert.ok(!rows.some(({ status }) => status === 'FAIL'));
    assert.match(rows.find(({ check }) => check.includes('f32'))?.note ?? '', /no published value/);
  });

  it('without a picture, inference is not checked, and the whole incomplete', async () => {
    const rows = await verify(VQA, { ...quick, picture: false });
    const last = rows.at(-1);
    assert.equal(last?.status, 'not checked');
    assert.equal(last?.incomplete, true);
    assert.match(last?.note ?? '', /picture/);
    assert.equal(rows.filter(({ status }) => status === 'pass').length, 4);
  });

  it('measures times beside the published ones', async () => {
    const rows = await verify(VQA, { ...quick, runs: 1 });
    const time = rows.find(({ check }) => check.startsWith('time of answer'));
    assert.match(time?.got ?? '', /^\d+\.\d ms$/);
    assert.match(time?.expected ?? '', /119 to 162 ms/);
  });

  it('stops when it is aborted', async () => {
    const controller = new AbortController();
    await assert.rejects(async () => {
      for await (const _ of verifyCheckpoint(VQA, { ...quick, signal: controller.signal }))
        controller.abort(new Error('enough'));
    }, /enough/);
  });

  it('rejects options that it does not have', async () => {
    const options: object = { pictures: 'x' };
    await assert.rejects(() => verify(VQA, options), /pictures/);
  });
});

describe('verifyCheckpoint fails', () => {
  const cases: readonly (readonly [
    what: string,
    file: string,
    change: Parameters<typeof changed>[1],
    row: RegExp,
    note: RegExp,
  ])[] = [
    ['a configuration that is no JSON', 'config.json', () => '{', /side files/, /config\.json/],
    ['a missing configuration', 'config.json', () => undefined, /side files/, /config\.json/],
    [
      'an image processor that does something else',
      'preprocessor_config.json',
      () => '{"do_normalize": 3}',
      /side files/,
      /do_normalize/,
    ],
    [
      'weights that are cut off',
      'model.safetensors',
      (bytes) => bytes.subarray(0, bytes.length >> 1),
      /weights/,
      /model\.safetensors/,
    ],
    [
      'a configuration of other sizes than the weights',
      'config.json',
      (bytes) => bytes.toString().replace(/"intermediate_size": 40/, '"intermediate_size": 44'),
      /key set/,
      /fc1/,
    ],
    ['missing weights', 'model.safetensors', () => undefined, /weights/, /model\.safetensors/],
  ];
  for (const [what, file, change, row, note] of cases)
    it(`on ${what}`, async () => {
      const rows = await verify(changed(file, change), quick);
      const failed = rows.filter(({ status }) => status === 'FAIL');
      assert.equal(failed.length, 1);
      assert.match(failed[0].check, row);
      assert.match(failed[0].note ?? '', note);
      assert.equal(rows.at(-1), failed[0]);
    });

  it('on a picture that cannot be read', async () => {
    const rows = await verify(VQA, { ...quick, picture: path.join(work, 'none.jpg') });
    assert.match(rows.at(-1)?.note ?? '', /none\.jpg/);
    assert.equal(rows.at(-1)?.status, 'FAIL');
  });

  it('on expected results of another task', async () => {
    const rows = await verify(VQA, { ...quick, expected: { cases: [{ task: 'match', text: 'a', score: 1 }] } });
    assert.equal(rows.at(-1)?.status, 'FAIL');
  });
});

describe('publishedId', () => {
  it('knows hub ids with revisions, folders by name, and the hub cache', () => {
    const snapshot = path.join(work, 'hub', 'models--Salesforce--blip-itm-base-coco', 'snapshots', 'abc');
    fs.mkdirSync(snapshot, { recursive: true });
    assert.equal(publishedId('Salesforce/blip-vqa-base@refs/pr/7'), 'Salesforce/blip-vqa-base');
    assert.equal(publishedId(VQA), 'Salesforce/blip-vqa-base');
    assert.equal(publishedId(snapshot), 'Salesforce/blip-itm-base-coco');
    assert.equal(publishedId('someone/blip-vqa-base'), undefined);
    assert.equal(publishedId('models/blip-scenes'), undefined);
  });
});

describe('readExpected', () => {
  const read = (text: string): unknown => {
    const file = path.join(work, 'expected.json');
    fs.writeFileSync(file, text);
    return readExpected(file);
  };

  it('reads ids and scores', () => {
    const cases = [
      { task: 'caption', ids: [1, 2], max_new_tokens: 5 },
      { task: 'match', text: 'a dog', score: 0.5, tolerance: 0.1 },
    ];
    assert.deepEqual(read(JSON.stringify({ cases })), { cases: [{ ...cases[0], ids: [[1, 2]] }, cases[1]] });
  });

  for (const text of [
    '[]',
    '{"cases": []}',
    '{"cases": [1]}',
    '{"cases": [{"task": "draw", "ids": [1]}]}',
    '{"cases": [{"task": "answer", "ids": [1]}]}',
    '{"cases": [{"task": "caption", "ids": [-1]}]}',
    '{"cases": [{"task": "caption", "ids": []}]}',
    '{"cases": [{"task": "match", "text": "a", "score": 2}]}',
    '{"cases": [{"task": "caption", "ids": [1], "max_new_tokens": 0}]}',
    'no JSON',
  ])
    it(`rejects ${text}`, () => assert.throws(() => read(text), ExpectedResultsError));
});

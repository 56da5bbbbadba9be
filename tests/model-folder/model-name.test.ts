// The folder that a checkpoint's converted models go to: always a plain name, one level deep.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { modelName } from '../../lib/model-folder/model-name';

const CASES: readonly (readonly [given: string, name: string])[] = [
  ['Salesforce/blip-vqa-base', 'blip-vqa-base'],
  ['models/blip-scenes', 'blip-scenes'],
  ['models/blip-scenes/', 'blip-scenes'],
  ['./models//blip-scenes///', 'blip-scenes'],
  ['models/blip-scenes/.', 'blip-scenes'],
  ['models/other/../blip-scenes', 'blip-scenes'],
  ['/data/blip v1.5', 'blip v1.5'],
  ['blip-scenes', 'blip-scenes'],
  ['Salesforce/blip-vqa-base@refs/pr/7', 'blip-vqa-base@refs-pr-7'],
  ['Salesforce/blip-vqa-base@v1.0', 'blip-vqa-base@v1.0'],
  ['gpt2@main', 'gpt2@main'],
  ['/data/blip@home', 'blip@home'],
];
for (const [given, name] of CASES) test(`${given} is ${name}`, () => assert.equal(modelName(given), name));

test('. and .. are the folders that they stand for: output/../fp16 would lie outside of output', () => {
  assert.equal(modelName('.'), path.basename(process.cwd()));
  assert.equal(modelName('..'), path.basename(path.dirname(process.cwd())));
});

test('a folder whose name looks like an id with a revision is a folder', () => {
  const start = process.cwd();
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'model-name-'));
  try {
    process.chdir(work);
    fs.mkdirSync('mine@home/blip', { recursive: true });
    assert.equal(modelName('mine@home/blip'), 'blip');
  } finally {
    process.chdir(start);
    fs.rmSync(work, { recursive: true });
  }
});

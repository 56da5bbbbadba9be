// The folder that a checkpoint's converted models go to: always a plain name, one level deep.
import assert from 'node:assert/strict';
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
];
for (const [given, name] of CASES) test(`${given} is ${name}`, () => assert.equal(modelName(given), name));

test('. and .. are the folders that they stand for: output/../fp16 would lie outside of output', () => {
  assert.equal(modelName('.'), path.basename(process.cwd()));
  assert.equal(modelName('..'), path.basename(path.dirname(process.cwd())));
});

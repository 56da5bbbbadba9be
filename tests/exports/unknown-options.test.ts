// An option that a public function does not have is refused by name, before anything is done: a misspelt one must not
// be ignored in silence.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { BlipError } from '../../lib';
import type { CallbackCases, Given } from './callback-case';
import { callbackCases } from './callback-cases';
import { makeFixtures, type Fixtures } from './callback-fixtures';
import { listCallbacks } from './list-callbacks';

const NAME = 'progress_calback';
const LIMIT_MS = 120_000;
/** Their callback or signal is an argument; those of OVBlipModel are for other rooms of the library. */
const WITHOUT_OPTIONS = ['BlipTokenizer', 'BlipTokenizer.encode', 'OVBlipModel.takeTurn', 'OVBlipModel.loadFor'];
/** Functions and methods with a callback or a signal, which are those that the table of calls has. */
const NAMES = [...listCallbacks(['', 'openvino', 'ir', 'convert', 'notebook']).keys()];
const work = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'unknown-options-')));
const environment = { ...process.env };
let fixtures: Fixtures;
let cases: CallbackCases = {};

before(async () => {
  process.env.BLIP_CACHE = path.join(work, 'cache');
  fixtures = await makeFixtures(work);
  cases = callbackCases(fixtures);
  process.env.BLIP_PYTHON = fixtures.python;
  process.env.HF_ENDPOINT = fixtures.hub.address('hub');
});
after(async () => {
  process.env = environment;
  await fixtures.close();
  fs.rmSync(work, { recursive: true, force: true });
});

for (const name of NAMES.filter((each) => !WITHOUT_OPTIONS.includes(each)))
  test(name, { timeout: LIMIT_MS }, async (context) => {
    if (!(name in cases)) return context.skip('has neither a callback nor a signal');
    const given: Given = JSON.parse(`{ "${NAME}": 1 }`);
    await assert.rejects(cases[name].run(given, fs.mkdtempSync(path.join(work, 'call-'))), (error: unknown) => {
      assert.ok(error instanceof BlipError, String(error));
      assert.ok(error.message.includes(NAME), error.message);
      return true;
    });
  });

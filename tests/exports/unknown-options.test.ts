// An option that a public function does not have is refused by name, before anything is done: a misspelt one must not
// be ignored in silence.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import * as lib from '../../lib';
import { barFigure, readResults, roundedRows, showChart } from '../../lib/notebook';
import type { CallbackCases, Given } from './callback-case';
import { callbackCases } from './callback-cases';
import { makeFixtures, type Fixtures } from './callback-fixtures';
import { listCallbacks } from './list-callbacks';

const NAME = 'progress_calback';
const GIVEN: Given = JSON.parse(`{ "${NAME}": 1 }`);
const LIMIT_MS = 120_000;
/** Their callback or signal is an argument; those of the models are for other rooms of the library. */
const WITHOUT_OPTIONS = [
  'BlipTokenizer',
  'BlipTokenizer.encode',
  'OVBlipModel.takeTurn',
  'OVBlipModel.loadFor',
  'OVBlipMatcher.loadFor',
];
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

function isRefusal(error: unknown): boolean {
  assert.ok(error instanceof lib.BlipError, String(error));
  assert.ok(error.message.includes(NAME), error.message);
  return true;
}

for (const name of NAMES.filter((each) => !WITHOUT_OPTIONS.includes(each)))
  test(name, { timeout: LIMIT_MS }, async (context) => {
    if (!(name in cases)) return context.skip('has neither a callback nor a signal');
    await assert.rejects(cases[name].run(GIVEN, fs.mkdtempSync(path.join(work, 'call-'))), isRefusal);
  });

test('functions with options and without a callback', async () => {
  const chart = { title: 'Size', y_title: 'MB', x: ['vision'], series: [{ name: 'FP16', values: [168] }] };
  const calls: readonly (() => unknown)[] = [
    () => lib.loadOpenVINO(GIVEN),
    () => lib.loadRgb(fixtures.picture, GIVEN),
    () => lib.openImageIndex(fixtures.images, fixtures.loaded.retrieval, GIVEN),
    () => lib.OVBlipModel.load(fixtures.model, GIVEN),
    () => lib.OVBlipMatcher.load(fixtures.retrieval, GIVEN),
    () => lib.startDemo(fixtures.loaded.model, fixtures.loaded.processor, GIVEN),
    () => lib.roundWeights([1, 2], GIVEN),
    () => roundedRows([1, 2], GIVEN),
    () => readResults('convert', GIVEN),
    () => barFigure({ ...chart, ...GIVEN }),
    () => showChart(barFigure(chart), { alt: 'a chart', ...GIVEN }),
  ];
  for (const call of calls) await assert.rejects(async () => call(), isRefusal, String(call));
});

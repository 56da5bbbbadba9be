// What the start command says last: results of this model, and what is missing of a run that ended early.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { beforeEach, describe, test } from 'node:test';
import { reportLines, runSettings } from '../../lib/notebook';
import { summarizeRun } from '../../scripts/summarize-run';

let output = '';
const MODEL = 'owner/model';

beforeEach((t) => {
  output = fs.mkdtempSync(path.join(os.tmpdir(), 'summary-'));
  for (const name of ['results', 'notebooks']) fs.mkdirSync(path.join(output, name));
  if ('after' in t) t.after(() => fs.rmSync(output, { recursive: true }));
});

const saved = (name: string, results: object): void =>
  fs.writeFileSync(path.join(output, 'results', `${name}.json`), JSON.stringify(results));

function notebook(name: string, incomplete?: object): string {
  const file = path.join(output, 'notebooks', name);
  fs.writeFileSync(file, JSON.stringify({ cells: [], metadata: incomplete ? { incomplete } : {} }));
  return file;
}

const summary = (...files: string[]): string =>
  summarizeRun(runSettings({ BLIP_MODEL: MODEL, BLIP_OUTPUT: output }), files).join('\n');

const CONVERT = { model: MODEL, device: 'CPU', precision: 'bf16', caption: 'a dog', caption_ms: 12.34 };
const OPTIMIZE = {
  model: MODEL,
  accuracy: { before: 0.8, after: 0.79 },
  compression: 1.97,
  speedup: { vision_model: 1.5, decoder_step: 2 },
};

describe('the summary', () => {
  test('of a complete run has all results', () => {
    saved('convert', { ...CONVERT, question: 'how many?', answer: '2', answer_ms: 5 });
    saved('optimize', OPTIMIZE);
    const text = summary(notebook('one.ipynb'), notebook('two.ipynb'));
    const includesLines = (...lines: string[]): void => assert.ok(text.includes(lines.join('\n')), text);
    includesLines(
      'owner/model on CPU, bf16',
      '  caption   a dog   (12.3 ms)',
      '  question  how many?',
      '  answer    2   (5.0 ms)',
    );
    includesLines(
      'accuracy drop     1.00 points (80.0 % to 79.0 %)',
      '  compression rate  1.970x',
      '  speed-up          vision model 1.50x; decoder step 2.00x',
    );
    assert.match(text, /Executed notebooks: .*notebooks\./);
    assert.doesNotMatch(text, /missing|complete/);
  });

  test('of a run that was interrupted says how far each notebook is, where it is kept, and what is missing', () => {
    saved('convert', CONVERT);
    saved('optimize', { model: MODEL, compression: 1.97 });
    const text = summary(
      notebook('one.ipynb'),
      notebook('two.ipynb', { status: 'interrupted', cells: 11, of: 18, at: '6 Compare speed' }),
      path.join(output, 'notebooks', 'three.ipynb'),
    );
    assert.match(text, /accuracy drop {5}missing.*\n {2}compression rate {2}1\.970x\n {2}speed-up {10}missing/);
    assert.match(text, /Not complete:\n {2}one\.ipynb: all cells, in .*one\.ipynb\n/);
    assert.match(
      text,
      /two\.ipynb: interrupted in cell 12 of 18 \(6 Compare speed\); the 11 before it are kept, in .*two\.ipynb\n/,
    );
    assert.match(text, /three\.ipynb: not run\n/);
  });

  test('of a run whose first cell failed', () => {
    const text = summary(notebook('one.ipynb', { status: 'failed', cells: 0, of: 5, at: 'Versions' }));
    assert.match(text, /one\.ipynb: failed in cell 1 of 5 \(Versions\); see .*one\.ipynb/);
  });

  test('does not show the results of another model', () => {
    saved('convert', { ...CONVERT, model: 'another/model' });
    saved('optimize', { ...OPTIMIZE, model: 'another/model' });
    assert.doesNotMatch(summary(notebook('one.ipynb')), /a dog|1\.97|another/);
  });

  test('of a retrieval checkpoint has matches, and agreement instead of accuracy', () => {
    saved('convert', { model: MODEL, device: 'CPU', precision: 'f32', matches: [{ text: 'a dog', score: 0.98765 }] });
    saved('optimize', { model: MODEL, agreement: { of: 'matches', share: 0.95 }, compression: 1.9, speedup: {} });
    const text = summary(notebook('one.ipynb'));
    assert.match(text, /match {5}0\.9877 {2}a dog/);
    assert.match(text, /agreement {9}same matches in 95\.0 % of the cases/);
    assert.doesNotMatch(text, /accuracy/);
  });
});

test('the report says what is missing', () => {
  assert.deepEqual(
    reportLines({ model: 'x' }).map((line) => /missing/.test(line)),
    [true, true, true],
  );
});

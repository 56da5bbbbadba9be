// What one notebook leaves for the next: written whole, read back, and clear words when it is missing or damaged.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { convertResults, readResults, removeResults, ResultsError, resultText, saveResults } from '../../lib/notebook';

const working = process.cwd();
const project = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'blip-results-')));
const folder = path.join(project, 'output', 'results');
before(() => process.chdir(project));
after(() => {
  process.chdir(working);
  fs.rmSync(project, { recursive: true, force: true });
});
beforeEach(() => fs.rmSync(folder, { recursive: true, force: true }));

function damaged(content: string): void {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'convert.json'), content);
}

function says(call: () => unknown, ...parts: RegExp[]): void {
  assert.throws(call, (error: unknown) => {
    assert.ok(error instanceof ResultsError, String(error));
    for (const part of parts) assert.match(error.message, part);
    return true;
  });
}

describe('results', () => {
  it('come back as they were saved from output/results of the working folder, and saving again replaces them', () => {
    const results = {
      model: 'blip-scenes',
      answer_ms: 12.5,
      sizes: { total: { before: 3, after: 2 } },
      list: ['a', 'ö'],
      nothing: null,
    };
    saveResults('convert', { model: 'older', gone: true });
    saveResults('convert', results);
    assert.deepEqual(readResults('convert'), results);
    assert.deepEqual(fs.readdirSync(folder), ['convert.json'], 'no temporary file is left');
  });

  it('that cannot be written leave those that were there', () => {
    saveResults('convert', { model: 'older' });
    assert.throws(() => saveResults('convert', { model: 'newer', count: 1n }), TypeError);
    assert.deepEqual(readResults('convert'), { model: 'older' });
    assert.deepEqual(fs.readdirSync(folder), ['convert.json']);
  });

  it('of one model add up, so that a run that ends early keeps what it found; those of another replace them', () => {
    saveResults('optimize', { model: 'a', sizes: 1 });
    saveResults('optimize', { model: 'a', latency: 2, sizes: 3 });
    assert.deepEqual(readResults('optimize'), { model: 'a', sizes: 3, latency: 2 });
    saveResults('optimize', { model: 'b', latency: 4 });
    assert.deepEqual(readResults('optimize'), { model: 'b', latency: 4 });
    fs.writeFileSync(path.join(folder, 'optimize.json'), '{"model": "b", ');
    saveResults('optimize', { model: 'b' });
    assert.deepEqual(readResults('optimize'), { model: 'b' });
  });

  it('of another model are refused, by the model that is asked for and by that of BLIP_MODEL', (t) => {
    const was = process.env.BLIP_MODEL;
    t.after(() => {
      if (was === undefined) delete process.env.BLIP_MODEL;
      else process.env.BLIP_MODEL = was;
    });
    delete process.env.BLIP_MODEL;
    saveResults('convert', { model: 'owner/a' });
    assert.deepEqual(readResults('convert'), { model: 'owner/a' });
    assert.deepEqual(readResults('convert', { model: 'owner/a' }), { model: 'owner/a' });
    says(
      () => readResults('convert', { model: 'owner/b' }),
      /results of owner\/a/,
      /the model here is owner\/b\./,
      /233-blip-convert/,
    );
    process.env.BLIP_MODEL = 'owner/c';
    says(
      () => readResults('convert'),
      /results of owner\/a/,
      /the model here is owner\/c \(BLIP_MODEL\)/,
      /BLIP_MODEL=owner\/a/,
    );
  });

  it('are removed when a new run begins', () => {
    for (const name of ['convert', 'optimize']) saveResults(name, { model: 'old' });
    removeResults();
    assert.deepEqual(fs.readdirSync(folder), []);
    removeResults();
  });

  it('that are missing name the notebook to run', () => {
    says(
      () => readResults('convert'),
      /results "convert" are missing/,
      /convert\.json/,
      /run notebooks\/233-blip-convert\.ipynb first/,
    );
    says(() => readResults('optimize'), /run notebooks\/233-blip-optimize\.ipynb first/);
    says(() => readResults('other'), /run what calls saveResults\('other', \.\.\.\) first/);
    says(() => readResults('constructor'), /run what calls saveResults\('constructor', \.\.\.\) first/);
    says(() => readResults('optimise'), /results "optimise" are missing/, /did you mean "optimize"\?/);
    saveResults('my-times', { model: 'a' });
    says(() => readResults('my-tmes'), /did you mean "my-times"\?/);
  });

  it('that are damaged name the file, what was found and what to do', () => {
    for (const [content, got] of [
      ['{"model": "bl', /cannot be read as JSON/],
      ['', /cannot be read as JSON/],
      ['[1]', /got a list, expected an object/],
      ['null', /got null, expected an object/],
    ] as const) {
      damaged(content);
      says(
        () => readResults('convert'),
        /output.results.convert\.json: /,
        got,
        /Delete it and run notebooks\/233-blip-convert\.ipynb again/,
      );
    }
  });

  it('give the second notebook what the first one looked at: a question, or the text that matched best', () => {
    const saved = { model: 'm', device: 'CPU', picture: 'a.jpg', question: 'how many?' };
    assert.deepEqual(convertResults(saved), saved);
    const matches = [{ text: 'a cat', score: 0.1 }, { text: 'a dog', score: 0.9 }, { text: 3, score: 1 }, null];
    assert.equal(convertResults({ ...saved, matches }).question, 'a dog');
    assert.equal(convertResults({ ...saved, matches: [] }).question, 'how many?');
    says(() => convertResults({ ...saved, device: undefined }), /field "device" is missing/);
  });

  it('give a field as text, or say which field is none', () => {
    assert.equal(resultText({ model: 'x' }, 'model'), 'x');
    says(
      () => resultText({ model: 3 }, 'model'),
      /field "model" is 3, expected a text\. Run notebooks\/233-blip-convert\.ipynb again/,
    );
    says(() => resultText({}, 'device'), /field "device" is .*expected a text/);
  });
});

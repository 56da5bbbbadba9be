// What one notebook leaves for the next: written whole, read back, and clear words when it is missing or damaged.
// The library finds its project by its own place, so a copy of the few files stands in a project made for the test.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';

const LIB = path.join(__dirname, '..', '..', 'lib');
const project = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'blip-results-')));
copyLib(path.join(project, 'lib'));
fs.writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name: 'blip-openvino' }));
after(() => fs.rmSync(project, { recursive: true, force: true }));

const { readResults, ResultsError, resultText, saveResults }: typeof import('../../lib/notebook/results') = require(
  path.join(project, 'lib', 'notebook', 'results.ts'),
);
const { projectRoot }: typeof import('../../lib/core/project-root') = require(
  path.join(project, 'lib', 'core', 'project-root.ts'),
);
const folder = path.join(project, 'output', 'results');
beforeEach(() => fs.rmSync(folder, { recursive: true, force: true }));

function copyLib(target: string): void {
  for (const name of ['notebook/results.ts', 'core/project-root.ts', 'core/errors.ts']) {
    fs.mkdirSync(path.dirname(path.join(target, name)), { recursive: true });
    fs.copyFileSync(path.join(LIB, name), path.join(target, name));
  }
}

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
  it('come back as they were saved, and saving again replaces them', () => {
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
    assert.throws(() => saveResults('convert', { count: 1n }), TypeError);
    assert.deepEqual(readResults('convert'), { model: 'older' });
    assert.deepEqual(fs.readdirSync(folder), ['convert.json']);
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

  it('give a field as text, or say which field is none', () => {
    assert.equal(resultText({ model: 'x' }, 'model'), 'x');
    says(
      () => resultText({ model: 3 }, 'model'),
      /field "model" is 3, expected a text\. Run notebooks\/233-blip-convert\.ipynb again/,
    );
    says(() => resultText({}, 'device'), /field "device" is undefined/);
  });
});

describe('projectRoot', () => {
  it('is the folder above the library, whatever the working folder', (t) => {
    assert.equal(projectRoot(), project);
    t.mock.method(process, 'cwd', () => os.tmpdir());
    assert.equal(projectRoot(), project);
  });

  it('is looked for above the working folder where the library lies elsewhere, and passes over other projects', (t) => {
    const elsewhere = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'blip-kernel-')));
    t.after(() => fs.rmSync(elsewhere, { recursive: true, force: true }));
    fs.writeFileSync(path.join(elsewhere, 'package.json'), JSON.stringify({ name: 'another' }));
    copyLib(elsewhere);
    const copy: typeof import('../../lib/core/project-root') = require(path.join(elsewhere, 'core', 'project-root.ts'));
    const below = path.join(project, 'notebooks', 'images');
    fs.mkdirSync(below, { recursive: true });
    t.mock.method(process, 'cwd', () => below);
    assert.equal(copy.projectRoot(), project);
    t.mock.method(process, 'cwd', () => elsewhere);
    assert.throws(() => copy.projectRoot(), {
      name: 'ProjectRootError',
      message: /No package\.json of "blip-openvino" at or above .*run from inside the project/,
    });
  });
});

// Rules that every source file keeps: what it is for in its first line, lines and files of a length that can be read,
// and nothing that nobody uses.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import * as convert from '../../lib/convert';
import * as library from '../../lib';
import * as ir from '../../lib/ir';
import * as notebook from '../../lib/notebook';
import * as openvino from '../../lib/openvino';
import { projectRoot } from '../project-root';

const MAX_COLUMNS = 120;
const MAX_LINES = 350;
const FOLDERS = ['lib', 'kernel', 'scripts', 'benchmarks', 'tests', 'notebooks', 'solutions'];
const SOURCE = /\.(ts|mts|cts|mjs|cjs|js|css|html)$/;
/** They are what another program wrote, or are to be odd. */
const NOT_OURS = /(^|\/)(fixtures|node_modules|\.ipynb_checkpoints)\//;
const COMMENT = /^(#!.*\n)?(\/\/|\/\*|<!doctype)/i;
/** An exported function, class or value, with its name. */
const EXPORT = /^export (?:abstract )?(?:async )?(?:function\*?|class|const|let) (\w+)/gm;
const PUBLIC = new Set([convert, library, ir, notebook, openvino].flatMap((entry) => Object.keys(entry)));

/** All files of the project that may use another, with their text. */
function readFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const folder of FOLDERS)
    for (const name of fs.readdirSync(path.join(projectRoot(), folder), { recursive: true, encoding: 'utf8' })) {
      const file = `${folder}/${name.split(path.sep).join('/')}`;
      if (NOT_OURS.test(file) || !(SOURCE.test(file) || file.endsWith('.ipynb'))) continue;
      files.set(file, fs.readFileSync(path.join(projectRoot(), file), 'utf8'));
    }
  return files;
}

describe('source files', () => {
  const files = readFiles();
  const sources = [...files].filter(([file]) => SOURCE.test(file));

  test('say first what they are for', () => {
    assert.ok(sources.length > 700);
    const silent = sources.filter(([file, text]) => !COMMENT.test(text) && !file.endsWith('.css'));
    assert.deepEqual(
      silent.map(([file]) => file),
      [],
    );
  });

  test(`have lines of at most ${MAX_COLUMNS} columns`, () => {
    const long = sources.flatMap(([file, text]) =>
      text.split('\n').flatMap((line, index) => (line.length > MAX_COLUMNS ? [`${file}:${index + 1}`] : [])),
    );
    assert.deepEqual(long, []);
  });

  test(`have at most ${MAX_LINES} lines, where they are no list of test cases`, () => {
    const long = sources.filter(
      ([file, text]) => !file.startsWith('tests/') && text.split('\n').length - 1 > MAX_LINES,
    );
    assert.deepEqual(
      long.map(([file]) => file),
      [],
    );
  });

  test('export nothing that no other file uses and that is not public', () => {
    const words = new Map([...files].map(([file, text]) => [file, new Set(text.match(/\w+/g))]));
    const isUsed = (name: string, where: string): boolean =>
      [...words].some(([file, found]) => file !== where && !file.endsWith('/index.ts') && found.has(name));
    const useless = sources.flatMap(([file, text]) =>
      [...text.matchAll(EXPORT)]
        .map(([, name]) => name)
        .filter((name) => !PUBLIC.has(name) && !isUsed(name, file))
        .map((name) => `${file}: ${name}`),
    );
    assert.deepEqual(useless, []);
  });
});

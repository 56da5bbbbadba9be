// Comments link to docs/decisions for their measurements: every link has its file, and every file is listed and linked.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';

const root = path.join(__dirname, '..', '..');
const decisions = fs.readdirSync(path.join(root, 'docs', 'decisions')).filter((name) => name !== 'README.md');

function* sources(folder: string): Generator<string> {
  for (const entry of fs.readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(file);
    else if (/\.(ts|wat|md|mjs)$/.test(entry.name)) yield file;
  }
}

test('a link to docs/decisions in a comment leads to a file', () => {
  const broken = [...sources('lib'), ...sources('benchmarks')].flatMap((file) =>
    [...fs.readFileSync(path.join(root, file), 'utf8').matchAll(/docs\/decisions\/([\w-]+\.md)/g)]
      .filter(([, name]) => !decisions.includes(name))
      .map(([link]) => `${file}: ${link}`),
  );
  assert.deepEqual(broken, []);
});

test('README.md lists every decision, by number', () => {
  const readme = fs.readFileSync(path.join(root, 'docs', 'decisions', 'README.md'), 'utf8');
  assert.deepEqual(
    [...readme.matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, name]) => name),
    decisions.sort(),
  );
  const numbers = decisions.map((name) => name.slice(0, 3));
  assert.equal(new Set(numbers).size, numbers.length, 'two decisions of one number');
});

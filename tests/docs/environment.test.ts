// The table of docs/settings.md lists every variable of our own that the library and the scripts read, and no other.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../project-root';

/** For those who look for a fault of the command itself: documented with it. */
const ELSEWHERE = ['BLIP_DEBUG'];

function sources(folder: string): string[] {
  return fs
    .readdirSync(path.join(projectRoot(), folder), { recursive: true })
    .map((name) => path.join(projectRoot(), folder, String(name)))
    .filter((name) => /\.(ts|mjs|cjs|py)$/.test(name));
}

test('every environment variable is in the table of docs/settings.md', () => {
  const read = ['lib', 'scripts', 'kernel'].flatMap(sources).flatMap((file) => {
    const text = fs.readFileSync(file, 'utf8');
    const direct = [...text.matchAll(/\benv\.(BLIP_[A-Z_]+)/g)].map(([, name]) => name);
    const taken = [...text.matchAll(/\{([^{}]*)\} = process\.env;/g)].flatMap(
      ([, names]) => names.match(/BLIP_[A-Z_]+/g) ?? [],
    );
    return [...direct, ...taken];
  });
  const settings = fs.readFileSync(path.join(projectRoot(), 'docs', 'settings.md'), 'utf8');
  const rows = settings.split('\n').filter((line) => line.startsWith('| `BLIP_'));
  const listed = rows.flatMap((row) => row.split('|')[1].match(/BLIP_[A-Z_]+/g) ?? []);
  assert.deepEqual([...new Set(read)].filter((name) => !ELSEWHERE.includes(name)).sort(), listed.sort());
});

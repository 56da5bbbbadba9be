// A small file written whole or not at all, with the folders above it, and nothing left when it fails.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { writeWhole } from '../../lib/core/write-whole';

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'write-whole-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

test('makes the folders above, and replaces what stood there', () => {
  const file = path.join(work, 'a', 'b', 'c.json');
  writeWhole(file, 'one');
  writeWhole(file, new Uint8Array([116, 119, 111]));
  assert.equal(fs.readFileSync(file, 'utf8'), 'two');
  assert.deepEqual(fs.readdirSync(path.dirname(file)), ['c.json']);
});

test('leaves nothing of its own when it fails', () => {
  const folder = path.join(work, 'kept');
  writeWhole(path.join(folder, 'taken', 'x'), 'before');
  assert.throws(() => writeWhole(path.join(folder, 'taken'), 'a file where a folder stands'));
  assert.deepEqual(fs.readdirSync(folder), ['taken']);
  assert.throws(() => writeWhole(path.join(folder, 'taken', 'x', 'below'), ''), /EEXIST|ENOTDIR/);
  assert.equal(fs.readFileSync(path.join(folder, 'taken', 'x'), 'utf8'), 'before');
});

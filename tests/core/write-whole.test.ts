// A small file written whole or not at all, with the folders above it, and nothing left when it fails.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { writeWhole } from '../../lib/core/write-whole';
import { projectRoot } from '../project-root';

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

test('a full disk: the error says where', { skip: process.platform === 'win32' ? 'ulimit is of POSIX' : false }, () => {
  const file = path.join(work, 'full', 'x.json');
  const script = path.join(work, 'full.ts');
  fs.writeFileSync(
    script,
    `import { writeWhole } from ${JSON.stringify(path.join(projectRoot(), 'lib', 'core', 'write-whole'))};
    try { writeWhole(${JSON.stringify(file)}, 'x'.repeat(100_000)); }
    catch (error) {
      const { code, path, message } = error as NodeJS.ErrnoException;
      console.log(JSON.stringify({ code, path, message }));
    }`,
  );
  // A limit on the size of files cuts writes short as a full disk does; tsx's own cache must not be what fails.
  const { stdout } = spawnSync('sh', ['-c', `ulimit -f 8; exec "${process.execPath}" --import tsx "${script}"`], {
    cwd: projectRoot(),
    encoding: 'utf8',
    env: { ...process.env, TSX_DISABLE_CACHE: '1' },
  });
  const { code, path: place, message } = JSON.parse(stdout);
  assert.deepEqual([code, place], ['EFBIG', file]);
  assert.ok(message.includes(file), message);
  assert.deepEqual(fs.readdirSync(path.dirname(file)), []);
});

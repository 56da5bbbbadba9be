// Links are written through, and short locks of calls that are not async are taken over from the dead.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, it } from 'node:test';
import { linkTarget } from '../../lib/core/link-target';
import { withLockSync } from '../../lib/core/with-lock-sync';
import { writeWhole } from '../../lib/core/write-whole';

const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'link-target-')));
const at = (name: string): string => path.join(folder, name);
after(() => fs.rmSync(folder, { recursive: true, force: true }));

it('follows links to links, also where nothing is yet, and gives up on a circle', () => {
  fs.mkdirSync(at('other'));
  fs.symlinkSync('other/file', at('one'));
  fs.symlinkSync('one', at('two'));
  assert.equal(linkTarget(at('two')), at('other/file'));
  assert.equal(linkTarget(at('none')), at('none'));
  fs.symlinkSync('other', at('folder'));
  assert.equal(linkTarget(at('folder')), at('folder'));
  fs.symlinkSync('circle', at('circle'));
  assert.equal(linkTarget(at('circle')), at('circle'));
});

it('writes what a link names, and leaves the link', () => {
  writeWhole(at('two'), 'text');
  assert.equal(fs.readFileSync(at('other/file'), 'utf8'), 'text');
  assert.equal(fs.readlinkSync(at('two')), 'one');
  assert.deepEqual(fs.readdirSync(at('other')), ['file']);
});

it('takes over the lock of a process that is gone, and an old one without a process', () => {
  const lock = at('x.lock');
  fs.writeFileSync(lock, '');
  fs.utimesSync(lock, 1, 1);
  assert.equal(
    withLockSync(lock, () => 5),
    5,
  );
  assert.equal(fs.existsSync(lock), false);
  assert.throws(
    () =>
      withLockSync(lock, () => {
        throw new RangeError('of the work');
      }),
    /of the work/,
  );
  assert.deepEqual(
    fs.readdirSync(folder).filter((name) => name.includes('lock')),
    [],
  );
});

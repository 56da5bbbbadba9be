// Folders are made with those above them; where that cannot be, the answer comes at once.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { makeFolder } from '../../lib/core/make-folder';
import { projectRoot } from '../project-root';

const work = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'make-folder-')));
after(() => fs.rmSync(work, { recursive: true, force: true }));

describe('makeFolder', () => {
  it('makes what is missing and returns the outermost', async () => {
    assert.equal(await makeFolder(path.join(work, 'a', 'b', 'c')), path.join(work, 'a'));
    assert.equal(await makeFolder(path.join(work, 'a', 'b', 'd')), path.join(work, 'a', 'b', 'd'));
    assert.equal(await makeFolder(path.join(work, 'a', 'b', 'd')), undefined);
    const all = await Promise.all(['x', 'y', 'z'].map((name) => makeFolder(path.join(work, 'same', name))));
    assert.deepEqual(all.filter((made) => made === path.join(work, 'same')).length, 1);
  });

  it('refuses a file in the way', async () => {
    fs.writeFileSync(path.join(work, 'file'), '');
    await assert.rejects(makeFolder(path.join(work, 'file')), { code: 'EEXIST' });
    await assert.rejects(makeFolder(path.join(work, 'file', 'below')), { code: 'EEXIST' });
  });

  it('refuses a folder below /proc at once', { skip: process.platform === 'linux' ? false : '/proc is Linux' }, () => {
    const script =
      "require('./lib/core/make-folder').makeFolder('/proc/models/a/b').catch((e) => console.log(e.code, e.path))";
    const tsx = path.join(projectRoot(), 'node_modules', 'tsx', 'dist', 'loader.mjs');
    const run = spawnSync(process.execPath, ['--import', tsx, '-e', script], { cwd: projectRoot(), timeout: 60_000 });
    assert.equal(String(run.stdout).trim(), 'ENOENT /proc/models');
  });
});

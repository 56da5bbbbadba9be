// One at a time, within a process and between processes; a holder that is gone does not hold up the others.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../lib/core/with-lock';
import { projectRoot } from '../project-root';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'with-lock-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
let count = 0;
const newLock = (): string => path.join(folder, 'below', String(++count), 'it.lock');

/** A process that holds the lock until it is ended. */
async function holder(lock: string): Promise<ReturnType<typeof spawn>> {
  const script = `require('./lib/core/with-lock').withLock(${JSON.stringify(lock)}, () => {
    console.log('held');
    return new Promise(() => setInterval(() => {}, 1000));
  })`;
  const tsx = path.join(projectRoot(), 'node_modules', 'tsx', 'dist', 'loader.mjs');
  const child = spawn(process.execPath, ['--import', tsx, '-e', script], { cwd: projectRoot(), stdio: 'pipe' });
  await once(child.stdout, 'data');
  return child;
}

describe('withLock', () => {
  it('lets one work at a time, tells the others that they wait, and leaves no lock', async () => {
    const lock = newLock();
    let working = 0;
    let waits = 0;
    const results = await Promise.all(
      [1, 2, 3].map((each) =>
        withLock(
          lock,
          async () => {
            assert.equal(++working, 1);
            await sleep(30);
            working--;
            return each;
          },
          { onWait: () => waits++ },
        ),
      ),
    );
    assert.deepEqual(results, [1, 2, 3]);
    assert.equal(waits, 2);
    assert.deepEqual(fs.readdirSync(path.dirname(lock)), []);
  });

  it('is given back by work that fails', async () => {
    const lock = newLock();
    await assert.rejects(
      withLock(lock, () => Promise.reject(new RangeError('broken'))),
      /broken/,
    );
    assert.equal(await withLock(lock, async () => 'next'), 'next');
  });

  it('waits for another process, is cancelled while it waits, and takes over when that is killed', async () => {
    const lock = newLock();
    const child = await holder(lock);
    const controller = new AbortController();
    const cancelled = withLock(lock, async () => 'never', { signal: controller.signal });
    let waited = false;
    const patient = withLock(lock, async () => 'taken over', { onWait: () => (waited = true) });
    controller.abort(new Error('changed my mind'));
    await assert.rejects(cancelled, /changed my mind/);
    assert.ok(fs.existsSync(lock), 'the lock is still the other process');
    child.kill('SIGKILL');
    assert.equal(await patient, 'taken over');
    assert.ok(waited);
    assert.deepEqual(fs.readdirSync(path.dirname(lock)), []);
  });

  it('takes over from another machine only when its lock was not touched for long', async () => {
    const lock = newLock();
    fs.mkdirSync(path.dirname(lock), { recursive: true });
    fs.writeFileSync(lock, JSON.stringify({ pid: 1, host: 'another-machine' }));
    const waiting = withLock(lock, async () => 'late');
    const first = await Promise.race([waiting, sleep(700, 'still waiting')]);
    assert.equal(first, 'still waiting');
    const old = new Date(Date.now() - 120_000);
    fs.utimesSync(lock, old, old);
    assert.equal(await waiting, 'late');
  });

  it('leaves the lock to another process that took it over', async () => {
    const lock = newLock();
    await withLock(lock, async () => fs.writeFileSync(lock, 'another'));
    assert.equal(fs.readFileSync(lock, 'utf8'), 'another');
  });

  it('touches the lock while it works', async () => {
    const lock = newLock();
    await withLock(lock, async () => {
      const old = new Date(Date.now() - 120_000);
      fs.utimesSync(lock, old, old);
      for (let wait = 0; wait < 300 && Date.now() - fs.statSync(lock).mtimeMs > 60_000; wait++) await sleep(100);
      assert.ok(Date.now() - fs.statSync(lock).mtimeMs < 60_000);
    });
  });

  it('reports a folder that must not be written', async () => {
    const file = path.join(folder, 'a-file');
    fs.writeFileSync(file, '');
    await assert.rejects(
      withLock(path.join(file, 'it.lock'), async () => 'never'),
      /EEXIST|ENOTDIR/,
    );
  });
});

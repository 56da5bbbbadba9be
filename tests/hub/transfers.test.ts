// Transfers that break off, fall silent, bring the wrong bytes or are cancelled, and waits: what is kept, what is told.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import type { Progress } from '../../lib/core/progress';
import { DiskSpaceError, UnreachableError } from '../../lib/hub';
import { COMMIT, patternBytes, sha256 } from './loopback-hub';
import { CONTENT } from './scenarios';
import { DATA, WANTED, WEIGHT, setUpDownloads } from './set-up-downloads';

const t = setUpDownloads();
const GONE = 4_194_305; // beyond the largest process id of Linux

describe('transfers', () => {
  it('go on behind the last byte, and report progress that never runs backwards', async () => {
    t().disturb({ host: 'content', times: 1, breakAfter: 70_000 }, { host: 'content', times: 1, breakAfter: 50_000 });
    const loaded: number[] = [];
    const progress_callback = ({ file, status, loaded: bytes = 0 }: Progress): void => {
      if (file === WEIGHT && status === 'download') loaded.push(bytes);
    };
    const folder = await t().load({ progress_callback });
    assert.deepEqual(fs.readFileSync(path.join(folder, WEIGHT)), DATA);
    assert.deepEqual(t().asked('content'), [undefined, 'bytes=70000-', 'bytes=120000-']);
    assert.equal(loaded.at(-1), DATA.length);
    assert.deepEqual(
      loaded,
      [...loaded].sort((a, b) => a - b),
    );
  });

  it('that fall silent are taken up again', async () => {
    t().disturb({ host: 'content', times: 1, stallAfter: 70_000 });
    const folder = await t().load({}, WANTED, { HF_HUB_DOWNLOAD_TIMEOUT: '0.5' });
    assert.deepEqual(fs.readFileSync(path.join(folder, WEIGHT)), DATA);
    assert.deepEqual(t().asked('content'), [undefined, 'bytes=70000-']);
  });

  it('end after five attempts that brought nothing new, however often some bytes came', async () => {
    t().disturb({ host: 'content', breakAfter: 10, ignoreRange: true });
    await assert.rejects(
      t().load(),
      (error: unknown) => error instanceof UnreachableError && /5 times in a row/.test(error.message),
    );
    assert.equal(t().asked('content').length, 5);
    t().hub.content = CONTENT;
    await t().load();
  });

  it('take over what a process that is gone has left', async () => {
    fs.mkdirSync(path.join(t().store, 'blobs'), { recursive: true });
    fs.writeFileSync(`${t().blob()}.${GONE}.incomplete`, DATA.subarray(0, 70_000));
    const folder = await t().load();
    assert.deepEqual(fs.readFileSync(path.join(folder, WEIGHT)), DATA);
    assert.deepEqual(t().asked('content'), ['bytes=70000-']);
    assert.deepEqual(t().incomplete(), []);
  });

  it('start again when what was left is wrong, or longer than the file', async () => {
    for (const wrong of [Buffer.alloc(50_000, 1), Buffer.alloc(DATA.length, 1), Buffer.alloc(DATA.length + 5, 1)]) {
      fs.rmSync(t().store, { recursive: true, force: true });
      fs.mkdirSync(path.join(t().store, 'blobs'), { recursive: true });
      fs.writeFileSync(`${t().blob()}.${GONE}.incomplete`, wrong);
      assert.deepEqual(fs.readFileSync(path.join(await t().load(), WEIGHT)), DATA);
    }
  });

  it('of other bytes than announced leave nothing that looks complete', async () => {
    t().disturb({ host: 'content', corrupt: true });
    await assert.rejects(t().load(), /model\.safetensors: .*not the one with SHA-256 \w{64}, 3 times.*mirror/);
    assert.ok(!fs.existsSync(t().blob()));
    assert.ok(!fs.existsSync(path.join(t().store, 'snapshots', COMMIT, WEIGHT)));
  });

  it('of a file that changes between two attempts begin anew (If-Range)', async () => {
    const small = patternBytes(40_000, 7);
    const files = { ...CONTENT.files, 'vocab.txt': small };
    t().hub.content = {
      ...CONTENT,
      files,
      rules: [
        { host: 'hub', method: 'GET', path: 'vocab', times: 1, breakAfter: 10_000, headers: { ETag: '"earlier"' } },
      ],
    };
    assert.deepEqual(fs.readFileSync(path.join(await t().load(), 'vocab.txt')), small);
    const asked = t().hub.log.filter(({ method, url }) => method === 'GET' && url.includes('vocab'));
    assert.deepEqual(
      asked.map(({ range, ifRange }) => [range, ifRange]),
      [
        [undefined, undefined],
        ['bytes=10000-', '"earlier"'],
      ],
    );
  });

  it('stop at once when they are told to, and go on later', async () => {
    const controller = new AbortController();
    const progress_callback = ({ file, loaded = 0 }: Progress): void => {
      if (file === WEIGHT && loaded > 0) controller.abort();
    };
    t().disturb({ host: 'content', times: 1, stallAfter: 70_000 });
    await assert.rejects(t().load({ signal: controller.signal, progress_callback }), { name: 'AbortError' });
    assert.ok(!fs.existsSync(path.join(t().store, 'snapshots', COMMIT, WEIGHT)));
    assert.deepEqual(fs.readFileSync(path.join(await t().load(), WEIGHT)), DATA);
    assert.equal(t().asked('content').length, 2);
  });

  it('are shared by two calls at once; the end of one is not the end of the other', async () => {
    await Promise.all([t().load(), t().load()]);
    assert.equal(t().asked('content').length, 1);
    t().renew();
    t().disturb({ host: 'content', times: 1, breakAfter: 70_000 });
    const first = new AbortController();
    const seen: number[] = [];
    const one = t().load({ signal: first.signal });
    const two = t().load({
      progress_callback: ({ file, loaded = 0 }) => {
        if (file !== WEIGHT) return;
        seen.push(loaded);
        first.abort(new Error('enough'));
      },
    });
    const [cancelled, folder] = await Promise.allSettled([one, two]);
    assert.match(String(cancelled.status === 'rejected' && cancelled.reason), /enough/);
    assert.ok(folder.status === 'fulfilled', JSON.stringify(folder));
    assert.deepEqual(fs.readFileSync(path.join(folder.value, WEIGHT)), DATA);
    assert.ok(seen.length > 0);
  });

  it('end with an error of their progress callback, but not with that of another call', async () => {
    const failing = async (): Promise<never> => Promise.reject(new Error('a broken callback'));
    await assert.rejects(t().load({ progress_callback: failing }), /a broken callback/);
    t().renew();
    t().disturb({ host: 'content', times: 1, breakAfter: 70_000 });
    const broken = ({ file, loaded = 0 }: Progress): void => {
      if (file === WEIGHT && loaded > 0) throw new Error('a broken callback');
    };
    const calls = [t().load(), t().load({ progress_callback: broken }), t().load()];
    const [first, second, third] = await Promise.allSettled(calls);
    assert.deepEqual([first.status, third.status], ['fulfilled', 'fulfilled']);
    assert.match(String(second.status === 'rejected' && second.reason), /a broken callback/);
    assert.equal(t().asked('content').length, 2);
  });

  it('are made by one process at a time: another one waits, and takes what it finds', async () => {
    fs.mkdirSync(path.join(t().store, 'blobs'), { recursive: true });
    const lock = `${t().blob()}.lock`;
    fs.writeFileSync(lock, JSON.stringify({ pid: process.ppid, host: os.hostname() }));
    const reports: string[] = [];
    const call = t().load({
      progress_callback: ({ status, file }) => {
        if (file !== WEIGHT || !status.startsWith('waiting')) return;
        reports.push(status);
        fs.writeFileSync(t().blob(), DATA); // the other process is done
        fs.rmSync(lock);
      },
    });
    assert.deepEqual(fs.readFileSync(path.join(await call, WEIGHT)), DATA);
    assert.equal(reports.length, 1);
    assert.deepEqual(t().asked('content'), []);
    assert.ok(!fs.existsSync(lock));
  });

  it('that do not fit on the disk are not begun', async () => {
    t().disturb({
      host: 'hub',
      path: WEIGHT,
      status: 302,
      headers: {
        Location: '{content}/blob/model.safetensors',
        'X-Repo-Commit': COMMIT,
        'X-Linked-Etag': `"${sha256(DATA)}"`,
        'X-Linked-Size': '9000000000000000',
      },
    });
    await assert.rejects(
      t().load(),
      (error: unknown) =>
        error instanceof DiskSpaceError &&
        /9000000\.00 GB are still to be downloaded.* GB free\. Free space.*HF_HUB_CACHE/.test(error.message) &&
        error.message.includes(t().cache),
    );
    assert.deepEqual(t().asked('content'), []);
  });
});

describe('waits', () => {
  const waits = (reports: readonly Progress[]): Progress[] => reports.filter(({ status }) => status === 'wait');

  it('are as long as the server says, and are shown', async () => {
    const reports: Progress[] = [];
    t().disturb({
      host: 'hub',
      method: 'HEAD',
      path: 'config',
      times: 1,
      status: 429,
      headers: { 'Retry-After': '1' },
    });
    const started = performance.now();
    await t().load({ progress_callback: (progress) => reports.push(progress) });
    // A timer may come a little early
    assert.ok(performance.now() - started >= 1_990, 'one second, and one against rounding');
    const shown = waits(reports);
    assert.ok(shown.length >= 2);
    assert.deepEqual([shown[0].file, shown[0].loaded, shown[0].total], ['config.json', 0, 2]);
    assert.match(shown[0].message ?? '', /status 429 \(too many requests\)/);
    assert.equal(shown.at(-1)?.loaded, 2);
  });

  it('end with the call', async () => {
    const controller = new AbortController();
    t().disturb({ host: 'hub', status: 503, headers: { 'Retry-After': '200' } });
    const progress_callback = (): void => controller.abort(new Error('enough'));
    const started = performance.now();
    await assert.rejects(t().load({ signal: controller.signal, progress_callback }), /enough/);
    assert.ok(performance.now() - started < 20_000);
  });

  it('of more than five minutes are left to the user', async () => {
    t().disturb({ host: 'hub', status: 429, headers: { RateLimit: '"api";r=0;t=3600' } });
    await assert.rejects(t().load(), /429.* asks to wait 60 minutes\. Try again then/);
    assert.equal(t().hub.log.length, 1);
  });

  it('are not made when the cache can do instead, which is told', async () => {
    const folder = await t().load();
    t().disturb({ host: 'hub', status: 503 });
    const reports: Progress[] = [];
    assert.equal(await t().load({ progress_callback: (progress) => reports.push(progress) }), folder);
    assert.equal(t().hub.log.length, 1);
    assert.match(
      reports.find(({ status }) => status === 'cached')?.message ?? '',
      /status 503.* copy in the cache is used/,
    );
  });
});

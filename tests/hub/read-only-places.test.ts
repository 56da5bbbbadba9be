// Where nothing can be written: a disk that is mounted read-only, and folders below /proc and /sys. Every writer says
// so at once, with advice that helps; what is only remembered for the next time is left out without a word.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip, convertOnce } from '../../lib/convert';
import { BlipError } from '../../lib/core/errors';
import { loadVqaSamples } from '../../lib/datasets';
import { OVBlipModel } from '../../lib/generation';
import { saveResults } from '../../lib/notebook';
import { quantizeBlip } from '../../lib/optimize';
import { projectRoot } from '../project-root';
import { withEnvironment } from './run-scenario';
import { setUpDownloads } from './set-up-downloads';

const CHECKPOINT = path.join(projectRoot(), 'tests', 'fixtures', 'checkpoints', 'vqa-f16');
const PARQUET = path.join(projectRoot(), 'tests', 'fixtures', 'datasets', 'vqa.parquet');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'read-only-places-'));
const disk = path.join(work, 'disk');
const model = path.join(disk, 'model');
const isMounted = mountDisk();
const READ_ONLY = { skip: isMounted ? false : 'no right to mount a disk here', timeout: 120_000 };
const t = setUpDownloads();

/** A disk in memory, which the tests below make read-only once it holds a model. */
function mountDisk(): boolean {
  fs.mkdirSync(disk);
  return (
    process.platform === 'linux' && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk]).status === 0
  );
}

before(async () => {
  if (!isMounted) return;
  await convert(model);
  assert.equal(spawnSync('mount', ['-o', 'remount,ro', disk]).status, 0);
  assert.throws(() => fs.writeFileSync(path.join(disk, 'x'), ''), /EROFS/);
});
after(() => {
  if (isMounted) spawnSync('umount', [disk]);
  fs.rmSync(work, { recursive: true, force: true });
});

async function convert(output: string): Promise<void> {
  const checkpoint = await loadCheckpoint(CHECKPOINT);
  try {
    await convertBlip(checkpoint, output);
  } finally {
    checkpoint.close();
  }
}

/** @returns the message of the library's error with which a call must end */
async function refusal(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    assert.ok(error instanceof BlipError, String(error));
    return error.message;
  }
  throw new assert.AssertionError({ message: 'it was written' });
}

function withCache<T>(folder: string, call: () => Promise<T>): Promise<T> {
  return withEnvironment({ ...process.env, BLIP_CACHE: folder, BLIP_OUTPUT: folder }, call);
}

describe('a disk that is mounted read-only', READ_ONLY, () => {
  const saysReadOnly = (message: string): void => {
    assert.match(message, /EROFS|read-only/);
    assert.doesNotMatch(message, /[Mm]ake room/);
  };

  it('as the target of a conversion and of a quantization', async () => {
    for (const output of [path.join(disk, 'new'), model]) {
      const message = await refusal(() => convert(output));
      saysReadOnly(message);
      assert.match(message, /mounted read-only: choose another output folder/);
    }
    const message = await refusal(() => quantizeBlip(model, [], path.join(disk, 'int8'), { parts: ['text_decoder'] }));
    assert.match(message, /mounted read-only: choose another output folder/);
  });

  it('as the cache of converted models', async () => {
    const message = await withCache(path.join(disk, 'cache'), () => refusal(() => convertOnce(CHECKPOINT)));
    saysReadOnly(message);
    assert.match(message, /BLIP_CACHE/);
  });

  it("as the hub's cache, and a part of it that is there", async () => {
    for (const cache_dir of [path.join(disk, 'hub'), disk]) {
      const message = await refusal(() => t().load({ cache_dir }));
      saysReadOnly(message);
      assert.match(message, /HF_HUB_CACHE|cache_dir/);
    }
  });

  it("as the folder of a notebook's results", async () => {
    const message = await withCache(disk, () => refusal(() => saveResults('convert', { model: 'x' })));
    saysReadOnly(message);
    assert.match(message, /results.*BLIP_OUTPUT/s);
  });

  it('as a model folder and as the memory of digests: it is loaded all the same', async () => {
    await withCache(path.join(disk, 'cache'), async () => (await OVBlipModel.load(model)).dispose());
  });

  it('as the cache of samples', async () => {
    const message = await withCache(path.join(disk, 'cache'), () =>
      refusal(() => loadVqaSamples(PARQUET, { count: 1 })),
    );
    saysReadOnly(message);
    assert.match(message, /choose another cache folder.*cache_dir or BLIP_CACHE/s);
  });
});

describe('a folder that the system itself makes', {
  skip: process.platform === 'linux' ? false : 'only Linux has /proc and /sys',
  timeout: 120_000,
}, () => {
  for (const root of ['/proc/models', '/proc/self/fd', '/proc/self/environ', '/sys/models'])
    it(`${root}: refused at once as target, as cache and as the hub's cache`, async () => {
      const place = root;
      assert.match(await refusal(() => convert(path.join(place, 'fp16'))), /[Cc]hoose|output folder/);
      await withCache(place, () => refusal(() => convertOnce(CHECKPOINT)));
      assert.match(await refusal(() => t().load({ cache_dir: place })), /HF_HUB_CACHE|cache_dir/);
      await withCache(place, () => refusal(() => saveResults('convert', { model: 'x' })));
    });
});

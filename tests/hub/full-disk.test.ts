// The hub's cache on a disk that is full, or becomes full at any step: an error with a name that says where and what to
// do, and nothing that looks complete.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { HubError } from '../../lib/hub';
import { DATA, setUpDownloads, WEIGHT } from './set-up-downloads';

const KIB = 1024;
/** Larger than all that is downloaded. */
const DISK_KIB = 400;
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'hub-full-disk-'));
const isMounted =
  process.platform === 'linux' &&
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_KIB}k`, 'tmpfs', work]).status === 0;
const t = setUpDownloads();
after(() => {
  if (isMounted) spawnSync('umount', [work]);
  fs.rmSync(work, { recursive: true, force: true });
});

describe('a full disk', { skip: isMounted ? false : 'no right to mount a disk here' }, () => {
  for (const free of [0, 4, 8, 12, 16, 24, 48, 100, 350])
    for (const told of [true, false])
      it(`${free} KiB free, sizes ${told ? 'told' : 'not told'} by the hub`, async () => {
        for (const name of fs.readdirSync(work)) fs.rmSync(path.join(work, name), { recursive: true });
        fs.writeFileSync(path.join(work, 'others'), Buffer.alloc((DISK_KIB - free) * KIB));
        if (!told) t().disturb({ host: 'hub', path: WEIGHT, headers: { 'X-Linked-Size': '' } });
        const cache_dir = path.join(work, 'cache');
        const load = (): Promise<string> => t().load({ cache_dir });
        if (free < 350)
          await assert.rejects(load(), (error: unknown) => {
            assert.ok(error instanceof HubError, String(error));
            assert.ok(error.message.includes(cache_dir), error.message);
            assert.match(error.message, /HF_HUB_CACHE/);
            return true;
          });
        fs.rmSync(path.join(work, 'others'));
        assert.deepEqual(fs.readFileSync(path.join(await load(), WEIGHT)), DATA);
        const left = fs.readdirSync(cache_dir, { recursive: true }).map(String);
        assert.deepEqual(
          left.filter((name) => /\.(tmp|incomplete|lock)$/.test(name)),
          [],
        );
      });
});

// Ranges of a remote file: redirects to a content host whose signed addresses are reused and expire, servers that do
// not know ranges.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { HubError, openByteSource, UnreachableError, type ByteSource, type RequestOptions } from '../../lib/hub';
import { ID, LoopbackHub, type HubContent } from './loopback-hub';
import { scenarioEnvironment, withEnvironment } from './run-scenario';
import { CONTENT } from './scenarios';

const DATA = CONTENT.files['model.safetensors'];
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'byte-source-'));
let hub: LoopbackHub;
before(async () => {
  hub = await LoopbackHub.start();
});
after(async () => {
  await hub.stop();
  fs.rmSync(work, { recursive: true, force: true });
});

function open<T>(
  content: Partial<HubContent>,
  use: (source: ByteSource) => Promise<T>,
  { env = {}, ...options }: RequestOptions & { env?: Record<string, string> } = {},
): Promise<T> {
  hub.content = { ...CONTENT, ...content };
  const url = `${hub.address('hub')}/${ID}/resolve/main/model.safetensors`;
  return withEnvironment(scenarioEnvironment(hub, { name: '', env }, work), async () =>
    use(await openByteSource(url, options)),
  );
}
const same = (bytes: ArrayBuffer, start: number, end: number): void =>
  assert.deepEqual(Buffer.from(bytes), DATA.subarray(start, end));
const asked = (host: string): number => hub.log.filter((request) => request.host === host).length;

describe('a file behind a redirect', () => {
  it('the hub is asked once, the token stays with it', async () => {
    await open(
      { token: 'hf_abc' },
      async (source) => {
        assert.equal(source.byteLength, DATA.length);
        same(await source.slice(1000, 3000), 1000, 3000);
        same(await source.slice(DATA.length - 10), DATA.length - 10, DATA.length);
        assert.equal((await source.slice(5, 5)).byteLength, 0);
      },
      { env: { HF_TOKEN: 'hf_abc' } },
    );
    assert.deepEqual([asked('hub'), asked('content')], [1, 3]);
    assert.ok(hub.log.every(({ host, token }) => (token !== undefined) === (host === 'hub')));
  });

  it('an address that expired is asked for anew, at the first request and later', async () => {
    await open({ rules: [{ host: 'content', path: 'signature=1', skip: 1, status: 403 }] }, async (source) => {
      same(await source.slice(0, 500), 0, 500);
      same(await source.slice(500, 900), 500, 900);
    });
    assert.equal(asked('hub'), 2);
    await open({ rules: [{ host: 'content', times: 1, status: 403 }] }, async (source) =>
      same(await source.slice(0, 5), 0, 5),
    );
    await assert.rejects(
      open({ rules: [{ host: 'content', status: 403 }] }, async () => {}),
      (error: unknown) =>
        error instanceof UnreachableError &&
        /to which the hub redirected, answered status 403, 5 times in a row/.test(error.message),
    );
  });

  it('goes on behind the last byte; what was cut is not taken for whole', async () => {
    await open({ rules: [{ host: 'content', skip: 1, times: 2, breakAfter: 300 }] }, async (source) =>
      same(await source.slice(1000, 3000), 1000, 3000),
    );
    assert.deepEqual(
      hub.log.filter(({ host }) => host === 'content').map(({ range }) => range),
      ['bytes=0-0', 'bytes=1000-2999', 'bytes=1300-2999', 'bytes=1600-2999'],
    );
  });

  it('many ranges at once, with one signal, without a warning of Node', async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warn);
    const starts = Array.from({ length: 40 }, (_, i) => i * 5_000);
    const read = async (source: ByteSource): Promise<void> => {
      const parts = await Promise.all(starts.map((start) => source.slice(start, start + 5_000)));
      parts.forEach((part, i) => same(part, starts[i], starts[i] + 5_000));
    };
    await open({}, read, { signal: new AbortController().signal });
    await new Promise((resolve) => setImmediate(resolve)); // warnings come a tick later
    process.off('warning', warn);
    assert.deepEqual(warnings, []);
  });

  it('a server that ignores ranges, or compresses them, is told', async () => {
    await assert.rejects(
      open({ rules: [{ host: 'content', ignoreRange: true }] }, async () => {}),
      (error: unknown) => error instanceof HubError && /got status 200.*expected 206/.test(error.message),
    );
  });

  it('waits are reported', async () => {
    const seen: string[] = [];
    await open({ rules: [{ host: 'hub', times: 1, status: 503, headers: { 'Retry-After': '0' } }] }, async () => {}, {
      progress_callback: ({ status, message }) => seen.push(`${status}: ${message}`),
    });
    assert.match(seen[0], /^wait: 127\.0\.0\.1:\d+ answered status 503/);
  });
});

describe('a file on disk', () => {
  it('is read in ranges; a missing or short one is told', async () => {
    const file = path.join(work, 'data');
    fs.writeFileSync(file, DATA);
    const source = await openByteSource(file);
    same(await source.slice(10, 20), 10, 20);
    fs.truncateSync(file, 15);
    await assert.rejects(source.slice(10, 20), /got 5 bytes at 10, expected 10: the file is cut short/);
    await assert.rejects(openByteSource(path.join(work, 'nothing')), HubError);
  });
});

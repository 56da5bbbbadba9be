// The command `demo` with everything that it offers: a second model, attention, a proxy's address.
import assert from 'node:assert/strict';
import * as path from 'node:path';
import * as os from 'node:os';
import * as fs from 'node:fs';
import { after, describe, it } from 'node:test';
import { projectRoot } from '../project-root';
import { runCli, startCli } from './run-cli';

const PICTURE = path.join(projectRoot(), 'data', 'pictures', 'demo.jpg');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'cli-demo-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));
const env = { BLIP_MODEL: path.join(projectRoot(), 'models', 'blip-scenes'), BLIP_CACHE: work };

describe('blip-openvino demo', () => {
  it('serves two models behind a proxy, and ends with them', async () => {
    const base = 'https://hub.example.org/user/ann/proxy/{port}/';
    const args = ['--attention', '--compare', 'fp32', '--base-url', base, '--allow-host', 'lab.example.org'];
    const child = startCli(['demo', '--json', ...args, '--question', 'how many dogs are there?', PICTURE], { env });
    const ended = new Promise((resolve) => child.on('close', resolve));
    after(() => child.kill('SIGKILL'));
    const line = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stdout?.on('data', (chunk) => (said += String(chunk)).endsWith('\n') && resolve(said));
      child.on('close', () => reject(new Error(`ended: ${said}`)));
    });
    const url = new URL(String(Object(JSON.parse(line)).url));
    assert.equal(url.host, 'hub.example.org');
    const [, port] = /^\/user\/ann\/proxy\/(\d+)\/$/.exec(url.pathname) ?? assert.fail(url.pathname);
    const about = await fetch(`http://127.0.0.1:${port}${url.pathname}about${url.search}`);
    const told: Record<string, unknown> = Object(await about.json());
    assert.deepEqual([told.attention, told.compare, told.search], [true, 'fp32', false]);
    child.kill('SIGINT');
    assert.equal(await ended, 0);
  });

  it('refuses names and addresses that are none, before it loads anything for long', async () => {
    for (const [option, value, message] of [
      ['--allow-host', 'https://hub.example.org', /no host name.*hub\.example\.org, or \* for any/],
      ['--base-url', 'hub.example.org/x', /base_url is .*Expected an address such as/],
      ['--base-url', 'https://a@hub.example.org/', /base_url/],
    ] as const) {
      const { status, stderr } = await runCli(['demo', option, value], { env });
      assert.equal(status, 1, stderr);
      assert.match(stderr, message);
    }
  });
});

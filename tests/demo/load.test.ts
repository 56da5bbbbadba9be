// The demo under load and among strangers: who has left waits no longer, who is too many is told so at once, who has no
// token gets nothing.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { DemoBusyError, startDemo, type Demo } from '../../lib/demo';
import { BodyBudget } from '../../lib/demo/read-body';
import { RequestQueue } from '../../lib/demo/request-queue';
import { OVBlipModel } from '../../lib/generation';
import { BlipProcessor } from '../../lib/preprocessing';
import { projectRoot } from '../project-root';

const image = fs.readFileSync(path.join(projectRoot(), 'data', 'pictures', 'demo.jpg'));
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'demo-load-'));
let model: OVBlipModel;
let demo: Demo;

before(async () => {
  const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'models', 'blip-scenes'));
  const { folder } = await convertBlip(checkpoint, path.join(work, 'model'));
  checkpoint.close();
  model = await OVBlipModel.load(folder);
  demo = await startDemo(model, await BlipProcessor.fromCheckpoint(folder));
});
after(async () => {
  await demo.close();
  model.dispose();
  fs.rmSync(work, { recursive: true, force: true });
});

const post = (options: RequestInit = {}): Promise<Response> =>
  fetch(demo.endpoint('answer', { question: '' }), { method: 'POST', body: new Uint8Array(image), ...options });

describe('the queue', () => {
  const never = new AbortController().signal;

  it('runs one at a time, in order, and tells each its place', async () => {
    const queue = new RequestQueue(10);
    const log: string[] = [];
    let running = 0;
    const runs = [0, 1, 2, 3].map((n) =>
      queue.run(
        async () => {
          assert.equal(++running, 1);
          log.push(`run ${n}`);
          await sleep(5);
          running--;
        },
        { signal: never, on_place: (place) => log.push(`${n} at ${place}`) },
      ),
    );
    await Promise.all(runs);
    assert.deepEqual(
      log.filter((line) => line.startsWith('run')),
      ['run 0', 'run 1', 'run 2', 'run 3'],
    );
    assert.deepEqual(
      log.filter((line) => line.startsWith('3')),
      ['3 at 3', '3 at 2', '3 at 1'],
    );
  });

  it('drops who leaves while waiting, and goes on after a failure', async () => {
    const queue = new RequestQueue(10);
    const first = queue.run(() => sleep(20).then(() => Promise.reject(new Error('of the first'))), { signal: never });
    const leaver = new AbortController();
    let ran = false;
    const left = queue.run(
      async () => {
        ran = true;
      },
      { signal: leaver.signal },
    );
    const last = queue.run(async () => 'last', { signal: never });
    leaver.abort(new Error('left'));
    await assert.rejects(left, /left/);
    assert.equal(queue.length, 1);
    await assert.rejects(first, /of the first/);
    assert.equal(await last, 'last');
    assert.equal(ran, false);
  });

  it('is bounded', async () => {
    const queue = new RequestQueue(1);
    const runs = [queue.run(() => sleep(10), { signal: never }), queue.run(() => sleep(10), { signal: never })];
    await assert.rejects(
      queue.run(() => sleep(10), { signal: never }),
      DemoBusyError,
    );
    await Promise.all(runs);
  });

  it('so are the bytes that are held', () => {
    const budget = new BodyBudget(10);
    budget.take(6);
    assert.throws(() => budget.take(5), DemoBusyError);
    budget.release(6);
    budget.take(10);
  });
});

describe('a server with many clients', () => {
  it('sixty that hang up hold up nobody', async () => {
    for (let i = 0; i < 60; i++) {
      const stop = new AbortController();
      const request = post({ signal: stop.signal }).catch(() => undefined);
      setTimeout(() => stop.abort(), 20);
      if (i % 20 === 19) await request;
    }
    const start = performance.now();
    assert.equal((await post()).status, 200);
    const seconds = (performance.now() - start) / 1000;
    assert.ok(seconds < 10, `the next one waited ${seconds} s`);
  });

  it('three hundred at once: each is answered, or told at once that the server is busy', async () => {
    const responses = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const response = await post();
        return {
          status: response.status,
          retry: response.headers.get('retry-after'),
          json: Object(await response.json()),
        };
      }),
    );
    const answered = responses.filter(({ status }) => status === 200);
    const refused = responses.filter(({ status }) => status === 503);
    assert.equal(answered.length + refused.length, 300);
    assert.ok(answered.length >= 64, `${answered.length} answered`);
    for (const { json } of answered) assert.match(json.text, /on the beach/);
    for (const { json, retry } of refused) {
      assert.match(json.error, /Try again in a moment/);
      assert.match(String(retry), /^\d+$/);
    }
  });

  it('tells the place in line to a client that asks for lines', async () => {
    const lines = await Promise.all(
      [1, 2, 3].map(async () =>
        (await (await post({ headers: { accept: 'application/x-ndjson' } })).text()).trim().split('\n'),
      ),
    );
    const parsed = lines.map((all) => all.map((line): Record<string, unknown> => JSON.parse(line)));
    for (const all of parsed) assert.match(String(all.at(-1)?.text), /on the beach/);
    assert.ok(parsed.flat().some(({ place }) => place === 1));
  });

  it('cuts off nobody for odd requests, and does not fail over them', async () => {
    const { port } = new URL(demo.url);
    const raw = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        let received = '';
        const socket = net.connect(Number(port), '127.0.0.1', () => socket.write(text));
        socket.setTimeout(5000, () => socket.destroy());
        socket.on('data', (chunk) => {
          received += chunk;
        });
        socket.on('close', () => resolve(received));
        socket.on('error', reject);
      });
    const head = `Host: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`;
    for (const target of ['//', '/%', '/%00', '//[', '/answer/../..', '*', 'http://127.0.0.1/about', '?'])
      assert.match(await raw(`GET ${target} HTTP/1.1\r\n${head}`), /^HTTP\/1\.1 (200|400|401|404) /, target);
  });
});

describe('who may ask', () => {
  it('nobody without the token, but for the page itself', async () => {
    const { origin } = new URL(demo.url);
    for (const [place, method] of [
      ['about', 'GET'],
      ['examples/0', 'GET'],
      ['answer', 'POST'],
      ['nothing', 'GET'],
    ] as const) {
      assert.equal((await fetch(`${origin}/${place}`, { method })).status, 401, place);
      assert.equal((await fetch(`${origin}/${place}?token=wrong`, { method })).status, 401, place);
    }
    assert.equal((await fetch(`${origin}/`)).status, 200);
    const token = new URL(demo.url).searchParams.get('token') ?? '';
    assert.equal((await fetch(`${origin}/about`, { headers: { authorization: `Bearer ${token}` } })).status, 200);
    assert.ok(token.length >= 20);
  });

  it('the page brings headers that keep it to itself', async () => {
    const { headers } = await fetch(demo.url);
    const policy = headers.get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'none'",
      "script-src 'self';",
      "style-src 'self';",
      "connect-src 'self'",
      'frame-ancestors',
    ])
      assert.ok(policy.includes(part), part);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
  });

  it('a sender that is slow is cut off', { timeout: 120_000 }, async () => {
    const started = performance.now();
    const status = await new Promise<number | string>((resolve) => {
      const { port } = new URL(demo.url);
      const socket = net.connect(Number(port), '127.0.0.1', () => socket.write('POST /answer HTTP/1.1\r\nHost: 127.0'));
      let received = '';
      socket.on('data', (chunk) => {
        received += chunk;
      });
      socket.on('close', () => resolve(received.slice(0, 12)));
      socket.on('error', () => resolve('reset'));
    });
    assert.match(String(status), /HTTP\/1\.1 408|^$/);
    assert.ok(performance.now() - started < 60_000);
  });
});

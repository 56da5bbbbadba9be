// Images behind addresses: many at once, slow servers, failures, and lists that end or fail while others are fetched.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { BatchItem } from '../../lib/batch/batch-item';
import { fetchAhead } from '../../lib/batch/fetch-ahead';
import { captionFolder } from '../../lib';
import { base, PICTURES, rowsOf, work } from './caption-fixture';

const IMAGE = fs.readFileSync(path.join(PICTURES, 'demo.jpg'));
let atOnce = 0;
let most = 0;
const waiting: (() => void)[] = [];
const server = http.createServer((request, response) => {
  most = Math.max(most, ++atOnce);
  const answer = (): void => {
    atOnce--;
    if (request.url?.startsWith('/none')) response.writeHead(404).end();
    else response.end(IMAGE);
  };
  if (request.url?.startsWith('/held')) waiting.push(answer);
  else setTimeout(answer, 50);
});
let address = '';

before(async () => {
  process.env.NO_PROXY = '127.0.0.1';
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  assert.ok(typeof at === 'object' && at);
  address = `http://127.0.0.1:${at.port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const item = (source: string): BatchItem => ({ name: source, key: source, source });
async function* from(sources: readonly string[], error?: Error): AsyncGenerator<BatchItem> {
  for (const source of sources) yield item(source);
  if (error) throw error;
}

describe('addresses', () => {
  test('are fetched many at once, paths pass by, failures are told', async () => {
    const urls = Array.from({ length: 40 }, (_, i) => `${address}/${i}.jpg`);
    const told: string[] = [];
    const names: string[] = [];
    const items = fetchAhead(from(['a.jpg', ...urls, `${address}/none.jpg`]), ({ name }) => void told.push(name));
    for await (const { name, source } of items) {
      names.push(name);
      if (name !== 'a.jpg') assert.deepEqual(Buffer.from(source), IMAGE);
    }
    assert.deepEqual(names.sort(), ['a.jpg', ...urls].sort());
    assert.deepEqual(told, [`${address}/none.jpg`]);
    assert.ok(most > 3 && most <= 16, `${most} at once`);
  });

  test('that answer late hold up no other', async () => {
    const list = [`${address}/held.jpg`, ...Array.from({ length: 30 }, (_, i) => `${address}/${i}.jpg`)];
    const names: string[] = [];
    for await (const { name } of fetchAhead(from(list), () => assert.fail())) {
      names.push(name);
      if (names.length === 30) for (const answer of waiting.splice(0)) answer();
    }
    assert.equal(names.at(-1), list[0]);
    assert.equal(names.length, 31);
  });

  test('a list that fails ends with its error', async () => {
    const items = fetchAhead(from([`${address}/1.jpg`], new Error('the list broke')), () => undefined);
    await assert.rejects(
      (async () => {
        for await (const _ of items);
      })(),
      /the list broke/,
    );
  });

  test('reach the table once each', async () => {
    const file = path.join(work, 'ahead.jsonl');
    const urls = Array.from({ length: 20 }, (_, i) => `${address}/${i % 10}.jpg`);
    fs.writeFileSync(file, urls.map((url) => JSON.stringify({ url })).join('\n'));
    const output = path.join(work, 'ahead-out.jsonl');
    const { done, skipped } = await captionFolder(file, { ...base, output });
    assert.deepEqual([done, skipped, rowsOf(output).length], [10, 10, 10]);
  });
});

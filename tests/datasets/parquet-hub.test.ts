// VQAv2 in parquet form from a hub: what is asked for, and what is kept for the next call.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadVqaParquet } from '../../lib/datasets';
import { cacheDir, closedEndpoint, expected, FILE, files, hub, ids, load, range } from './parquet-hub';

test('range requests alone, with the token, and the same samples as from disk', async () => {
  process.env.HF_TOKEN = 'hf_secret';
  const { samples, skipped } = await load();
  assert.deepEqual(ids(samples), await expected());
  assert.equal(skipped.total, 3);
  assert.ok(
    files().length > 0 &&
      hub.requests.every((line) => line.includes('Bearer hf_secret')) &&
      files().every((line) => line.includes('bytes=')),
    hub.requests.join('\n'),
  );
});

test('the token does not go to another host', async () => {
  process.env.HF_TOKEN = 'hf_secret';
  process.env.HF_ENDPOINT = await closedEndpoint();
  await loadVqaParquet([`${hub.endpoint}${FILE}`], { count: 2, cache_dir: cacheDir() });
  assert.ok(hub.requests.length > 0 && hub.requests.every((line) => !line.includes('secret')), hub.requests.join('\n'));
});

test('a second call takes samples from the cache, also when the hub is gone or HF_HUB_OFFLINE is set', async () => {
  const cache_dir = cacheDir();
  const { samples } = await load({ cache_dir }, 5);
  hub.requests = [];
  assert.deepEqual((await load({ cache_dir }, 5)).samples, samples);
  assert.deepEqual(files(), []);
  process.env.HF_HUB_OFFLINE = '1';
  hub.requests = [];
  assert.deepEqual((await load({ cache_dir }, 5)).samples, samples);
  assert.deepEqual(hub.requests, []);
  await assert.rejects(load({ cache_dir }), /HF_HUB_OFFLINE is set. Unset it/); // more than is cached
  await assert.rejects(load(), /HF_HUB_OFFLINE is set/);
  delete process.env.HF_HUB_OFFLINE;
  hub.disturb = (_request, response) => {
    response.writeHead(503).end();
    return true;
  };
  assert.deepEqual((await load({ cache_dir }, 5)).samples, samples);
});

test('configs and splits: the only one, a named one, one split divided, and what there is when none fits', async () => {
  const file = `${hub.endpoint}${FILE}`;
  hub.splits = { english: { validation: [file], testdev: [file] } };
  const [train, val] = [ids((await load({ split: 'train' })).samples), ids((await load()).samples)];
  assert.deepEqual([...train, ...val].sort(), (await expected()).sort());
  assert.ok(train.length > 0 && val.length > 0);
  assert.deepEqual(ids((await load({ hub_split: { train: 'validation', val: 'testdev' } })).samples), await expected());
  await assert.rejects(load({ config: 'french' }), /someone\/vqa has no config "french"; it has english/);
  await assert.rejects(load({ hub_split: 'train' }), /has no split "train"; it has validation, testdev/);
  hub.splits = { a: { test: [file], extra: [file] }, b: { train: [file] } };
  await assert.rejects(load(), /has no config "default"; it has a, b/);
  await assert.rejects(load({ config: 'a' }), /has no split for validation; it has test, extra/);
});

test('a download that was cut off goes on where it stopped', async () => {
  const cache_dir = cacheDir();
  hub.splits = {
    default: {
      train: [`${hub.endpoint}${FILE}`, `${hub.endpoint}/second.parquet`],
      validation: [`${hub.endpoint}${FILE}`],
    },
  };
  hub.disturb = (request, response) => {
    if (request.url !== '/second.parquet') return false;
    response.writeHead(404).end(); // after the first file's rows were read
    return true;
  };
  await assert.rejects(load({ cache_dir, split: 'train', seed: 3 }), /status 404/);
  const first = files().length;
  assert.ok(first > 0, hub.requests.join('\n'));
  hub.disturb = (request, response) => {
    if (request.url !== '/second.parquet') return false;
    const { bytes, headers } = range(request);
    response.writeHead(206, headers).end(bytes);
    return true;
  };
  hub.requests = [];
  const { samples } = await load({ cache_dir, split: 'train', seed: 3 });
  assert.ok(files().length < first, hub.requests.join('\n')); // its footer again, not its rows
  assert.equal(samples.length, 18);
});

// VQAv2 in parquet form from a hub: everything that can go wrong on the way.
import assert from 'node:assert/strict';
import type * as http from 'node:http';
import { test } from 'node:test';
import { VqaParquetError } from '../../lib/datasets';
import { HubError } from '../../lib/hub';
import {
  closedEndpoint,
  CONTENTS,
  expected,
  FILE,
  files,
  hub,
  ids,
  LIST,
  load,
  range,
  type Answer,
} from './parquet-hub';

/** Silence that counts as a stall, in the test of stalls alone: elsewhere a loaded machine may take its time. */
const TIMEOUT_MS = 400;

test('connections dropped in the middle: the next request goes on behind the last byte', async () => {
  let dropped = 0;
  hub.disturb = (request, response) => {
    if (request.url !== FILE || dropped >= 5) return false;
    const { bytes, headers } = range(request);
    if (bytes.length < 100) return false;
    dropped++;
    response.writeHead(206, headers);
    response.write(bytes.subarray(0, 60), () => setTimeout(() => response.destroy(), 20)); // sent before the reset
    return true;
  };
  const { samples } = await load();
  assert.deepEqual(ids(samples), await expected());
  assert.equal(dropped, 5); // as many as the attempts that a silent server gets
  const starts = files().map((line) => Number(/bytes=(\d+)/.exec(line)?.[1]));
  assert.ok(
    starts.some((start, index) => index > 0 && start === starts[index - 1] + 60),
    starts.join(),
  );
});

test('answers that end early are continued; connections refused and 5xx are tried again', async () => {
  let short = 2,
    failing = 2;
  hub.disturb = (request, response) => {
    if (failing > 0) {
      failing--;
      response.writeHead(500 + failing).end();
      return true;
    }
    if (request.url !== FILE || short === 0) return false;
    const { bytes, headers } = range(request);
    if (bytes.length < 100) return false;
    short--;
    response
      .writeHead(206, { 'Content-Range': headers['Content-Range'], ETag: headers.ETag })
      .end(bytes.subarray(0, 50)); // no Content-Length: looks whole
    return true;
  };
  assert.deepEqual(ids((await load()).samples), await expected());
  assert.equal(short + failing, 0);
  process.env.HF_ENDPOINT = await closedEndpoint();
  await assert.rejects(load(), /ECONNREFUSED.*5 times in a row. Check the network/s);
});

test('429 is waited for as long as the server asks', async () => {
  let refused = 1;
  hub.disturb = (_request, response) => {
    if (refused-- <= 0) return false;
    response.writeHead(429, { 'Retry-After': '1' }).end();
    return true;
  };
  const started = Date.now();
  assert.equal((await load({}, 1)).samples.length, 1);
  assert.ok(Date.now() - started >= 990, `waited ${Date.now() - started} ms`); // a timer may come a little early
});

test('a server that stalls is asked again, one that is slow but not silent is not', async () => {
  let stalls = 1;
  hub.disturb = (request, response) => {
    if (request.url !== FILE) return false;
    const { bytes, headers } = range(request);
    if (bytes.length < 100) return false;
    response.writeHead(206, headers);
    if (stalls-- > 0) {
      response.write(bytes.subarray(0, 10));
      return true;
    } // and then nothing
    const pieces = Array.from({ length: 6 }, (_, i) =>
      bytes.subarray(Math.floor((i * bytes.length) / 6), Math.floor(((i + 1) * bytes.length) / 6)),
    );
    const next = (): void => {
      const piece = pieces.shift();
      if (!piece) {
        response.end();
        return;
      }
      response.write(piece);
      setTimeout(next, TIMEOUT_MS / 4);
    };
    next(); // 1.5 times the time-out in all
    return true;
  };
  assert.equal((await load({ timeout_ms: TIMEOUT_MS }, 1)).samples.length, 1);
  assert.ok(stalls < 0);
  hub.disturb = (request) => request.url === FILE; // never answers
  await assert.rejects(load({ timeout_ms: 50 }, 1), /no data for 0\.05 s, 5 times in a row/);
});

test('cancelling ends a request, and a pause, at once with the reason', async () => {
  for (const answer of [
    (): boolean => true,
    (_request: http.IncomingMessage, response: http.ServerResponse): boolean => {
      response.writeHead(503, { 'Retry-After': '20' }).end();
      return true;
    },
  ]) {
    hub.disturb = answer;
    const controller = new AbortController();
    const started = Date.now();
    setTimeout(() => controller.abort(new Error('enough')), 100);
    await assert.rejects(load({ signal: controller.signal, timeout_ms: 60_000 }), /enough/);
    assert.ok(Date.now() - started < 5_000);
  }
});

test('wrong sizes: another range, too many bytes, a file that changed, a file cut short', async () => {
  const disturbFile = (
    change: (headers: http.OutgoingHttpHeaders, bytes: Buffer) => [http.OutgoingHttpHeaders, Uint8Array],
  ): void => {
    hub.disturb = (request, response) => {
      if (request.url !== FILE) return false;
      const { bytes, headers } = range(request);
      if (bytes.length < 2) return false; // the first question, for the size
      const [head, body] = change(headers, bytes);
      response.writeHead(206, head).end(body);
      return true;
    };
  };
  disturbFile((headers, bytes) => [
    { ...headers, 'Content-Range': `bytes 0-${bytes.length - 1}/${CONTENTS.length}` },
    bytes,
  ]);
  await assert.rejects(load(), /Content-Range "bytes 0-.*expected 206 and that range/);
  disturbFile((headers, bytes) => [
    { 'Content-Range': headers['Content-Range'], ETag: headers.ETag },
    Buffer.concat([bytes, bytes]),
  ]);
  await assert.rejects(load(), /got more than the \d+ bytes/);
  disturbFile((headers, bytes) => [
    { ...headers, 'Content-Range': String(headers['Content-Range']).replace(/\d+$/, '7777') },
    bytes,
  ]);
  await assert.rejects(load(), /changed while it was read: 7777 bytes/);
  disturbFile((headers, bytes) => [{ ...headers, ETag: '"two"' }, bytes]);
  await assert.rejects(load(), /changed while it was read: .*"two"/);
  hub.disturb = (request, response) => {
    if (request.url !== FILE) return false;
    const { bytes, headers } = range(request);
    response
      .writeHead(206, {
        ...headers,
        'Content-Range': String(headers['Content-Range']).replace(/\d+$/, String(CONTENTS.length - 500)),
      })
      .end(bytes);
    return true;
  };
  await assert.rejects(
    load(),
    (error: unknown) => error instanceof VqaParquetError && /not a parquet file, or cut short/.test(error.message),
  );
});

test('HTML pages of a proxy or a login, in place of the list and of the file', async () => {
  const page =
    (where: string): Answer =>
    (request, response) => {
      if (request.url !== where) return false;
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Sign in</title>');
      return true;
    };
  hub.disturb = page(LIST);
  await assert.rejects(load(), /text\/html \("<!doctype html>.*expected JSON. Check that HF_ENDPOINT/);
  hub.disturb = page(FILE);
  await assert.rejects(load(), /got status 200, text\/html.*expected 206.*Download the file/);
  hub.disturb = (request, response) => {
    if (request.url !== LIST) return false;
    response.end('{"error":"no"}');
    return true;
  };
  await assert.rejects(load(), /got no lists of parquet files.*Check the id/);
});

for (const [status, advice] of [
  [401, /status 401.*set HF_TOKEN/],
  [403, /status 403.*set HF_TOKEN/],
  [404, /status 404.*Check the id/],
  [416, /status 416/],
] as const)
  test(`status ${status} is not tried again and says what to do`, async () => {
    for (const where of [LIST, FILE]) {
      let asked = 0;
      hub.disturb = (request, response) => {
        if (request.url !== where) return false;
        asked++;
        response.writeHead(status).end('<html>');
        return true;
      };
      await assert.rejects(
        load(),
        (error: unknown) => error instanceof HubError && advice.test(error.message) && error.message.includes(where),
      );
      assert.equal(asked, 1);
    }
  });

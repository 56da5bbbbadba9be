// How long a busy server asks to wait: the headers as huggingface.co and others send them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryDelay } from '../../lib/hub/retry-delay';

const NOW = Date.parse('2026-11-27T12:00:00Z');
const CASES: readonly [status: number, headers: Readonly<Record<string, string>>, milliseconds: number][] = [
  [429, {}, 0],
  [429, { 'retry-after': '120' }, 121_000],
  [429, { 'retry-after': ' 5 ' }, 6_000],
  [503, { 'retry-after': 'Fri, 27 Nov 2026 12:00:30 GMT' }, 31_000],
  [503, { 'retry-after': 'Fri, 27 Nov 2026 11:00:00 GMT' }, 1_000],
  [503, { 'retry-after': 'soon' }, 0],
  [503, { 'retry-after': '-5' }, 0],
  [429, { ratelimit: '"api";r=0;t=55' }, 56_000],
  [429, { ratelimit: ' "resolvers" ; r = 0 ; t = 7 ' }, 8_000],
  [429, { ratelimit: '"api";r=0;t=55', 'retry-after': '3' }, 56_000],
  [429, { ratelimit: '"api";r=12;t=55', 'retry-after': '3' }, 4_000], // not the reason for the refusal
  [503, { ratelimit: '"api";r=0;t=55' }, 0],
];
for (const [status, headers, milliseconds] of CASES)
  test(`${status} ${JSON.stringify(headers)}: ${milliseconds} ms`, () =>
    assert.equal(
      retryDelay(status, (name) => headers[name], NOW),
      milliseconds,
    ));

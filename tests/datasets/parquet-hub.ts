// VQAv2 in parquet form on a hub of the loopback device, which a test may disturb.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';
import { loadVqaParquet, loadVqaSamples } from '../../lib/datasets';
import { projectRoot } from '../project-root';

/** 12 rows in 3 row groups, 3 of no use. */
const PARQUET = path.join(projectRoot(), 'tests/fixtures/datasets/vqa.parquet');
export const CONTENTS = fs.readFileSync(PARQUET);
export const FILE = '/file.parquet';
export const LIST = '/api/datasets/someone/vqa/parquet';

/** Answers a request in its own way and returns true, or leaves it to the hub. */
export type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => boolean | undefined;

/** The hub of the test that runs: what it was asked, and what it has. */
export const hub = {
  endpoint: '',
  requests: [] as string[],
  disturb: (() => false) as Answer,
  splits: {} as Record<string, Record<string, string[]>>,
};

let folder = '';
let server: http.Server;

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'parquet-hub-'));
  server = http.createServer((request, response) => {
    hub.requests.push(`${request.url} ${request.headers.range ?? ''} ${request.headers.authorization ?? ''}`);
    if (hub.disturb(request, response)) return;
    if (request.url === LIST) {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(hub.splits));
      return;
    }
    if (request.url !== FILE) {
      response.writeHead(404).end('Not found');
      return;
    }
    const { bytes, headers } = range(request);
    response.writeHead(206, headers).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hub.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
  fs.rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  hub.requests = [];
  hub.disturb = () => false;
  hub.splits = { default: { train: [`${hub.endpoint}${FILE}`], validation: [`${hub.endpoint}${FILE}`] } };
  process.env.HF_ENDPOINT = hub.endpoint;
});
afterEach(() => {
  for (const name of ['HF_ENDPOINT', 'HF_TOKEN', 'HF_HUB_OFFLINE']) delete process.env[name];
});

export function cacheDir(): string {
  return fs.mkdtempSync(path.join(folder, 'cache-'));
}

/** An address where nobody listens. */
export async function closedEndpoint(): Promise<string> {
  const closed = http.createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  return `http://127.0.0.1:${port}`;
}

export function range({ headers }: http.IncomingMessage): { bytes: Buffer; headers: http.OutgoingHttpHeaders } {
  const [first, last] =
    /bytes=(\d+)-(\d+)/
      .exec(headers.range ?? '')
      ?.slice(1)
      .map(Number) ?? assert.fail('no range was asked for');
  const bytes = CONTENTS.subarray(first, last + 1);
  return {
    bytes,
    headers: {
      'Content-Range': `bytes ${first}-${first + bytes.length - 1}/${CONTENTS.length}`,
      'Content-Length': bytes.length,
      ETag: '"one"',
    },
  };
}

export const load = (options: object = {}, count = 100) =>
  loadVqaSamples('someone/vqa', { split: 'val', count, cache_dir: cacheDir(), ...options });
export const ids = (samples: readonly { question_id: string }[]): string[] =>
  samples.map(({ question_id }) => question_id);
export const expected = async (count = 100) =>
  ids(
    (
      await loadVqaParquet([PARQUET], {
        count,
        cache_dir: cacheDir(),
      })
    ).samples,
  );
export const files = (): string[] => hub.requests.filter((line) => line.startsWith(FILE));

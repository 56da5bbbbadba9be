// A hub of data sets on the loopback device: lists of parquet files, what repositories hold, and their files by ranges.
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Repository {
  /** Contents, or the path of a local file, by name. */
  readonly files: Readonly<Record<string, Uint8Array | string>>;
  /**
   * What `/parquet` answers: files by config and split. A name with a leading slash is sent as it is, any other as an
   * address.
   */
  readonly parquet?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly parquetError?: { readonly status: number; readonly code: string; readonly message: string };
  /** `configs` of the card. */
  readonly configs?: unknown;
  readonly commit?: string;
}

export interface LoopbackHub {
  readonly endpoint: string;
  readonly requests: string[];
  /** Bytes of file contents that were sent. */
  sent: number;
  readonly repositories: Record<string, Repository>;
  close(): void;
}

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

export async function startHub(): Promise<LoopbackHub> {
  const server = http.createServer((request, response) => answer(hub, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const hub: LoopbackHub = {
    endpoint: `http://127.0.0.1:${port}`,
    requests: [],
    sent: 0,
    repositories: {},
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return hub;
}

function answer(hub: LoopbackHub, request: http.IncomingMessage, response: http.ServerResponse): void {
  const { pathname } = new URL(request.url ?? '/', hub.endpoint);
  hub.requests.push(`${pathname} ${request.headers.range ?? ''}`.trim());
  const [, id, rest] = /^\/api\/datasets\/([^/]+\/[^/]+)(.*)$/.exec(pathname) ?? [];
  const [, owner, file] = /^\/datasets\/([^/]+\/[^/]+)\/resolve\/[^/]+\/(.*)$/.exec(pathname) ?? [];
  const repository = hub.repositories[id ?? owner ?? ''];
  const contents = repository?.files[decodeURIComponent(file ?? '')];
  const refused = !repository
    ? { status: 401, code: 'RepoNotFound', message: 'Repository not found' }
    : rest === '/parquet' && repository.parquetError
      ? repository.parquetError
      : rest === '/revision/missing'
        ? { status: 404, code: 'RevisionNotFound', message: 'Invalid rev id: missing' }
        : id === undefined && contents === undefined
          ? { status: 404, code: 'EntryNotFound', message: 'Entry not found' }
          : undefined;
  if (refused) {
    const { status, code, message } = refused;
    response.writeHead(status, { 'X-Error-Code': code, 'X-Error-Message': message });
    response.end(JSON.stringify({ error: message }));
  } else if (id !== undefined && repository) {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(rest === '/parquet' ? listParquet(hub, id) : describe(id, repository)));
  } else if (contents !== undefined) sendRange(hub, request, response, contents);
}

/** `{ config: { split: [address, …] } }` */
function listParquet({ endpoint, repositories }: LoopbackHub, id: string): unknown {
  const address = (name: string): string =>
    /^(?:\/|https:)/.test(name) ? name : `${endpoint}/datasets/${id}/resolve/refs%2Fconvert%2Fparquet/${name}`;
  const lists = Object.entries(repositories[id]?.parquet ?? {}).map(([config, splits]) => [
    config,
    Object.fromEntries(Object.entries(splits).map(([split, names]) => [split, names.map(address)])),
  ]);
  return Object.fromEntries(lists);
}

function describe(id: string, { commit = COMMIT, files, configs }: Repository): unknown {
  return {
    id,
    sha: commit,
    siblings: Object.keys(files).map((rfilename) => ({ rfilename })),
    cardData: { configs },
  };
}

function sendRange(
  hub: LoopbackHub,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  contents: Uint8Array | string,
): void {
  const size = typeof contents === 'string' ? fs.statSync(contents).size : contents.length;
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const [from, to] = [Number(first ?? 0), Math.min(Number(last ?? size - 1), size - 1) + 1];
  hub.sent += to - from;
  response.writeHead(first === undefined ? 200 : 206, {
    'Content-Length': to - from,
    ETag: '"one"',
    ...(first !== undefined && { 'Content-Range': `bytes ${from}-${to - 1}/${size}` }),
  });
  if (typeof contents !== 'string') response.end(contents.subarray(from, to));
  else fs.createReadStream(contents, { start: from, end: to - 1 }).pipe(response);
}

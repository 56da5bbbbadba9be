// A Hugging Face hub on this machine: HEAD with commit and etags, large files behind a redirect to a content host,
// ranges, refusals in the hub's own words; a mirror, and a proxy. What goes wrong is told by rules, which are plain
// data, so that Python's client can be run against the same hub (make_hub.py).
import { createHash } from 'node:crypto';
import * as http from 'node:http';
import * as https from 'node:https';
import * as zlib from 'node:zlib';
import { createProxy } from './loopback-proxy';

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';
export const NEXT_COMMIT = '89abcdef0123456789abcdef0123456789abcdef';
export const ID = 'Some-Org/blip.test';
const REVISIONS = ['main', COMMIT, 'refs/pr/1', 'v1.0', 'feature/x', '0123456'];
/** The repository's name before it was renamed: the hub redirects. */
export const FORMER_ID = 'Old-Org/blip.test';
/** A repository manager serves each of its mirrors below a path. */
export const MIRROR_PATH = '/artifactory/api/huggingfaceml/remote';

export type Host = 'hub' | 'mirror' | 'content';

/** What happens to a request instead of, or on top of, the right answer. */
export interface Rule {
  readonly host?: Host | 'proxy';
  readonly method?: 'HEAD' | 'GET' | 'CONNECT';
  /** A part of the address. */
  readonly path?: string;
  /** No part of the address. */
  readonly without?: string;
  /** So many requests; all of them by default. */
  readonly times?: number;
  /** After so many requests that it would have fitted. */
  readonly skip?: number;
  readonly status?: number;
  /** `{hub}`, `{mirror}` and `{content}` stand for addresses, `{path}` for the one asked for. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The connection breaks off, or falls silent, behind so many bytes of the body. */
  readonly breakAfter?: number;
  readonly stallAfter?: number;
  /** No answer at all. */
  readonly silent?: boolean;
  readonly ignoreRange?: boolean;
  readonly gzip?: boolean;
  /** Neither length nor range is announced: HEAD without Content-Length, GET in chunks. */
  readonly noLength?: boolean;
  /** Other bytes than the right ones. */
  readonly corrupt?: boolean;
  /** Another commit from here on: the branch moved. */
  readonly commit?: string;
}

export interface HubContent {
  /** The repository's; ID by default. */
  readonly id?: string;
  readonly files: Readonly<Record<string, Buffer>>;
  /** Files that lie on the content host. */
  readonly large?: readonly string[];
  readonly rules?: readonly Rule[];
  /** Without it the repository is not shown. */
  readonly token?: string;
  /** `user:password`, asked for in place of a token. */
  readonly login?: string;
  /** `user:password` that the proxy asks for. */
  readonly proxyLogin?: string;
}

export interface LoggedRequest {
  readonly host: Host | 'proxy';
  readonly method: string;
  readonly url: string;
  readonly range?: string;
  readonly ifRange?: string;
  readonly token?: string;
}

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

export class LoopbackHub {
  log: LoggedRequest[] = [];
  #content: HubContent = { files: {} };
  #used = new Map<Rule, number>();
  #signatures = 0;
  readonly #servers = new Map<string, http.Server>();

  /** @param certificate where given, the hub speaks https */
  static async start(certificate?: Certificate): Promise<LoopbackHub> {
    const hub = new LoopbackHub();
    for (const host of ['hub', 'mirror', 'content'] as const) {
      const answer: http.RequestListener = (request, response) => hub.#answer(host, request, response);
      await hub.#listen(host, certificate ? https.createServer(certificate, answer) : http.createServer(answer));
    }
    const proxy = createProxy({
      note: (request) => hub.#note('proxy', request),
      match: (method, url) => hub.#match('proxy', method, url),
      login: () => hub.#content.proxyLogin,
      hubPort: () => hub.#port('hub'),
    });
    await hub.#listen('proxy', proxy);
    return hub;
  }

  set content(content: HubContent) {
    this.#content = content;
    this.#used = new Map();
    this.#signatures = 0;
    this.log = [];
  }

  /** The content host has another name than the hub, as in life. */
  address(host: Host | 'proxy'): string {
    const server = this.#servers.get(host);
    const scheme = server instanceof https.Server ? 'https' : 'http';
    return `${scheme}://${host === 'content' ? 'localhost' : '127.0.0.1'}:${this.#port(host)}`;
  }

  async stop(): Promise<void> {
    for (const server of this.#servers.values()) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  async #listen(host: string, server: http.Server): Promise<void> {
    this.#servers.set(host, server);
    await new Promise<void>((resolve) => server.listen(0, host === 'content' ? 'localhost' : '127.0.0.1', resolve));
  }

  #port(host: string): number {
    const address = this.#servers.get(host)?.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  #note(host: Host | 'proxy', { method = '', url = '', headers }: http.IncomingMessage): void {
    const { range, authorization } = headers;
    const ifRange = headers['if-range'];
    this.log.push({
      host,
      method,
      url,
      ...(range !== undefined && { range }),
      ...(typeof ifRange === 'string' && { ifRange }),
      ...(authorization !== undefined && { token: authorization }),
    });
  }

  #match(host: Host | 'proxy', method: string, url: string): Rule | undefined {
    for (const rule of this.#content.rules ?? []) {
      if (rule.host !== undefined ? rule.host !== host : host === 'proxy') continue;
      if (rule.method !== undefined && rule.method !== method) continue;
      if (rule.path !== undefined && !url.includes(rule.path)) continue;
      if (rule.without !== undefined && url.includes(rule.without)) continue;
      const used = this.#used.get(rule) ?? 0;
      this.#used.set(rule, used + 1);
      const { skip = 0, times = Number.POSITIVE_INFINITY } = rule;
      if (used >= skip && used < skip + times) return rule;
    }
    return undefined;
  }

  #answer(host: Host, request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method = 'GET', url = '' } = request;
    this.#note(host, request);
    const rule = this.#match(host, method, url) ?? {};
    if (rule.silent) return;
    const right = host === 'content' ? this.#contentFile(url, request, rule) : this.#hubFile(url, request, rule);
    const status = rule.status ?? right.status;
    const headers = { ...(rule.status === undefined ? right.headers : {}), ...this.#fill(rule.headers, url) };
    let body = rule.status === undefined ? right.body : Buffer.from(rule.body ?? '');
    if (rule.corrupt) body = Buffer.from(body).fill(1, 0, Math.min(1000, body.length));
    if (rule.gzip && status === 200) {
      body = zlib.gzipSync(body);
      headers['Content-Encoding'] = 'gzip';
    }
    const cut = rule.breakAfter ?? rule.stallAfter;
    response.writeHead(status, { ...headers, ...(!rule.noLength && { 'Content-Length': String(body.length) }) });
    if (method === 'HEAD') response.end();
    else if (cut === undefined) response.end(body);
    else
      response.write(body.subarray(0, cut), () => {
        if (rule.breakAfter !== undefined) setTimeout(() => response.destroy(), 30); // sent before the reset
      });
  }

  #fill(headers: Readonly<Record<string, string>> = {}, path = ''): Record<string, string> {
    const fill = (value: string): string =>
      value.replace('{path}', path).replace(/\{(hub|mirror|content|proxy)\}/g, (_, host: Host) => this.address(host));
    return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)]));
  }

  #hubFile(asked: string, request: http.IncomingMessage, { commit = COMMIT }: Rule): Reply {
    const { files, token, login, large = [], id: ownId = ID } = this.#content;
    const url = asked.replace(MIRROR_PATH, '');
    const refuse = (status: number, code: string, message: string): Reply => ({
      status,
      headers: {
        'X-Error-Code': code,
        'X-Error-Message': message,
        ...(code === 'EntryNotFound' && { 'X-Repo-Commit': commit }),
      },
      body: Buffer.from(message),
    });
    const api = this.#api(url);
    const [, id = '', revision = '', name = ''] = /^\/(.+?)\/resolve\/([^/]+)\/([^?]+)/.exec(url) ?? [];
    const wanted = login === undefined ? token && `Bearer ${token}` : `Basic ${Buffer.from(login).toString('base64')}`;
    if (wanted !== undefined && request.headers.authorization !== wanted)
      return refuse(401, 'RepoNotFound', 'Repository not found');
    if (api) return api;
    if (id === FORMER_ID)
      return { status: 307, headers: { Location: asked.replace(FORMER_ID, ID) }, body: Buffer.alloc(0) };
    if (id !== ownId) return refuse(401, 'RepoNotFound', 'Repository not found');
    if (!REVISIONS.includes(decodeURIComponent(revision)))
      return refuse(404, 'RevisionNotFound', `Invalid rev id: ${decodeURIComponent(revision)}`);
    const data = files[name];
    if (!data) return refuse(404, 'EntryNotFound', 'Entry not found');
    const common = { 'X-Repo-Commit': commit, 'Accept-Ranges': 'bytes' };
    if (!large.includes(name)) return ranged(data, request, { ...common, ETag: `"${gitOid(data)}"` });
    return {
      status: 302,
      headers: {
        ...common,
        ETag: '"of-the-redirect"',
        'X-Linked-Etag': `"${sha256(data)}"`,
        'X-Linked-Size': String(data.length),
        Location: `${this.address('content')}/blob/${name}?signature=${++this.#signatures}`,
      },
      body: Buffer.from('Found'),
    };
  }

  #contentFile(url: string, request: http.IncomingMessage, { ignoreRange }: Rule): Reply {
    const data = this.#content.files[/^\/blob\/([^?]+)/.exec(url)?.[1] ?? ''];
    if (!data) return { status: 404, headers: {}, body: Buffer.from('no such blob') };
    return ranged(data, request, { ETag: `"${sha256(data).slice(0, 12)}"` }, ignoreRange);
  }

  /** What snapshot_download of Python asks for. */
  #api(url: string): Reply | undefined {
    const { files, large = [] } = this.#content;
    const json = (value: unknown): Reply => ({
      status: 200,
      headers: { 'Content-Type': 'application/json' },
      body: Buffer.from(JSON.stringify(value)),
    });
    const names = Object.keys(files);
    if (url.startsWith(`/api/models/${ID}/revision/`))
      return json({ _id: '1', id: ID, sha: COMMIT, siblings: names.map((rfilename) => ({ rfilename })) });
    if (!url.startsWith(`/api/models/${ID}/tree/`)) return undefined;
    return json(
      names.map((path) => ({
        type: 'file',
        oid: gitOid(files[path]),
        size: files[path].length,
        path,
        ...(large.includes(path) && { lfs: { oid: sha256(files[path]), size: files[path].length, pointerSize: 130 } }),
      })),
    );
  }
}

function ranged(
  data: Buffer,
  { headers }: http.IncomingMessage,
  common: Record<string, string>,
  ignoreRange = false,
): Reply {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  const stale = headers['if-range'] !== undefined && headers['if-range'] !== common.ETag;
  if (first === undefined || ignoreRange || stale) return { status: 200, headers: common, body: data };
  if (Number(first) >= data.length)
    return { status: 416, headers: { 'Content-Range': `bytes */${data.length}` }, body: Buffer.alloc(0) };
  const body = data.subarray(Number(first), last ? Number(last) + 1 : undefined);
  const range = `bytes ${first}-${Number(first) + body.length - 1}/${data.length}`;
  return { status: 206, headers: { ...common, 'Content-Range': range }, body };
}

export function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** What git, and so the hub, calls a small file's content. */
export function gitOid(data: Uint8Array): string {
  return createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');
}

/** The same bytes in each run, and no short pattern. */
export function patternBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

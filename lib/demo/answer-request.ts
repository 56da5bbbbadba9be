// One request to the demo, from its address to its answer: the page, what it is about, its examples, and answers of the
// model.
import { timingSafeEqual } from 'node:crypto';
import * as fs from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as path from 'node:path';
import { BlipError } from '../core/errors';
import type { Ask } from './ask-model';
import { DemoBusyError } from './errors';
import { explainError, subjectOf } from './explain-error';
import { COMMON_HEADERS, CONTENT_SECURITY_POLICY, PROBE_HEADERS } from './page-headers';
import { PAGE, type Asset } from './read-assets';
import { withBody, type BodyBudget } from './read-body';
import type { RequestQueue } from './request-queue';
import type { SearchExamples } from './search-examples';
import { eventSender } from './send-events';

/** Seconds after which a refused client may try again. */
const RETRY_SECONDS = 2;
const TYPES: Readonly<Record<string, string>> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
  '.avif': 'image/avif',
};

export interface DemoSite {
  /** Files of the page, by address; they are the same for everyone and need no token. */
  readonly assets: ReadonlyMap<string, Asset>;
  /** The path that a proxy leaves in front of addresses, with slashes at both ends. */
  readonly prefix: string;
  /** What `GET /about` tells the page. */
  readonly about: object;
  /** Files of the examples' images. */
  readonly examples: readonly string[];
  readonly token: string;
  readonly maxBytes: number;
  readonly queue: RequestQueue;
  readonly budget: BodyBudget;
  readonly ask: Ask;
  /** Only with a retrieval model. */
  readonly search?: SearchExamples;
  /** Whether the request came to the demo's own address, from its own page or none. */
  readonly isOwn: (request: IncomingMessage) => boolean;
}

/** Answers a request; errors become answers. */
export async function answerRequest(site: DemoSite, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeaders(COMMON_HEADERS);
  try {
    await route(site, request, response);
  } catch (error) {
    if (response.destroyed) return; // the client has left
    const problem = { error: explainError(error), subject: subjectOf(error) };
    if (response.headersSent) {
      eventSender(request, response)?.(problem);
      response.end();
    } else sendJSON(response, statusOf(error), problem);
  } finally {
    request.resume(); // what was not read of a body that was refused: the client reads its answer when it has sent it
  }
}

async function route(site: DemoSite, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = parseURL(request.url);
  if (!url) return fail(response, 400, 'The address of this request cannot be read.');
  const { searchParams } = url;
  const name = nameOf(url.pathname, site.prefix);
  if (name === 'about') response.setHeaders(PROBE_HEADERS);
  if (!site.isOwn(request)) return fail(response, 403, strangerMessage(request));
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (name !== 'answer' && !reads) return fail(response, 405, `${request.method} /${name}: expected GET.`);
  const asset = site.assets.get(name);
  if (asset) return sendAsset(asset, name, response);
  if (!hasToken(site.token, request, searchParams))
    return fail(
      response,
      401,
      'The token is missing or wrong. Open the whole address that was printed when the demo started.',
    );
  if (name === 'answer') return answer(site, request, response, searchParams);
  if (name === 'about') return sendJSON(response, 200, site.about);
  if (name === 'search' && site.search) {
    const signal = clientSignal(response);
    const found = await site.queue.run(async () => site.search?.(searchParams.get('text') ?? '', signal), { signal });
    return sendJSON(response, 200, { found });
  }
  const example = site.examples[Number(/^examples\/(\d+)$/.exec(name)?.[1] ?? Number.NaN)];
  if (example === undefined) return fail(response, 404, `/${name}: nothing here. The page is at /.`);
  const type = TYPES[path.extname(example).toLowerCase()] ?? 'application/octet-stream';
  send(response, 200, type, await fs.promises.readFile(example));
}

async function answer(
  { queue, budget, maxBytes, ask }: DemoSite,
  request: IncomingMessage,
  response: ServerResponse,
  wishes: URLSearchParams,
): Promise<void> {
  if (request.method !== 'POST')
    return fail(response, 405, `${request.method} /answer: expected POST, with the image's file as the body.`);
  queue.checkRoom();
  const signal = clientSignal(response);
  const tell = eventSender(request, response);
  const asked = await withBody(request, { budget, maxBytes }, async (image) => {
    if (image.length === 0) return null;
    return queue.run(() => ask(image, wishes, { signal, on_text: tell && ((text) => tell({ text })) }), {
      signal,
      on_place: tell && ((place) => tell({ place })),
    });
  });
  if (asked === undefined) {
    response.setHeader('connection', 'close'); // the rest of the body is not wanted
    return fail(response, 413, `The image has more than ${maxBytes / 2 ** 20} MB: choose a smaller one.`);
  }
  if (asked === null) return fail(response, 400, 'No image: choose one first.');
  if (!tell) return sendJSON(response, 200, asked);
  tell(asked);
  response.end();
}

/** Aborted when the client leaves. */
function clientSignal(response: ServerResponse): AbortSignal {
  const left = new AbortController();
  response.once('close', () => left.abort(new Error('The client has left.')));
  return left.signal;
}

/** Node passes the request target on as it was sent. */
function parseURL(target = '/'): URL | undefined {
  try {
    return new URL(`http://demo${target.startsWith('/') ? '' : '/'}${target}`);
  } catch {
    return undefined;
  }
}

/** The address relative to the page: some proxies cut their own path off, others leave it. */
function nameOf(pathname: string, prefix: string): string {
  return pathname.startsWith(prefix) ? pathname.slice(prefix.length) : pathname.slice(1);
}

/** In the address, as `X-Demo-Token`, or as `Authorization: Bearer …`, which a proxy may take for its own token. */
function hasToken(token: string, { headers }: IncomingMessage, searchParams: URLSearchParams): boolean {
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  return [headers['x-demo-token'], searchParams.get('token'), bearer].some((given) => {
    if (typeof given !== 'string') return false;
    const [a, b] = [Buffer.from(given), Buffer.from(token)];
    return a.length === b.length && timingSafeEqual(a, b);
  });
}

function strangerMessage({ headers }: IncomingMessage): string {
  const [, host = ''] = /^([a-z0-9.-]{1,253}|\[[0-9a-f:]{1,45}\])(?::\d+)?$/i.exec(headers.host ?? '') ?? [];
  return (
    'This page answers to itself alone. Open it by its own address. ' +
    `Where it is meant to be reached as ${host || 'another host'}, add that name to allowed_hosts of startDemo, ` +
    'or set BLIP_DEMO_HOSTS, and start it again.'
  );
}

/** Errors of this library are caused by the request: a file that is no image, a question that is too long. */
function statusOf(error: unknown): number {
  if (error instanceof DemoBusyError) return 503;
  return error instanceof BlipError ? 400 : 500;
}

function sendAsset({ type, body }: Asset, name: string, response: ServerResponse): void {
  if (name === PAGE) response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY);
  send(response, 200, type, body);
}

function fail(response: ServerResponse, status: number, error: string): void {
  sendJSON(response, status, { error });
}

function sendJSON(response: ServerResponse, status: number, value: object): void {
  send(response, status, 'application/json', JSON.stringify(value));
}

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  const retry = status === 503 && { 'retry-after': String(RETRY_SECONDS) };
  response.writeHead(status, { 'content-type': type, ...retry });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

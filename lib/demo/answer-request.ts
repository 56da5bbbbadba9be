// One request to the demo, from its address to its answer: the page, what it is about, its examples, and answers of the
// model.
import { timingSafeEqual } from 'node:crypto';
import * as fs from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as path from 'node:path';
import { BlipError } from '../core/errors';
import type { Asked } from './ask-model';
import { DemoBusyError } from './errors';
import { COMMON_HEADERS, contentSecurityPolicy } from './page-headers';
import { withBody, type BodyBudget } from './read-body';
import type { RequestQueue } from './request-queue';

/** Seconds after which a refused client may try again. */
const RETRY_SECONDS = 2;
/**
 * A client that asks for this gets its place in line while it waits, then the answer: one JSON object in a line each.
 */
const LINES = 'application/x-ndjson';
const TYPES: Readonly<Record<string, string>> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
  '.avif': 'image/avif',
};

export interface DemoSite {
  readonly page: string;
  /** What `GET /about` tells the page. */
  readonly about: object;
  /** Files of the examples' images. */
  readonly examples: readonly string[];
  readonly token: string;
  readonly maxBytes: number;
  readonly queue: RequestQueue;
  readonly budget: BodyBudget;
  readonly ask: (image: Uint8Array, question: string, options: { readonly signal: AbortSignal }) => Promise<Asked>;
  /** Whether the request came to the demo's own address, from its own page or none. */
  readonly isOwn: (request: IncomingMessage) => boolean;
}

/** Answers a request; errors become answers. */
export async function answerRequest(site: DemoSite, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await route(site, request, response);
  } catch (error) {
    if (response.destroyed) return; // the client has left
    const problem = error instanceof Error ? error.message : String(error);
    if (response.headersSent) response.end(`${JSON.stringify({ error: problem })}\n`);
    else sendJSON(response, statusOf(error), { error: problem });
  } finally {
    request.resume(); // what was not read of a body that was refused: the client reads its answer when it has sent it
  }
}

async function route(site: DemoSite, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = parseURL(request.url);
  if (!url) return fail(response, 400, 'The address of this request cannot be read.');
  if (!site.isOwn(request))
    return fail(response, 403, 'This page answers to itself alone. Open it by its own address.');
  const { pathname, searchParams } = url;
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (pathname !== '/answer' && !reads) return fail(response, 405, `${request.method} ${pathname}: expected GET.`);
  if (pathname === '/') return sendPage(site, response);
  if (!hasToken(site.token, request, searchParams))
    return fail(
      response,
      401,
      'The token is missing or wrong. Open the whole address that was printed when the demo started.',
    );
  if (pathname === '/answer') return answer(site, request, response, searchParams.get('question') ?? '');
  if (pathname === '/about') return sendJSON(response, 200, site.about);
  const example = site.examples[Number(/^\/examples\/(\d+)$/.exec(pathname)?.[1] ?? Number.NaN)];
  if (example === undefined) return fail(response, 404, `${pathname}: nothing here. The page is at /.`);
  const type = TYPES[path.extname(example).toLowerCase()] ?? 'application/octet-stream';
  send(response, 200, type, await fs.promises.readFile(example));
}

async function answer(
  site: DemoSite,
  request: IncomingMessage,
  response: ServerResponse,
  question: string,
): Promise<void> {
  const { queue, budget, maxBytes, ask } = site;
  if (request.method !== 'POST')
    return fail(response, 405, `${request.method} /answer: expected POST, with the image's file as the body.`);
  queue.checkRoom();
  const left = new AbortController();
  response.once('close', () => left.abort(new Error('The client has left.')));
  const { signal } = left;
  const lines = (request.headers.accept ?? '').includes(LINES);
  const tell = (line: object): void => {
    if (!response.headersSent) response.writeHead(200, { ...COMMON_HEADERS, 'content-type': LINES });
    response.write(`${JSON.stringify(line)}\n`);
  };
  const asked = await withBody(request, { budget, maxBytes }, async (image) => {
    if (image.length === 0) return null;
    return queue.run(() => ask(image, question, { signal }), {
      signal,
      on_place: lines ? (place) => tell({ place }) : undefined,
    });
  });
  if (asked === undefined) {
    response.setHeader('connection', 'close'); // the rest of the body is not wanted
    return fail(response, 413, `The image has more than ${maxBytes / 2 ** 20} MB: choose a smaller one.`);
  }
  if (asked === null) return fail(response, 400, 'No image: choose one first.');
  if (!lines) return sendJSON(response, 200, asked);
  tell(asked);
  response.end();
}

/** Node passes the request target on as it was sent. */
function parseURL(target = '/'): URL | undefined {
  try {
    return new URL(`http://demo${target.startsWith('/') ? '' : '/'}${target}`);
  } catch {
    return undefined;
  }
}

/** In the address, for images of the page, or as `Authorization: Bearer …`. */
function hasToken(token: string, { headers }: IncomingMessage, searchParams: URLSearchParams): boolean {
  const given = searchParams.get('token') ?? /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Errors of this library are caused by the request: a file that is no image, a question that is too long. */
function statusOf(error: unknown): number {
  if (error instanceof DemoBusyError) return 503;
  return error instanceof BlipError ? 400 : 500;
}

function sendPage({ page }: DemoSite, response: ServerResponse): void {
  response.setHeader('content-security-policy', contentSecurityPolicy(page));
  send(response, 200, 'text/html; charset=utf-8', page);
}

function fail(response: ServerResponse, status: number, error: string): void {
  sendJSON(response, status, { error });
}

function sendJSON(response: ServerResponse, status: number, value: object): void {
  send(response, status, 'application/json', JSON.stringify(value));
}

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  const retry = status === 503 && { 'retry-after': String(RETRY_SECONDS) };
  response.writeHead(status, { ...COMMON_HEADERS, 'content-type': type, ...retry });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

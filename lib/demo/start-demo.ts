// An interactive page for a loaded model: a picture and a question in, the answer and its time out. Without a question, a caption.
// A server on this machine alone: it answers to its own page, not to other sites, and does not keep the process alive.
import * as fs from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as path from 'node:path';
import { checkOptions } from '../core/check-options';
import { BlipError } from '../core/errors';
import type { OVBlipModel } from '../generation';
import type { BlipProcessor } from '../preprocessing';
import { askModel } from './ask-model';

/** The server cannot start, or an example cannot be read. */
export class DemoError extends BlipError {}

/** A picture that the page offers, and what to ask about it; without a question it is captioned. */
export interface DemoExample {
  readonly image: string;
  readonly question?: string;
}

export interface DemoOptions {
  /** Up to some ten; their pictures are files. */
  readonly examples?: readonly DemoExample[];
  /** A free one by default. */
  readonly port?: number;
}

export interface Demo {
  /** Such as `http://127.0.0.1:40123/`. */
  readonly url: string;
  /** Ends the server. Requests that are under way are cut off. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const PAGE = path.join(__dirname, 'page.html');
/** Above any camera's photo; the browser sends the file as it is. */
const MAX_PICTURE_BYTES = 64 * 2 ** 20;
const TYPES: Readonly<Record<string, string>> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
  '.avif': 'image/avif',
};

/** What a request gets back. */
interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
}

/**
 * Starts the page. The model stays the caller's: close the demo before disposing of it.
 *
 * @example
 * const demo = await startDemo(model, processor, { examples: [{ image: 'data/pictures/demo.jpg', question: 'how many dogs are there?' }] });
 * demo.url // 'http://127.0.0.1:40123/'
 * @throws {DemoError} when an example's picture is missing, or the port is taken
 */
export async function startDemo(
  model: OVBlipModel,
  processor: BlipProcessor,
  options: DemoOptions = {},
): Promise<Demo> {
  checkOptions('startDemo', options, ['examples', 'port']);
  const { examples = [], port = 0 } = options;
  const files = examples.map(({ image }) => path.resolve(image));
  const missing = files.find((file) => !fs.existsSync(file));
  if (missing) throw new DemoError(`${missing} is missing. Expected the path of a picture: an example of the demo.`);
  const page = await fs.promises.readFile(PAGE);
  const about = {
    model: path.resolve(model.folder).split(path.sep).slice(-2).join(' '),
    device: model.executionDevices.join(', '),
    precision: model.precision,
    canAnswer: model.canAnswer,
    maxBytes: MAX_PICTURE_BYTES,
    examples: examples.map(({ question = '' }, index) => ({ image: `examples/${index}`, question })),
  };
  const ask = askModel(model, processor);

  async function reply(request: IncomingMessage): Promise<Reply> {
    const { pathname, searchParams } = new URL(request.url ?? '/', `http://${HOST}`);
    if (!isOwn(request)) return failure(403, 'This page answers to itself alone. Open it by its own address.');
    if (pathname === '/answer') {
      if (request.method !== 'POST')
        return failure(405, `${request.method} /answer: expected POST, with the picture's file as the body.`);
      const picture = await readBody(request);
      if (!picture)
        return failure(413, `The picture has more than ${MAX_PICTURE_BYTES / 2 ** 20} MB: choose a smaller one.`);
      if (picture.length === 0) return failure(400, 'No picture: choose one first.');
      return json(200, await ask(picture, searchParams.get('question') ?? ''));
    }
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return failure(405, `${request.method} ${pathname}: expected GET.`);
    if (pathname === '/') return { status: 200, type: 'text/html; charset=utf-8', body: page };
    if (pathname === '/about') return json(200, about);
    const example = files[Number(/^\/examples\/(\d+)$/.exec(pathname)?.[1] ?? NaN)];
    if (example)
      return {
        status: 200,
        type: TYPES[path.extname(example).toLowerCase()] ?? 'application/octet-stream',
        body: await fs.promises.readFile(example),
      };
    return failure(404, `${pathname}: nothing here. The page is at /.`);
  }

  const server = createServer((request, response) => {
    reply(request)
      .catch(explain)
      .then(
        (sent) => send(response, sent),
        () => response.destroy(),
      );
  });
  const isOwn = ({ headers: { host, origin } }: IncomingMessage): boolean => {
    const address = server.address();
    const own = typeof address === 'object' && address ? [`${HOST}:${address.port}`, `localhost:${address.port}`] : [];
    return own.includes(host ?? '') && (origin === undefined || own.some((name) => origin === `http://${name}`));
  };
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new DemoError(
          `The demo cannot listen on port ${port} (${error.message}). Choose another port, or none for a free one.`,
        ),
      ),
    );
    server.listen(port, HOST, resolve);
  });
  server.unref();
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new DemoError('The demo has no address.');
  return {
    url: `http://${HOST}:${address.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Undefined when it is longer than allowed: the rest is not read. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_PICTURE_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Buffer)) continue;
    size += chunk.length;
    if (size > MAX_PICTURE_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function json(status: number, value: object): Reply {
  return { status, type: 'application/json', body: JSON.stringify(value) };
}

function failure(status: number, error: string): Reply {
  return json(status, { error });
}

/** What this library explains, the reader can mend: a file that is no picture, a question that is too long. */
function explain(error: unknown): Reply {
  return failure(error instanceof BlipError ? 400 : 500, error instanceof Error ? error.message : String(error));
}

function send(response: ServerResponse, { status, type, body }: Reply): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 413 && { connection: 'close' }),
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

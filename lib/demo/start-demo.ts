// An interactive page for a loaded model: an image and a question in, the answer and its time out. Without a question,
// a caption. The server listens on this machine only, answers its own page and no other site or user, and does not keep
// the process alive.
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { createServer, type Server } from 'node:http';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import type { OVBlipMatcher, OVBlipModel } from '../generation';
import { hasAttentions } from '../model-folder/has-attentions';
import type { BlipProcessor } from '../preprocessing';
import { answerRequest, type DemoSite } from './answer-request';
import { askModel, labelOf } from './ask-model';
import { DemoError } from './errors';
import { checkHosts, defaultHosts, HOST, ownRequests, resolveBaseURL } from './own-address';
import { readAssets } from './read-assets';
import { BodyBudget } from './read-body';
import { RequestQueue } from './request-queue';
import { searchExamples } from './search-examples';

/** An image that the page offers, and what to ask about it; without a question it is captioned. */
export interface DemoExample {
  readonly image: string;
  readonly question?: string;
  /** What the image shows, for those who do not see it. By default the words of its file's name. */
  readonly description?: string;
}

export interface DemoOptions {
  /** Up to some ten; their images are files. */
  readonly examples?: readonly DemoExample[];
  /**
   * A second model of the same checkpoint, such as its INT8 version: the page has a switch that lets both answer, each
   * with its time from the image's file on.
   */
  readonly compare?: OVBlipModel;
  /** A retrieval model: the page gets a field that searches the examples. */
  readonly matcher?: OVBlipMatcher;
  /** A free one by default. */
  readonly port?: number;
  /**
   * The address of the page behind a proxy, or its path, where `{port}` stands for the port:
   * `https://hub.example.org/user/ann/proxy/{port}/`. The proxy may cut the path off or leave it. By default, the
   * page's own address on this machine.
   */
  readonly base_url?: string;
  /**
   * Host names, beside this machine's own and that of `base_url`, under which the page answers; `*` for any. By default
   * those in `BLIP_DEMO_HOSTS`, separated by commas; without them any under JupyterHub, which asks for a login first,
   * and none elsewhere.
   */
  readonly allowed_hosts?: readonly string[];
}

export interface Demo {
  /** The page with its token, such as `http://127.0.0.1:40123/?token=…`: anyone who has it may ask. */
  readonly url: string;
  /** Where the server listens. */
  readonly port: number;
  /** What the address holds as `token`. */
  readonly token: string;
  /**
   * The address of a part of the server, with the token in it: `answer`, `about`, `examples/0`.
   *
   * @example
   * await fetch(demo.endpoint('answer', { question: 'how many dogs are there?' }), { method: 'POST', body: image });
   */
  endpoint(name: string, query?: Readonly<Record<string, string>>): string;
  /** Closes the server. Running requests are cancelled. */
  close(): Promise<void>;
}

/** Larger than any camera's photo; the browser sends the file unchanged. */
const MAX_IMAGE_BYTES = 64 * 2 ** 20;
/** Of all images that wait for the model, together. */
const MAX_HELD_BYTES = 256 * 2 ** 20;
/** Thirty simultaneous requests are served; of a thousand, most are refused at once. */
const MAX_WAITING = 64;
/** A sender that takes longer for its headers, or for a whole image, is cut off. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** How often Node looks for those. */
const CHECK_INTERVAL_MS = 5_000;
const TOKEN_BYTES = 18;

/**
 * Starts the page. The model stays the caller's: close the demo before disposing of it.
 *
 * @example
 * const examples = [{ image: 'data/pictures/demo.jpg', question: 'how many dogs are there?' }];
 * const demo = await startDemo(model, processor, { examples });
 * demo.url // 'http://127.0.0.1:40123/?token=…'
 * @throws {DemoError} when an example's image is missing, or the port is taken
 */
export async function startDemo(
  model: OVBlipModel,
  processor: BlipProcessor,
  options: DemoOptions = {},
): Promise<Demo> {
  checkOptions('startDemo', options, ['examples', 'compare', 'matcher', 'port', 'base_url', 'allowed_hosts']);
  checkArguments('startDemo', { model: [model, ['generateCaption']], processor: [processor, ['image', 'text']] });
  const { compare, matcher } = options;
  if (compare !== undefined) checkArguments('startDemo', { compare: [compare, ['generateCaption']] });
  if (matcher !== undefined) checkArguments('startDemo', { matcher: [matcher, ['match']] });
  const { examples = [], port = 0, base_url = '/', allowed_hosts = defaultHosts(process.env) } = options;
  checkArguments('startDemo', { base_url: [base_url, 'text'], allowed_hosts: [allowed_hosts, 'texts'] });
  const hosts = checkHosts(allowed_hosts);
  resolveBaseURL(base_url, port); // before anything starts
  for (const { question, description } of examples)
    checkArguments('startDemo', {
      'question of an example': [question ?? '', 'text'],
      'description of an example': [description ?? '', 'text'],
    });
  const files = examples.map(({ image }) => path.resolve(image));
  const missing = files.find((file) => !fs.existsSync(file));
  if (missing) throw new DemoError(`${missing} is missing. Expected the path of an image: an example of the demo.`);
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const assets = await readAssets();
  const search = matcher && (await searchExamples(matcher, files));
  const ask = askModel(model, processor, compare);
  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
  });
  await listen(server, port);
  server.unref();
  const base = resolveBaseURL(base_url, portOf(server));
  const site: DemoSite = {
    assets,
    prefix: base.pathname,
    about: {
      model: `${path.basename(path.dirname(path.resolve(model.folder)))} ${labelOf(model)}`,
      device: model.executionDevices.join(', '),
      precision: model.precision,
      canAnswer: model.canAnswer,
      trained_on: model.config.training_notes?.trained_on,
      reliable_from: model.config.training_notes?.reliable_from,
      attention: hasAttentions(model.folder),
      compare: compare && labelOf(compare),
      search: search !== undefined,
      maxBytes: MAX_IMAGE_BYTES,
      address: `http://${HOST}:${portOf(server)}/`,
      examples: examples.map(({ image, question = '', description = wordsOf(image) }, index) => ({
        image: `examples/${index}`,
        name: path.basename(image),
        title: wordsOf(image),
        question,
        description,
      })),
    },
    examples: files,
    token,
    maxBytes: MAX_IMAGE_BYTES,
    queue: new RequestQueue(MAX_WAITING),
    budget: new BodyBudget(MAX_HELD_BYTES),
    ask,
    ...(search && { search }),
    isOwn: ownRequests([...hosts, base.hostname]),
  };
  server.on('request', (request, response) => void answerRequest(site, request, response));
  const root = `http://${HOST}:${portOf(server)}/`;
  return {
    url: `${base.href}?token=${token}`,
    port: portOf(server),
    token,
    endpoint: (name, query = {}) => `${new URL(name, root).href}?${new URLSearchParams({ ...query, token })}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', ({ message }) =>
      reject(
        new DemoError(
          `The demo cannot listen on port ${port} (${message}). Choose another port, or none for a free one.`,
        ),
      ),
    );
    server.listen(port, HOST, resolve);
  });
}

/** `data/pictures/park-day-cat.jpg` is `park day cat`. */
function wordsOf(file: string): string {
  const { name } = path.parse(file);
  return name.replace(/[-_\s]+/g, ' ').trim() || name;
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new DemoError('The demo has no address: it was closed.');
  return address.port;
}

// One HTTP request: through the right proxy, with the login token for the hub alone, redirects followed by hand.
// Responses of any status are returned; a request without a response throws an error that says whether a retry makes
// sense.
import { setMaxListeners } from 'node:events';
import type { Readable } from 'node:stream';
import { basicLogin, withoutLogin } from './basic-login';
import { chooseDispatcher, loadUndici, type Route } from './choose-dispatcher';
import { decodeBody } from './decode-body';
import { explainNetworkError } from './explain-network-error';
import { downloadTimeout, endpointLogin, isHubAddress } from './hub-environment';
import { HubError } from './hub-errors';
import { readLoginToken, type LoginToken } from './login-token';
import { parseURL } from './parse-url';

export interface HttpRequest {
  readonly url: string;
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Without a byte for this long, the request has failed; HF_HUB_DOWNLOAD_TIMEOUT or 30 s by default. */
  readonly timeout_ms?: number;
  /**
   * Asked before a redirect is followed to a host that is not the hub's; false ends with the redirect as the response.
   */
  readonly mayLeaveHub?: (responses: readonly ResponseHead[]) => boolean;
}

export interface ResponseHead {
  readonly status: number;
  /** The address that answered. */
  readonly url: URL;
  /** Whether the hub itself answered, and not a host to which it redirected. */
  readonly fromHub: boolean;
  /** The token that was sent. */
  readonly token?: LoginToken;
  /** @param name in lower case */
  header(name: string): string | undefined;
}

export interface HttpResponse extends ResponseHead {
  /** The redirects that led here, first to last. */
  readonly redirects: readonly ResponseHead[];
  /** Whether the body was compressed on its way: ranges and lengths are then not those of the content. */
  readonly encoded: boolean;
  /** The content, decompressed; to be read to its end or discarded. */
  readonly body: AsyncIterable<Uint8Array>;
  discard(): Promise<void>;
}

/** The hub sends two hops at most, a mirror in front of it one more; huggingface_hub allows 20. */
const MAX_REDIRECTS = 20;
/** Each request in flight listens to its signal; Node warns of a leak from 11 on, its own fetch raises that to 1500. */
const MAX_REQUESTS_PER_SIGNAL = 1500;
const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * @throws {TransientError | UnreachableError | ProxyError | HubError} when there is no response
 */
export async function sendRequest(request: HttpRequest): Promise<HttpResponse> {
  const asked = new URL(request.url);
  const login = basicLogin(asked) ?? endpointLogin(asked);
  let url = withoutLogin(asked);
  let fromHub = isHubAddress(url);
  const redirects: ResponseHead[] = [];
  for (;;) {
    const own = url.origin === asked.origin ? login : undefined;
    const response = await send(url, { fromHub, login: own }, request, [...redirects]);
    const location = REDIRECTS.includes(response.status) ? response.header('location') : undefined;
    if (location === undefined) return response;
    const next = parseLocation(location, url);
    const staysOnHub = fromHub && (isHubAddress(next) || isSameHost(url, next));
    redirects.push(response);
    if (!staysOnHub && request.mayLeaveHub?.(redirects) === false) return response;
    await response.discard();
    if (redirects.length > MAX_REDIRECTS)
      throw new HubError(`${request.url}: redirected more than ${MAX_REDIRECTS} times, last to ${next.href}.`);
    url = next;
    fromHub = staysOnHub; // once left, the token is not sent any more
  }
}

async function send(
  url: URL,
  { fromHub, login }: { readonly fromHub: boolean; readonly login?: string },
  request: HttpRequest,
  redirects: readonly ResponseHead[],
): Promise<HttpResponse> {
  const { method = 'GET', signal, timeout_ms = downloadTimeout() } = request;
  signal?.throwIfAborted();
  if (signal) setMaxListeners(MAX_REQUESTS_PER_SIGNAL, signal);
  const token = fromHub && login === undefined ? readLoginToken() : undefined;
  const authorization = login ?? (token && `Bearer ${token.value}`);
  const route = await chooseDispatcher(url);
  const fail = (error: unknown): unknown => {
    if (signal?.aborted) return signal.reason;
    return explainNetworkError(error, { url, proxy: route.proxy, timeout_ms });
  };
  const headers = {
    'user-agent': `blip-openvino; node/${process.versions.node}`,
    'accept-encoding': 'identity', // sizes and ranges are of the file itself
    ...request.headers,
    ...(authorization !== undefined && { authorization }),
  };
  const response = await dispatch(url, route, { method, headers, signal, timeout_ms }).catch((error: unknown) => {
    throw fail(error);
  });
  const { body } = response;
  body.on('error', () => {}); // whoever reads it is told; a rest that nobody reads must not end the process
  const header = (name: string): string | undefined => first(response.headers[name]);
  if (route.proxy && response.statusCode === 407) {
    await body.dump();
    throw fail(new Error('Proxy response (407)'));
  }
  const encodings = method === 'HEAD' ? '' : (header('content-encoding') ?? '');
  return {
    status: response.statusCode,
    url,
    fromHub,
    token,
    header,
    redirects,
    encoded: !/^(identity)?$/i.test(encodings.trim()),
    body: readBody(body, encodings, fail),
    discard: async () => {
      await body.dump().catch(() => {}); // a broken rest is of no interest
    },
  };
}

interface DispatchOptions {
  readonly method: 'GET' | 'HEAD';
  readonly headers: Record<string, string>;
  readonly signal?: AbortSignal;
  readonly timeout_ms: number;
}

interface RawResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable & { dump(): Promise<void> };
}

async function dispatch(url: URL, { dispatcher }: Route, options: DispatchOptions): Promise<RawResponse> {
  const { request } = await loadUndici();
  const { timeout_ms, ...rest } = options;
  return request(url, { ...rest, dispatcher, headersTimeout: timeout_ms, bodyTimeout: timeout_ms });
}

async function* readBody(
  body: Readable,
  encodings: string,
  fail: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of decodeBody(body, encodings)) yield chunk;
  } catch (error) {
    throw error instanceof HubError ? error : fail(error);
  }
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function parseLocation(location: string, base: URL): URL {
  const next = parseURL(location, base);
  if (!next || !/^https?:$/.test(next.protocol))
    throw new HubError(
      `${base.href}: redirected to ${JSON.stringify(location.slice(0, 200))}; expected an http or https address.`,
    );
  return next;
}

/** The same server, also when it asks to be spoken to in https from now on. */
function isSameHost(from: URL, to: URL): boolean {
  return (
    from.origin === to.origin ||
    (from.protocol === 'http:' && to.protocol === 'https:' && from.hostname === to.hostname && !from.port && !to.port)
  );
}

// HTTP for data sets: requests that are made again when they fail in passing, stall or break off, and errors that say what to do.
import { setTimeout as sleep } from 'node:timers/promises';
import { BlipError } from '../core/errors';

export class ByteSourceError extends BlipError {}
/** The server cannot be reached, or fails again and again: what is cached may still do. */
export class UnreachableError extends ByteSourceError {}

export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds without a single byte after which a request is given up and made again; 30,000 by default. */
  readonly timeout_ms?: number;
}

/** A server that fails this often in a row, without sending anything in between, is down. */
const MAX_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 300;
/** As long as a server may make us wait with Retry-After. */
const LONGEST_PAUSE_MS = 30_000;
/** Hubs answer within seconds; a connection that is silent for longer is dead. */
const DEFAULT_TIMEOUT_MS = 30_000;
/** Time-out, too many requests; 5xx too. */
const PASSING_STATUS = [408, 429];
/** As much of a wrong answer as an error shows. */
const SHOWN = 60;

/** Worth another attempt; `pause_ms` is what the server asked for. */
class PassingError extends ByteSourceError {
  constructor(
    message: string,
    readonly pause_ms = 0,
  ) {
    super(message);
  }
}

/**
 * Sends a request and hands the answer's chunks to `receive` as they come. When it breaks off, `headers` is asked again, so that
 * the next attempt can go on where this one stopped.
 *
 * @param headers of the next attempt; undefined when all is there
 * @param check looks at status and headers before any chunk is read; throws ByteSourceError to give up
 * @throws {UnreachableError} after 4 attempts in a row that brought nothing
 */
export async function download(
  url: string,
  options: RequestOptions,
  headers: () => Record<string, string> | undefined,
  check: (response: Response) => void,
  receive: (chunk: Uint8Array) => void,
): Promise<void> {
  const { signal, timeout_ms = DEFAULT_TIMEOUT_MS } = options;
  if (isOffline())
    throw new UnreachableError(
      `${url}: not fetched, because HF_HUB_OFFLINE is set. Unset it, or ask for no more than is cached.`,
    );
  let failures = 0;
  for (let next = headers(); next; next = headers()) {
    let received = 0;
    try {
      await once(url, next, signal, timeout_ms, check, (chunk) => {
        received += chunk.length;
        receive(chunk);
      });
      if (received === 0 && headers()) throw new PassingError('the answer is empty');
      failures = 0;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ByteSourceError && !(error instanceof PassingError)) throw error;
      failures = received > 0 ? 1 : failures + 1;
      if (failures >= MAX_ATTEMPTS)
        throw new UnreachableError(
          `${url}: ${reason(error)}, ${MAX_ATTEMPTS} times in a row. Try again later: samples that are cached stay.`,
          { cause: error },
        );
      const pause = Math.max(FIRST_PAUSE_MS * 2 ** (failures - 1), error instanceof PassingError ? error.pause_ms : 0);
      await sleep(pause, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

/** A JSON answer, parsed. @throws {ByteSourceError} when it is something else, such as a proxy's HTML page */
export async function fetchJson(url: string, options: RequestOptions): Promise<unknown> {
  let chunks: Uint8Array[] = [];
  let expected = Infinity;
  let type = '';
  const missing = (): boolean =>
    expected === Infinity || chunks.reduce((sum, { length }) => sum + length, 0) < expected;
  await download(
    url,
    options,
    () => {
      if (!missing()) return undefined;
      chunks = [];
      return {};
    },
    ({ headers }) => {
      type = headers.get('content-type') ?? 'no content type';
      expected = Number(headers.get('content-length') ?? 0);
    },
    (chunk) => chunks.push(chunk),
  );
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw new ByteSourceError(
      `${url}: got ${type} (${JSON.stringify(text.slice(0, SHOWN))}), expected JSON. Is HF_ENDPOINT (${hubEndpoint()}) a hub, and no proxy in between?`,
    );
  }
}

/** The hub's address. */
export function hubEndpoint(): string {
  return (process.env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '');
}

async function once(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
  timeout_ms: number,
  check: (response: Response) => void,
  receive: (chunk: Uint8Array) => void,
): Promise<void> {
  const stop = new AbortController();
  const forward = (): void => stop.abort(signal?.reason);
  signal?.addEventListener('abort', forward, { once: true });
  const timer = setTimeout(() => stop.abort(new PassingError(`nothing came for ${timeout_ms / 1000} s`)), timeout_ms);
  try {
    const response = await fetch(url, {
      headers: { 'Accept-Encoding': 'identity', ...headers, ...authorization(url) }, // sizes and ranges are of the file itself
      signal: stop.signal,
    });
    try {
      checkStatus(url, response);
      check(response);
    } catch (error) {
      await response.body?.cancel();
      throw error;
    }
    if (!response.body) return;
    for await (const chunk of response.body as import('node:stream/web').ReadableStream<Uint8Array>) {
      timer.refresh();
      receive(chunk);
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', forward);
  }
}

function checkStatus(url: string, { status, ok, headers }: Response): void {
  if (ok) return;
  if (status >= 500 || PASSING_STATUS.includes(status))
    throw new PassingError(
      `status ${status}`,
      Math.min(1000 * (Number(headers.get('retry-after')) || 0), LONGEST_PAUSE_MS),
    );
  const advice =
    status === 401 || status === 403
      ? 'Set HF_TOKEN to a token that may read it; a misspelt id gives the same answer.'
      : 'Check the id, config and split.';
  throw new ByteSourceError(`${url}: got status ${status}. ${advice}`);
}

/** fetch says "fetch failed" and hides why in `cause`. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message || error.cause.name})` : error.message;
}

/** The token goes to the hub alone; fetch drops it when it is redirected to another host. */
function authorization(url: string): Record<string, string> {
  const token = process.env.HF_TOKEN;
  return token && new URL(url).origin === new URL(hubEndpoint()).origin ? { Authorization: `Bearer ${token}` } : {};
}

function isOffline(): boolean {
  return ['1', 'true', 'yes', 'on'].includes((process.env.HF_HUB_OFFLINE ?? '').toLowerCase());
}

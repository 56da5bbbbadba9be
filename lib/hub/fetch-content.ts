// The content behind an address, in memory: JSON of the hub, images of the web. Small things only; files of repositories go to the cache.
import { checkAnswer } from './explain-refusal';
import { hubEndpoint, isOffline } from './hub-environment';
import { HubError, TransientError, UnreachableError } from './hub-errors';
import { sendRequest } from './send-request';
import { withRetries } from './with-retries';
import type { ProgressCallback } from '../core/progress';

export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds without a single byte after which a request is given up and made again; HF_HUB_DOWNLOAD_TIMEOUT or 30,000 by default. */
  readonly timeout_ms?: number;
  /** Told about waits, with status `wait`. */
  readonly progress_callback?: ProgressCallback;
}

export interface ContentOptions extends RequestOptions {
  /** More than this is refused. */
  readonly maxBytes: number;
  /** Attempts in a row that bring nothing before giving up; 5 by default. */
  readonly attempts?: number;
}

export interface Content {
  readonly bytes: Buffer;
  /** The header Content-Type. */
  readonly type?: string;
}

/** The hub's lists of files take kilobytes, of very large data sets a few megabytes. */
const MAX_JSON_BYTES = 64 * 2 ** 20;
/** As much of a wrong answer as an error shows. */
const SHOWN = 60;

/**
 * Through the proxy that the environment names; the login token goes to the hub alone.
 *
 * @throws {HubError} when the server refuses, or more than `maxBytes` arrive @throws {UnreachableError} when attempt after attempt brings nothing
 */
export async function fetchContent(url: string, options: ContentOptions): Promise<Content> {
  return withRetries(
    url,
    async () => {
      const answer = await sendRequest({ ...options, url });
      await checkAnswer(answer);
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of answer.body) {
        size += chunk.byteLength;
        if (size > options.maxBytes)
          throw new HubError(
            `${url}: sends more than ${Math.round(options.maxBytes / 2 ** 20)} MiB, which is more than is expected there. Check the address.`,
          );
        chunks.push(chunk);
      }
      const length = answer.encoded ? undefined : answer.header('content-length');
      if (length !== undefined && Number(length) !== size)
        throw new TransientError(`${size} of ${length} bytes arrived`);
      return { bytes: Buffer.concat(chunks), type: answer.header('content-type') };
    },
    options,
  );
}

/**
 * A JSON answer of the hub, parsed.
 *
 * @throws {HubError} when it is something else, such as a proxy's HTML page @throws {UnreachableError} also when HF_HUB_OFFLINE is set
 */
export async function fetchJson(url: string, options: RequestOptions): Promise<unknown> {
  checkOnline(url);
  const { bytes, type = 'no content type' } = await fetchContent(url, { ...options, maxBytes: MAX_JSON_BYTES });
  const text = bytes.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw new HubError(
      `${url}: got ${type} (${JSON.stringify(text.slice(0, SHOWN))}), expected JSON. Is HF_ENDPOINT (${hubEndpoint()}) a hub, and no proxy in between?`,
    );
  }
}

/** @throws {UnreachableError} when nothing may be asked of the network */
export function checkOnline(url: string): void {
  if (isOffline())
    throw new UnreachableError(
      `${url}: not fetched, because HF_HUB_OFFLINE is set. Unset it, or ask for no more than is cached.`,
    );
}

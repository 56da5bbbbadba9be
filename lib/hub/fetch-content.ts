// Fetches content into memory: JSON of the hub, images from the web. For small content only; files of repositories go
// to the cache.
import { checkResponse } from './explain-error-response';
import { hubEndpoint, isOffline } from './hub-environment';
import { HubError, TransientError, UnreachableError } from './hub-errors';
import { sendRequest } from './send-request';
import { withRetries } from './with-retries';
import type { ProgressCallback } from '../core/progress';
import { parseJSON } from '../core/read-json';

export interface RequestOptions {
  readonly signal?: AbortSignal;
  /**
   * Milliseconds without a single byte after which a request is given up and made again; HF_HUB_DOWNLOAD_TIMEOUT or
   * 30,000 by default.
   */
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
/** Characters of an unexpected response that an error shows. */
const SHOWN = 60;

/**
 * Through the proxy that the environment names; the login token goes to the hub alone.
 *
 * @throws {HubError} when the server refuses, or more than `maxBytes` arrive
 * @throws {UnreachableError} when attempt after attempt brings nothing
 */
export async function fetchContent(url: string, options: ContentOptions): Promise<Content> {
  return withRetries(
    url,
    async () => {
      const response = await sendRequest({ ...options, url });
      await checkResponse(response);
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of response.body) {
        size += chunk.byteLength;
        if (size > options.maxBytes)
          throw new HubError(
            `${url}: sends more than the ${Math.round(options.maxBytes / 2 ** 20)} MiB that are accepted here. ` +
              'Check the address.',
          );
        chunks.push(chunk);
      }
      const length = response.encoded ? undefined : response.header('content-length');
      if (length !== undefined && Number(length) !== size)
        throw new TransientError(`${size} of ${length} bytes arrived`);
      return { bytes: Buffer.concat(chunks), type: response.header('content-type') };
    },
    options,
  );
}

/**
 * A JSON response of the hub, parsed.
 *
 * @throws {HubError} when it is something else, such as a proxy's HTML page
 * @throws {UnreachableError} also when HF_HUB_OFFLINE is set
 */
export async function fetchJson(url: string, options: RequestOptions): Promise<unknown> {
  checkOnline(url);
  const { bytes, type = 'no content type' } = await fetchContent(url, { ...options, maxBytes: MAX_JSON_BYTES });
  const text = bytes.toString('utf8');
  try {
    return parseJSON(text, 'the content', { error: HubError });
  } catch (error) {
    const reason = error instanceof HubError && /^\s*[[{]/.test(text) ? ` (${error.message.slice(0, -1)})` : '';
    throw new HubError(
      `${url}: got ${type} (${JSON.stringify(text.slice(0, SHOWN))}), expected JSON${reason}. ` +
        `Check that HF_ENDPOINT (${hubEndpoint()}) is a Hugging Face hub, and that no proxy is in between.`,
      { cause: error },
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

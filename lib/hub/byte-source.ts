// Random access to a file's bytes, on disk or behind an HTTP server that supports range requests, as a parquet reader
// needs it.
import * as fs from 'node:fs';
import { describeOddFile } from '../core/is-plain-file';
import { checkResponse, isExpired } from './explain-error-response';
import { checkOnline, type RequestOptions } from './fetch-content';
import { HubError, TransientError } from './hub-errors';
import { sendRequest, type HttpResponse } from './send-request';
import { withRetries } from './with-retries';

/** hyparquet's AsyncBuffer. */
export interface ByteSource {
  readonly byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

/** @param file a path, or an http(s) address; the login token is sent to the hub alone */
export async function openByteSource(file: string, options: RequestOptions = {}): Promise<ByteSource> {
  return isUrl(file) ? RemoteBytes.open(file, options) : openFile(file);
}

export function isUrl(file: string): boolean {
  return /^https?:\/\//.test(file);
}

async function openFile(file: string): Promise<ByteSource> {
  if (!fs.existsSync(file)) throw new HubError(`${file} is missing: expected a file. Check the path.`);
  const odd = describeOddFile(file);
  if (odd !== undefined) throw new HubError(`${file} is ${odd}: expected a file. Check the path.`);
  const { size } = await fs.promises.stat(file);
  return {
    byteLength: size,
    async slice(start, end = size) {
      const handle = await fs.promises.open(file);
      try {
        const bytes = new Uint8Array(end - start);
        let done = 0;
        while (done < bytes.length) {
          const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done);
          if (bytesRead === 0)
            throw new HubError(
              `${file}: got ${done} bytes at ${start}, expected ${bytes.length}: the file is cut short. Download ` +
                'it again.',
            );
          done += bytesRead;
        }
        return bytes.buffer;
      } finally {
        await handle.close();
      }
    },
  };
}

/** What the first response says about the file; later ones must say the same. */
interface Identity {
  readonly total: number;
  readonly etag?: string;
}

class RemoteBytes implements ByteSource {
  #identity: Identity | undefined;
  /** The content host's signed address, while it holds: it saves the detour over the hub. */
  #content: string | undefined;

  private constructor(
    private readonly url: string,
    private readonly options: RequestOptions,
  ) {}

  static async open(url: string, options: RequestOptions): Promise<RemoteBytes> {
    const source = new RemoteBytes(url, options);
    await source.slice(0, 1);
    return source;
  }

  get byteLength(): number {
    return this.#identity?.total ?? 0;
  }

  async slice(start: number, end: number = this.byteLength): Promise<ArrayBuffer> {
    checkOnline(this.url);
    const bytes = new Uint8Array(end - start);
    if (bytes.length === 0) return bytes.buffer;
    let done = 0;
    await withRetries(
      this.url,
      async (progressed) => {
        const response = await this.#request(start + done, end);
        for await (const chunk of response.body) {
          if (done + chunk.length > bytes.length)
            throw new HubError(
              `${this.url}: got more than the ${bytes.length} bytes at ${start} that were asked for. Download ` +
                'the file and name its path instead.',
            );
          bytes.set(chunk, done);
          done += chunk.length;
          progressed();
        }
        if (done < bytes.length) throw new TransientError(`${done} of ${bytes.length} bytes arrived`);
      },
      this.options,
    );
    return bytes.buffer;
  }

  async #request(first: number, end: number): Promise<HttpResponse> {
    const { signal, timeout_ms } = this.options;
    const known = this.#content;
    const response = await sendRequest({
      url: known ?? this.url,
      signal,
      timeout_ms,
      headers: { range: `bytes=${first}-${end - 1}` },
    });
    try {
      if (isExpired(response) || (known !== undefined && response.status >= 400 && response.status < 500)) {
        this.#content = undefined;
        throw new TransientError(
          `${response.url.host}, to which the hub redirected, answered status ${response.status}`,
        );
      }
      await checkResponse(response);
      this.#checkIdentity(response, first);
    } catch (error) {
      await response.discard();
      throw error;
    }
    if (!response.fromHub && response.redirects.length > 0) this.#content = response.url.href;
    return response;
  }

  #checkIdentity({ status, header, encoded }: HttpResponse, first: number): void {
    const range = header('content-range') ?? '';
    const [, begin, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(range) ?? [];
    if (status !== 206 || Number(begin) !== first || encoded)
      throw new HubError(
        `${this.url}: got status ${status}, ${header('content-type') ?? 'no content type'}, Content-Range ` +
          `"${range}" to a request for the bytes from ${first}; expected 206 and that range. Download the file and ` +
          'name its path instead.',
      );
    const now: Identity = { total: Number(total), etag: header('etag') };
    this.#identity ??= now;
    if (now.total !== this.#identity.total || now.etag !== this.#identity.etag)
      throw new HubError(
        `${this.url}: changed while it was read: ${now.total} bytes, etag ${now.etag}; before ` +
          `${this.#identity.total}, ${this.#identity.etag}. Load again.`,
      );
  }
}

// Downloads one file to disk: interrupted and stalled transfers are resumed, wrong content is fetched again.
import type { ProgressCallback } from '../core/progress';
import { checkResponse, isExpired, type HubSubject } from './explain-error-response';
import { HubError, TransientError } from './hub-errors';
import { PartialFile } from './partial-file';
import { sendRequest, type HttpResponse } from './send-request';
import { withRetries } from './with-retries';

export interface FileSource {
  readonly url: string;
  /** Bytes of the content, where the hub says. */
  readonly size?: number;
  /** SHA-256 of the content in hexadecimal, where the hub says. */
  readonly sha256?: string;
  /** Looks at each response before its content is read; throws to give up. */
  readonly check?: (response: HttpResponse) => void;
}

export interface FileDownloadOptions {
  readonly signal?: AbortSignal;
  readonly progress_callback?: ProgressCallback;
}

/**
 * @param file where to put the content; what it holds already is taken for the beginning of it
 * @throws {HubError} after 5 attempts in a row that brought nothing; what arrived stays
 */
export async function downloadFile(
  file: string,
  source: FileSource,
  subject: HubSubject & { readonly file: string },
  options: FileDownloadOptions,
): Promise<void> {
  const { signal } = options;
  const partial = await PartialFile.open(file, signal);
  try {
    const transfer = new Transfer(partial, source, subject, options);
    await withRetries(`${subject.id ?? source.url}: ${subject.file}`, (progressed) => transfer.attempt(progressed), {
      ...options,
      file: subject.file,
    });
  } finally {
    await partial.close();
  }
}

/**
 * The first wrong content may be a part that an earlier run left, the second an accident; a third is what the server
 * has.
 */
const MAX_WRONG = 3;

class Transfer {
  /** Of the response that the bytes so far came from: another one is another content. */
  #etag: string | undefined;
  /** Attempts that ended with the wrong content. */
  #wrong = 0;
  /**
   * The farthest byte so far: only what lies beyond it is progress, or a server that starts over would be asked for
   * ever.
   */
  #farthest: number;

  constructor(
    private readonly partial: PartialFile,
    private readonly source: FileSource,
    private readonly subject: HubSubject & { readonly file: string },
    private readonly options: FileDownloadOptions,
  ) {
    this.#farthest = partial.size;
  }

  async attempt(progressed: () => void): Promise<void> {
    const { partial, source } = this;
    if (source.size !== undefined && partial.size > source.size) await partial.restart();
    const complete = source.size !== undefined && partial.size === source.size && source.sha256 !== undefined;
    const total = complete ? source.size : await this.#transfer(progressed);
    if (total !== undefined && partial.size !== total) await this.#explainSize(total);
    if (source.sha256 !== undefined && partial.sha256() !== source.sha256) {
      await partial.restart();
      throw this.#mismatch(`the content that arrived is not the one with SHA-256 ${source.sha256}`);
    }
  }

  /** @returns the size that the content should have, where it is known */
  async #transfer(progressed: () => void): Promise<number | undefined> {
    const { partial, source, options } = this;
    const start = partial.size;
    const response = await sendRequest({
      url: source.url,
      signal: options.signal,
      headers: start === 0 ? {} : { range: `bytes=${start}-`, ...(this.#etag && { 'if-range': this.#etag }) },
    });
    const total = await this.#open(response, start);
    const bytes = response.encoded ? undefined : total;
    for await (const chunk of response.body) {
      await partial.append(chunk);
      if (partial.size > this.#farthest) {
        this.#farthest = partial.size;
        progressed();
      }
      if (source.size !== undefined && partial.size > source.size) break;
      options.progress_callback?.({
        status: 'download',
        file: this.subject.file,
        loaded: partial.size,
        total: source.size ?? bytes ?? 0,
      });
    }
    return source.size ?? bytes;
  }

  /** Looks at the response's head: where its content begins, and how long the whole is. */
  async #open(response: HttpResponse, start: number): Promise<number | undefined> {
    const { partial, source, subject } = this;
    if (response.status === 416) {
      await response.discard();
      await partial.restart();
      throw new TransientError(`${response.url.host} has no data after byte ${start}`);
    }
    if (isExpired(response)) {
      await response.discard();
      throw new TransientError(`${response.url.host}, to which the hub redirected, answered status ${response.status}`);
    }
    await checkResponse(response, subject);
    try {
      source.check?.(response);
    } catch (error) {
      await response.discard();
      throw error;
    }
    const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.header('content-range') ?? '') ?? [];
    const continues = response.status === 206 && Number(first) === start && !response.encoded;
    if (response.status === 206 && start > 0 && !continues) {
      await response.discard();
      await partial.restart();
      throw new TransientError(
        `${response.url.host} answered a request for the bytes from ${start} with ` +
          `"${response.header('content-range') ?? ''}"`,
      );
    }
    if (!continues && start > 0) await partial.restart(); // the whole content, although a part was asked for
    const etag = response.header('etag');
    this.#etag = etag?.startsWith('"') ? etag : undefined; // a weak one says nothing about bytes
    if (continues) return total === '*' ? undefined : Number(total);
    const length = Number(response.header('content-length') ?? Number.NaN);
    return Number.isNaN(length) ? undefined : length;
  }

  async #explainSize(total: number): Promise<never> {
    const { partial } = this;
    const { size } = partial;
    if (size < total) throw new TransientError(`${size} of ${total} bytes arrived`);
    await partial.restart();
    throw this.#mismatch(`more than the ${total} bytes that were announced arrived`);
  }

  #mismatch(message: string): HubError {
    this.#wrong++;
    return this.#wrong < MAX_WRONG
      ? new TransientError(message)
      : new HubError(
          `${this.subject.id ?? this.source.url}: ${this.subject.file}: ${message}, ${this.#wrong} times. ` +
            'Most likely a proxy or a mirror (HF_ENDPOINT) in between changes it: try without it, or try again later.',
        );
  }
}

// Asks the hub about a file of a repository: whether it exists, its commit, etag and size.
import { checkResponse } from './explain-error-response';
import { etagTimeout, hubEndpoint } from './hub-environment';
import { EntryNotFoundError, HubError, UnreachableError } from './hub-errors';
import { sendRequest, type HttpResponse, type ResponseHead } from './send-request';
import { withRetries, type RetryOptions } from './with-retries';

export interface RepositoryFile {
  readonly id: string;
  /** A branch, a tag, a commit or a pull request (`refs/pr/7`). */
  readonly revision: string;
  readonly file: string;
}

export interface RemoteFile {
  readonly url: string;
  readonly commit: string;
  /** Without quotes; of a large file the SHA-256 of its content. */
  readonly etag: string;
  /** Undefined when the hub does not say. */
  readonly size?: number;
}

/** The repository has no such file at this commit (where the hub says which). */
export interface MissingFile {
  readonly commit?: string;
  readonly error: EntryNotFoundError;
}

/** What becomes a file's or a folder's name in the cache must be one, and no more. */
const COMMIT = /^[\w-]{1,100}$/;
const ETAG = /^[^\s\p{Cc}/\\.][^\s\p{Cc}/\\]{0,199}$/u;

/**
 * @throws {HubHttpError} for any error but a missing file
 * @throws {UnreachableError}
 */
export async function describeFile(
  { id, revision, file }: RepositoryFile,
  options: RetryOptions,
): Promise<RemoteFile | MissingFile> {
  const place = file.split('/').map(encodeURIComponent).join('/');
  const url = `${hubEndpoint()}/${id}/resolve/${encodeURIComponent(revision)}/${place}`;
  const response = await withRetries(
    `${id}: ${file}`,
    async () => {
      const head = await sendRequest({
        url,
        method: 'HEAD',
        signal: options.signal,
        timeout_ms: etagTimeout(),
        // A mirror's redirect says nothing about the file yet
        mayLeaveHub: (responses) => readMetadata(responses) === undefined,
      });
      if (head.status !== 404) await checkResponse(head, { id, revision, file });
      await head.discard();
      return head;
    },
    { ...options, file },
  );
  if (response.status === 404) return missing(response, { id, revision, file });
  const metadata = readMetadata([...response.redirects, response]);
  if (metadata) return { url, ...metadata };
  throw new UnreachableError(
    `${url}: the response of ${response.url.host} lacks the headers of a hub: X-Repo-Commit ` +
      `"${response.header('x-repo-commit') ?? ''}", ETag "${response.header('etag') ?? ''}". ` +
      `Check that HF_ENDPOINT (${hubEndpoint()}) is a Hugging Face hub, and that no login page of the network is ` +
      'in between.',
  );
}

async function missing(response: HttpResponse, subject: RepositoryFile): Promise<MissingFile> {
  try {
    await checkResponse(response, subject);
  } catch (error) {
    if (error instanceof EntryNotFoundError) {
      const commit = error.code === 'EntryNotFound' ? response.header('x-repo-commit') : undefined;
      return { error, ...(commit !== undefined && COMMIT.test(commit) && { commit }) };
    }
    throw error;
  }
  throw new HubError(`${response.url.href}: got status ${response.status}, expected an error status.`);
}

/**
 * The last response counts, what it does not say is taken from those before: huggingface.co redirects small files to
 * its own cache, large ones to a content host, which knows neither commit nor SHA-256.
 */
function readMetadata(responses: readonly ResponseHead[]): Omit<RemoteFile, 'url'> | undefined {
  const newest = [...responses].reverse();
  const find = (name: string, among = newest): string | undefined =>
    among.map(({ header }) => header(name)).find((value) => value !== undefined && value !== '');
  const own = newest.filter(({ status }) => status < 300); // a redirect's own length and etag are not the file's
  const plain = own.filter(({ header }) => /^(identity)?$/i.test(header('content-encoding')?.trim() ?? ''));
  const commit = find('x-repo-commit');
  const etag = (find('x-linked-etag') ?? find('etag', own) ?? find('etag'))?.replace(/^W\//, '').replace(/"/g, '');
  const size = Number(find('x-linked-size') ?? find('content-length', plain) ?? Number.NaN);
  if (commit === undefined || !COMMIT.test(commit) || etag === undefined || !ETAG.test(etag)) return undefined;
  return { commit, etag, ...(Number.isSafeInteger(size) && size >= 0 && { size }) };
}

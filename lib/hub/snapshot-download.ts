// Fetches the files of one commit into the cache; files that are there are not requested again.
import * as fs from 'node:fs';
import { statOrNothing } from '../core/is-plain-file';
import type { ProgressCallback } from '../core/progress';
import { withLock } from '../core/with-lock';
import type { RepositoryCache } from './hub-cache';
import { describeFile, type MissingFile, type RemoteFile } from './describe-file';
import { downloadFile, type FileDownloadOptions } from './download-file';
import { HubError } from './hub-errors';
import type { HttpResponse } from './send-request';
import { shareDownload } from './share-download';

export interface DownloadOptions {
  /** The hub's cache folder; else HF_HUB_CACHE, HF_HOME/hub or ~/.cache/huggingface/hub, as Python does. */
  readonly cache_dir?: string;
  /** Branch, tag, commit or pull request (`refs/pr/7`); `main` by default. */
  readonly revision?: string;
  /** Use only what is in the cache. */
  readonly local_files_only?: boolean;
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

/** Names of {@link DownloadOptions}. */
export const DOWNLOAD_OPTIONS = [
  'cache_dir',
  'revision',
  'local_files_only',
  'progress_callback',
  'signal',
] as const satisfies readonly (keyof DownloadOptions)[];

export interface SnapshotRequest {
  readonly id: string;
  readonly revision: string;
  readonly cache: RepositoryCache;
  readonly options: DownloadOptions;
  /** Whether the cache has a complete copy: then a hub that does not respond is not asked again and again. */
  readonly isCached: boolean;
}

const FULL_COMMIT = /^[0-9a-f]{40}$/;
/** The etag of a large file is the SHA-256 of its content. */
const SHA256 = /^[0-9a-f]{64}$/;

/** The revision stands for another commit than a moment ago. */
class MovedError extends HubError {}

export class SnapshotDownload {
  /** A full commit is known from the start, what a branch stands for with the first response. */
  #commit: string | undefined;
  #hasMoved = false;
  readonly #remote = new Map<string, RemoteFile>();

  constructor(private readonly request: SnapshotRequest) {
    if (FULL_COMMIT.test(request.revision)) this.#commit = request.revision;
  }

  /** Known after the first file. */
  get folder(): string {
    return this.request.cache.snapshot(this.#commit ?? this.request.revision);
  }

  /** Whether it failed because the branch got a new commit meanwhile: then it has to be begun again. */
  get hasMoved(): boolean {
    return this.#hasMoved;
  }

  /** Whether the repository has the file. */
  async find(file: string): Promise<boolean> {
    return this.#isHere(file) || (await this.#describe(file)) !== undefined;
  }

  /** Bytes of these files that are not on the disk yet, as far as the hub says. */
  async missingBytes(files: readonly string[]): Promise<number> {
    let bytes = 0;
    for (const file of files) {
      if (this.#isHere(file)) continue;
      const remote = await this.#describe(file, true);
      const { cache } = this.request;
      if (remote?.size === undefined || fs.existsSync(cache.blob(remote.etag))) continue;
      const partial = await cache.claimPartial(remote.etag, SHA256.test(remote.etag));
      bytes += Math.max(0, remote.size - (statOrNothing(partial)?.size ?? 0));
    }
    return bytes;
  }

  /**
   * Fetches a file unless it is there.
   *
   * @returns whether it is there now: an optional file may not exist
   * @throws {EntryNotFoundError} when a required one does not exist
   */
  async fetch(file: string, required: boolean): Promise<boolean> {
    const { cache, options, revision } = this.request;
    if (!this.#isHere(file)) {
      const remote = await this.#describe(file, required);
      if (!remote) return false;
      if (!cache.has(remote.commit, file)) {
        await cache.prepare();
        if (!fs.existsSync(cache.blob(remote.etag))) await this.#download(file, remote);
        await cache.link(remote.etag, remote.commit, file);
      }
    }
    if (this.#commit !== undefined) await cache.rememberCommit(revision, this.#commit);
    options.progress_callback?.({ status: 'done', file });
    return true;
  }

  /** A commit never changes. */
  #isHere(file: string): boolean {
    return this.#commit !== undefined && this.request.cache.has(this.#commit, file);
  }

  async #describe(file: string, required = false): Promise<RemoteFile | undefined> {
    const known = this.#remote.get(file);
    if (known) return known;
    const { id, revision, cache, options, isCached } = this.request;
    if (!required && this.#commit !== undefined && cache.isKnownMissing(this.#commit, file)) return undefined;
    const first = this.#commit === undefined;
    const described = await describeFile(
      { id, revision, file },
      { ...options, ...(first && isCached && { attempts: 1 }) },
    );
    if ('error' in described) {
      await this.#noteMissing(described, file, required);
      return undefined;
    }
    this.#noteCommit(described.commit);
    this.#remote.set(file, described);
    return described;
  }

  async #noteMissing({ commit, error }: MissingFile, file: string, required: boolean): Promise<void> {
    if (commit !== undefined) {
      this.#noteCommit(commit);
      await this.request.cache.rememberMissing(commit, file);
      await this.request.cache.rememberCommit(this.request.revision, commit);
    }
    if (required) throw error;
  }

  #noteCommit(commit: string): void {
    this.#commit ??= commit;
    if (commit === this.#commit) return;
    this.#hasMoved = true;
    const { id, revision } = this.request;
    throw new MovedError(
      `${id}: ${revision} went from commit ${this.#commit} to ${commit} while its files were fetched. Load it again.`,
    );
  }

  async #download(file: string, remote: RemoteFile): Promise<void> {
    const { cache, options } = this.request;
    const blob = cache.blob(remote.etag);
    await shareDownload(blob, options, ({ signal, progress_callback }) =>
      withLock(
        `${blob}.lock`,
        async () => {
          if (!fs.existsSync(blob)) await this.#transfer(file, remote, { signal, progress_callback });
        },
        { signal, onWait: () => progress_callback({ status: 'waiting for another process that downloads it', file }) },
      ),
    );
  }

  async #transfer(file: string, { url, commit, etag, size }: RemoteFile, options: FileDownloadOptions): Promise<void> {
    const { id, revision, cache } = this.request;
    const sha256 = SHA256.test(etag) ? etag : undefined;
    const partial = await cache.claimPartial(etag, sha256 !== undefined);
    const check = (response: HttpResponse): void => {
      const now = [...response.redirects, response]
        .filter(({ fromHub }) => fromHub)
        .map(({ header }) => header('x-repo-commit'))
        .find((value) => value !== undefined);
      if (now !== undefined && now !== commit) this.#noteCommit(now);
    };
    await downloadFile(partial, { url, size, sha256, check }, { id, revision, file }, options);
    await fs.promises.rename(partial, cache.blob(etag));
  }
}

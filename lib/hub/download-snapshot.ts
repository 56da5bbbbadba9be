// Downloads checkpoints from the Hugging Face hub into the cache that Python's huggingface_hub uses, so that both share one copy.
// hub-cache.ts knows the folders; this file knows the requests.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BlipError } from '../core/errors';
import type { ProgressCallback } from '../core/progress';
import { claimPartial, defaultCache, link, snapshotFolder, writeAtomically } from './hub-cache';
import { isHubId } from './hub-id';

/** The hub did not give what was asked for; the message says which file, and what to do. */
export class HubError extends BlipError {}

export interface DownloadOptions {
  readonly cache_dir?: string;
  readonly revision?: string;
  readonly local_files_only?: boolean;
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

interface FileRequest {
  readonly name: string;
  readonly required: boolean;
}

/** What a BLIP checkpoint consists of. Weights come last, so that a wrong id or a missing right shows at once. */
const FILES: readonly FileRequest[] = [
  { name: 'config.json', required: true },
  { name: 'preprocessor_config.json', required: false },
  { name: 'tokenizer_config.json', required: false },
  { name: 'tokenizer.json', required: false },
  { name: 'vocab.txt', required: false },
  { name: 'special_tokens_map.json', required: false },
  { name: 'generation_config.json', required: false },
];
const WEIGHTS = 'model.safetensors';
const WEIGHTS_INDEX = 'model.safetensors.index.json';

const PYTORCH_WEIGHTS = 'pytorch_model.bin';

/** A request that fails in passing is made again this often, with growing pauses: hubs answer 5xx and reset connections now and then. */
const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 300;
/** Answers that may be different a moment later: time-out, too many requests. 5xx too. */
const PASSING_STATUS = [408, 416, 429];
/** The hub sends at most two hops (renamed repository, then its own cache); more is a loop. */
const MAX_REDIRECTS = 5;
const COMMIT = /^[0-9a-f]{40}$/;
/** The etag of a large file is the SHA-256 of its content. */
const SHA256 = /^[0-9a-f]{64}$/;

/**
 * Makes sure that a checkpoint is in the cache and returns its snapshot folder.
 * Follows HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE.
 *
 * @param id such as `Salesforce/blip-vqa-base`
 * @throws {HubError}
 */
export async function downloadSnapshot(id: string, options: DownloadOptions = {}): Promise<string> {
  if (!isHubId(id))
    throw new HubError(`"${id}" is neither a folder with config.json nor a hub id such as Salesforce/blip-vqa-base.`);
  const revision = options.revision ?? 'main';
  if (!/^[\w./-]+$/.test(revision) || revision.includes('..'))
    throw new HubError(`revision "${revision}" of ${id}: expected a branch, a tag or a commit.`);
  const store = path.join(options.cache_dir ?? defaultCache(), `models--${id.replace('/', '--')}`);
  if (options.local_files_only || isTrue(process.env.HF_HUB_OFFLINE)) return cachedSnapshot(id, store, revision);
  const repository: Repository = { id, revision, store, options };
  try {
    return await fetchAll(repository);
  } catch (error) {
    if (!(error instanceof PassingError)) throw error;
    const cached = completeSnapshot(store, revision); // the hub is out of reach: what an earlier call fetched will do, as in Python
    if (cached) return cached;
    throw new HubError(
      `${id} at ${revision}: the download failed ${MAX_ATTEMPTS} times (${error.message}). Check the network, or HF_ENDPOINT; what arrived is kept and the next call goes on from there.`,
      { cause: error },
    );
  }
}

async function fetchAll(repository: Repository): Promise<string> {
  const { id, revision } = repository;
  let folder = '';
  for (const { name, required } of FILES) {
    const file = await fetchFile(repository, name, required);
    if (name === 'config.json' && file) folder = path.dirname(file);
  }
  if (!(await fetchFile(repository, WEIGHTS, false))) {
    const index = await fetchFile(repository, WEIGHTS_INDEX, false);
    if (!index) {
      const other = (await describe(repository, PYTORCH_WEIGHTS))
        ? `, only ${PYTORCH_WEIGHTS}, which this project does not read`
        : '';
      throw new HubError(
        `${id} at ${revision} has neither ${WEIGHTS} nor ${WEIGHTS_INDEX}${other}. Choose a revision with safetensors weights (option revision; the hub lists branches, tags and conversions "refs/pr/<number>").`,
      );
    }
    for (const shard of shardNames(index)) await fetchFile(repository, shard, true);
  }
  return folder;
}

/** Fails now, may work later: worth another attempt. */
class PassingError extends HubError {}

interface Repository {
  readonly id: string;
  readonly revision: string;
  readonly store: string;
  readonly options: DownloadOptions;
}

function cachedSnapshot(id: string, store: string, revision: string): string {
  const folder = snapshotFolder(store, revision);
  if (fs.existsSync(path.join(folder, 'config.json'))) return folder;
  throw new HubError(
    `${id} at ${revision} is not in the cache (${store}). Allow downloads: unset HF_HUB_OFFLINE and local_files_only.`,
  );
}

/** The cached snapshot if its weights are all there. */
function completeSnapshot(store: string, revision: string): string | undefined {
  const folder = snapshotFolder(store, revision);
  const has = (name: string): boolean => fs.existsSync(path.join(folder, name));
  if (!has('config.json')) return undefined;
  return has(WEIGHTS) || (has(WEIGHTS_INDEX) && shardNames(path.join(folder, WEIGHTS_INDEX)).every(has))
    ? folder
    : undefined;
}

/** Two calls of one process that want the same file share one download. */
const inFlight = new Map<string, Promise<void>>();

interface RemoteFile {
  readonly url: string;
  readonly commit: string;
  readonly etag: string /** 0 when the hub does not say. */;
  readonly size: number;
}

/** Fetches one file unless it is there already. Returns its path in the snapshot, or undefined when an optional file does not exist. */
async function fetchFile(repository: Repository, name: string, required: boolean): Promise<string | undefined> {
  const { revision, store, options } = repository;
  if (COMMIT.test(revision)) {
    // a commit never changes
    const known = path.join(store, 'snapshots', revision, name);
    if (fs.existsSync(known)) return known;
  }
  const remote = await describe(repository, name);
  if (!remote) {
    if (required) throw refused(repository, name, 404);
    return undefined;
  }
  const blob = path.join(store, 'blobs', remote.etag);
  const target = path.join(store, 'snapshots', remote.commit, name);
  if (!fs.existsSync(target)) {
    if (!fs.existsSync(blob)) {
      const running =
        inFlight.get(blob) ?? downloadBlob(repository, remote, blob, name).finally(() => inFlight.delete(blob));
      inFlight.set(blob, running);
      await running;
    }
    await link(blob, target);
  }
  if (revision !== remote.commit) await writeAtomically(path.join(store, 'refs', revision), remote.commit);
  options.progress_callback?.({ status: 'done', file: name });
  return target;
}

/** What the hub says about a file, without its content; undefined when there is none. */
async function describe(repository: Repository, name: string): Promise<RemoteFile | undefined> {
  const {
    id,
    revision,
    options: { signal },
  } = repository;
  const endpoint = (process.env.HF_ENDPOINT ?? 'https://huggingface.co').replace(/\/+$/, '');
  const url = `${endpoint}/${id}/resolve/${encodeURIComponent(revision)}/${name}`;
  let commit: string | null = null,
    etag: string | null = null,
    size: string | null = null;
  let at = url;
  for (let hop = 0; ; hop++) {
    const { status, headers } = await retry(signal, () => request(at, { method: 'HEAD', redirect: 'manual', signal }));
    if (status === 404) return undefined;
    if (status >= 400) throw refused(repository, name, status);
    const redirected = status >= 300;
    commit ??= headers.get('x-repo-commit');
    etag = headers.get('x-linked-etag') ?? etag ?? headers.get('etag');
    size = headers.get('x-linked-size') ?? size ?? (redirected ? null : headers.get('content-length')); // a redirect's own length is not the file's
    const next = redirected ? new URL(headers.get('location') ?? at, at) : undefined;
    // On the hub's own host a redirect leads on to the answer; to another host, it leads to the content itself.
    if (!next || next.origin !== new URL(at).origin || (commit && etag && size)) break;
    if (hop === MAX_REDIRECTS) throw new HubError(`${url}: redirected more than ${MAX_REDIRECTS} times.`);
    at = next.href;
  }
  const plainEtag = etag?.replace(/^W\//, '').replace(/"/g, '');
  if (!commit || !plainEtag || !/^[\w-]+$/.test(commit) || !/^[\w-]+$/.test(plainEtag))
    throw new HubError(
      `${url}: the answer lacks a usable commit and etag. Is HF_ENDPOINT (${endpoint}) a Hugging Face hub?`,
    );
  return { url, commit, etag: plainEtag, size: Number(size ?? 0) };
}

/** Downloads into a file of this process, from where an earlier transfer broke off, and renames when size and content are right. */
async function downloadBlob(
  repository: Repository,
  { url, etag, size }: RemoteFile,
  blob: string,
  name: string,
): Promise<void> {
  const { signal, progress_callback } = repository.options;
  await fs.promises.mkdir(path.dirname(blob), { recursive: true });
  const partial = await claimPartial(blob);
  await retry(signal, async () => {
    let start = fs.existsSync(partial) ? fs.statSync(partial).size : 0;
    if (start > size) {
      await fs.promises.rm(partial);
      start = 0;
    } // also when the size is unknown (0)
    if (size === 0 || start < size) await transfer(url, partial, start, size, name, repository);
    if (SHA256.test(etag) && (await sha256(partial)) !== etag) {
      await fs.promises.rm(partial);
      throw new PassingError(`${url}: the content that arrived is not the one with SHA-256 ${etag}`);
    }
  });
  await fs.promises.rename(partial, blob);
  progress_callback?.({ status: 'download', file: name, loaded: size, total: size });
}

async function transfer(
  url: string,
  partial: string,
  start: number,
  size: number,
  name: string,
  repository: Repository,
): Promise<void> {
  const { signal, progress_callback } = repository.options;
  const response = await request(url, { signal, headers: start > 0 ? { Range: `bytes=${start}-` } : {} });
  if (!response.ok) throw refused(repository, name, response.status);
  if (!response.body) throw new PassingError(`${url}: the answer is empty`);
  const resumed = response.status === 206;
  let loaded = resumed ? start : 0;
  const body = Readable.fromWeb(response.body as import('node:stream/web').ReadableStream<Uint8Array>);
  body.on('data', (chunk: Uint8Array) => {
    loaded += chunk.byteLength;
    progress_callback?.({ status: 'download', file: name, loaded, total: size });
  });
  await pipeline(body, fs.createWriteStream(partial, { flags: resumed ? 'a' : 'w' }), { signal });
  if (size > 0 && loaded !== size) throw new PassingError(`${url}: ${loaded} of ${size} bytes arrived`);
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(fs.createReadStream(file), hash);
  return hash.digest('hex');
}

/** An answer of the hub that is not worth another attempt is returned; else throws PassingError. */
async function request(url: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  const token = process.env.HF_TOKEN;
  if (token) headers.set('Authorization', `Bearer ${token}`); // fetch drops it when it is redirected to another host
  headers.set('Accept-Encoding', 'identity'); // sizes and ranges are of the file itself
  const response = await fetch(url, { ...init, headers });
  if (response.status < 500 && !PASSING_STATUS.includes(response.status)) return response;
  await response.body?.cancel();
  throw new PassingError(`${url}: the hub answered ${response.status}`);
}

/** Whatever is no HubError (a reset connection, an unknown host) counts as passing. */
async function retry<T>(signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof HubError && !(error instanceof PassingError)) throw error;
      if (count === MAX_ATTEMPTS)
        throw error instanceof PassingError ? error : new PassingError(reason(error), { cause: error });
      await sleep(FIRST_PAUSE_MS * 2 ** (count - 1), undefined, { signal });
    }
  }
}

/** fetch says "fetch failed" and hides why in `cause`. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : undefined;
  return cause
    ? `${error.message}: ${cause.message || ('code' in cause ? String(cause.code) : cause.name)}`
    : error.message;
}

function refused({ id, revision }: Repository, name: string, status: number): HubError {
  if (status === 401 || status === 403)
    return new HubError(
      `${id}: access to ${name} was refused (${status}). The id may be misspelt, or the model is private or gated: set HF_TOKEN to a token with access.`,
    );
  if (status === 404) return new HubError(`${id} at ${revision} has no file ${name}. Check the id and the revision.`);
  return new HubError(`${id}: the hub answered ${status} for ${name}. Try again later.`);
}

function shardNames(index: string): string[] {
  let json: unknown;
  try {
    json = JSON.parse(fs.readFileSync(index, 'utf8'));
  } catch (error) {
    throw new HubError(
      `${index}: is not JSON (${error instanceof Error ? error.message : String(error)}). Delete it and load again.`,
    );
  }
  const map = typeof json === 'object' && json !== null && 'weight_map' in json ? json.weight_map : undefined;
  if (typeof map !== 'object' || map === null) throw new HubError(`${index}: "weight_map" is missing.`);
  return [
    ...new Set(
      Object.values(map).map((name: unknown) => {
        if (typeof name !== 'string' || !/^[\w-][\w.-]*$/.test(name))
          throw new HubError(`${index}: shard ${JSON.stringify(name)} is not a plain file name.`);
        return name;
      }),
    ),
  ];
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 'true', 'yes', 'on'].includes(value.toLowerCase());
}

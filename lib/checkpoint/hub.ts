// Downloads checkpoints from the Hugging Face hub into the cache that Python's huggingface_hub uses, so that both share one copy.
// Layout: models--Org--Name/{refs/<revision>, blobs/<etag>, snapshots/<commit>/<file> -> blob}.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BlipError } from '../errors';
import type { ProgressCallback } from '../progress';

/** The hub did not give what was asked for; the message says which file, and what to do. */
export class HubError extends BlipError {}

export interface DownloadOptions {
  readonly cache_dir?: string;
  readonly revision?: string;
  readonly local_files_only?: boolean;
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

interface FileRequest { readonly name: string; readonly required: boolean }

/** What a BLIP checkpoint consists of. Weights come last, so that a wrong id or a missing right shows at once. */
const FILES: readonly FileRequest[] = [
  { name: 'config.json', required: true }, { name: 'preprocessor_config.json', required: false }, { name: 'tokenizer_config.json', required: false },
  { name: 'tokenizer.json', required: false }, { name: 'vocab.txt', required: false }, { name: 'special_tokens_map.json', required: false },
  { name: 'generation_config.json', required: false },
];
const WEIGHTS = 'model.safetensors';
const WEIGHTS_INDEX = 'model.safetensors.index.json';

/** A transfer that breaks off is taken up again this often, with growing pauses: hubs answer 5xx and reset connections now and then. */
const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 300;

/**
 * Makes sure that a checkpoint is in the cache and returns its snapshot folder.
 * Follows HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE.
 *
 * @param id such as `Salesforce/blip-vqa-base`
 * @throws {HubError}
 */
export async function downloadSnapshot(id: string, options: DownloadOptions = {}): Promise<string> {
  if (!/^[\w.-]+\/[\w.-]+$/.test(id)) throw new HubError(`"${id}" is neither a folder with config.json nor a hub id such as Salesforce/blip-vqa-base.`);
  const revision = options.revision ?? 'main';
  const store = path.join(options.cache_dir ?? defaultCache(), `models--${id.replace('/', '--')}`);
  if (options.local_files_only || isTrue(process.env.HF_HUB_OFFLINE)) return cachedSnapshot(id, store, revision);
  const repository: Repository = { id, revision, store, options };
  for (const { name, required } of FILES) await fetchFile(repository, name, required);
  if (!(await fetchFile(repository, WEIGHTS, false))) {
    const index = await fetchFile(repository, WEIGHTS_INDEX, false);
    if (!index) throw new HubError(`${id} at ${revision} has neither ${WEIGHTS} nor ${WEIGHTS_INDEX}. Choose a revision with safetensors weights (option revision).`);
    for (const shard of shardNames(index)) await fetchFile(repository, shard, true);
  }
  return cachedSnapshot(id, store, revision);
}

interface Repository { readonly id: string; readonly revision: string; readonly store: string; readonly options: DownloadOptions }

function cachedSnapshot(id: string, store: string, revision: string): string {
  const ref = path.join(store, 'refs', revision);
  const commit = fs.existsSync(ref) ? fs.readFileSync(ref, 'utf8').trim() : revision;
  const folder = path.join(store, 'snapshots', commit);
  if (fs.existsSync(path.join(folder, 'config.json'))) return folder;
  throw new HubError(`${id} at ${revision} is not in the cache (${store}). Allow downloads: unset HF_HUB_OFFLINE and local_files_only.`);
}

/** Fetches one file unless its blob is there already. Returns its path in the snapshot, or undefined when an optional file does not exist. */
async function fetchFile(repository: Repository, name: string, required: boolean): Promise<string | undefined> {
  const { id, revision, store, options } = repository;
  const endpoint = (process.env.HF_ENDPOINT ?? 'https://huggingface.co').replace(/\/+$/, '');
  const url = `${endpoint}/${id}/resolve/${encodeURIComponent(revision)}/${name}`;
  const head = await retry(name, options.signal, async () => {
    const response = await request(url, { method: 'HEAD', redirect: 'manual', signal: options.signal });
    if (response.status >= 500) throw new HubError(`${url}: the hub answered ${response.status}`);
    return response;
  });
  if (head.status === 404 && !required) return undefined;
  if (head.status >= 400) throw refused(repository, name, head.status);
  const commit = head.headers.get('x-repo-commit');
  const etag = (head.headers.get('x-linked-etag') ?? head.headers.get('etag'))?.replace(/^W\//, '').replace(/"/g, '');
  if (!commit || !etag || !/^[\w.-]+$/.test(commit) || !/^[\w.-]+$/.test(etag)) throw new HubError(`${url}: the answer lacks a usable commit and etag. Is HF_ENDPOINT (${endpoint}) a Hugging Face hub?`);
  const size = Number(head.headers.get('x-linked-size') ?? head.headers.get('content-length') ?? 0);
  const blob = path.join(store, 'blobs', etag);
  const target = path.join(store, 'snapshots', commit, name);
  if (!fs.existsSync(blob)) await downloadBlob(url, blob, size, name, options);
  await link(blob, target);
  await writeAtomically(path.join(store, 'refs', revision), commit);
  return target;
}

/** Downloads into `<blob>.incomplete`, from where it broke off, and renames when the size is right. */
async function downloadBlob(url: string, blob: string, size: number, name: string, { signal, progress_callback }: DownloadOptions): Promise<void> {
  const partial = `${blob}.incomplete`;
  await fs.promises.mkdir(path.dirname(blob), { recursive: true });
  await retry(name, signal, async () => {
    const start = fs.existsSync(partial) ? fs.statSync(partial).size : 0;
    if (size > 0 && start === size) return;
    const response = await request(url, { signal, headers: start > 0 ? { Range: `bytes=${start}-` } : {} });
    if (!response.ok || !response.body) throw new HubError(`${url}: the hub answered ${response.status}`);
    const resumed = response.status === 206;
    let loaded = resumed ? start : 0;
    const file = fs.createWriteStream(partial, { flags: resumed ? 'a' : 'w' });
    const body = Readable.fromWeb(response.body as import('node:stream/web').ReadableStream<Uint8Array>);
    body.on('data', (chunk: Uint8Array) => {
      loaded += chunk.byteLength;
      progress_callback?.({ status: 'download', file: name, loaded, total: size });
    });
    await pipeline(body, file, { signal });
    if (size > 0 && loaded !== size) throw new HubError(`${url}: ${loaded} of ${size} bytes arrived`);
  });
  await fs.promises.rename(partial, blob);
}

async function request(url: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  const token = process.env.HF_TOKEN;
  if (token) headers.set('Authorization', `Bearer ${token}`);
  headers.set('Accept-Encoding', 'identity'); // sizes and ranges are of the file itself
  return fetch(url, { ...init, headers });
}

async function retry<T>(name: string, signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (count === MAX_ATTEMPTS) throw new HubError(`${name}: the download failed ${MAX_ATTEMPTS} times. Check the network, or HF_ENDPOINT; what arrived is kept and the next call goes on from there.`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (count - 1)));
    }
  }
}

function refused({ id, revision }: Repository, name: string, status: number): HubError {
  if (status === 401 || status === 403) return new HubError(`${id}: access to ${name} was refused (${status}). The id may be misspelt, or the model is private or gated: set HF_TOKEN to a token with access.`);
  if (status === 404) return new HubError(`${id} at ${revision} has no file ${name}. Check the id and the revision.`);
  return new HubError(`${id}: the hub answered ${status} for ${name}. Try again later.`);
}

function shardNames(index: string): string[] {
  const json: unknown = JSON.parse(fs.readFileSync(index, 'utf8'));
  const map = typeof json === 'object' && json !== null && 'weight_map' in json ? json.weight_map : undefined;
  if (typeof map !== 'object' || map === null) throw new HubError(`${index}: "weight_map" is missing.`);
  return [...new Set(Object.values(map).map((name: unknown) => {
    if (typeof name !== 'string' || path.basename(name) !== name) throw new HubError(`${index}: shard ${JSON.stringify(name)} is not a plain file name.`);
    return name;
  }))];
}

/** A relative symbolic link as Python writes it; a copy where links are not allowed (Windows). */
async function link(blob: string, target: string): Promise<void> {
  if (fs.existsSync(target)) return;
  await fs.promises.mkdir(path.dirname(target), { recursive: true });
  await fs.promises.rm(target, { force: true });
  try {
    await fs.promises.symlink(path.relative(path.dirname(target), blob), target);
  } catch (error) {
    if (fs.existsSync(target)) return; // another process was faster
    await fs.promises.copyFile(blob, target);
  }
}

async function writeAtomically(file: string, text: string): Promise<void> {
  await fs.promises.mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  await fs.promises.writeFile(temporary, text);
  await fs.promises.rename(temporary, file);
}

function defaultCache(): string {
  if (process.env.HF_HUB_CACHE) return process.env.HF_HUB_CACHE;
  const home = process.env.HF_HOME ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'huggingface');
  return path.join(home, 'hub');
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 'true', 'yes', 'on'].includes(value.toLowerCase());
}

// Downloads a repository's files from the Hugging Face hub into the cache that Python's huggingface_hub uses, so that
// both share one copy. hub-cache.ts knows the folders; this file knows what is fetched, in which order, and when the
// cache has to do.
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { freeBytes } from '../core/free-bytes';
import { untilAborted } from '../core/until-aborted';
import { withCallbacks } from '../core/with-callbacks';
import { withCacheErrors } from './explain-cache-error';
import { defaultCache, expandPath, isOffline } from './hub-environment';
import {
  CacheError,
  DiskSpaceError,
  EntryNotFoundError,
  HubError,
  HubHttpError,
  LocalEntryNotFoundError,
  MissingWeightsError,
  RevisionNotFoundError,
  UnreachableError,
} from './hub-errors';
import { isHubId, isRevision } from './hub-id';
import { RepositoryCache } from './hub-cache';
import { DOWNLOAD_OPTIONS, SnapshotDownload, type DownloadOptions } from './snapshot-download';

/** What a snapshot consists of. */
export interface SnapshotFiles {
  /** Fetched first; the first of them, which must be there, alone before the others. All are small. */
  readonly files: readonly { readonly name: string; readonly required: boolean }[];
  /** Large files in order of preference: the first that exists is fetched. None where the list is empty. */
  readonly weights: readonly SnapshotWeights[];
  /** Called when all of `files` are there, and before anything of `weights` is fetched; throws to stop. */
  readonly check?: (folder: string) => void | Promise<void>;
}

/** One of several forms in which a repository may hold its weights. */
export interface SnapshotWeights {
  readonly name: string;
  /** For an index: reads the names of its files. */
  readonly readShards?: (index: string) => readonly string[];
}

/** Saves round trips. More would run into rate limits and overload small servers. */
const SMALL_FILES_AT_ONCE = 3;
/** A download starts over when the branch gets a new commit meanwhile, this often at most. */
const MAX_STARTS = 3;

/**
 * Makes sure that a repository's files are in the cache and returns the snapshot's folder.
 * Follows the environment variables of huggingface_hub (docs of this room: hub-environment.ts, login-token.ts,
 * find-proxy.ts).
 *
 * @param id such as `Salesforce/blip-vqa-base`
 * @throws {HubError}
 */
export async function downloadSnapshot(
  id: string,
  wanted: SnapshotFiles,
  options: DownloadOptions = {},
): Promise<string> {
  checkArguments('downloadSnapshot', { id: [id, 'path'], wanted: [wanted, ['files']] });
  checkOptions('downloadSnapshot', options, DOWNLOAD_OPTIONS);
  const cacheFolder = path.resolve(expandPath(options.cache_dir ?? defaultCache()));
  return withCallbacks(options.signal, (guard) =>
    withCacheErrors(cacheFolder, () =>
      download(id, wanted, cacheFolder, { ...options, progress_callback: guard(options.progress_callback) }),
    ),
  );
}

async function download(
  id: string,
  wanted: SnapshotFiles,
  cacheFolder: string,
  options: DownloadOptions,
): Promise<string> {
  if (!isHubId(id)) throw new HubError(`"${id}" is no hub id; expected one such as google/vit-base.`);
  const { revision = 'main', local_files_only = false, progress_callback, signal } = options;
  signal?.throwIfAborted();
  const check = (folder: string): Promise<void> => untilAborted(Promise.resolve(wanted.check?.(folder)), signal);
  if (!isRevision(revision))
    throw new HubError(
      `revision "${revision}" of ${id}: expected a branch, a tag, a commit or a pull request (refs/pr/<number>).`,
    );
  const cache = new RepositoryCache(cacheFolder, id);
  const cached = completeSnapshot(cache, revision, wanted);
  let folder: string;
  if (local_files_only || isOffline()) {
    folder = cached ?? explainIncomplete(cache, { id, revision, wanted, local_files_only });
    await check(folder);
    return folder;
  }
  try {
    return await withCacheErrors(cacheFolder, fetchSnapshot);
  } catch (error) {
    if (cached === undefined || !mayUseCache(error)) throw error;
    progress_callback?.({
      status: 'cached',
      file: id,
      message: `${error instanceof Error ? error.message : String(error)} The copy in the cache is used: ${cached}`,
    });
    await check(cached);
    return cached;
  }

  async function fetchSnapshot(): Promise<string> {
    for (let start = 1; ; start++) {
      const attempt = new SnapshotDownload({ id, revision, cache, options, isCached: cached !== undefined });
      try {
        return await fetchAll(attempt);
      } catch (error) {
        if (!attempt.hasMoved || start === MAX_STARTS) throw error;
      }
    }
  }

  async function fetchAll(snapshot: SnapshotDownload): Promise<string> {
    const [first, ...rest] = wanted.files;
    await snapshot.fetch(first.name, true);
    await forEachOf(rest, ({ name, required }) => snapshot.fetch(name, required));
    await check(snapshot.folder);
    if (wanted.weights.length === 0) return snapshot.folder;
    for (const { name, readShards } of wanted.weights) {
      const found = await snapshot.find(name);
      if (!found) continue;
      if (!readShards) {
        await fetchLarge(snapshot, [name]);
        return snapshot.folder;
      }
      await snapshot.fetch(name, true);
      await fetchLarge(snapshot, readShards(path.join(snapshot.folder, name)));
      return snapshot.folder;
    }
    const names = wanted.weights.map(({ name }) => name).join(', ');
    throw new MissingWeightsError(
      `${id} at ${revision} has no weights that can be read here: expected one of ${names}. ` +
        'Choose another revision (option revision; the hub lists branches, tags and conversions ' +
        '"refs/pr/<number>"), or another model.',
    );
  }

  async function fetchLarge(snapshot: SnapshotDownload, names: readonly string[]): Promise<void> {
    const missing = await snapshot.missingBytes(names);
    const free = missing > 0 ? freeBytes(cacheFolder) : undefined;
    if (free !== undefined && missing > free)
      throw new DiskSpaceError(
        `${id}: ${gigabytes(missing)} are still to be downloaded, but the disk of ${cacheFolder} has only ` +
          `${gigabytes(free)} free. ` +
          'Free space there, or choose another cache folder (HF_HUB_CACHE or the option cache_dir).',
      );
    for (const name of names) await snapshot.fetch(name, true);
  }
}

/** A few at a time. After an error, those that have started are waited for: nothing goes on in the background. */
async function forEachOf<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  const results = await Promise.allSettled(
    Array.from({ length: SMALL_FILES_AT_ONCE }, () => worker().finally(() => queue.splice(0))),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/**
 * A new commit that cannot be stored is no reason to do without the old one. As in huggingface_hub: a hub that refuses
 * access does not take away what is here already; one that has no such revision does.
 */
function mayUseCache(error: unknown): boolean {
  if (error instanceof RevisionNotFoundError || error instanceof EntryNotFoundError) return false;
  return error instanceof UnreachableError || error instanceof HubHttpError || error instanceof CacheError;
}

interface Incomplete {
  readonly id: string;
  readonly revision: string;
  readonly wanted: SnapshotFiles;
  readonly local_files_only: boolean;
}

function explainIncomplete(cache: RepositoryCache, { id, revision, wanted, local_files_only }: Incomplete): never {
  const commit = cache.commitOf(revision);
  const absent = wanted.files.find(({ name, required }) => required && !cache.has(commit, name))?.name;
  const weights = `the weights (${wanted.weights.map(({ name }) => name).join(', ')})`;
  const what =
    absent === wanted.files[0].name
      ? `${id} at ${revision} is not in the cache (${cache.folder})`
      : `${cache.snapshot(commit)} lacks ${absent ?? weights}: ${id} at ${revision} is only partly in the cache`;
  const why = local_files_only ? 'the option local_files_only is set' : 'HF_HUB_OFFLINE is set';
  throw new LocalEntryNotFoundError(`${what}, and ${why}. Unset it to download what is missing.`);
}

/** The cached snapshot if all that it needs is there. */
function completeSnapshot(cache: RepositoryCache, revision: string, wanted: SnapshotFiles): string | undefined {
  const commit = cache.commitOf(revision);
  const has = (name: string): boolean => cache.has(commit, name);
  if (!wanted.files.every(({ name, required }) => !required || has(name))) return undefined;
  const folder = cache.snapshot(commit);
  if (wanted.weights.length === 0) return folder;
  const weights = wanted.weights.some(
    ({ name, readShards }) => has(name) && (readShards?.(path.join(folder, name)) ?? []).every(has),
  );
  return weights ? folder : undefined;
}

function gigabytes(bytes: number): string {
  return bytes < 1e7 ? `${(bytes / 1e6).toFixed(2)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

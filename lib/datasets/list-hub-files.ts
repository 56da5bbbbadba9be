// The parquet files of a data set on the hub: those that the hub made of it, or those of the repository itself.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { writeWhole } from '../core/write-whole';
import { isRecord } from '../core/is-record';
import { readJSON } from '../core/read-json';
import { fetchJson, hubEndpoint, type RequestOptions, UnreachableError, viaEndpoint } from '../hub';
import { BlipError } from '../core/errors';
import { splitOfPath } from './choose-split';
import { VqaParquetError } from './vqa-parquet-error';

export interface HubFilesOptions extends RequestOptions {
  readonly revision?: string;
  /** The list is kept here for when the hub is out of reach. */
  readonly cache_dir: string;
}

export interface HubFiles {
  /** Addresses by config and split. */
  readonly configs: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** The commit of the data set's repository, where the hub tells it. */
  readonly commit?: string;
}

/** What the hub says about a repository. */
interface RepositoryInfo {
  readonly commit?: string;
  readonly files: readonly string[];
  /** `configs` of the data set's card: which files belong to which split. */
  readonly card: unknown;
}

/** So long the hub's list may take for a data set that is a script: few of them were ever converted. */
const SCRIPT_WAIT_MS = 1500;
/** As many names as an error shows of a repository. */
const SHOWN_FILES = 12;

/** For calls without a network. A cache that cannot be written says so where samples are kept. */
function keep(file: string, text: string): void {
  try {
    writeWhole(file, text);
  } catch {
    /* see above */
  }
}

/**
 * Without a revision, the hub's own list is taken: it holds parquet files for data sets in any form. With one, and
 * where the hub has no list, the repository's own parquet files are.
 *
 * @throws {VqaParquetError} when there are none: says what there is instead
 * @throws {HubError}
 */
export async function listHubFiles(id: string, options: HubFilesOptions): Promise<HubFiles> {
  const { revision, cache_dir } = options;
  const key = JSON.stringify([hubEndpoint(), id, revision]);
  const cached = path.join(cache_dir, `list-${createHash('sha256').update(key).digest('hex').slice(0, 16)}.json`);
  try {
    const files = revision === undefined ? await currentFiles(id, options) : await filesAt(id, revision, options);
    keep(cached, JSON.stringify({ commit: files.commit, configs: toJson(files.configs) }));
    return files;
  } catch (error) {
    if (!(error instanceof UnreachableError) || !fs.existsSync(cached)) throw error;
    const json = readJSON(cached, { error: VqaParquetError, advice: 'Delete it.' });
    const commit = isRecord(json) && typeof json.commit === 'string' ? json.commit : undefined;
    return { configs: parseConfigs(isRecord(json) ? json.configs : undefined), ...(commit && { commit }) };
  }
}

async function currentFiles(id: string, options: HubFilesOptions): Promise<HubFiles> {
  const url = `${hubEndpoint()}/api/datasets/${id}/parquet`;
  const stop = new AbortController();
  const forward = (): void => stop.abort(options.signal?.reason);
  options.signal?.addEventListener('abort', forward, { once: true });
  // Both at once: what the repository consists of tells a data set that is only a script, whose list the hub may answer
  // with 501.
  const listing = fetchJson(url, { ...options, signal: stop.signal });
  const describing = fetchJson(`${hubEndpoint()}/api/datasets/${id}`, options).then((value) => {
    const files = parseInfo(value)?.files ?? [];
    if (!files.some(isParquet) && files.some(isScript))
      setTimeout(() => stop.abort(new VqaParquetError('the hub lists no parquet files')), SCRIPT_WAIT_MS).unref();
    return value;
  });
  const [list, info] = await Promise.allSettled([listing, describing]);
  options.signal?.removeEventListener('abort', forward);
  options.signal?.throwIfAborted();
  const repository = info.status === 'fulfilled' ? parseInfo(info.value) : undefined;
  const commit = repository?.commit;
  if (list.status === 'fulfilled') {
    const configs = parseConfigs(list.value);
    if (configs.size > 0) return { configs, ...(commit && { commit }) };
  }
  if (repository) {
    const configs = ownFiles(id, repository, commit ?? 'main');
    if (configs.size > 0) return { configs, ...(commit && { commit }) };
    if (repository.files.length > 0) throw new VqaParquetError(explainFiles(id, repository.files, reasonOf(list)));
  }
  if (list.status === 'rejected') throw list.reason;
  throw new VqaParquetError(
    `${url}: got no lists of parquet files by config and split; expected { "default": { "train": ["https://…"] } ` +
      '}. Check the id.',
  );
}

async function filesAt(id: string, revision: string, options: HubFilesOptions): Promise<HubFiles> {
  const url = `${hubEndpoint()}/api/datasets/${id}/revision/${encodeURIComponent(revision)}`;
  const repository = parseInfo(await fetchJson(url, options));
  if (!repository)
    throw new VqaParquetError(`${url}: got no list of files ("siblings"). Check the id and the revision.`);
  const configs = ownFiles(id, repository, repository.commit ?? revision);
  if (configs.size === 0) throw new VqaParquetError(explainFiles(`${id}@${revision}`, repository.files));
  return { configs, ...(repository.commit && { commit: repository.commit }) };
}

function explainFiles(what: string, files: readonly string[], reason = ''): string {
  const script = files.find(isScript);
  const advice =
    "Choose a data set in parquet, such as lmms-lab/VQAv2, or a folder with the data in VQAv2's own format.";
  if (script !== undefined)
    return `${what} has no parquet files: it is made by a script, ${script}, which is not run here${reason}. ${advice}`;
  const more = files.length > SHOWN_FILES ? `, and ${files.length - SHOWN_FILES} more` : '';
  const shown = files.slice(0, SHOWN_FILES).join(', ') || 'no files at all';
  return `${what} has no parquet files; it has ${shown}${more}${reason}. ${advice}`;
}

function isParquet(name: string): boolean {
  return /\.parquet$/i.test(name);
}

function isScript(name: string): boolean {
  return /^[^/]+\.py$/.test(name);
}

function reasonOf(list: PromiseSettledResult<unknown>): string {
  return list.status === 'rejected' && list.reason instanceof BlipError ? ` (${list.reason.message})` : '';
}

function parseInfo(value: unknown): RepositoryInfo | undefined {
  if (!isRecord(value) || !Array.isArray(value.siblings)) return undefined;
  const files = value.siblings.flatMap((item: unknown) =>
    isRecord(item) && typeof item.rfilename === 'string' ? [item.rfilename] : [],
  );
  const commit = typeof value.sha === 'string' && /^[0-9a-f]{40}$/.test(value.sha) ? value.sha : undefined;
  const card = isRecord(value.cardData) ? value.cardData.configs : undefined;
  return { files, card, ...(commit && { commit }) };
}

/**
 * Addresses of the repository's own parquet files, by the splits that its card names, or else by those in their paths.
 */
function ownFiles(id: string, { files, card }: RepositoryInfo, revision: string): Map<string, Map<string, string[]>> {
  const configs = new Map<string, Map<string, string[]>>();
  const parquet = files.filter(isParquet).sort();
  const add = (config: string, split: string, name: string): void => {
    const splits = configs.get(config) ?? new Map<string, string[]>();
    configs.set(config, splits);
    const place = name.split('/').map(encodeURIComponent).join('/');
    const address = `${hubEndpoint()}/datasets/${id}/resolve/${encodeURIComponent(revision)}/${place}`;
    const known = splits.get(split) ?? [];
    if (!known.includes(address)) splits.set(split, [...known, address]);
  };
  for (const { config, split, pattern } of cardPatterns(card))
    for (const name of parquet) if (pattern.test(name)) add(config, split, name);
  if (configs.size > 0) return configs;
  for (const name of parquet) {
    // the hub's own conversion, in refs/convert/parquet: config/split/0000.parquet
    const [, config, split] = /^([^/]+)\/(?:partial-)?([^/]+)\/\d{4,}\.parquet$/.exec(name) ?? [];
    if (config !== undefined && config !== 'data') add(config, split, name);
    else add('default', splitOfPath(name), name);
  }
  return configs;
}

function cardPatterns(card: unknown): { config: string; split: string; pattern: RegExp }[] {
  if (!Array.isArray(card)) return [];
  return card.flatMap((item: unknown) => {
    if (!isRecord(item) || typeof item.config_name !== 'string') return [];
    const config = item.config_name;
    const parts: unknown[] = Array.isArray(item.data_files) ? item.data_files : [item.data_files];
    return parts.flatMap((part) => {
      const [split, given] = isRecord(part) ? [part.split, part.path] : [undefined, part];
      const patterns: unknown[] = Array.isArray(given) ? given : [given];
      return patterns.flatMap((pattern) =>
        typeof pattern === 'string'
          ? [{ config, split: typeof split === 'string' ? split : splitOfPath(pattern), pattern: fromGlob(pattern) }]
          : [],
      );
    });
  });
}

/** `*` within a folder, `**` across folders, `?`: what cards of data sets use. */
function fromGlob(pattern: string): RegExp {
  const source = pattern
    .replace(/^\.\//, '')
    .split(/(\*\*\/?|\*|\?)/)
    .map((part) =>
      part.startsWith('**')
        ? '.*'
        : part === '*'
          ? '[^/]*'
          : part === '?'
            ? '[^/]'
            : part.replace(/[.+^${}()|[\]\\]/g, '\\$&'),
    )
    .join('');
  return new RegExp(`^${source}$`);
}

/** `{ config: { split: [address, …] } }`; anything else in it is left out. */
function parseConfigs(value: unknown): Map<string, Map<string, string[]>> {
  const configs = new Map<string, Map<string, string[]>>();
  for (const [config, splits] of entries(value)) {
    const parsed = new Map<string, string[]>();
    for (const [split, files] of entries(splits))
      if (Array.isArray(files) && files.length > 0 && files.every((file): file is string => isAddress(file)))
        parsed.set(split, files.map(viaEndpoint));
    if (parsed.size > 0) configs.set(config, parsed);
  }
  return configs;
}

/** A list from elsewhere must not name files of this machine. */
function isAddress(file: unknown): boolean {
  return typeof file === 'string' && /^https?:\/\//.test(file);
}

function toJson(configs: HubFiles['configs']): unknown {
  return Object.fromEntries([...configs].map(([config, splits]) => [config, Object.fromEntries(splits)]));
}

function entries(value: unknown): [string, unknown][] {
  return isRecord(value) ? Object.entries(value) : [];
}

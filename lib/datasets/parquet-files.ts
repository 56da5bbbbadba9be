// Which parquet files a split consists of: on the hub, or in a folder, by the splits' names in their paths.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { BlipError } from '../core/errors';
import { fetchJson, hubEndpoint, UnreachableError, type RequestOptions } from '../hub';

export class VqaParquetError extends BlipError {}

/** Rows to take: all of them, or, where a data set has one split only, the first four fifths of each row group or the last fifth. */
export type RowShare = 'all' | 'first' | 'last';

export interface SplitFiles {
  readonly files: readonly string[];
  readonly share: RowShare;
}

export interface HubSplitOptions extends RequestOptions {
  /** The data set's config; `default`, or the only one, when not given. */
  readonly config?: string;
  /** The data set's own name of the split, where it is neither train nor validation. */
  readonly hub_split?: string;
  /** The list is kept here for when the hub is out of reach. */
  readonly cache_dir: string;
}

type Split = 'train' | 'val';
const NAMES: Readonly<Record<Split, readonly string[]>> = {
  train: ['train', 'training'],
  val: ['validation', 'valid', 'val', 'dev'],
};

/**
 * The parquet files of a data set on the hub.
 *
 * A data set with one of the two splits alone (`lmms-lab/VQAv2` has no train) is divided, so that calibration and validation never
 * see the same rows.
 *
 * @throws {VqaParquetError | HubError} with the configs and splits that there are
 */
export async function hubSplit(id: string, split: Split, options: HubSplitOptions): Promise<SplitFiles> {
  const url = `${hubEndpoint()}/api/datasets/${id}/parquet`;
  const configs = parseConfigs(await fetchOrCached(url, options), url);
  const config = options.config ?? (configs.has('default') || configs.size !== 1 ? 'default' : [...configs.keys()][0]);
  const splits = configs.get(config);
  if (!splits)
    throw new VqaParquetError(
      `${id} has no config "${config}"; it has ${[...configs.keys()].join(', ')}. Name one with the option config.`,
    );
  const own = options.hub_split;
  const files = own === undefined ? undefined : splits.get(own);
  if (files) return { files, share: 'all' };
  const chosen = own === undefined ? chooseSplit(splits, split) : undefined;
  if (!chosen)
    throw new VqaParquetError(
      `${id}, config "${config}", has no split "${own ?? split}"; it has ${[...splits.keys()].join(', ')}. Name one with the option hub_split.`,
    );
  return chosen;
}

/** The parquet files in a folder, also below it (`data/train-00000-of-00002.parquet`, `default/train/0000.parquet`); empty when there are none. */
export function folderSplit(folder: string, split: Split): SplitFiles {
  const names = fs
    .readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.parquet'))
    .sort();
  const splits = new Map<string, string[]>();
  for (const name of names) {
    const own = splitWord(path.basename(name)) ?? splitWord(path.dirname(name)) ?? '';
    splits.set(own, [...(splits.get(own) ?? []), path.join(folder, name)]);
  }
  return (
    chooseSplit(splits, split) ?? {
      files: splits.get('') ?? names.map((name) => path.join(folder, name)),
      share: shareOf(split),
    }
  );
}

function splitWord(name: string): string | undefined {
  const words = name.toLowerCase().split(/[^a-z]+/);
  return [...NAMES.train, ...NAMES.val, 'test', 'testdev'].find((word) => words.includes(word));
}

/** A file without any split: its rows are divided. */
export function fileSplit(file: string, split: Split): SplitFiles {
  return { files: [file], share: shareOf(split) };
}

function shareOf(split: Split): RowShare {
  return split === 'train' ? 'first' : 'last';
}

function chooseSplit(splits: ReadonlyMap<string, readonly string[]>, split: Split): SplitFiles | undefined {
  const find = (wanted: Split): readonly string[] | undefined =>
    NAMES[wanted].map((name) => splits.get(name)).find((files) => files !== undefined);
  const [own, other] = [find(split), find(split === 'train' ? 'val' : 'train')];
  if (own && other) return { files: own, share: 'all' };
  const only = own ?? other;
  return only && { files: only, share: shareOf(split) };
}

async function fetchOrCached(url: string, options: HubSplitOptions): Promise<unknown> {
  const cached = path.join(
    options.cache_dir,
    `list-${createHash('sha256').update(url).digest('hex').slice(0, 16)}.json`,
  );
  try {
    const list = await fetchJson(url, options);
    await fs.promises.mkdir(options.cache_dir, { recursive: true });
    const temporary = `${cached}.${process.pid}.tmp`;
    await fs.promises.writeFile(temporary, JSON.stringify(list));
    await fs.promises.rename(temporary, cached);
    return list;
  } catch (error) {
    if (!(error instanceof UnreachableError) || !fs.existsSync(cached)) throw error;
    return JSON.parse(await fs.promises.readFile(cached, 'utf8'));
  }
}

/** `{ config: { split: [address, …] } }` */
function parseConfigs(value: unknown, url: string): Map<string, Map<string, string[]>> {
  const configs = new Map<string, Map<string, string[]>>();
  for (const [config, splits] of entries(value)) {
    const parsed = new Map<string, string[]>();
    for (const [split, files] of entries(splits))
      if (Array.isArray(files) && files.length > 0 && files.every((file): file is string => typeof file === 'string'))
        parsed.set(split, files);
    if (parsed.size > 0) configs.set(config, parsed);
  }
  if (configs.size === 0)
    throw new VqaParquetError(
      `${url}: got no lists of parquet files by config and split; expected { "default": { "train": ["https://…"] } }. Check the id.`,
    );
  return configs;
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

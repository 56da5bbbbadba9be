// One call for calibration and validation samples, wherever they come from: a folder, parquet files, or the hub.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { statOrNothing } from '../core/is-plain-file';
import { checkArguments } from '../core/check-arguments';
import { cacheFolder } from '../core/cache-folder';
import type { ProgressCallback } from '../core/progress';
import { withCallbacks } from '../core/with-callbacks';
import { describeValue } from '../core/describe-value';
import { isRecord } from '../core/is-record';
import { quote } from '../core/quote';
import { explainMissingFolder, isRevision, type RequestOptions, splitRevision } from '../hub';
import { chooseSplit, type OwnSplit } from './choose-split';
import { findParquetFiles } from './find-parquet-files';
import { type HubFiles, listHubFiles } from './list-hub-files';
import { loadVqaParquet } from './load-vqa-parquet';
import { COLUMN_ROLES, type VqaColumns } from './vqa-columns';
import { VqaParquetError } from './vqa-parquet-error';
import { findVqaV2, loadVqaV2 } from './vqa-v2';
import { checkCounts, VqaSourceError, type VqaSamples } from './vqa-sample';

export interface LoadVqaOptions extends RequestOptions {
  /**
   * `train` for calibration, `val` for validation. A data set in parquet with one of them alone (`lmms-lab/VQAv2` has
   * only validation) is divided image by image, four fifths to `train`: the two never share a row or an image, whatever
   * seed and count are.
   */
  readonly split?: 'train' | 'val';
  /** 300 by default, as in the tutorial. */
  readonly count?: number;
  readonly seed?: number;
  /** Parquet: names of the columns, where they have none of the usual names. */
  readonly columns?: Partial<VqaColumns>;
  /** Hub: a branch, a tag or a commit; the same as `owner/name@revision`. Its own parquet files are read then. */
  readonly revision?: string;
  /** Hub: the data set's config; BLIP_CONFIG, or `default`, or the only one. */
  readonly config?: string;
  /**
   * Parquet: the data set's own name of the split, where it is not a usual one. One name serves for both purposes and
   * is divided; `{ train, val }` names one for each. BLIP_SPLIT (`name`, or `train-name,val-name`) by default.
   */
  readonly hub_split?: OwnSplit;
  /** Parquet and hub: where samples are kept; `datasets` in `cacheFolder()` by default. */
  readonly cache_dir?: string;
  readonly progress_callback?: ProgressCallback;
}

const DEFAULT_COUNT = 300;
/** For a name that matches no data set. */
const WANTED = {
  expected: "a folder in VQAv2's form or with parquet files, a .parquet file, or a hub id such as lmms-lab/VQAv2",
  places: ['data'],
  isOne: isDataSet,
};
const OPTIONS: readonly (keyof LoadVqaOptions)[] = [
  'split',
  'count',
  'seed',
  'columns',
  'revision',
  'config',
  'hub_split',
  'cache_dir',
  'timeout_ms',
  'progress_callback',
  'signal',
];

/**
 * @param source a folder in VQAv2's form (`data/vqa-scenes`), a .parquet file, a folder of them, or a hub id
 *   (`lmms-lab/VQAv2`), which may end in `@revision`
 * @returns up to `count` samples, never none; `asked` tells how many they were to be
 * @example
 * const { samples, skipped } = await loadVqaSamples('data/vqa-scenes', { split: 'train', count: 300 });
 * samples[0].question // 'how many dogs are in the picture?'
 * @throws {VqaSourceError | VqaV2Error | JsonArrayError | VqaParquetError | HubError}
 */
export async function loadVqaSamples(source: string, options: LoadVqaOptions = {}): Promise<VqaSamples> {
  checkArguments('loadVqaSamples', { source: [source, 'path'], options: [options, 'object'] });
  checkOptions(options);
  checkCounts(options);
  return withCallbacks(options.signal, (guard) =>
    loadSamples(source, { ...options, progress_callback: guard(options.progress_callback) }),
  );
}

async function loadSamples(source: string, options: LoadVqaOptions): Promise<VqaSamples> {
  const { split = 'train', count = DEFAULT_COUNT, seed, columns, timeout_ms, progress_callback, signal } = options;
  const own = options.hub_split ?? fromEnvironment(process.env.BLIP_SPLIT);
  signal?.throwIfAborted();
  const parquet = {
    count,
    seed,
    columns,
    timeout_ms,
    progress_callback,
    signal,
    cache_dir: options.cache_dir ?? path.join(cacheFolder(), 'datasets'),
  };
  if (fs.existsSync(source)) {
    const isFolder = fs.statSync(source).isDirectory();
    if (!isFolder && !/\.parquet$/i.test(source))
      throw new VqaSourceError(
        `${source} is a file, but no .parquet file; name the folder that holds questions, annotations and images.`,
      );
    refuse(options, ['revision', 'config'], `${source} is on this machine`);
    if (!isFolder) {
      refuse(options, ['hub_split'], `${source} is one file`);
      return loadVqaParquet([source], { ...parquet, part: split });
    }
    const splits = findParquetFiles(source);
    if (splits.size === 0) {
      refuse(options, ['hub_split', 'columns'], `${source} holds no parquet files`);
      return loadVqaV2(findVqaV2(source, split), { count, seed, progress_callback, signal });
    }
    const { files, part } = chooseSplit(splits, split, source, own);
    return loadVqaParquet(files, { ...parquet, part, root: source });
  }
  const problem = explainMissingFolder(source, WANTED);
  if (problem !== undefined) throw new VqaSourceError(problem);
  const { id, revision: own_revision } = splitRevision(source);
  if (!id.includes('/'))
    throw new VqaSourceError(`${quote(source)}: no such folder. Expected ${WANTED.expected}, with its owner in front.`);
  const revision = options.revision ?? own_revision;
  const list = await listHubFiles(id, { ...parquet, revision });
  const config = chooseConfig(id, list, options.config ?? (process.env.BLIP_CONFIG || undefined));
  const what = revision === undefined ? id : `${id}@${revision}`;
  const { files, part, splits } = chooseSplit(config.splits, split, `${what}, config "${config.name}",`, own);
  return loadVqaParquet(files, {
    ...parquet,
    part,
    label: `${what}, split ${splits.join(' and ')}`,
    revision: list.commit ?? revision,
  });
}

/** An option that a source has no use for must not be ignored in silence. */
function refuse(options: LoadVqaOptions, names: readonly (keyof LoadVqaOptions)[], why: string): void {
  const given = names.find((name) => options[name] !== undefined);
  if (given) throw new VqaSourceError(`${why}, where the option ${given} means nothing: leave it out.`);
}

/** `default`, or the only one, where none is named. */
function chooseConfig(id: string, { configs }: HubFiles, wanted: string | undefined): Config {
  const name = wanted ?? (configs.has('default') || configs.size !== 1 ? 'default' : [...configs.keys()][0]);
  const splits = configs.get(name);
  if (splits) return { name, splits };
  throw new VqaParquetError(
    `${id} has no config "${name}"; it has ${[...configs.keys()].join(', ')}. Name one with the option config, ` +
      'or BLIP_CONFIG.',
  );
}

interface Config {
  readonly name: string;
  readonly splits: ReadonlyMap<string, readonly string[]>;
}

/** @example fromEnvironment('train_small,minival') // { train: 'train_small', val: 'minival' } */
function fromEnvironment(value: string | undefined): OwnSplit | undefined {
  const names = (value ?? '').split(',').map((name) => name.trim());
  if (names.length > 2 || (names.length === 2 && names.includes('')))
    throw new VqaSourceError(
      `BLIP_SPLIT is ${quote(value ?? '')}; expected a split's name, or two with a comma: for calibration, for ` +
        'validation.',
    );
  const [first, second] = names;
  if (second !== undefined) return { train: first, val: second };
  return first === '' ? undefined : first;
}

function checkOptions(options: LoadVqaOptions): void {
  const { split, timeout_ms, revision, hub_split, columns } = options;
  const unknown = Object.keys(options).find((name) => !OPTIONS.some((known) => known === name));
  if (unknown) throw new VqaSourceError(`Unknown option "${unknown}"; expected ${OPTIONS.join(', ')}.`);
  if (split !== undefined && split !== 'train' && split !== 'val')
    throw new VqaSourceError(`split is ${JSON.stringify(split)}; expected train or val.`);
  if (timeout_ms !== undefined && !(timeout_ms > 0))
    throw new VqaSourceError(`timeout_ms is ${timeout_ms}; expected a number of milliseconds above 0.`);
  if (revision !== undefined && !isRevision(revision))
    throw new VqaSourceError(`revision is ${describeValue(revision)}; expected a branch, a tag or a commit.`);
  if (hub_split !== undefined && !isOwnSplit(hub_split))
    throw new VqaSourceError(
      `hub_split is ${describeValue(hub_split)}; expected a split's name, or { train: '…', val: '…' }.`,
    );
  const wrong = Object.entries(columns ?? {}).find(
    ([role, name]) => !COLUMN_ROLES.some((known) => known === role) || typeof name !== 'string',
  );
  if (wrong)
    throw new VqaSourceError(
      `columns has ${quote(wrong[0])}: ${describeValue(wrong[1])}; expected names of columns for ` +
        `${COLUMN_ROLES.join(', ')}.`,
    );
}

function isOwnSplit(value: unknown): boolean {
  if (typeof value === 'string') return value !== '';
  return isRecord(value) && [value.train, value.val].every((name) => typeof name === 'string' && name !== '');
}

/** Whether a folder, or a file, looks like a data set: for what may have been meant. */
function isDataSet(place: string): boolean {
  if (!isDirectory(place)) return /\.parquet$/i.test(place);
  const names = fs.readdirSync(place);
  const isPart = (name: string): boolean =>
    /\.parquet$/i.test(name) || /^(questions_|(v\d_)?OpenEnded_).*\.json$/.test(name);
  const below = names.slice(0, 20).map((name) => path.join(place, name));
  return names.some(isPart) || below.some((folder) => isDirectory(folder) && fs.readdirSync(folder).some(isPart));
}

function isDirectory(place: string): boolean {
  return statOrNothing(place)?.isDirectory() ?? false;
}

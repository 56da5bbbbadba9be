// One call for calibration and validation samples, wherever they come from: a folder, parquet files, or the hub.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { cacheFolder } from '../core/cache-folder';
import type { ProgressCallback } from '../core/progress';
import type { RequestOptions } from '../hub';
import { fileSplit, folderSplit, hubSplit } from './parquet-files';
import { loadVqaParquet, type VqaColumns } from './vqa-parquet';
import { findVqaV2, loadVqaV2 } from './vqa-v2';
import { checkCounts, VqaSourceError, type VqaSamples } from './vqa-sample';

export interface LoadVqaOptions extends RequestOptions {
  /** `train` for calibration, `val` (on the hub: validation) for accuracy. Parquet with one of them alone is divided, and they never share a row. */
  readonly split?: 'train' | 'val';
  /** 300 by default, as in the tutorial. */
  readonly count?: number;
  readonly seed?: number;
  /** Parquet and hub: names of the columns, where they are not VQAv2's. */
  readonly columns?: Partial<VqaColumns>;
  /** Hub: the data set's config and its own name of the split. */
  readonly config?: string;
  readonly hub_split?: string;
  /** Parquet and hub: where samples are kept; `datasets` below `cacheFolder()` by default. */
  readonly cache_dir?: string;
  readonly progress_callback?: ProgressCallback;
}

const DEFAULT_COUNT = 300;
const OPTIONS: readonly (keyof LoadVqaOptions)[] = [
  'split',
  'count',
  'seed',
  'columns',
  'config',
  'hub_split',
  'cache_dir',
  'timeout_ms',
  'progress_callback',
  'signal',
];

/**
 * @param source a folder in VQAv2's form (`data/vqa-scenes`), a .parquet file, a folder of them, or a hub id (`lmms-lab/VQAv2`)
 * @example
 * const { samples, skipped } = await loadVqaSamples('data/vqa-scenes', { split: 'train', count: 300 });
 * samples[0].question // 'how many dogs are in the picture?'
 * @throws {VqaSourceError | VqaV2Error | JsonArrayError | VqaParquetError | HubError}
 */
export async function loadVqaSamples(source: string, options: LoadVqaOptions = {}): Promise<VqaSamples> {
  checkOptions(options);
  checkCounts(options);
  const { split = 'train', count = DEFAULT_COUNT, seed, columns, timeout_ms, progress_callback, signal } = options;
  const cache_dir = options.cache_dir ?? path.join(cacheFolder(), 'datasets');
  const parquet = { count, seed, columns, timeout_ms, progress_callback, signal, cache_dir };
  signal?.throwIfAborted();
  if (fs.existsSync(source)) {
    const isFolder = fs.statSync(source).isDirectory();
    if (!isFolder && !source.endsWith('.parquet'))
      throw new VqaSourceError(
        `${source} is a file, but no .parquet file; name the folder that holds questions, annotations and pictures.`,
      );
    const { files, share } = isFolder ? folderSplit(source, split) : fileSplit(source, split);
    if (files.length > 0) return loadVqaParquet(files, { ...parquet, share });
    return loadVqaV2(findVqaV2(source, split), { count, seed, progress_callback, signal });
  }
  if (!/^[\w.-]+\/[\w.-]+$/.test(source) || source.includes('..'))
    throw new VqaSourceError(
      `"${source}" is neither a folder, nor a .parquet file, nor a hub id such as lmms-lab/VQAv2.`,
    );
  const { files, share } = await hubSplit(source, split, {
    config: options.config,
    hub_split: options.hub_split,
    cache_dir,
    timeout_ms,
    signal,
  });
  return loadVqaParquet(files, { ...parquet, share });
}

function checkOptions(options: LoadVqaOptions): void {
  const { split, timeout_ms } = options;
  const unknown = Object.keys(options).find((name) => !OPTIONS.some((known) => known === name));
  if (unknown) throw new VqaSourceError(`${unknown} is no option; expected ${OPTIONS.join(', ')}.`);
  if (split !== undefined && split !== 'train' && split !== 'val')
    throw new VqaSourceError(`split is ${JSON.stringify(split)}; expected train or val.`);
  if (timeout_ms !== undefined && !(timeout_ms > 0))
    throw new VqaSourceError(`timeout_ms is ${timeout_ms}; expected a number of milliseconds above 0.`);
}

// One call for calibration and validation samples, wherever they come from: a folder, parquet files, or the hub.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { BlipError } from '../errors';
import { projectRoot } from '../project-root';
import type { ProgressCallback } from '../progress';
import { hubParquetFiles, loadVqaParquet, type VqaColumns } from './vqa-parquet';
import { findVqaV2, loadVqaV2 } from './vqa-v2';
import type { VqaSamples } from './vqa-sample';

export class VqaSourceError extends BlipError {}

export interface LoadVqaOptions {
  /** `train` for calibration, `val` (on the hub: validation) for accuracy. */
  readonly split?: 'train' | 'val';
  /** 300 by default, as in the tutorial. */
  readonly count?: number;
  readonly seed?: number;
  /** Parquet and hub: names of the columns, where they are not VQAv2's. */
  readonly columns?: Partial<VqaColumns>;
  /** Hub: the data set's config and its own name of the split. */
  readonly config?: string;
  readonly hub_split?: string;
  /** Parquet and hub: where samples are kept; output/datasets by default. */
  readonly cache_dir?: string;
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

const DEFAULT_COUNT = 300;

/**
 * @param source a folder in VQAv2's form (`data/vqa-scenes`), a .parquet file, a folder of them, or a hub id (`lmms-lab/VQAv2`)
 * @example
 * const { samples, skipped } = await loadVqaSamples('data/vqa-scenes', { split: 'train', count: 300 });
 * samples[0].question // 'how many dogs are in the picture?'
 */
export async function loadVqaSamples(source: string, options: LoadVqaOptions = {}): Promise<VqaSamples> {
  const { split = 'train', count = DEFAULT_COUNT, seed, columns, progress_callback, signal } = options;
  const parquet = { count, seed, columns, progress_callback, signal, cache_dir: options.cache_dir ?? path.join(projectRoot(), 'output', 'datasets') };
  if (fs.existsSync(source)) {
    if (!fs.statSync(source).isDirectory()) return loadVqaParquet([source], parquet);
    const files = fs.readdirSync(source).filter((name) => name.endsWith('.parquet')).sort();
    if (files.length > 0) return loadVqaParquet(files.map((name) => path.join(source, name)), parquet);
    return loadVqaV2(findVqaV2(source, split), { count, seed, progress_callback, signal });
  }
  if (!/^[\w.-]+\/[\w.-]+$/.test(source)) throw new VqaSourceError(`"${source}" is neither a folder, nor a .parquet file, nor a hub id such as lmms-lab/VQAv2.`);
  const files = await hubParquetFiles(source, options.hub_split ?? (split === 'val' ? 'validation' : split), { config: options.config, signal });
  return loadVqaParquet(files, parquet);
}

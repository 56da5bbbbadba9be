// Which split of a data set serves for calibration, and which for validation.
import { quote } from '../core/quote';
import type { Part } from './divide-rows';
import { VqaParquetError } from './vqa-parquet-error';

/** `train` for calibration, `val` for validation. */
export type Purpose = 'train' | 'val';

/** The data set's own names: one split for both purposes, which is then divided, or one for each. */
export type OwnSplit = string | { readonly train: string; readonly val: string };

export interface SplitFiles {
  /** The data set's names of the splits. */
  readonly splits: readonly string[];
  readonly files: readonly string[];
  /** `all` where the other purpose has separate files. */
  readonly part: Part;
}

/** The usual names, the first of them preferred; also as a word within a longer name, such as `minival_validation`. */
const NAMES: Readonly<Record<Purpose, readonly string[]>> = {
  train: ['train', 'training'],
  val: ['validation', 'valid', 'val', 'dev', 'eval'],
};

/**
 * @param splits files by the name of their split
 * @param what the data set, for messages
 * @throws {VqaParquetError} when none fits: names the splits that there are
 */
export function chooseSplit(
  splits: ReadonlyMap<string, readonly string[]>,
  purpose: Purpose,
  what: string,
  own?: OwnSplit,
): SplitFiles {
  if (own !== undefined) return ownSplit(splits, purpose, what, own);
  const [mine, others] = [find(splits, purpose), find(splits, purpose === 'train' ? 'val' : 'train')];
  if (mine.length > 0 && others.length > 0 && !mine.some((name) => others.includes(name)))
    return collect(splits, mine, 'all');
  const only = [...new Set([...mine, ...others])];
  if (only.length > 0) return collect(splits, only, purpose);
  if (splits.size === 1) return collect(splits, [...splits.keys()], purpose);
  if (splits.has('')) return collect(splits, [''], purpose); // files whose names tell no split
  throw new VqaParquetError(
    `${what} has no split for ${purpose === 'train' ? 'training' : 'validation'}; it has ${list(splits)}. Name ` +
      'one with the option hub_split, or BLIP_SPLIT.',
  );
}

function ownSplit(
  splits: ReadonlyMap<string, readonly string[]>,
  purpose: Purpose,
  what: string,
  own: OwnSplit,
): SplitFiles {
  const [mine, other] =
    typeof own === 'string' ? [own, own] : purpose === 'train' ? [own.train, own.val] : [own.val, own.train];
  if (!splits.has(mine))
    throw new VqaParquetError(
      `${what} has no split ${quote(mine)}; it has ${list(splits)}. Name one of these with the option hub_split, ` +
        'or BLIP_SPLIT.',
    );
  return collect(splits, [mine], mine === other ? purpose : 'all');
}

function find(splits: ReadonlyMap<string, readonly string[]>, purpose: Purpose): string[] {
  const exact = NAMES[purpose].find((name) => splits.has(name));
  if (exact !== undefined) return [exact];
  return [...splits.keys()].filter((split) => {
    const words = split.toLowerCase().split(/[^a-z]+/);
    return NAMES[purpose].some((name) => words.includes(name)) && !words.includes('test');
  });
}

function collect(splits: ReadonlyMap<string, readonly string[]>, names: readonly string[], part: Part): SplitFiles {
  return { splits: names, files: names.flatMap((name) => splits.get(name) ?? []), part };
}

function list(splits: ReadonlyMap<string, unknown>): string {
  return [...splits.keys()].map((name) => (/^[\w.-]+$/.test(name) ? name : quote(name))).join(', ');
}

/** A split's shards: `train-00000-of-00143`, `train-00000-of-00143-3eb8008db9fbdfab`, `train_1`. */
const SHARD = /(?:[-_.]?\d+(?:-of-\d+)?(?:-[0-9a-f]{16})?)$/i;

/**
 * The split that a file belongs to, by its path: `data/validation-00000-of-00068.parquet` and
 * `default/validation/0000.parquet` are both of `validation`.
 *
 * @param name relative, with `/`
 * @returns '' when the path names none
 */
export function splitOfPath(name: string): string {
  const parts = name.replace(/\.parquet$/i, '').split('/');
  const stem = (parts.pop() ?? '').replace(SHARD, '');
  const folder = (parts.pop() ?? '').replace(/^partial-/, '');
  return [stem, folder].find(isSplitName) ?? '';
}

function isSplitName(name: string): boolean {
  const words = name.toLowerCase().split(/[^a-z]+/);
  return [...NAMES.train, ...NAMES.val, 'test', 'testdev'].some((split) => words.includes(split));
}

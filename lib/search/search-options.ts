// What a search may be asked for.
import { checkOptions } from '../core/check-options';
import { describeValue } from '../core/describe-value';
import type { ProgressCallback } from '../core/progress';
import { SearchError } from './errors';
import type { RetrievalModel } from './retrieval-model';

export interface SearchOptions {
  /** Hits at most, 10 by default. */
  readonly top_k?: number;
  /**
   * How many of the nearest the matching head looks at again; 16 by default, 0 leaves their order to the cosines. The
   * paper takes 128 or 256. Each is read and encoded again: about the time of a caption.
   */
  readonly rerank?: number;
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

/** A hit, without what was found. */
export interface Scores {
  /**
   * What hits are ordered by. Of hits that the matching head looked at, its logit plus the cosine, as in the paper's
   * evaluation; the others come behind them, by their cosines.
   */
  readonly score: number;
  /** Of the features, from -1 to 1. */
  readonly cosine: number;
  /** The matching head's probability, from 0 to 1; absent where it did not look. */
  readonly match?: number;
}

const TOP_K = 10;
const RERANK = 16;
const MAX_COUNT = 1_000_000;

/** @throws {SearchError | OptionsError} */
export function resolveSearchOptions(
  call: string,
  options: SearchOptions,
  { matcher }: RetrievalModel,
): { readonly top_k: number; readonly rerank: number } {
  checkOptions(call, options, ['top_k', 'rerank', 'progress_callback', 'signal']);
  const count = (name: string, value: unknown, least: number): number => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= MAX_COUNT) return value;
    throw new SearchError(
      `${call}: ${name} is ${describeValue(value)}, expected a whole number from ${least} to ${MAX_COUNT}.`,
    );
  };
  const top_k = count('top_k', options.top_k ?? TOP_K, 1);
  const rerank = count('rerank', options.rerank ?? (matcher.canMatch ? RERANK : 0), 0);
  if (rerank > 0 && !matcher.canMatch)
    throw new SearchError(
      `${call}: rerank is ${rerank}, but ${matcher.folder} has no matching head: its checkpoint is a BlipModel. ` +
        'Leave rerank out.',
    );
  return { top_k, rerank };
}

/**
 * Scores of pairs by the matching head's logits, [pairs, 2].
 * Source: BLIP's train_retrieval.py, evaluation: itm_head(...)[:, 1] + sims.
 */
export function scoresOf(logits: Float32Array, cosines: readonly number[]): Scores[] {
  return cosines.map((cosine, i) => {
    const [no, yes] = [logits[2 * i], logits[2 * i + 1]];
    return { score: yes + cosine, cosine, match: 1 / (1 + Math.exp(no - yes)) };
  });
}

/** Those with the matching head's score first; both parts from the highest to the lowest. */
export function inOrder<T extends Scores>(hits: readonly T[]): T[] {
  const rank = ({ match }: T): number => (match === undefined ? 1 : 0);
  return [...hits].sort((a, b) => rank(a) - rank(b) || b.score - a.score);
}

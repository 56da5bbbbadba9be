// BLIP's rank mode: which of given answers the decoder finds most likely. `rank_answer` of Salesforce's
// models/blip_vqa.py: a shortlist by the first token, then the likelihood of each whole answer.
import type { ProgressCallback } from '../core/progress';
import type { DecoderStep } from './decoder-step';
import { exponential, logSumExp } from './log-sum-exp';

export interface RankAnswersOptions {
  /**
   * How many candidates, those with the most likely first tokens, are compared as a whole: 128 by default, as in the
   * original (`k_test`; named as in LAVIS).
   */
  readonly num_ans_candidates?: number;
  /**
   * The original ranks by the loss that BLIP was trained with, cross-entropy with label smoothing 0.1, the default. 0
   * ranks by probability alone, which favors short answers more.
   */
  readonly label_smoothing?: number;
  /** Told after each part of the work: `{ status: 'rank', loaded, total }`, in candidates. */
  readonly progress_callback?: ProgressCallback;
  /** Stops between two steps of the decoder. */
  readonly signal?: AbortSignal;
}

export interface RankedAnswer {
  /** Place in the list of candidates. */
  readonly index: number;
  /** Share among the candidates that were compared: the softmax of what they are ranked by. They add up to 1. */
  readonly score: number;
  /** Logarithm of the probability that the model writes this answer, the end token included. */
  readonly log_probability: number;
}

/** Rows of one decoder run: more are no faster, and memory grows with them. */
const MAX_ROWS = 64;
/** Rows times tokens, for candidates that are long texts: a KV cache of BLIP-base then takes 300 MB. */
const MAX_ROW_TOKENS = 4096;

/** A decoder for one run, at the start of a text. */
export interface RankDecoder extends DecoderStep {
  dispose(): void;
}

/** What the likelihood of a candidate has added up to. */
interface Sum {
  readonly index: number;
  readonly ids: readonly number[];
  log: number;
  /** With label smoothing. */
  rank: number;
}

/** Log probabilities after one text: of a token, and the mean of all. */
interface Distribution {
  readonly log: (id: number) => number;
  readonly mean: number;
}

/**
 * @param open makes a decoder for at most `rows` rows and `length` tokens
 * @param candidates token ids without the BOS token, each with the end token: at least one id
 * @returns the shortlist, best first; equal ones in the order of the candidates
 */
export async function rankAnswers(
  open: (rows: number, length: number) => RankDecoder,
  candidates: readonly (readonly number[])[],
  bos: number,
  options: Required<Pick<RankAnswersOptions, 'num_ans_candidates' | 'label_smoothing'>> & {
    readonly signal?: AbortSignal;
    /** Candidates of the shortlist that are done. */
    readonly report: (done: number) => Promise<void>;
  },
): Promise<RankedAnswer[]> {
  const { num_ans_candidates, label_smoothing, signal, report } = options;
  const first = await firstTokens(open, bos, signal);
  const shortlist = candidates
    .map((ids, index): Sum => ({ index, ids, log: first.log(ids[0]), rank: 0 }))
    .sort((a, b) => b.log - a.log || a.index - b.index)
    .slice(0, num_ans_candidates);
  for (const sum of shortlist) sum.rank = smoothed(sum.log, first.mean, label_smoothing);
  const rest = shortlist.filter(({ ids }) => ids.length > 1).sort((a, b) => compareIds(a.ids, b.ids));
  let done = shortlist.length - rest.length;
  await report(done);
  while (rest.length > 0) {
    const chunk = takeChunk(rest);
    await addLikelihoods(open, chunk, bos, label_smoothing, signal);
    done += chunk.length;
    await report(done);
  }
  return withScores(shortlist.sort((a, b) => b.rank - a.rank || a.index - b.index));
}

async function firstTokens(
  open: (rows: number, length: number) => RankDecoder,
  bos: number,
  signal: AbortSignal | undefined,
): Promise<Distribution> {
  const decoder = open(1, 1);
  try {
    signal?.throwIfAborted();
    return distribution((await decoder.step([bos], 1, 1, Int32Array.of(0))).slice());
  } finally {
    decoder.dispose();
  }
}

/** Removes from the front so many candidates as run together. */
function takeChunk(rest: Sum[]): Sum[] {
  let longest = 0;
  let count = 0;
  while (count < rest.length && count < MAX_ROWS) {
    longest = Math.max(longest, rest[count].ids.length);
    if (count > 0 && (count + 1) * longest > MAX_ROW_TOKENS) break;
    count++;
  }
  return rest.splice(0, count);
}

/** Adds the second and later tokens of candidates that are in order. Those that begin alike share their rows. */
async function addLikelihoods(
  open: (rows: number, length: number) => RankDecoder,
  chunk: readonly Sum[],
  bos: number,
  label_smoothing: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const longest = Math.max(...chunk.map(({ ids }) => ids.length));
  const decoder = open(chunk.length, longest);
  try {
    signal?.throwIfAborted();
    await decoder.step([bos], 1, 1, Int32Array.of(0));
    let rowOf = new Map<Sum, number>(chunk.map((sum) => [sum, 0]));
    for (let length = 1; length < longest; length++) {
      signal?.throwIfAborted();
      const next = new Map<Sum, number>();
      const input_ids: number[] = [];
      const parents: number[] = [];
      let previous: Sum | undefined;
      for (const sum of chunk) {
        if (sum.ids.length <= length) continue;
        const parent = rowOf.get(sum) ?? 0;
        const id = sum.ids[length - 1];
        const isShared = previous !== undefined && rowOf.get(previous) === parent && previous.ids[length - 1] === id;
        if (!isShared) {
          input_ids.push(id);
          parents.push(parent);
        }
        next.set(sum, input_ids.length - 1);
        previous = sum;
      }
      const rows = input_ids.length;
      const logits = await decoder.step(input_ids, rows, 1, Int32Array.from(parents));
      const distributions = input_ids.map((_, row) =>
        distribution(logits.subarray(row * decoder.vocab_size, (row + 1) * decoder.vocab_size)),
      );
      for (const [sum, row] of next) {
        const log = distributions[row].log(sum.ids[length]);
        sum.log += log;
        sum.rank += smoothed(log, distributions[row].mean, label_smoothing);
      }
      rowOf = next;
    }
  } finally {
    decoder.dispose();
  }
}

function distribution(logits: Float32Array): Distribution {
  const shift = logSumExp(logits);
  let sum = 0;
  for (let id = 0; id < logits.length; id++) sum += logits[id];
  return { log: (id) => logits[id] - shift, mean: sum / logits.length - shift };
}

/** The negative of PyTorch's cross-entropy with label smoothing. */
function smoothed(log: number, mean: number, label_smoothing: number): number {
  return (1 - label_smoothing) * log + label_smoothing * mean;
}

function withScores(ranked: readonly Sum[]): RankedAnswer[] {
  const weights = ranked.map(({ rank }) => exponential(rank - ranked[0].rank));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return ranked.map(({ index, log }, i) => ({ index, score: weights[i] / total, log_probability: log }));
}

function compareIds(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

// Words of a traced text: word pieces joined, special tokens left out.
import type { LikelyToken, PatchAttention } from '../pipelines';

/** A token with its attention, as `traceCaption` and `traceAnswer` return it; tokens of a question have no likeliest. */
export interface AttendingToken {
  readonly token: string;
  readonly probability?: number;
  readonly likeliest?: readonly LikelyToken[];
  readonly attention: PatchAttention;
}

/** A word: its probability is the product of its pieces', its attention their mean. */
export interface TracedWord {
  readonly word: string;
  readonly probability?: number;
  readonly attention: PatchAttention;
}

const PIECE = '##';
const SPECIAL = /^\[[^\s\]]+\]$/;

/**
 * @example
 * tracedWords(caption.tokens).map(({ word }) => word) // ['two', 'gray', 'dogs', ...]
 */
export function tracedWords(tokens: readonly AttendingToken[]): TracedWord[] {
  const words: AttendingToken[][] = [];
  for (const token of tokens) {
    if (SPECIAL.test(token.token)) continue;
    if (token.token.startsWith(PIECE) && words.length > 0) words[words.length - 1].push(token);
    else words.push([token]);
  }
  return words.map((pieces) => {
    const probabilities = pieces.map(({ probability }) => probability);
    return {
      word: pieces.map(({ token }) => token.replace(/^##/, '')).join(''),
      attention: mean(pieces.map(({ attention }) => attention)),
      ...(probabilities.every((each) => each !== undefined) && {
        probability: probabilities.reduce<number>((product, each) => product * (each ?? 1), 1),
      }),
    };
  });
}

function mean(grids: readonly PatchAttention[]): PatchAttention {
  const [first] = grids;
  if (grids.length === 1) return first;
  const average = (numberOf: (grid: PatchAttention) => number): number =>
    grids.reduce((sum, grid) => sum + numberOf(grid), 0) / grids.length;
  return {
    ...first,
    data: first.data.map((_, i) => average(({ data }) => data[i])),
    class_token: average(({ class_token }) => class_token),
  };
}

// Words of a traced text: word pieces joined, special tokens left out.
import { checkArguments } from '../core/check-arguments';
import type { LikelyToken, PatchAttention } from '../pipelines';

/**
 * A token with its attention, as `traceCaption` and `traceAnswer` return it; tokens of a question have no likeliest.
 */
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
  checkTokens('tracedWords', tokens);
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

/** @throws {ArgumentError} when a token is none, or has no attention */
function checkTokens(call: string, tokens: readonly AttendingToken[]): void {
  checkArguments(call, { tokens: [tokens, 'list'] });
  tokens.forEach((each, i) => {
    checkArguments(call, { [`tokens[${i}]`]: [each, ['token', 'attention']] });
    checkArguments(call, { [`tokens[${i}].token`]: [each.token, 'text'] });
    checkAttention(call, `tokens[${i}].attention`, each.attention);
  });
}

/** @throws {ArgumentError} when it is not what `traceCaption` and `traceAnswer` return */
export function checkAttention(call: string, name: string, attention: PatchAttention): void {
  checkArguments(call, { [name]: [attention, ['data', 'rows', 'columns', 'class_token']] });
  const { data, rows, columns } = attention;
  checkArguments(call, {
    [`${name}.data`]: [data, ['length', 'indexOf']],
    [`${name}.rows`]: [rows, 'number'],
    [`${name}.columns`]: [columns, 'number'],
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

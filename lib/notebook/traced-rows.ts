// A traced caption or answer as table rows: checks that it is what was generated, and what the decoder looked at.
import { checkArguments } from '../core/check-arguments';
import type { TracedAnswer, TracedCaption } from '../pipelines';
import { decimals, percent } from './format-number';
import { checkAttention } from './traced-words';

/** One check and whether it holds. */
export interface CheckRow {
  readonly check: string;
  readonly passed: boolean;
}

/** One token of the question, with the share of the decoder's attention that it got. */
export interface QuestionAttentionRow {
  readonly token: string;
  readonly attention: string;
}

/** Shares are sums of some hundred f32 or bf16 numbers. */
const SUM_TOLERANCE = 0.01;

/**
 * Checks of a trace: it wrote the caption that was written without tracing, and the shares of attention add up.
 *
 * @param expected the caption of the model that was not converted with `output_attentions: true`
 * @example
 * traceChecks(traced, caption)[0] // { check: 'the caption of the plain conversion', passed: true }
 */
export function traceChecks(traced: TracedCaption, expected: string | undefined): CheckRow[] {
  checkTrace('traceChecks', traced);
  const sums = traced.tokens.map(({ attention: { data, class_token } }) =>
    data.reduce((sum, share) => sum + share, class_token),
  );
  return [
    { check: 'the caption of the plain conversion', passed: traced.text === expected },
    { check: 'shares add up to 1', passed: sums.every((sum) => Math.abs(sum - 1) < SUM_TOLERANCE) },
  ];
}

/** The token with the lowest probability. @example leastSure(traced) // 'least sure of "two": 0.7855' */
export function leastSure(traced: Pick<TracedCaption, 'tokens'>): string {
  checkTokens('leastSure', traced);
  const [least] = [...traced.tokens].sort((a, b) => a.probability - b.probability);
  return least ? `least sure of "${least.token}": ${decimals(least.probability, 4)}` : 'no token was written';
}

/**
 * The decoder's attention to each token of the question, when it wrote the answer's first token.
 *
 * @example questionAttentionRows(reasons)[1] // { token: 'how', attention: '69.0 %' }
 */
export function questionAttentionRows(traced: Pick<TracedAnswer, 'question' | 'tokens'>): QuestionAttentionRow[] {
  checkTokens('questionAttentionRows', traced);
  checkArguments('questionAttentionRows', { traced: [traced, ['question']] });
  checkArguments('questionAttentionRows', { 'traced.question': [traced.question, 'list'] });
  const [first] = traced.tokens;
  if (!first) return [];
  checkArguments('questionAttentionRows', { 'traced.tokens[0]': [first, ['question_attention']] });
  const shares = first.question_attention;
  checkArguments('questionAttentionRows', { 'traced.tokens[0].question_attention': [shares, ['length']] });
  return traced.question.map((each, place) => {
    checkArguments('questionAttentionRows', { 'each of traced.question': [each, ['token']] });
    return { token: each.token, attention: percent(shares[place]) };
  });
}

function checkTokens(call: string, traced: Pick<TracedCaption, 'tokens'>): void {
  checkArguments(call, { traced: [traced, ['tokens']] });
  checkArguments(call, { 'traced.tokens': [traced.tokens, 'list'] });
  for (const each of traced.tokens) checkArguments(call, { 'each of traced.tokens': [each, ['token', 'probability']] });
}

function checkTrace(call: string, traced: TracedCaption): void {
  checkTokens(call, traced);
  traced.tokens.forEach((each, i) => {
    checkArguments(call, { [`traced.tokens[${i}]`]: [each, ['attention']] });
    checkAttention(call, `traced.tokens[${i}].attention`, each.attention);
  });
}

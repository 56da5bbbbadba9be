// The lines that sum up a run, for the last cell of each notebook and for the start command: what was found, and
// what is missing.
import { checkArguments } from '../core/check-arguments';
import { isRecord } from '../core/is-record';
import { percent } from './format-number';
import { inWords } from './latency-rows';
import type { Results } from './results';

/**
 * What the first notebook found, as far as `saveResults('convert', …)` kept it: a caption, an answer, matches.
 *
 * @example
 * outputLines({ caption: 'two dogs', caption_ms: 26.4 }) // ['caption   two dogs   (26.4 ms)']
 */
export function outputLines(results: Results): string[] {
  checkArguments('outputLines', { results: [results, 'object'] });
  const { caption, caption_ms, question, answer, answer_ms, matches } = results;
  const time = (ms: unknown): string => (typeof ms === 'number' ? `   (${ms.toFixed(1)} ms)` : '');
  const found = Array.isArray(matches) ? matches.filter(isRecord) : [];
  return [
    ...(typeof caption === 'string' ? [`caption   ${caption}${time(caption_ms)}`] : []),
    ...(typeof answer === 'string'
      ? [`question  ${typeof question === 'string' ? question : ''}`, `answer    ${answer}${time(answer_ms)}`]
      : []),
    ...found.flatMap(({ text, score }) =>
      typeof text === 'string' && typeof score === 'number' ? [`match     ${score.toFixed(4)}  ${text}`] : [],
    ),
  ];
}

/** What `saveResults('optimize', …)` keeps, as far as it got. */
export interface OptimizeResults {
  readonly model: string;
  /** 0 to 1, of the questions with known answers. */
  readonly accuracy?: { readonly before: number; readonly after: number };
  /** 0 to 1, of the captions or matches that both precisions agree on. */
  readonly agreement?: { readonly of: string; readonly share: number };
  /** Size through size, of all weights together. */
  readonly compression?: number;
  /** Time through time, by stage and task. */
  readonly speedup?: Readonly<Record<string, number>>;
}

const MISSING = 'missing: the run ended before it was measured';

/**
 * Three lines: what 8 bits cost in accuracy, save in size, and gain in speed.
 *
 * @example
 * const accuracy = { before: 0.994, after: 0.994 };
 * reportLines({ model: 'models/blip-scenes', accuracy, compression: 1.956, speedup: { 'image-to-text': 1.08 } })
 * // ['accuracy drop     0.00 points (99.4 % to 99.4 %)', 'compression rate  1.956x',
 * //  'speed-up          caption, whole 1.08x']
 */
export function reportLines(results: OptimizeResults): string[] {
  checkArguments('reportLines', { results: [results, 'object'] });
  const { accuracy, agreement, compression, speedup } = results;
  const speeds = Object.entries(speedup ?? {}).map(([what, ratio]) => `${inWords(what)} ${ratio.toFixed(2)}x`);
  return [
    ...(accuracy || !agreement ? [`accuracy drop     ${accuracy ? drop(accuracy) : MISSING}`] : []),
    ...(agreement ? [`agreement         same ${agreement.of} in ${percent(agreement.share)} of the cases`] : []),
    `compression rate  ${compression === undefined ? MISSING : `${compression.toFixed(3)}x`}`,
    `speed-up          ${speeds.length > 0 ? speeds.join('; ') : MISSING}`,
  ];
}

function drop({ before, after }: { readonly before: number; readonly after: number }): string {
  return `${(100 * (before - after)).toFixed(2)} points (${percent(before)} to ${percent(after)})`;
}

/** Reads what was saved; fields of another shape count as missing. */
export function optimizeResults(results: Results): OptimizeResults {
  checkArguments('optimizeResults', { results: [results, 'object'] });
  const { model, accuracy, agreement, compression, speedup } = results;
  return {
    model: typeof model === 'string' ? model : '',
    ...(isRecord(accuracy) &&
      typeof accuracy.before === 'number' &&
      typeof accuracy.after === 'number' && { accuracy: { before: accuracy.before, after: accuracy.after } }),
    ...(isRecord(agreement) &&
      typeof agreement.of === 'string' &&
      typeof agreement.share === 'number' && { agreement: { of: agreement.of, share: agreement.share } }),
    ...(typeof compression === 'number' && { compression }),
    ...(isRecord(speedup) && { speedup: numbersOf(speedup) }),
  };
}

function numbersOf(record: Readonly<Record<string, unknown>>): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const [name, value] of Object.entries(record)) if (typeof value === 'number') numbers[name] = value;
  return numbers;
}

// What the stages add up to, beside the time of a whole caption or answer: a check that no time is missing.
import { checkArguments } from '../core/check-arguments';
import type { StageLatency } from '../evaluation';
import type { Latency } from '../timing';
import { milliseconds } from './format-number';
import { checkStages } from './latency-rows';

/** Whole runs, as `measureLatency` timed them; undefined where the model does not do it. */
export interface WholeTimes {
  readonly caption?: Pick<Latency, 'median'>;
  readonly answer?: Pick<Latency, 'median'>;
}

/** The stages that one text goes through, image to text; preprocessing is done before. */
const PARTS = {
  caption: ['vision model', 'decoder, caption token'],
  answer: ['vision model', 'text encoder', 'decoder, answer token'],
} as const;

/**
 * One line for each text that was timed as a whole: the medians of its stages, the decoder's as often as it ran.
 *
 * @param stages of `measureStages`
 * @example
 * stageSums(stages, { caption: captionTime })
 * // ['caption: vision model 1.65 + 12 decoder steps of 0.68 = 9.81 ms; measured as a whole: 9.10 ms']
 */
export function stageSums(stages: readonly StageLatency[], whole: WholeTimes): string[] {
  checkStages('stageSums', stages);
  checkArguments('stageSums', { whole: [whole, 'object'] });
  return (['caption', 'answer'] as const).flatMap((text) => {
    const measured = whole[text];
    if (measured === undefined) return [];
    checkArguments('stageSums', { [`whole.${text}`]: [measured, ['median']] });
    checkArguments('stageSums', { [`whole.${text}.median`]: [measured.median, 'number'] });
    const found = PARTS[text].flatMap((name) => stages.filter(({ stage }) => stage === name));
    if (found.length < PARTS[text].length) return [];
    const sum = found.reduce((total, { latency, steps = 1 }) => total + steps * latency.median, 0);
    const terms = found.map(({ stage, latency: { median }, steps }) =>
      steps === undefined
        ? `${stage} ${milliseconds(median)}`
        : `${steps} decoder step${steps === 1 ? '' : 's'} of ${milliseconds(median)}`,
    );
    return [
      `${text}: ${terms.join(' + ')} = ${milliseconds(sum)} ms; ` +
        `measured as a whole: ${milliseconds(measured.median)} ms`,
    ];
  });
}

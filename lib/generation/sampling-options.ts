// The options of sampling, checked: names, defaults and meaning as in Hugging Face's `generate`.
import { randomInt } from 'node:crypto';
import { GenerationOptionsError } from './generation-options-error';
import { count, flag, positive, real } from './option-values';
import type { WarperSettings } from './score-warpers';

export interface SamplingOptions {
  /** Draws each token with its probability instead of taking the most likely one. False by default. */
  readonly do_sample?: boolean;
  /** Scores are divided by it: above 0; below 1, likely tokens become likelier. 1 by default. */
  readonly temperature?: number;
  /** Draws from so many of the most likely tokens; 0, from all. 50 by default, as in transformers. */
  readonly top_k?: number;
  /** Draws from the most likely tokens whose probabilities add up to this, 0 to 1. 1, the default, is all. */
  readonly top_p?: number;
  /**
   * 0 to 2 ** 53 - 1: where the random numbers begin. A number serves the whole batch, and each row and each of its
   * texts has random numbers of its own. A list has one per row: each row then gets what it gets in a call of its own.
   * Without it, another one each time; `return_dict_in_generate` returns it.
   */
  readonly seed?: number | readonly number[];
}

export interface SamplingSettings extends WarperSettings {
  readonly seed: number | readonly number[];
}

const DEFAULT_TOP_K = 50;
/** Below the largest that randomInt takes. */
const SEEDS = 2 ** 47;

/**
 * @returns undefined where nothing is drawn
 * @throws {GenerationOptionsError} for a value out of range, and for options of sampling without `do_sample`
 */
export function resolveSampling(options: SamplingOptions, num_beams: number): SamplingSettings | undefined {
  const do_sample = flag(options, 'do_sample');
  const temperature = real(options, 'temperature', 1);
  if (temperature === 0)
    throw new GenerationOptionsError(
      'temperature is 0, expected a number above 0. For the most likely token at every step set do_sample to false.',
    );
  positive(options, 'temperature', 1);
  const top_k = count(options, 'top_k', DEFAULT_TOP_K, 0);
  const top_p = real(options, 'top_p', 1);
  if (top_p < 0 || top_p > 1)
    throw new GenerationOptionsError(`top_p is ${top_p}, expected a probability from 0 to 1.`);
  const seed = checkSeed(options.seed);
  if (!do_sample) {
    const changed = Object.entries({
      temperature: temperature !== 1,
      top_k: top_k !== DEFAULT_TOP_K,
      top_p: top_p < 1,
    });
    const useless = changed.find(([, isChanged]) => isChanged)?.[0];
    if (useless !== undefined)
      throw new GenerationOptionsError(
        `${useless} is given, but do_sample is false: it would have no effect. Set do_sample to true, or leave ` +
          `${useless} out.`,
      );
    return undefined;
  }
  if (num_beams > 1)
    throw new GenerationOptionsError(
      `do_sample with num_beams ${num_beams}: sampling in beam search is not implemented. Set num_beams to 1; for ` +
        'several texts use num_return_sequences.',
    );
  return { temperature, top_k, top_p, seed: seed ?? randomInt(SEEDS) };
}

/** @throws {GenerationOptionsError} when a list of seeds does not have one per row */
export function checkSeeds(seed: number | readonly number[] | undefined, rows: number): void {
  if (typeof seed === 'object' && seed.length !== rows)
    throw new GenerationOptionsError(
      `seed is a list of ${seed.length}, expected one seed for each of the ${rows} rows, or one number for all.`,
    );
}

function checkSeed(seed: unknown): number | readonly number[] | undefined {
  if (seed === undefined) return undefined;
  return Array.isArray(seed) ? seed.map((each: unknown, row) => oneSeed(each, `seed[${row}]`)) : oneSeed(seed, 'seed');
}

function oneSeed(seed: unknown, name: string): number {
  return count({ [name]: seed }, name, Number.NaN, 0);
}

// How long something takes: warm-up runs that do not count, then a median with its spread.
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { BlipError } from '../core/errors';
import { untilAborted } from '../core/until-aborted';

export class MeasureError extends BlipError {}

/** Milliseconds. */
export interface Latency {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  readonly samples: readonly number[];
}

export interface MeasureOptions {
  /** Runs that do not count: the first ones pack weights and fill caches. 3 by default. */
  readonly warmup?: number;
  /** Runs that count; 20 by default. */
  readonly runs?: number;
  /** Ends the waiting at once; the present run goes on by itself to its end. */
  readonly signal?: AbortSignal;
}

export interface CompareLatencyOptions extends MeasureOptions {
  /** Called after each round with the number of rounds so far, warm-up included; a promise is awaited. */
  readonly on_round?: (rounds: number) => void | Promise<void>;
}

/**
 * Times a function.
 *
 * @example
 * (await measureLatency(() => model.generateCaption({ pixel_values }))).median // 12.3
 */
export async function measureLatency(fn: () => unknown, options: MeasureOptions = {}): Promise<Latency> {
  checkArguments('measureLatency', { fn: [fn, 'function'] });
  checkOptions('measureLatency', options, ['warmup', 'runs', 'signal']);
  const { warmup, runs, signal } = options;
  return (await compareLatency({ only: fn }, { warmup, runs, signal })).only;
}

/**
 * Times several functions in turn, so that a machine that slows down slows all of them: A B C, A B C, ...
 *
 * @returns one latency per function, under its name; samples of one round share an index
 */
export async function compareLatency<Name extends string>(
  functions: Readonly<Record<Name, () => unknown>>,
  options: CompareLatencyOptions = {},
): Promise<Record<Name, Latency>> {
  checkArguments('compareLatency', { functions: [functions, 'object'] });
  checkOptions('compareLatency', options, ['warmup', 'runs', 'signal', 'on_round']);
  const { warmup = 3, runs = 20, on_round, signal } = options;
  checkArguments(
    'compareLatency',
    Object.fromEntries(Object.entries(functions).map(([name, fn]) => [name, [fn, 'function']])),
  );
  if (!Number.isSafeInteger(runs) || runs < 1 || !Number.isSafeInteger(warmup) || warmup < 0)
    throw new MeasureError(`runs is ${runs} and warmup ${warmup}; expected whole numbers, runs at least 1.`);
  const names = Object.keys(functions) as Name[];
  const samples = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = -warmup; round < runs; round++) {
    for (const name of names) {
      signal?.throwIfAborted();
      const start = performance.now();
      await untilAborted(Promise.resolve(functions[name]()), signal);
      if (round >= 0) samples.get(name)?.push(performance.now() - start);
    }
    await untilAborted(Promise.resolve(on_round?.(warmup + round + 1)), signal);
  }
  return Object.fromEntries(names.map((name) => [name, summarize(samples.get(name) ?? [])])) as Record<Name, Latency>;
}

/**
 * Median and spread, interpolated between samples as NumPy's `percentile` does; the samples stay in the order they were
 * taken.
 *
 * @example summarize([3, 1, 2]) // { median: 2, p10: 1.2, p90: 2.8, samples: [3, 1, 2] }
 * @throws {MeasureError} when there is no sample, or one is not finite
 */
export function summarize(samples: readonly number[]): Latency {
  checkArguments('summarize', { samples: [samples, 'list'] });
  if (samples.length === 0 || !samples.every(Number.isFinite))
    throw new MeasureError(`Samples are [${samples.join(', ')}]; expected at least one time in milliseconds.`);
  const sorted = [...samples].sort((a, b) => a - b);
  const quantile = (q: number): number => {
    const at = q * (sorted.length - 1);
    const low = Math.floor(at);
    return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low);
  };
  return { median: quantile(0.5), p10: quantile(0.1), p90: quantile(0.9), samples };
}

// Takes turns between contenders, so that a machine that slows down slows all of them.

export interface Contender {
  readonly name: string;
  /** Runs once and returns the milliseconds it took. */
  readonly run: () => Promise<number>;
}

/** Median and the 10th and 90th percentile, in the unit of the samples. */
export interface Spread {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
}

export interface Comparison {
  readonly times: Readonly<Record<string, Spread>>;
  /** Time of the first contender divided by that of each other one, round by round: above 1, the other is faster. */
  readonly ratios: Readonly<Record<string, Spread>>;
}

/** Runs every contender `warmup` times, then `rounds` rounds of all of them in turn. */
export async function alternate(contenders: readonly Contender[], { warmup, rounds }: { warmup: number; rounds: number }): Promise<Comparison> {
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = -warmup; round < rounds; round++)
    for (const { name, run } of contenders) {
      const ms = await run();
      if (round >= 0) samples.get(name)?.push(ms);
    }
  const first = samples.get(contenders[0]?.name ?? '') ?? [];
  const entries = [...samples];
  return {
    times: Object.fromEntries(entries.map(([name, list]) => [name, spread(list)])),
    ratios: Object.fromEntries(entries.slice(1).map(([name, list]) => [name, spread(list.map((ms, round) => first[round] / ms))])),
  };
}

/** @example spread([3, 1, 2]) // { median: 2, p10: 1.2, p90: 2.8 } */
export function spread(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const quantile = (q: number): number => {
    const at = q * (sorted.length - 1);
    const low = Math.floor(at);
    return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low);
  };
  return { median: quantile(0.5), p10: quantile(0.1), p90: quantile(0.9) };
}

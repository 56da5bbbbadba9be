// Several sides in turns: A B C, A B C, …, until there are enough rounds or the time is up.

/** Fewer rounds than this say nothing about the spread. */
const MIN_ROUNDS = 3;
const WARM_UP = 2;

export interface RoundLimits {
  /** Rounds at most. */
  readonly rounds: number;
  /** No further round begins after this, when three are measured; warm-up is counted. */
  readonly seconds_per_stage: number;
}

/** @returns what was measured in milliseconds, with the value that the run came to */
export type MeasuredRun = () => Promise<{ readonly ms: number; readonly value?: unknown }>;

export interface Rounds {
  /** By side; samples of one round share an index. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** What the last round of each side came to. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Why a side has no samples. */
  readonly failures: Readonly<Record<string, string>>;
}

/** A side that fails is left out from then on; what was measured of it counts no more. */
export async function measureRounds(
  sides: Readonly<Record<string, MeasuredRun>>,
  { rounds, seconds_per_stage }: RoundLimits,
  onRound: (round: number) => void = () => undefined,
): Promise<Rounds> {
  const left = new Map(Object.entries(sides));
  const samples: Record<string, number[]> = {};
  const values: Record<string, unknown> = {};
  const failures: Record<string, string> = {};
  const start = performance.now();
  const isOver = (): boolean => performance.now() - start > seconds_per_stage * 1000;
  for (let round = -WARM_UP; round < rounds && !(round >= MIN_ROUNDS && isOver()) && left.size > 0; round++) {
    if (round === 1 - WARM_UP && isOver()) continue; // one warm-up is enough for what takes so long
    for (const [name, run] of [...left]) {
      try {
        const { ms, value } = await run();
        values[name] = value;
        if (round >= 0) (samples[name] ??= []).push(ms);
      } catch (error) {
        left.delete(name);
        delete samples[name];
        delete values[name];
        failures[name] = error instanceof Error ? error.message : String(error);
      }
    }
    if (round >= 0) onRound(round + 1);
  }
  return { samples, values, failures };
}

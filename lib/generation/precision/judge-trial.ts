// Which of two precisions won a trial, and whether a second look would say the same.

/** Milliseconds in each precision. */
export interface PrecisionTimes {
  readonly bf16: number;
  readonly f32: number;
}

/** The precision that must win, against the one that is taken otherwise. */
export interface Challenge {
  readonly challenger: keyof PrecisionTimes;
  /** Of the other one's time, which the challenger must stay below: more than times wobble. */
  readonly share: number;
}

export function challengerWins({ bf16, f32 }: PrecisionTimes, { challenger, share }: Challenge): boolean {
  return challenger === 'f32' ? f32 < share * bf16 : bf16 < share * f32;
}

/** Times of several settings, in turns. */
export interface TimedTurns {
  /** Milliseconds of each setting, in the order of the turns. */
  readonly times: readonly (readonly number[])[];
  /** Processor time of this process in that of the clock, all threads together. */
  readonly occupied: number;
}

/** An inference that nothing disturbs has at least one thread at work all the time. */
const OCCUPIED = 0.8;
/** Where half of the turns take longer than this many times the shortest, other programs had the processor. */
const UNDISTURBED = 1.5;

/** Processor time against the clock while `run` runs. */
export async function occupying<T>(run: () => Promise<T>): Promise<{ result: T; occupied: number }> {
  const begun = performance.now();
  const before = process.cpuUsage();
  const result = await run();
  const { user, system } = process.cpuUsage(before);
  return { result, occupied: (user + system) / 1000 / (performance.now() - begun) };
}

/**
 * The shortest time of each counts, since everything else is disturbance. A trial is clear where even and odd turns
 * agree on the winner, most turns are about as short as the shortest, and this process had the processor. One that is
 * not serves this process, and the next one tries again.
 *
 * @param turns in bf16 and in f32; two or more
 */
export function judgeTrial(
  { times: [bf16, f32], occupied }: TimedTurns,
  challenge: Challenge,
): { trial: PrecisionTimes; isClear: boolean } {
  const shortest = (part: number): PrecisionTimes => {
    const least = (times: readonly number[]): number => Math.min(...times.filter((_, turn) => turn % 2 === part));
    return { bf16: least(bf16), f32: least(f32) };
  };
  const [even, odd] = [shortest(0), shortest(1)];
  const trial = { bf16: Math.min(even.bf16, odd.bf16), f32: Math.min(even.f32, odd.f32) };
  const agree = challengerWins(even, challenge) === challengerWins(odd, challenge);
  const undisturbed = lowerMedian(bf16) <= UNDISTURBED * trial.bf16 && lowerMedian(f32) <= UNDISTURBED * trial.f32;
  return { trial, isClear: agree && undisturbed && occupied >= OCCUPIED };
}

function lowerMedian(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor((times.length - 1) / 2)];
}

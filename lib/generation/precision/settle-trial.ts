// One answer for each kind of trial: what is kept, or what this process tries once.
import { judgeTrial, type Challenge, type PrecisionTimes, type TimedTurns } from './judge-trial';
import { recallTrial, rememberTrial } from './trial-memory';

/** Trials of this process. Models that it loads one after the other, or at the same time, have the same precision. */
const tried = new Map<string, Promise<PrecisionTimes>>();

/**
 * @param of processor, OpenVINO, threads and sizes
 * @param run times both precisions
 * @throws what `run` throws; the next call tries again
 */
export async function settleTrial(
  of: string,
  challenge: Challenge,
  run: () => Promise<TimedTurns>,
): Promise<PrecisionTimes> {
  const kept = await recallTrial(of);
  if (kept) return kept;
  let trial = tried.get(of);
  if (!trial) {
    trial = tryNow(of, challenge, run);
    tried.set(of, trial);
    trial.catch(() => tried.delete(of));
  }
  return trial;
}

async function tryNow(of: string, challenge: Challenge, run: () => Promise<TimedTurns>): Promise<PrecisionTimes> {
  const { trial, isClear } = judgeTrial(await run(), challenge);
  await rememberTrial({ of, ...trial, clear: isClear });
  return (await recallTrial(of)) ?? trial; // it may be the one that settles several
}

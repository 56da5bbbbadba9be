// The trials that this machine keeps, and what models of their sizes are computed in.
import { describeProcessor } from '../compiled/describe-processor';
import { DECODER_CHALLENGES } from './choose-decoder-precision';
import { ENCODER_CHALLENGE } from './choose-precision';
import { challengerWins, type Challenge, type PrecisionTimes } from './judge-trial';
import { recallTrials } from './trial-memory';

export interface KeptTrial {
  /** Instructions, threads, OpenVINO and sizes. */
  readonly of: string;
  /** Milliseconds. */
  readonly bf16: number;
  readonly f32: number;
  readonly taken: 'bf16' | 'f32';
}

/** What is settled for this processor; nothing where the cache cannot be read. */
export async function listTrials(): Promise<KeptTrial[]> {
  const processor = `${describeProcessor()}, `;
  return (await recallTrials())
    .filter(({ of }) => of.startsWith(processor))
    .map(({ of, bf16, f32 }) => ({ of: of.slice(processor.length), bf16, f32, taken: takenBy(of, { bf16, f32 }) }));
}

function takenBy(of: string, times: PrecisionTimes): 'bf16' | 'f32' {
  const decoder = Object.entries(DECODER_CHALLENGES).find(([weights]) => of.includes(`weights of ${weights},`));
  const challenge: Challenge = decoder?.[1] ?? ENCODER_CHALLENGE;
  const { challenger } = challenge;
  if (challengerWins(times, challenge)) return challenger;
  return challenger === 'f32' ? 'bf16' : 'f32';
}

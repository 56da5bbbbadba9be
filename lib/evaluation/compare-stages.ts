// The time of each stage in two model folders, such as FP16 and INT8: both take turns, so that a machine whose speed
// changes meanwhile slows both.
import { checkArguments } from '../core/check-arguments';
import { reportProgress, type ProgressCallback } from '../core/progress';
import { OVBlipModel, type LoadModelOptions } from '../generation';
import { BlipProcessor, type ImageSource } from '../preprocessing';
import { MeasureError, summarize } from '../timing';
import { latencyPair, type LatencyPair } from './compare-times';
import { measureStages } from './measure-stages';

export interface CompareStagesOptions extends LoadModelOptions {
  readonly picture: ImageSource;
  readonly question: string;
  /** Rounds; 9 by default. In each, both run once after a warm-up. */
  readonly rounds?: number;
  /** Length of captions and answers at most; 20 by default. */
  readonly max_length?: number;
  /** Told after each round. */
  readonly progress_callback?: ProgressCallback;
  /** Looked at between the runs. */
  readonly signal?: AbortSignal;
}

/** Times in milliseconds, and the speed-up as compareModels defines it. */
export interface ComparedStage extends LatencyPair {
  readonly stage: string;
}

/**
 * The time of each stage before and after.
 *
 * @param before a folder that convertBlip or quantizeBlip wrote
 * @param after another one, of the same checkpoint
 * @returns one row per stage, without preprocessing, which is the same
 * @throws whatever OVBlipModel.load and measureStages throw
 * @example
 * const stages = await compareStages('output/one-layer/fp16', 'output/one-layer/int8', { picture, question });
 * stages[0].before.median // 52.1
 * stages[0].speedup // 2.43
 */
export async function compareStages(
  before: string,
  after: string,
  options: CompareStagesOptions,
): Promise<ComparedStage[]> {
  checkArguments('compareStages', {
    before: [before, 'path'],
    after: [after, 'path'],
    options: [options, ['picture', 'question']],
  });
  const { picture, question, rounds = 9, max_length, progress_callback, signal, ...load } = options;
  if (!Number.isSafeInteger(rounds) || rounds < 1)
    throw new MeasureError(`compareStages: rounds is ${String(rounds)}, expected a whole number of at least 1.`);
  const processor = await BlipProcessor.fromPretrained(before);
  const models: OVBlipModel[] = [];
  try {
    for (const folder of [before, after]) models.push(await OVBlipModel.load(folder, load));
    const times = new Map<string, [before: number, after: number][]>();
    for (let round = -1; round < rounds; round++) {
      const pair = [];
      for (const model of models) {
        signal?.throwIfAborted();
        pair.push(await measureStages(model, processor, { picture, question, max_length, runs: 1, warmup: 0 }));
      }
      await reportProgress(progress_callback, { status: 'stages', loaded: round + 2, total: rounds + 1 }, signal);
      if (round < 0) continue; // the first run packs the weights
      for (const [i, { stage, latency }] of pair[0].slice(1).entries())
        times.set(stage, [...(times.get(stage) ?? []), [latency.median, pair[1][i + 1].latency.median]]);
    }
    return [...times].map(([stage, rows]) => ({
      stage,
      ...latencyPair(summarize(rows.map(([time]) => time)), summarize(rows.map(([, time]) => time))),
    }));
  } finally {
    for (const model of models) model.dispose();
  }
}

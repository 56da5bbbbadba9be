// How long each stage of a task takes: preprocessing, vision model, text encoder, decoder per token.
import { OVBlipMatcher, type OVBlipModel, type StageTimings } from '../generation';
import type { BlipProcessor, ImageSource, PixelValues, TextInputs } from '../preprocessing';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { reportProgress, type ProgressCallback } from '../core/progress';
import { compareLatency, measureLatency, summarize, type Latency } from '../timing';

export interface StageLatency {
  readonly stage: string;
  readonly latency: Latency;
  /** Of the decoder, whose latency is that of one step: how many steps the whole text took. */
  readonly steps?: number;
}

export interface MeasureStagesOptions {
  readonly picture: ImageSource;
  readonly question: string;
  /** Rounds that count; 20 by default. */
  readonly runs?: number;
  /** Rounds that do not; 3 by default. */
  readonly warmup?: number;
  /** Length of captions and answers at most; 20 by default. */
  readonly max_length?: number;
  /** Told after each round, warm-up included. */
  readonly progress_callback?: ProgressCallback;
  /** Looked at between the rounds. */
  readonly signal?: AbortSignal;
}

const OPTIONS = [
  'picture',
  'question',
  'runs',
  'warmup',
  'max_length',
  'progress_callback',
  'signal',
] as const satisfies readonly (keyof MeasureStagesOptions)[];

/**
 * Milliseconds per stage; the decoder's are per generated token. A captioning model has no text encoder and no answers;
 * a retrieval model has no decoder, and matches the question as it would any text.
 *
 * @example
 * const stages = await measureStages(model, processor, { picture, question, runs: 20 });
 * stages[1] // { stage: 'vision model', latency: { median: 4.1, ... } }
 */
export async function measureStages(
  model: OVBlipModel | OVBlipMatcher,
  processor: BlipProcessor,
  options: MeasureStagesOptions,
): Promise<StageLatency[]> {
  checkArguments('measureStages', {
    model: [model, ['dispose']],
    processor: [processor, ['image', 'text']],
    options: [options, ['picture', 'question']],
  });
  checkOptions('measureStages', options, OPTIONS);
  const { picture, question, runs = 20, warmup = 3, max_length = 20, progress_callback, signal } = options;
  const preprocess = await measureLatency(() => processor.image(picture), { warmup, runs, signal });
  const pixel_values = await processor.image(picture);
  const text = processor.text(question);
  const read = { stage: 'preprocess', latency: preprocess };
  if (model instanceof OVBlipMatcher)
    return [read, ...(await measureMatching(model, { pixel_values, text, runs, warmup, progress_callback, signal }))];
  const samples: Record<'vision' | 'caption' | 'encoder' | 'answer', number[]> = {
    vision: [],
    caption: [],
    encoder: [],
    answer: [],
  };
  const generation = { max_length, return_dict_in_generate: true } as const;
  const steps = { caption: 0, answer: 0 };
  for (let round = -warmup; round < runs; round++) {
    signal?.throwIfAborted();
    const start = performance.now();
    const image_embeds = await model.encodeImage({ pixel_values });
    const vision = performance.now() - start;
    const caption = await model.generateCaption({ image_embeds }, generation);
    const answer = model.canAnswer ? await model.generateAnswer({ image_embeds, ...text }, generation) : undefined;
    await reportProgress(
      progress_callback,
      { status: 'stages', loaded: warmup + round + 1, total: warmup + runs },
      signal,
    );
    if (round < 0) continue;
    samples.vision.push(vision);
    samples.caption.push(perToken(caption.timings));
    steps.caption = caption.timings.decoder_steps;
    if (!answer) continue;
    steps.answer = answer.timings.decoder_steps;
    samples.encoder.push(answer.timings.text_encoder);
    samples.answer.push(perToken(answer.timings));
  }
  const stages = [
    read,
    { stage: 'vision model', latency: summarize(samples.vision) },
    { stage: 'decoder, caption token', latency: summarize(samples.caption), steps: steps.caption },
  ];
  if (!model.canAnswer) return stages;
  return [
    ...stages,
    { stage: 'text encoder', latency: summarize(samples.encoder) },
    { stage: 'decoder, answer token', latency: summarize(samples.answer), steps: steps.answer },
  ];
}

function perToken({ decoder, decoder_steps }: StageTimings): number {
  return decoder / decoder_steps;
}

async function measureMatching(
  matcher: OVBlipMatcher,
  measured: {
    readonly pixel_values: PixelValues;
    readonly text: TextInputs;
    readonly runs: number;
    readonly warmup: number;
    readonly progress_callback?: ProgressCallback;
    readonly signal?: AbortSignal;
  },
): Promise<StageLatency[]> {
  const { pixel_values, text, runs, warmup, progress_callback, signal } = measured;
  const total = warmup + runs;
  const report = (loaded: number): Promise<void> =>
    reportProgress(progress_callback, { status: 'stages', loaded, total: 2 * total }, signal);
  const timing = { runs, warmup, signal };
  const vision = await compareLatency(
    { stage: () => matcher.encodeImage({ pixel_values }) },
    { ...timing, on_round: report },
  );
  const image_embeds = await matcher.encodeImage({ pixel_values });
  const encoder = await compareLatency(
    { stage: () => matcher.match({ image_embeds, ...text }) },
    { ...timing, on_round: (rounds) => report(total + rounds) },
  );
  return [
    { stage: 'vision model', latency: vision.stage },
    { stage: 'text encoder', latency: encoder.stage },
  ];
}

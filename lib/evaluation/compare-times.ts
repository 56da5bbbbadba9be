// Times of two models per task and stage, measured in alternation.
import type { ProgressCallback } from '../core/progress';
import type { VqaSample } from '../datasets/vqa-sample';
import type { GenerateOutput, OVBlipModel, PixelInput, StageTimings } from '../generation';
import type { TextInputs } from '../preprocessing';
import { compareLatency, summarize, type Latency } from '../timing';
import type { ModelPair } from './model-pair';

export interface LatencyPair {
  readonly before: Latency;
  readonly after: Latency;
  /**
   * The median over the rounds of the time before / the time after: a moment in which the machine was busy slows both
   * sides of a round. Below 1, `after` is slower.
   */
  readonly speedup: number;
}

interface PairOptions {
  readonly warmup: number;
  readonly runs: number;
  readonly progress_callback?: ProgressCallback;
}

/** A stage or a task whose time is compared. */
export type Timed =
  | 'vision_model'
  | 'text_encoder'
  | 'decoder_step'
  | 'image-to-text'
  | 'visual-question-answering'
  | 'image-text-matching';

/** Milliseconds. */
export type ComparedTimes = Readonly<Partial<Record<Timed, LatencyPair>>>;

/** Preprocessed images are kept in memory, 1.8 MB each at BLIP's 384 x 384. */
export const TIMED_SAMPLES = 100;

interface TaskTimes {
  readonly task: LatencyPair;
  readonly vision: LatencyPair;
  readonly text_encoder: LatencyPair;
  readonly step: LatencyPair;
}

type Run = (model: OVBlipModel, input: number) => Promise<GenerateOutput>;

/** Both models in alternation, each round with the next sample; the times of the stages come from the same runs. */
export async function compareTimes(
  pair: ModelPair,
  samples: readonly VqaSample[],
  measure: { readonly warmup: number; readonly runs: number },
): Promise<ComparedTimes> {
  const { processor, before } = pair;
  const generation = { ...pair.generation, return_dict_in_generate: true } as const;
  const inputs: { pixel_values: PixelInput; text: TextInputs }[] = [];
  for (const { image, question } of samples.slice(0, TIMED_SAMPLES))
    inputs.push({ pixel_values: await processor.image(image), text: processor.text(question) });
  const time = (task: Timed, run: Run): Promise<TaskTimes> =>
    timeTask(pair, (model, round) => run(model, round % inputs.length), { ...measure, task });

  const caption = await time('image-to-text', (model, i) =>
    model.generateCaption({ pixel_values: inputs[i].pixel_values }, generation),
  );
  if (!before.canAnswer)
    return { vision_model: caption.vision, decoder_step: caption.step, 'image-to-text': caption.task };
  const answer = await time('visual-question-answering', (model, i) =>
    model.generateAnswer({ pixel_values: inputs[i].pixel_values, ...inputs[i].text }, generation),
  );
  return {
    vision_model: caption.vision,
    text_encoder: answer.text_encoder,
    decoder_step: caption.step,
    'image-to-text': caption.task,
    'visual-question-answering': answer.task,
  };
}

async function timeTask(
  { before, after, progress_callback, signal }: ModelPair,
  run: Run,
  { task, warmup, runs }: { readonly task: Timed; readonly warmup: number; readonly runs: number },
): Promise<TaskTimes> {
  const timer = (model: OVBlipModel) => {
    const timings: StageTimings[] = [];
    const measure = async (): Promise<void> => {
      signal?.throwIfAborted();
      timings.push((await run(model, timings.length)).timings);
    };
    return { timings, measure };
  };
  const [a, b] = [timer(before), timer(after)];
  const pair = { before: a.measure, after: b.measure };
  const whole = await comparePair(task, pair, { warmup, runs, progress_callback });
  const stage = (milliseconds: (timings: StageTimings) => number): LatencyPair =>
    latencyPair(
      summarize(a.timings.slice(warmup).map(milliseconds)),
      summarize(b.timings.slice(warmup).map(milliseconds)),
    );
  return {
    task: latencyPair(whole.before, whole.after),
    vision: stage(({ vision }) => vision),
    text_encoder: stage(({ text_encoder }) => text_encoder),
    step: stage(({ decoder, decoder_steps }) => decoder / Math.max(1, decoder_steps)),
  };
}

/** Both in turn, with progress after each round. */
export function comparePair(
  task: Timed,
  pair: { readonly before: () => Promise<void>; readonly after: () => Promise<void> },
  { warmup, runs, progress_callback }: PairOptions,
): Promise<Record<'before' | 'after', Latency>> {
  const total = warmup + runs;
  return compareLatency(pair, {
    warmup,
    runs,
    on_round: (loaded) => progress_callback?.({ status: `latency: ${task}`, loaded, total }),
  });
}

/** Samples with the same index are of the same round. */
export function latencyPair(before: Latency, after: Latency): LatencyPair {
  const ratios = before.samples.map((time, round) => time / after.samples[round]);
  // A stage that a task does not have takes no time
  const speedup = ratios.every(Number.isFinite) ? summarize(ratios).median : before.median / after.median;
  return { before, after, speedup };
}

// What people use today, all in turns: our models, the tutorial's, and transformers with PyTorch in f32 and bf16, eager
// and under torch.compile, for one image and for batches of eight.
import { BlipProcessor, OVBlipModel } from '../lib';
import { ANSWER_TOKENS, CAPTION_TOKENS, type Subject } from './measure-sides';
import { measureRounds, type MeasuredRun, type RoundLimits } from './measure-rounds';
import type { Prepared } from './prepare-models';
import { PythonWorkerError, type PythonWorker } from './python-worker';
import { progress, step } from './show-progress';

export const OURS = ['ours FP16', 'ours INT8'] as const;
export const TUTORIAL = 'tutorial FP16';
export const TRANSFORMERS = ['f32', 'bf16', 'f32+compile', 'bf16+compile'] as const;
export const TODAY_BATCH = 8;

/** Milliseconds of an image, by side. */
export interface TodayStage {
  readonly stage: string;
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

export interface Today {
  readonly stages: readonly TodayStage[];
  /** Why a side was not measured, or not in all stages. */
  readonly not_run: Readonly<Record<string, string>>;
}

/** Sides that are there; transformers by precision, whatever of it could be prepared. */
export interface TodaySides {
  readonly tutorial?: PythonWorker;
  readonly transformers: Readonly<Record<string, PythonWorker>>;
}

interface Stage {
  readonly name: string;
  /** Of transformers' worker. */
  readonly stage: 'vision' | 'caption' | 'question';
  readonly tokens: number;
  readonly batch: number;
}

const STAGES: readonly Stage[] = [
  { name: 'vision model', stage: 'vision', tokens: 0, batch: 1 },
  { name: `caption, ${CAPTION_TOKENS} new tokens`, stage: 'caption', tokens: CAPTION_TOKENS, batch: 1 },
  { name: `question, ${ANSWER_TOKENS} new tokens`, stage: 'question', tokens: ANSWER_TOKENS, batch: 1 },
  { name: `vision model, each of ${TODAY_BATCH} images`, stage: 'vision', tokens: 0, batch: TODAY_BATCH },
  { name: `each caption of ${TODAY_BATCH} images`, stage: 'caption', tokens: CAPTION_TOKENS, batch: TODAY_BATCH },
];

/**
 * Loads what transformers needs, and compiles it.
 *
 * @param open starts a worker that is opened on the checkpoint
 * @returns the workers by precision, and why one is missing
 */
export async function prepareTransformers(
  open: () => Promise<PythonWorker>,
): Promise<{ readonly workers: Record<string, PythonWorker>; readonly not_run: Record<string, string> }> {
  const workers: Record<string, PythonWorker> = {};
  const not_run: Record<string, string> = {};
  // What is compiled gets a process of its own: a compiler that hangs takes nothing with it
  for (const names of [TRANSFORMERS.slice(0, 2), TRANSFORMERS.slice(2)]) {
    let worker: PythonWorker | undefined;
    for (const name of names) {
      try {
        worker ??= await open();
        step(
          `transformers ${name}: loading${name.endsWith('compile') ? ' and compiling, minutes the first time' : ''}`,
        );
        for (const batch of [1, TODAY_BATCH])
          for (const { stage, tokens } of STAGES) await worker.run({ side: name, stage, tokens: tokens || 1, batch });
        workers[name] = worker;
      } catch (error) {
        not_run[`transformers ${name}`] = reasonOf(error);
      }
    }
    if (!names.some((name) => name in workers)) worker?.close();
  }
  return { workers, not_run };
}

/** @param sides opened on the checkpoint, with their inputs set; the tutorial's models loaded */
export async function measureToday(
  { fp16, int8 }: Prepared,
  subject: Subject,
  { sides, limits }: { readonly sides: TodaySides; readonly limits: RoundLimits },
): Promise<Today> {
  const not_run: Record<string, string> = {};
  const stages: TodayStage[] = [];
  const processor = await BlipProcessor.fromCheckpoint(fp16.ours);
  const models = [await OVBlipModel.load(fp16.ours), await OVBlipModel.load(int8.ours)];
  try {
    for (const stage of STAGES) {
      step(`${stage.name}: ${limits.rounds} rounds at most`);
      const runs: Record<string, MeasuredRun> = {};
      for (const [i, name] of OURS.entries()) runs[name] = await oursOf(models[i], processor, { subject, stage });
      const { tutorial, transformers } = sides;
      if (tutorial) {
        const name = { vision: 'vision', question: 'vqa', caption: stage.batch > 1 ? 'caption_batch' : 'caption' }[
          stage.stage
        ];
        if (stage.batch === 1 || stage.stage === 'caption')
          runs[TUTORIAL] = () => tutorial.run({ stage: name, tokens: stage.tokens, times: stage.batch });
      }
      for (const [name, worker] of Object.entries(transformers))
        runs[`transformers ${name}`] = () =>
          worker.run({ side: name, stage: stage.stage, tokens: stage.tokens, batch: stage.batch });
      const { samples, failures } = await measureRounds(runs, limits, (round) =>
        progress(`${stage.name}: round ${round} done`),
      );
      const each = Object.entries(samples).map(([name, ms]) => [name, ms.map((one) => one / stage.batch)] as const);
      stages.push({ stage: stage.name, samples: Object.fromEntries(each) });
      for (const [name, reason] of Object.entries(failures)) not_run[name] ??= `${stage.name}: ${reason}`;
    }
    return { stages, not_run };
  } finally {
    for (const model of models) model.dispose();
  }
}

async function oursOf(
  model: OVBlipModel,
  processor: BlipProcessor,
  { subject, stage }: { readonly subject: Subject; readonly stage: Stage },
): Promise<MeasuredRun> {
  const { tokens, batch } = stage;
  const pixel_values = await processor.images(Array.from({ length: batch }, () => subject.picture));
  const text = processor.text(subject.question);
  const exactly = { max_new_tokens: tokens, min_new_tokens: tokens };
  const run = (): Promise<unknown> => {
    if (stage.stage === 'vision') return model.encodeImage({ pixel_values });
    if (stage.stage === 'caption') return model.generateCaption({ pixel_values }, exactly);
    return model.generateAnswer({ pixel_values, ...text }, exactly);
  };
  return async () => {
    const start = performance.now();
    await run();
    return { ms: performance.now() - start };
  };
}

/** The last line of what Python said, or why there is no Python. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message
    .trim()
    .split('\n')
    .filter((line) => line.trim() !== '');
  const compiler = /(?:No working C\+\+ compiler|InvalidCxxCompiler|Compiler: \S+ is not found)[^\n]*/.exec(message);
  if (compiler) return `torch.compile needs a C++ compiler: ${compiler[0].trim()}`;
  return (error instanceof PythonWorkerError ? lines.at(-1) : lines[0])?.trim().slice(0, 300) ?? message;
}

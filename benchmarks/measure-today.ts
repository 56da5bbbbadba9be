// What people use today, all in turns: our models, the tutorial's, and transformers with PyTorch in f32 and bf16, eager
// and under torch.compile, for one image and for batches of eight.
import { BlipProcessor, OVBlipModel } from '../lib';
import { ANSWER_TOKENS, CAPTION_TOKENS, type Subject } from './measure-sides';
import { measureRounds, type MeasuredRun, type RoundLimits } from './measure-rounds';
import type { Prepared } from './prepare-models';
import { PythonWorkerError, TIMEOUT_SECONDS, type PythonWorker } from './python-worker';
import { progress, step } from './show-progress';

export const OURS = ['ours FP16', 'ours INT8'] as const;
export const TUTORIAL = 'tutorial FP16';
const PRECISIONS = ['f32', 'bf16'];
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

/** Compiling takes minutes, once for one image and once for eight: what it does not reach by then is left out. */
const COMPILE_SECONDS = 420;

/**
 * Loads what transformers needs in both precisions, and compiles it in the one that is faster without.
 *
 * @param open starts a worker that is opened on the checkpoint
 * @returns the workers by precision, and why one is missing
 */
export async function prepareTransformers(
  open: () => Promise<PythonWorker>,
): Promise<{ readonly workers: Record<string, PythonWorker>; readonly not_run: Record<string, string> }> {
  const workers: Record<string, PythonWorker> = {};
  const not_run: Record<string, string> = {};
  let fastest = { name: '', ms: Number.POSITIVE_INFINITY };
  const eager = await attempt(not_run, 'transformers', open);
  if (!eager) return { workers, not_run };
  for (const name of PRECISIONS) {
    step(`transformers ${name}: loading`);
    const ms = await attempt(not_run, `transformers ${name}`, () => runAll(eager, name, TIMEOUT_SECONDS));
    if (ms === undefined) continue;
    workers[name] = eager;
    if (ms < fastest.ms) fastest = { name, ms };
  }
  if (Object.keys(workers).length === 0) {
    eager.close();
    return { workers, not_run };
  }
  const name = `${fastest.name}+compile`;
  step(`transformers ${name}: compiling, at most ${COMPILE_SECONDS} s`);
  // A process of its own: a compiler that hangs takes nothing with it
  const compiled = await attempt(not_run, `transformers ${name}`, open);
  if (!compiled) return { workers, not_run };
  const done = await attempt(not_run, `transformers ${name}`, () => runAll(compiled, name, COMPILE_SECONDS));
  if (done === undefined) compiled.close();
  else workers[name] = compiled;
  return { workers, not_run };
}

async function attempt<T>(
  not_run: Record<string, string>,
  side: string,
  run: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    not_run[side] = reasonOf(error);
    return undefined;
  }
}

/** Every stage once. @returns milliseconds of a caption that is not the first */
async function runAll(worker: PythonWorker, side: string, seconds: number): Promise<number> {
  const start = performance.now();
  const run = (options: Record<string, unknown>): Promise<{ readonly ms: number }> =>
    worker.run({ side, ...options }, Math.max(1, Math.ceil(seconds - (performance.now() - start) / 1000)));
  for (const { name, stage, tokens, batch } of STAGES) {
    progress(`transformers ${side}: ${name}`);
    await run({ stage, tokens: tokens || 1, batch });
  }
  const { ms } = await run({ stage: 'caption', tokens: CAPTION_TOKENS, batch: 1 });
  return ms;
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

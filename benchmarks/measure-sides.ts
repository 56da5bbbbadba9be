// Both sides in turns on the same image, question and number of new tokens: one list of milliseconds per stage and
// side.
import { BlipProcessor, OVBlipModel, type GenerateOutput, type TextInputs } from '../lib';
import { measureRounds, type RoundLimits } from './measure-rounds';
import type { ModelFolders } from './prepare-models';
import type { PythonWorker } from './python-worker';
import { progress, step } from './show-progress';

/** New tokens of a caption and of an answer; both sides write exactly as many. */
export const CAPTION_TOKENS = 10;
export const ANSWER_TOKENS = 3;
/** For the throughput rows. */
export const BATCH = 4;
export const QUESTIONS = 8;
const LOADS = 3;

export interface StageSamples {
  readonly stage: string;
  /** Milliseconds; samples of one round share an index. */
  readonly tutorial: number[];
  readonly ours: number[];
  /** Whether both sides wrote the same token ids; absent where no text is written. */
  readonly sameIds?: boolean;
}

export interface Subject {
  readonly picture: string;
  readonly question: string;
}

interface Outcome {
  readonly ms: number;
  readonly value: unknown;
}

interface Stage {
  readonly name: string;
  readonly tutorial: () => Promise<Outcome>;
  readonly ours: () => Promise<Outcome>;
  /** Divides the time: tokens, images or questions. */
  readonly per?: number;
}

export interface MeasureSides {
  readonly stages: StageSamples[];
  readonly precision: string;
  readonly threads: number;
}

/** Loads both, warms both up, measures every stage. @param worker opened on the same checkpoint, its inputs set */
export async function measureSides(
  worker: PythonWorker,
  folders: ModelFolders,
  subject: Subject,
  limits: RoundLimits,
): Promise<MeasureSides> {
  step(`loading and compiling, ${LOADS} times each`);
  const config = { PERFORMANCE_HINT: 'LATENCY' };
  const load: StageSamples = { stage: 'load and compile', tutorial: [], ours: [] };
  let model: OVBlipModel | undefined;
  for (let run = 0; run < LOADS; run++) {
    const { ms } = await worker.request({ do: 'load', folder: folders.tutorial, device: 'CPU', config });
    load.tutorial.push(Number(ms));
    model?.dispose();
    const start = performance.now();
    model = await OVBlipModel.load(folders.ours);
    load.ours.push(performance.now() - start);
  }
  if (!model) throw new RangeError('no model was loaded');
  const processor = await BlipProcessor.fromCheckpoint(folders.ours);
  const stages = await stagesOf(worker, model, processor, subject);
  const measured = [load];
  for (const stage of stages) measured.push(await measureStage(stage, limits));
  const { precision, threads } = model;
  model.dispose();
  return { stages: measured, precision, threads };
}

async function measureStage({ name, tutorial, ours, per = 1 }: Stage, limits: RoundLimits): Promise<StageSamples> {
  step(`${name}: ${limits.rounds} rounds at most`);
  const { samples, values, failures } = await measureRounds({ tutorial, ours }, limits, (round) =>
    progress(`${name}: round ${round} done`),
  );
  const failed = Object.entries(failures)[0];
  if (failed) throw new Error(`${name}: ${failed.join(': ')}`);
  const each = (side: 'tutorial' | 'ours'): number[] => samples[side].map((ms) => ms / per);
  return {
    stage: name,
    tutorial: each('tutorial'),
    ours: each('ours'),
    ...(Array.isArray(values.ours) && { sameIds: JSON.stringify(values.tutorial) === JSON.stringify(values.ours) }),
  };
}

async function stagesOf(
  worker: PythonWorker,
  model: OVBlipModel,
  processor: BlipProcessor,
  { picture, question }: Subject,
): Promise<Stage[]> {
  const pixel_values = await processor.image(picture);
  const text = processor.text(question);
  const image_embeds = await model.encodeImage({ pixel_values });
  const questions = processor.text(Array.from({ length: QUESTIONS }, () => question));
  const batch = await processor.images(Array.from({ length: BATCH }, () => picture));
  const exactly = (tokens: number) => ({ max_new_tokens: tokens, min_new_tokens: tokens });
  const answer = (tokens: number): Promise<GenerateOutput> =>
    model.generateAnswer({ image_embeds, ...text }, { ...exactly(tokens), return_dict_in_generate: true });
  const theirs =
    (stage: string, tokens = 0, times = 1) =>
    (): Promise<Outcome> =>
      worker.run({ stage, tokens, times });
  return [
    {
      name: 'preprocess',
      tutorial: theirs('preprocess'),
      ours: timed(async () => void (await processor.image(picture))),
    },
    {
      name: 'vision model',
      tutorial: theirs('vision'),
      ours: timed(async () => void (await model.encodeImage({ pixel_values }))),
    },
    {
      name: 'text encoder',
      tutorial: theirs('text_encoder'),
      ours: async () => {
        const { timings } = await answer(1);
        return { ms: timings.text_encoder, value: undefined };
      },
    },
    {
      name: 'decoder, per token on an image',
      per: CAPTION_TOKENS,
      tutorial: theirs('decoder_image', CAPTION_TOKENS),
      ours: async () => {
        const { sequences, timings } = await model.generateCaption(
          { image_embeds },
          { ...exactly(CAPTION_TOKENS), return_dict_in_generate: true },
        );
        return { ms: timings.decoder, value: sequences };
      },
    },
    {
      name: 'decoder, per token on a question',
      per: CAPTION_TOKENS,
      tutorial: theirs('decoder_question', CAPTION_TOKENS),
      ours: async () => {
        const { sequences, timings } = await answer(CAPTION_TOKENS);
        return { ms: timings.decoder, value: sequences };
      },
    },
    {
      name: `caption, ${CAPTION_TOKENS} new tokens`,
      tutorial: theirs('caption', CAPTION_TOKENS),
      ours: timed(() => model.generateCaption({ pixel_values }, exactly(CAPTION_TOKENS))),
    },
    {
      name: `question, ${ANSWER_TOKENS} new tokens`,
      tutorial: theirs('vqa', ANSWER_TOKENS),
      ours: timed(() => model.generateAnswer({ pixel_values, ...text }, exactly(ANSWER_TOKENS))),
    },
    {
      name: 'second question on the same image',
      tutorial: theirs('vqa', ANSWER_TOKENS),
      ours: timed(async () => (await answer(ANSWER_TOKENS)).sequences),
    },
    {
      name: `each of ${QUESTIONS} questions on one image`,
      per: QUESTIONS,
      tutorial: theirs('vqa', ANSWER_TOKENS, QUESTIONS),
      ours: timed(() => askAll(model, pixel_values, text)),
    },
    {
      name: `each of ${QUESTIONS} questions in one call`,
      per: QUESTIONS,
      tutorial: theirs('vqa', ANSWER_TOKENS, QUESTIONS),
      ours: timed(async () =>
        (await model.generateAnswer({ pixel_values, ...questions }, exactly(ANSWER_TOKENS))).slice(0, 1),
      ),
    },
    {
      name: `each caption of a batch of ${BATCH}`,
      per: BATCH,
      tutorial: theirs('caption_batch', CAPTION_TOKENS, BATCH),
      ours: timed(() => model.generateCaption({ pixel_values: batch }, exactly(CAPTION_TOKENS))),
    },
  ];
}

async function askAll(
  model: OVBlipModel,
  pixel_values: Parameters<OVBlipModel['encodeImage']>[0]['pixel_values'],
  text: TextInputs,
): Promise<number[][]> {
  const image_embeds = await model.encodeImage({ pixel_values });
  let answer: number[][] = [];
  for (let question = 0; question < QUESTIONS; question++)
    answer = await model.generateAnswer(
      { image_embeds, ...text },
      { max_new_tokens: ANSWER_TOKENS, min_new_tokens: ANSWER_TOKENS },
    );
  return answer;
}

function timed(fn: () => Promise<number[][] | undefined>): () => Promise<Outcome> {
  return async () => {
    const start = performance.now();
    const value = await fn();
    return { ms: performance.now() - start, value };
  };
}

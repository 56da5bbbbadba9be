// Two precisions of one model side by side: sizes, times per stage and task, accuracy, and how often they say the same.
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { VqaSample } from '../datasets/vqa-sample';
import { BlipError } from '../core/errors';
import {
  OVBlipModel,
  type GenerateOutput,
  type GenerationOptions,
  type ImageEmbeds,
  type PixelValues,
} from '../generation';
import { loadOpenVINO, type Config } from '../openvino';
import { BlipProcessor, type TextInputs } from '../preprocessing';
import type { ProgressCallback } from '../core/progress';
import { compareLatency, summarize, type Latency } from '../timing';
import { exactMatch, vqaAccuracy } from './vqa-accuracy';
import { PARTS, type PartName } from '../optimize/quantize-options';

const WITH_TIMINGS = { return_dict_in_generate: true } as const;

export class CompareError extends BlipError {}

export interface CompareOptions {
  readonly device?: string;
  readonly properties?: Config;
  /** Runs per task, 20 by default; 0 leaves the times out. The tutorial takes 100. */
  readonly runs?: number;
  readonly warmup?: number;
  /** For captions and answers; the tutorial's max_length 20 by default. */
  readonly generation?: GenerationOptions;
  /** Pictures that both models caption for the agreement; 100 by default. */
  readonly captions?: number;
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

export interface PartSize {
  readonly before: number;
  readonly after: number;
  readonly ratio: number;
}
export interface LatencyPair {
  readonly before: Latency;
  readonly after: Latency /** Median before through median after. */;
  readonly speedup: number;
}
export type Timed = 'vision_model' | 'text_encoder' | 'decoder_step' | 'image-to-text' | 'visual-question-answering';

export interface ComparedModels {
  readonly before: string;
  readonly after: string;
  /** What the times hold for; `device_name` is the processor's or card's own name, for AUTO that of the chosen one. */
  readonly device: string;
  readonly device_name: string;
  readonly precision: { readonly before: string; readonly after: string };
  /** 0 where the device does not tell. */
  readonly threads: number;
  /** Bytes of the .bin files. */
  readonly sizes: Readonly<Partial<Record<PartName | 'total', PartSize>>>;
  /** Milliseconds. */
  readonly latency: Readonly<Partial<Record<Timed, LatencyPair>>>;
  /** 0 to 1; absent where the model answers no questions. */
  readonly accuracy?: {
    /** `vqa` when every sample has at least ten answers, else `exact match`. */
    readonly metric: 'vqa' | 'exact match';
    readonly questions: number;
    readonly before: number;
    readonly after: number;
    readonly byType: Readonly<
      Record<string, { readonly questions: number; readonly before: number; readonly after: number }>
    >;
    /** Part of the questions with the same answer from both. */
    readonly answerAgreement: number;
    readonly changed: readonly {
      readonly question: string;
      readonly image_id: string;
      readonly before: string;
      readonly after: string;
      readonly answers: readonly string[];
    }[];
  };
  readonly captions: {
    readonly images: number;
    readonly agreement: number;
    readonly changed: readonly { readonly image_id: string; readonly before: string; readonly after: string }[];
  };
}

const TUTORIAL_MAX_LENGTH = 20;
const DEFAULT_RUNS = 20;
const OPTIONS: readonly (keyof CompareOptions)[] = [
  'device',
  'properties',
  'runs',
  'warmup',
  'generation',
  'captions',
  'progress_callback',
  'signal',
];
/** Prepared pictures are held in memory, 1.8 MB each at BLIP's 384 x 384. */
const TIMED_SAMPLES = 100;
const ANSWERS_OF_VQA_V2 = 10;
/** As many differing answers or captions as a report shows. */
const CHANGED_SHOWN = 20;

/**
 * @param before a folder that `convertBlip` wrote @param after one that `quantizeBlip` wrote
 * @param samples questions with known answers that were not used for calibration
 * @example
 * const compared = await compareModels('output/blip-scenes/fp16', 'output/blip-scenes/int8', samples, { runs: 100 });
 * compared.sizes.total?.ratio // 1.9
 * @throws {CompareError | BlipModelError}
 */
export async function compareModels(
  before: string,
  after: string,
  samples: readonly VqaSample[],
  options: CompareOptions = {},
): Promise<ComparedModels> {
  checkOptions(options);
  if (samples.length === 0)
    throw new CompareError(
      'compareModels got no samples; expected at least one with a picture, a question and its answers.',
    );
  const sizes = compareSizes(before, after);
  const load = { device: options.device, properties: options.properties };
  const processor = await BlipProcessor.fromCheckpoint(before);
  const models: OVBlipModel[] = [];
  try {
    for (const folder of [before, after]) models.push(await OVBlipModel.load(folder, load));
    const [a, b] = models;
    const pair = new Pair(a, b, processor, options);
    const quality = await pair.quality(samples, fs.existsSync(path.join(before, 'blip_text_encoder.xml')));
    return {
      before,
      after,
      device: a.device,
      device_name: deviceName(a.executionDevices),
      precision: { before: a.precision, after: b.precision },
      threads: a.threads,
      sizes,
      ...quality,
      latency:
        options.runs === 0
          ? {}
          : await pair.latency(samples, fs.existsSync(path.join(before, 'blip_text_encoder.xml'))),
    };
  } finally {
    for (const model of models) model.dispose();
  }
}

function checkOptions(options: CompareOptions): void {
  const unknown = Object.keys(options).find((name) => !OPTIONS.some((known) => known === name));
  if (unknown) throw new CompareError(`${unknown} is no option; expected ${OPTIONS.join(', ')}.`);
  for (const name of ['runs', 'warmup', 'captions'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0))
      throw new CompareError(`${name} is ${value}; expected a whole number, 0 for none.`);
  }
}

function deviceName(devices: readonly string[]): string {
  const core = new (loadOpenVINO().Core)();
  const nameOf = (device: string): string => {
    try {
      return core.getProperty(device, 'FULL_DEVICE_NAME');
    } catch {
      return device;
    } // without a name of its own
  };
  try {
    return devices.map(nameOf).join(', ');
  } finally {
    core.dispose();
  }
}

/** Bytes of each part's weights in both folders. @throws {CompareError} when they do not hold the same parts */
export function compareSizes(before: string, after: string): ComparedModels['sizes'] {
  const sizes: Partial<Record<PartName | 'total', PartSize>> = {};
  const total = { before: 0, after: 0 };
  for (const part of PARTS) {
    const [a, b] = [before, after].map((folder) => path.join(folder, `blip_${part}.bin`));
    if (!fs.existsSync(a) && !fs.existsSync(b)) continue;
    if (!fs.existsSync(a))
      throw new CompareError(`${a} is missing, but ${b} is there: expected both folders to hold the same parts.`);
    if (!fs.existsSync(b))
      throw new CompareError(`${b} is missing, but ${a} is there: expected both folders to hold the same parts.`);
    const size = { before: fs.statSync(a).size, after: fs.statSync(b).size };
    sizes[part] = { ...size, ratio: size.before / size.after };
    total.before += size.before;
    total.after += size.after;
  }
  if (total.before === 0)
    throw new CompareError(
      `${before} and ${after} hold no model: expected folders that convertBlip and quantizeBlip wrote.`,
    );
  sizes.total = { ...total, ratio: total.before / total.after };
  return sizes;
}

class Pair {
  private readonly generation: GenerationOptions;

  constructor(
    private readonly a: OVBlipModel,
    private readonly b: OVBlipModel,
    private readonly processor: BlipProcessor,
    private readonly options: CompareOptions,
  ) {
    this.generation = {
      ...(options.generation?.max_new_tokens === undefined && { max_length: TUTORIAL_MAX_LENGTH }),
      ...options.generation,
      signal: options.signal,
    };
  }

  /** Each picture is encoded once per model, for all its questions and its caption. */
  async quality(
    samples: readonly VqaSample[],
    answersQuestions: boolean,
  ): Promise<Pick<ComparedModels, 'accuracy' | 'captions'>> {
    const metric = samples.every(({ answers }) => answers.length >= ANSWERS_OF_VQA_V2) ? 'vqa' : 'exact match';
    const score = (answer: string, answers: readonly string[]): number =>
      metric === 'vqa' ? vqaAccuracy(answer, answers) : Number(exactMatch(answer, answers));
    const byImage = new Map<string, VqaSample[]>();
    for (const sample of samples) byImage.set(sample.image_id, [...(byImage.get(sample.image_id) ?? []), sample]);
    const captionImages = Math.min(this.options.captions ?? 100, byImage.size);
    const types: Record<string, { questions: number; before: number; after: number }> = {};
    const all = { questions: 0, before: 0, after: 0 };
    const changed: { question: string; image_id: string; before: string; after: string; answers: readonly string[] }[] =
      [];
    const changedCaptions: { image_id: string; before: string; after: string }[] = [];
    let captioned = 0;
    let done = 0;
    for (const [image_id, questions] of byImage) {
      this.options.signal?.throwIfAborted();
      if (captioned === captionImages && !answersQuestions) break;
      const pixel_values = await this.processor.image(questions[0].image);
      const embeds: ImageEmbeds[] = [];
      for (const model of [this.a, this.b]) embeds.push(await model.encodeImage({ pixel_values }));
      if (captioned < captionImages) {
        captioned++;
        const [one] = await this.a.generateCaption({ image_embeds: embeds[0] }, this.generation);
        const [two] = await this.b.generateCaption({ image_embeds: embeds[1] }, this.generation);
        if (!answersQuestions)
          this.options.progress_callback?.({ status: 'captions', loaded: captioned, total: captionImages });
        if (String(one) !== String(two))
          changedCaptions.push({ image_id, before: this.processor.decode(one), after: this.processor.decode(two) });
      }
      for (const { question, answers, question_type } of answersQuestions ? questions : []) {
        this.options.signal?.throwIfAborted();
        const text = this.processor.text(question);
        const one = this.processor.decode(
          (await this.a.generateAnswer({ image_embeds: embeds[0], ...text }, this.generation))[0],
        );
        const two = this.processor.decode(
          (await this.b.generateAnswer({ image_embeds: embeds[1], ...text }, this.generation))[0],
        );
        if (one !== two) changed.push({ question, image_id, before: one, after: two, answers });
        for (const sum of [all, (types[question_type ?? 'all'] ??= { questions: 0, before: 0, after: 0 })]) {
          sum.questions++;
          sum.before += score(one, answers);
          sum.after += score(two, answers);
        }
        this.options.progress_callback?.({ status: 'accuracy', loaded: ++done, total: samples.length });
      }
    }
    const share = ({ questions, before, after }: typeof all) => ({
      questions,
      before: before / questions,
      after: after / questions,
    });
    return {
      ...(all.questions > 0 && {
        accuracy: {
          metric,
          ...share(all),
          byType: Object.fromEntries(Object.entries(types).map(([type, sum]) => [type, share(sum)])),
          answerAgreement: 1 - changed.length / all.questions,
          changed: changed.slice(0, CHANGED_SHOWN),
        },
      }),
      captions: {
        images: captioned,
        agreement: captioned ? 1 - changedCaptions.length / captioned : 1,
        changed: changedCaptions.slice(0, CHANGED_SHOWN),
      },
    };
  }

  /** Both models in turns, each round on the next sample; the stages' times come out of the same runs. */
  async latency(samples: readonly VqaSample[], answersQuestions: boolean): Promise<ComparedModels['latency']> {
    const inputs: { pixel_values: PixelValues; text: TextInputs }[] = [];
    for (const sample of samples.slice(0, TIMED_SAMPLES))
      inputs.push({
        pixel_values: await this.processor.image(sample.image),
        text: this.processor.text(sample.question),
      });
    const caption = await this.time('image-to-text', inputs.length, (model, i) =>
      model.generateCaption({ pixel_values: inputs[i].pixel_values }, { ...this.generation, ...WITH_TIMINGS }),
    );
    if (!answersQuestions)
      return { vision_model: caption.stages.vision, decoder_step: caption.stages.step, 'image-to-text': caption.task };
    const answer = await this.time('visual-question-answering', inputs.length, (model, i) =>
      model.generateAnswer(
        { pixel_values: inputs[i].pixel_values, ...inputs[i].text },
        { ...this.generation, ...WITH_TIMINGS },
      ),
    );
    return {
      vision_model: caption.stages.vision,
      text_encoder: answer.stages.text_encoder,
      decoder_step: caption.stages.step,
      'image-to-text': caption.task,
      'visual-question-answering': answer.task,
    };
  }

  private async time(
    task: Timed,
    count: number,
    run: (model: OVBlipModel, input: number) => Promise<GenerateOutput>,
  ): Promise<{ task: LatencyPair; stages: Record<'vision' | 'text_encoder' | 'step', LatencyPair> }> {
    const { warmup = 3, runs = DEFAULT_RUNS } = this.options;
    const side = (model: OVBlipModel) => {
      const stages = { vision: [] as number[], text_encoder: [] as number[], step: [] as number[] };
      let round = 0;
      const fn = async (): Promise<void> => {
        this.options.signal?.throwIfAborted();
        const { timings } = await run(model, round++ % count);
        const { vision, text_encoder, decoder, decoder_steps } = timings;
        if (round > warmup) {
          stages.vision.push(vision);
          stages.text_encoder.push(text_encoder);
          stages.step.push(decoder / Math.max(1, decoder_steps));
        }
        if (model === this.b)
          this.options.progress_callback?.({ status: `latency: ${task}`, loaded: round, total: warmup + runs });
      };
      return { stages, fn };
    };
    const [a, b] = [side(this.a), side(this.b)];
    const whole = await compareLatency({ before: a.fn, after: b.fn }, { warmup, runs });
    const stage = (name: keyof typeof a.stages) => pairOf(summarize(a.stages[name]), summarize(b.stages[name]));
    return {
      task: pairOf(whole.before, whole.after),
      stages: { vision: stage('vision'), text_encoder: stage('text_encoder'), step: stage('step') },
    };
  }
}

function pairOf(before: Latency, after: Latency): LatencyPair {
  return { before, after, speedup: before.median / after.median };
}

// Accuracy of two models, and how often their captions and answers agree.
import type { VqaSample } from '../datasets/vqa-sample';
import type { ImageEmbeds } from '../generation';
import type { ModelPair } from './model-pair';
import { exactMatch, vqaAccuracy } from './vqa-accuracy';

export interface ChangedAnswer {
  readonly question: string;
  readonly image_id: string;
  readonly before: string;
  readonly after: string;
  readonly answers: readonly string[];
}

export interface ChangedCaption {
  readonly image_id: string;
  readonly before: string;
  readonly after: string;
}

/** A share of the questions, from 0 to 1. */
export interface Accuracy {
  readonly questions: number;
  readonly before: number;
  readonly after: number;
}

export interface ComparedOutputs {
  /** Absent where the model answers no questions. */
  readonly accuracy?: Accuracy & {
    /** `vqa` when every sample has at least ten answers, else `exact match`. */
    readonly metric: 'vqa' | 'exact match';
    readonly byType: Readonly<Record<string, Accuracy>>;
    /** The share of the questions that both models answer equally. */
    readonly answerAgreement: number;
    readonly changed: readonly ChangedAnswer[];
  };
  readonly captions: {
    readonly images: number;
    readonly agreement: number;
    readonly changed: readonly ChangedCaption[];
  };
}

const ANSWERS_OF_VQA_V2 = 10;
/** Changed answers or captions in a report. */
const CHANGED_SHOWN = 20;

/**
 * Each image is encoded once per model, for its caption and all its questions.
 *
 * @param captions images that both models caption
 */
export async function compareOutputs(
  pair: ModelPair,
  samples: readonly VqaSample[],
  captions: number,
): Promise<ComparedOutputs> {
  const { before, after, processor, generation, progress_callback, signal } = pair;
  const answersQuestions = before.canAnswer;
  const tally = new AnswerTally(samples);
  const images = groupByImage(samples);
  const captionImages = Math.min(captions, images.size);
  const changedCaptions: ChangedCaption[] = [];
  let captioned = 0;
  let answered = 0;
  for (const [image_id, questions] of images) {
    signal?.throwIfAborted();
    if (captioned === captionImages && !answersQuestions) break;
    const pixel_values = await processor.image(questions[0].image);
    const embeds: readonly [ImageEmbeds, ImageEmbeds] = [
      await before.encodeImage({ pixel_values }),
      await after.encodeImage({ pixel_values }),
    ];
    if (captioned < captionImages) {
      captioned++;
      const [one] = await before.generateCaption({ image_embeds: embeds[0] }, generation);
      const [two] = await after.generateCaption({ image_embeds: embeds[1] }, generation);
      if (String(one) !== String(two))
        changedCaptions.push({ image_id, before: processor.decode(one), after: processor.decode(two) });
      if (!answersQuestions) progress_callback?.({ status: 'captions', loaded: captioned, total: captionImages });
    }
    for (const sample of answersQuestions ? questions : []) {
      signal?.throwIfAborted();
      const text = processor.text(sample.question);
      const [one] = await before.generateAnswer({ image_embeds: embeds[0], ...text }, generation);
      const [two] = await after.generateAnswer({ image_embeds: embeds[1], ...text }, generation);
      tally.add(sample, processor.decode(one), processor.decode(two));
      progress_callback?.({ status: 'accuracy', loaded: ++answered, total: samples.length });
    }
  }
  return {
    ...tally.result(),
    captions: {
      images: captioned,
      agreement: captioned ? 1 - changedCaptions.length / captioned : 1,
      changed: changedCaptions.slice(0, CHANGED_SHOWN),
    },
  };
}

function groupByImage(samples: readonly VqaSample[]): Map<string, VqaSample[]> {
  const groups = new Map<string, VqaSample[]>();
  for (const sample of samples) groups.set(sample.image_id, [...(groups.get(sample.image_id) ?? []), sample]);
  return groups;
}

/** Sums over the questions, of which `share` makes means. */
interface Sums {
  questions: number;
  before: number;
  after: number;
}

class AnswerTally {
  readonly #metric: 'vqa' | 'exact match';
  readonly #all: Sums = { questions: 0, before: 0, after: 0 };
  readonly #byType = new Map<string, Sums>();
  readonly #changed: ChangedAnswer[] = [];

  constructor(samples: readonly VqaSample[]) {
    this.#metric = samples.every(({ answers }) => answers.length >= ANSWERS_OF_VQA_V2) ? 'vqa' : 'exact match';
  }

  add({ question, question_type = 'all', image_id, answers }: VqaSample, before: string, after: string): void {
    if (before !== after) this.#changed.push({ question, image_id, before, after, answers });
    const ofType = this.#byType.get(question_type) ?? { questions: 0, before: 0, after: 0 };
    this.#byType.set(question_type, ofType);
    for (const sums of [this.#all, ofType]) {
      sums.questions++;
      sums.before += this.#score(before, answers);
      sums.after += this.#score(after, answers);
    }
  }

  result(): Pick<ComparedOutputs, 'accuracy'> {
    const { questions } = this.#all;
    if (questions === 0) return {};
    return {
      accuracy: {
        metric: this.#metric,
        ...share(this.#all),
        byType: Object.fromEntries([...this.#byType].map(([type, sums]) => [type, share(sums)])),
        answerAgreement: 1 - this.#changed.length / questions,
        changed: this.#changed.slice(0, CHANGED_SHOWN),
      },
    };
  }

  #score(answer: string, answers: readonly string[]): number {
    return this.#metric === 'vqa' ? vqaAccuracy(answer, answers) : Number(exactMatch(answer, answers));
  }
}

function share({ questions, before, after }: Sums): Accuracy {
  return { questions, before: before / questions, after: after / questions };
}

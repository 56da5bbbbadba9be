// The task `visual-question-answering`: images and questions in, answers out.
import { describeValue } from '../core/describe-value';
import type { GenerationOptions, OVBlipModel, StreamOptions } from '../generation';
import type { BlipProcessor, ImageSource } from '../preprocessing';
import type { EarlyImage } from './early-image';
import { isList } from './image-to-text';
import { nameUnknownWords } from './name-unknown-words';
import { checkOneText, checkTextOptions, PipelineError, type OneOrMany } from './pipeline-error';
import { rankCandidates, type CandidateOptions } from './rank-candidates';
import { rememberImage } from './remember-image';
import { streamText } from './stream-text';
import { writtenTexts, type WrittenToken } from './written-texts';
import { traceAnswer, type TracedAnswer, type TraceOptions } from './trace-text';

export interface Answer {
  readonly answer: string;
  /**
   * Words of the question that the model never saw in training, as typed; absent where there are none, and where the
   * checkpoint does not tell (see {@link BlipProcessor.unknownWords}). The answer may rest on the other words.
   */
  readonly unknown_words?: readonly string[];
  /**
   * The probability that the model gives the whole answer, the end included: the product of the probabilities of its
   * tokens, from the model's own scores (before temperature, penalties and bans). With `candidates`, the answer's share
   * among those that were compared: they add up to 1.
   */
  readonly score: number;
  /** With `output_probabilities: true`: each token. */
  readonly tokens?: readonly WrittenToken[];
}

export type AnswerOptions = GenerationOptions &
  CandidateOptions & {
    /** Also returns `tokens`. */
    readonly output_probabilities?: boolean;
  };

/**
 * An image and a question give a list with the answer, or its num_return_sequences answers, or the ranked candidates,
 * the best first. Each question gets what it gets alone, with a seed, too. Where either is a list, one such list is
 * returned per question: one image with many questions, many images with one question, or as many images as
 * questions, in pairs.
 */
export interface VisualQuestionAnswering {
  (image: ImageSource, question: string, options?: AnswerOptions): Promise<Answer[]>;
  (image: OneOrMany<ImageSource>, question: OneOrMany<string>, options?: AnswerOptions): Promise<Answer[][]>;
  /**
   * The answer to one question, piece by piece as it is written; the pieces joined are the whole answer. Leaving the
   * loop cancels it.
   */
  stream(image: ImageSource, question: string, options?: StreamOptions): AsyncGenerator<string, string, undefined>;
  /** The answer to one question with what lay behind each token: see {@link traceAnswer}. */
  trace(image: ImageSource, question: string, options?: TraceOptions): Promise<TracedAnswer>;
  dispose(): void;
}

export function visualQuestionAnswering(
  model: OVBlipModel,
  processor: BlipProcessor,
  early?: EarlyImage,
): VisualQuestionAnswering {
  const encode = rememberImage(model, processor, early);

  async function ask(
    image: ImageSource,
    questions: readonly string[],
    { output_probabilities = false, ...options }: AnswerOptions,
  ): Promise<Answer[][]> {
    const inputs = { image_embeds: await encode(image), ...processor.text(questions) };
    const unknown = questions.map((question) => nameUnknownWords(processor, question));
    if (options.candidates !== undefined) {
      const ranked = await rankCandidates(model, processor, inputs, options);
      return ranked.map((answers, i) => answers.map((each) => ({ ...each, ...unknown[i] })));
    }
    const { seed, num_return_sequences: texts = 1 } = options;
    const full = { ...options, return_dict_in_generate: true, output_probabilities: true } as const;
    // Every question draws as it does alone
    const seeds = typeof seed === 'number' ? { seed: questions.map(() => seed) } : {};
    const output = await model.generateAnswer(inputs, { ...full, ...seeds });
    return writtenTexts(output, processor, { texts, prompt: 1 }).map((written, i) =>
      written.map(({ text, score, tokens }) => ({
        answer: text,
        score,
        ...(output_probabilities && { tokens }),
        ...unknown[i],
      })),
    );
  }

  async function answer(image: ImageSource, question: string, options?: AnswerOptions): Promise<Answer[]>;
  async function answer(
    image: OneOrMany<ImageSource>,
    question: OneOrMany<string>,
    options?: AnswerOptions,
  ): Promise<Answer[][]>;
  async function answer(
    image: OneOrMany<ImageSource>,
    question: OneOrMany<string>,
    options: AnswerOptions = {},
  ): Promise<Answer[] | Answer[][]> {
    if (typeof question !== 'string' && !Array.isArray(question)) throw notAQuestion(question);
    checkTextOptions(options);
    if (!isList(image)) {
      if (typeof question === 'string') return (await ask(image, [question], options))[0];
      return question.length === 0 ? [] : ask(image, question, options);
    }
    if (typeof question !== 'string' && question.length !== image.length)
      throw new PipelineError(
        `${image.length} images and ${question.length} questions: give one question for all images, or one per image.`,
      );
    const answers: Answer[][] = [];
    for (const [i, each] of image.entries())
      answers.push(...(await ask(each, [typeof question === 'string' ? question : question[i]], options)));
    return answers;
  }

  async function* stream(
    image: ImageSource,
    question: string,
    options: StreamOptions = {},
  ): AsyncGenerator<string, string, undefined> {
    if (typeof question !== 'string') throw notAQuestion(question);
    checkTextOptions(options);
    checkOneText(options);
    const image_embeds = await encode(image);
    const tokens = model.streamAnswer({ image_embeds, ...processor.text(question) }, options);
    return yield* streamText(tokens, [], (ids) => processor.decode(ids));
  }

  async function trace(image: ImageSource, question: string, options?: TraceOptions): Promise<TracedAnswer> {
    if (typeof question !== 'string') throw notAQuestion(question);
    return traceAnswer(model, processor, { image_embeds: await encode(image), question }, options);
  }

  return Object.assign(answer, { stream, trace, dispose: () => model.dispose() });
}

function notAQuestion(question: unknown): PipelineError {
  return new PipelineError(
    `The question is ${describeValue(question)}, expected a string, or a list of strings (stream: one string).`,
  );
}

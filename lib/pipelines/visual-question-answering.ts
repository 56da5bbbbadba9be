// The task `visual-question-answering`: images and questions in, answers out.
import { describeValue } from '../core/describe-value';
import type { GenerationOptions, OVBlipModel, StreamOptions } from '../generation';
import type { BlipProcessor, ImageSource } from '../preprocessing';
import { isList } from './image-to-text';
import { nameUnknownWords } from './name-unknown-words';
import { checkTextOptions, PipelineError, type OneOrMany } from './pipeline-error';
import { rememberImage } from './remember-image';
import { streamText } from './stream-text';
import { traceAnswer, type TracedAnswer, type TraceOptions } from './trace-text';

export interface Answer {
  readonly answer: string;
  /**
   * Words of the question that the model never saw in training, as typed; absent where there are none, and where the
   * checkpoint does not tell (see {@link BlipProcessor.unknownWords}). The answer may rest on the other words.
   */
  readonly unknown_words?: readonly string[];
}

/**
 * An image and a question give a list with the answer. Where either is a list, one such list is returned per question:
 * one image with many questions, many images with one question, or as many images as questions, in pairs.
 */
export interface VisualQuestionAnswering {
  (image: ImageSource, question: string, options?: GenerationOptions): Promise<Answer[]>;
  (image: OneOrMany<ImageSource>, question: OneOrMany<string>, options?: GenerationOptions): Promise<Answer[][]>;
  /**
   * The answer to one question, piece by piece as it is written; the pieces joined are the whole answer. Leaving the
   * loop cancels it.
   */
  stream(image: ImageSource, question: string, options?: StreamOptions): AsyncGenerator<string, string, undefined>;
  /** The answer to one question with what lay behind each token: see {@link traceAnswer}. */
  trace(image: ImageSource, question: string, options?: TraceOptions): Promise<TracedAnswer>;
  dispose(): void;
}

export function visualQuestionAnswering(model: OVBlipModel, processor: BlipProcessor): VisualQuestionAnswering {
  const encode = rememberImage(model, processor);

  async function ask(image: ImageSource, questions: readonly string[], options: GenerationOptions): Promise<Answer[]> {
    checkTextOptions(options);
    const image_embeds = await encode(image);
    const ids = await model.generateAnswer({ image_embeds, ...processor.text(questions) }, options);
    const perQuestion = ids.length / questions.length; // num_return_sequences
    return ids.map((row, index) => ({
      answer: processor.decode(row),
      ...nameUnknownWords(processor, questions[Math.floor(index / perQuestion)]),
    }));
  }

  async function answer(image: ImageSource, question: string, options?: GenerationOptions): Promise<Answer[]>;
  async function answer(
    image: OneOrMany<ImageSource>,
    question: OneOrMany<string>,
    options?: GenerationOptions,
  ): Promise<Answer[][]>;
  async function answer(
    image: OneOrMany<ImageSource>,
    question: OneOrMany<string>,
    options: GenerationOptions = {},
  ): Promise<Answer[] | Answer[][]> {
    if (typeof question !== 'string' && !Array.isArray(question)) throw notAQuestion(question);
    if (!isList(image)) {
      if (typeof question === 'string') return ask(image, [question], options);
      return question.length === 0 ? [] : (await ask(image, question, options)).map((each) => [each]);
    }
    if (typeof question !== 'string' && question.length !== image.length)
      throw new PipelineError(
        `${image.length} images and ${question.length} questions: give one question for all images, or one per image.`,
      );
    const answers: Answer[][] = [];
    for (const [i, each] of image.entries())
      answers.push(await ask(each, [typeof question === 'string' ? question : question[i]], options));
    return answers;
  }

  async function* stream(
    image: ImageSource,
    question: string,
    options: StreamOptions = {},
  ): AsyncGenerator<string, string, undefined> {
    if (typeof question !== 'string') throw notAQuestion(question);
    checkTextOptions(options);
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

// Pictures in, text out, in one call: the call shape of transformers.js' `pipeline`, for the three tasks that BLIP does.
import type { BlipCheckpoint } from '../checkpoint';
import { describeValue } from '../core/describe-value';
import { BlipError } from '../core/errors';
import {
  OVBlipMatcher,
  OVBlipModel,
  type GenerationOptions,
  type ImageEmbeds,
  type LoadModelOptions,
  type PretrainedOptions,
} from '../generation';
import { splitOptions } from '../generation/pretrained-options';
import { convertOnce } from '../model-folder/convert-once';
import { BlipProcessor, type ImageSource } from '../preprocessing';
import { pictureIdentity } from './picture-identity';

/** Another task was asked for than a model folder, or this library, can do; or lists of different lengths were given. */
export class PipelineError extends BlipError {}

type OneOrMany<T> = T | readonly T[];

export interface Caption {
  readonly generated_text: string;
}
export interface Answer {
  readonly answer: string;
}
export interface Match {
  readonly text: string;
  readonly score: number;
}
export type CaptionOptions = GenerationOptions & { readonly prompt?: string };

/** One picture gives a list with its caption; a list of pictures gives one such list per picture, as in transformers.js. */
export interface ImageToText {
  (image: ImageSource, options?: CaptionOptions): Promise<Caption[]>;
  (images: readonly ImageSource[], options?: CaptionOptions): Promise<Caption[][]>;
  dispose(): void;
}

/**
 * A picture and a question give a list with the answer. Where either is a list, one such list comes back per question asked:
 * one picture with many questions, many pictures with one question, or as many pictures as questions, in pairs.
 */
export interface VisualQuestionAnswering {
  (image: ImageSource, question: string, options?: GenerationOptions): Promise<Answer[]>;
  (image: OneOrMany<ImageSource>, question: OneOrMany<string>, options?: GenerationOptions): Promise<Answer[][]>;
  dispose(): void;
}

/** How well each text describes the picture, in the order of the texts: `score` is the probability that they belong together, from 0 to 1. */
export interface ImageTextMatching {
  (image: ImageSource, text: OneOrMany<string>): Promise<Match[]>;
  dispose(): void;
}

const TASKS = ['image-to-text', 'visual-question-answering', 'image-text-matching'];

/**
 * Loads a checkpoint for one task. A checkpoint is converted at the first call and kept in the cache, see {@link convertOnce};
 * a folder that convertBlip or quantizeBlip wrote is taken as it is.
 *
 * @param idOrFolder a hub id, a checkpoint folder, or a folder of converted models
 * @example
 * const captioner = await pipeline('image-to-text', 'Salesforce/blip-image-captioning-base', { dtype: 'fp16', device: 'CPU' });
 * @example
 * const captioner = await pipeline('image-to-text', 'models/blip-scenes');
 * await captioner('data/pictures/demo.jpg') // [{ generated_text: 'two gray dogs playing with two green balls on the beach' }]
 * @example
 * const vqa = await pipeline('visual-question-answering', 'models/blip-scenes');
 * await vqa('data/pictures/demo.jpg', 'how many dogs are in the picture?') // [{ answer: '2' }]
 * await vqa('data/pictures/demo.jpg', ['is it day or night?', 'where was this picture taken?'])
 * // [[{ answer: 'day' }], [{ answer: 'beach' }]]
 * @example
 * const matcher = await pipeline('image-text-matching', 'Salesforce/blip-itm-base-coco');
 * await matcher('data/pictures/demo.jpg', ['two dogs on a beach', 'a red car']) // [{ text: 'two dogs on a beach', score: ... }, ...]
 * @throws {PipelineError} for another task, or when the checkpoint was not made for it: before its conversion
 * @throws {ConvertOnceError} when `dtype` does not fit, or the cache cannot be written
 * @throws {BlipModelError} when a file of a model folder is missing @throws whatever loadCheckpoint and convertBlip throw
 */
export async function pipeline(
  task: 'image-to-text',
  idOrFolder: string,
  options?: PretrainedOptions,
): Promise<ImageToText>;
export async function pipeline(
  task: 'visual-question-answering',
  idOrFolder: string,
  options?: PretrainedOptions,
): Promise<VisualQuestionAnswering>;
export async function pipeline(
  task: 'image-text-matching',
  idOrFolder: string,
  options?: PretrainedOptions,
): Promise<ImageTextMatching>;
export async function pipeline(
  task: string,
  idOrFolder: string,
  options: PretrainedOptions = {},
): Promise<ImageToText | VisualQuestionAnswering | ImageTextMatching> {
  if (!TASKS.includes(task))
    throw new PipelineError(`Task "${task}" is not implemented. Implemented: ${TASKS.join(', ')}.`);
  if (typeof idOrFolder !== 'string')
    throw new PipelineError(
      `pipeline: the checkpoint is ${describeValue(idOrFolder)}, expected a hub id such as Salesforce/blip-vqa-base, or a folder.`,
    );
  const { source, load } = splitOptions('pipeline', options);
  const folder = await convertOnce(idOrFolder, source, (checkpoint) => checkTask(task, checkpoint));
  if (task === 'image-text-matching') return textMatcher(folder, load);
  const model = await OVBlipModel.load(folder, load);
  try {
    if (task === 'visual-question-answering' && !model.canAnswer) throw captionsOnly(folder);
    const processor = await BlipProcessor.fromCheckpoint(folder);
    const dispose = (): void => model.dispose();
    if (task === 'image-to-text') return Object.assign(captioner(model, processor), { dispose });
    return Object.assign(answerer(model, processor), { dispose });
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Before a conversion that would be for nothing. */
function checkTask(task: string, { id, task: made }: BlipCheckpoint): void {
  if (task === 'visual-question-answering' && made === 'image-to-text') throw captionsOnly(id);
  if ((task === 'image-text-matching') !== (made === 'image-text-retrieval'))
    throw new PipelineError(
      `${id} does not do "${task}": its checkpoint was made for ${made}. ` +
        `Use a checkpoint such as Salesforce/${task === 'image-text-matching' ? 'blip-itm-base-coco' : 'blip-vqa-base'}.`,
    );
}

function captionsOnly(idOrFolder: string): PipelineError {
  return new PipelineError(
    `${idOrFolder} does not do "visual-question-answering": its checkpoint was made for captions. ` +
      'Use "image-to-text", or a VQA checkpoint, such as Salesforce/blip-vqa-base.',
  );
}

async function textMatcher(folder: string, options: LoadModelOptions): Promise<ImageTextMatching> {
  const model = await OVBlipMatcher.load(folder, options);
  try {
    const processor = await BlipProcessor.fromCheckpoint(folder);
    const encode = rememberLast(async (image) => model.encodeImage({ pixel_values: await processor.image(image) }));
    const match = async (image: ImageSource, text: OneOrMany<string>): Promise<Match[]> => {
      if (typeof text !== 'string' && !Array.isArray(text))
        throw new PipelineError(`The text is ${String(text)}, expected a string, or a list of strings.`);
      const texts = [text].flat();
      if (texts.length === 0) return [];
      const scores = await model.match({ image_embeds: await encode(image), ...processor.text(texts) });
      return texts.map((each, i) => ({ text: each, score: scores[i] }));
    };
    return Object.assign(match, { dispose: () => model.dispose() });
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function captioner(model: OVBlipModel, processor: BlipProcessor) {
  async function one(image: ImageSource, { prompt, ...options }: CaptionOptions): Promise<Caption[]> {
    const pixel_values = await processor.image(image);
    const ids = await model.generateCaption({ pixel_values, ...(prompt ? processor.text(prompt) : {}) }, options);
    return ids.map((row) => ({ generated_text: processor.decode(row) }));
  }
  async function caption(image: ImageSource, options?: CaptionOptions): Promise<Caption[]>;
  async function caption(images: readonly ImageSource[], options?: CaptionOptions): Promise<Caption[][]>;
  async function caption(
    image: OneOrMany<ImageSource>,
    options: CaptionOptions = {},
  ): Promise<Caption[] | Caption[][]> {
    if (!isList(image)) return one(image, options);
    const captions: Caption[][] = [];
    for (const each of image) captions.push(await one(each, options)); // one at a time: a picture's states are large
    return captions;
  }
  return caption;
}

function answerer(model: OVBlipModel, processor: BlipProcessor) {
  const encode = rememberLast(async (image) => model.encodeImage({ pixel_values: await processor.image(image) }));
  async function ask(image: ImageSource, questions: readonly string[], options: GenerationOptions): Promise<Answer[]> {
    const ids = await model.generateAnswer(
      { image_embeds: await encode(image), ...processor.text(questions) },
      options,
    );
    return ids.map((row) => ({ answer: processor.decode(row) }));
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
    if (typeof question !== 'string' && !Array.isArray(question))
      throw new PipelineError(`The question is ${String(question)}, expected a string, or a list of strings.`);
    if (!isList(image)) {
      if (typeof question === 'string') return ask(image, [question], options);
      return question.length === 0 ? [] : (await ask(image, question, options)).map((each) => [each]);
    }
    if (typeof question !== 'string' && question.length !== image.length)
      throw new PipelineError(
        `${image.length} pictures and ${question.length} questions: give one question for all pictures, or one per picture.`,
      );
    const answers: Answer[][] = [];
    for (const [i, each] of image.entries())
      answers.push(await ask(each, [typeof question === 'string' ? question : question[i]], options));
    return answers;
  }
  return answer;
}

/** Keeps the last picture's embeddings, so that further questions about it skip the vision model, until the picture changes. */
function rememberLast(
  encode: (image: ImageSource) => Promise<ImageEmbeds>,
): (image: ImageSource) => Promise<ImageEmbeds> {
  let last: { readonly identity: string; readonly embeds: ImageEmbeds } | undefined;
  return async (image) => {
    const identity = await pictureIdentity(image);
    if (identity !== undefined && last?.identity === identity) return last.embeds;
    const embeds = await encode(image);
    last = identity === undefined ? undefined : { identity, embeds };
    return embeds;
  };
}

function isList(image: OneOrMany<ImageSource>): image is readonly ImageSource[] {
  return Array.isArray(image);
}

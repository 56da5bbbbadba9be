// The task `image-to-text`: images in, captions out.
import type { GenerationOptions, ImageInput, OVBlipModel, StreamOptions } from '../generation';
import type { BlipProcessor, ImageSource } from '../preprocessing';
import { describeValue } from '../core/describe-value';
import type { EarlyImage } from './early-image';
import { checkOneText, checkTextOptions, PipelineError, type OneOrMany } from './pipeline-error';
import { streamText } from './stream-text';
import { writtenTexts, type WrittenToken } from './written-texts';
import { traceCaption, type TraceCaptionOptions, type TracedCaption } from './trace-text';

export interface Caption {
  readonly generated_text: string;
  /**
   * The probability that the model gives the whole text, the end included: the product of the probabilities of its
   * tokens after the prompt, from the model's own scores (before temperature, penalties and bans). A text that reached
   * its greatest length has no end: the probability of all texts that begin so.
   */
  readonly score: number;
  /** With `output_probabilities: true`: each token after the prompt. */
  readonly tokens?: readonly WrittenToken[];
}

export type CaptionOptions = GenerationOptions & {
  /** Words that the caption begins with; for a list of images also a list, one each. */
  readonly prompt?: OneOrMany<string>;
  /** Also returns `tokens`. */
  readonly output_probabilities?: boolean;
};
export type CaptionStreamOptions = StreamOptions & { readonly prompt?: string };

/**
 * One image gives a list with its caption, or its num_return_sequences captions, the most probable first; a list of
 * images gives one such list per image, as in transformers.js. Each image gets what it gets alone, with a seed, too.
 */
export interface ImageToText {
  (image: ImageSource, options?: CaptionOptions): Promise<Caption[]>;
  (images: readonly ImageSource[], options?: CaptionOptions): Promise<Caption[][]>;
  /**
   * The caption of one image, piece by piece as it is written; the pieces joined are the whole caption. Leaving the
   * loop cancels it.
   *
   * @example
   // Two gray dogs playing …
   * for await (const piece of captioner.stream('data/pictures/demo.jpg')) process.stdout.write(piece);
   */
  stream(image: ImageSource, options?: CaptionStreamOptions): AsyncGenerator<string, string, undefined>;
  /** The caption of one image with what lay behind each token: see {@link traceCaption}. */
  trace(image: ImageSource, options?: TraceCaptionOptions): Promise<TracedCaption>;
  dispose(): void;
}

export function imageToText(model: OVBlipModel, processor: BlipProcessor, early?: EarlyImage): ImageToText {
  async function imageInput(image: ImageSource): Promise<ImageInput> {
    const image_embeds = await early?.take(image);
    return image_embeds ? { image_embeds } : { pixel_values: await processor.image(image) };
  }

  async function inputsOf(image: ImageSource, prompt: string | undefined) {
    return { ...(await imageInput(image)), ...(prompt ? processor.text(prompt) : {}) };
  }

  async function captionOne(
    image: ImageSource,
    prompt: string | undefined,
    { output_probabilities = false, ...options }: Omit<CaptionOptions, 'prompt'>,
  ): Promise<Caption[]> {
    const inputs = await inputsOf(image, prompt);
    const full = { ...options, return_dict_in_generate: true, output_probabilities: true } as const;
    const output = await model.generateCaption(inputs, full);
    const texts = options.num_return_sequences ?? 1;
    const [written] = writtenTexts(output, processor, { texts, prompt: (inputs.input_ids?.length ?? 2) - 1 });
    return written.map(({ text, score, tokens }) => ({
      generated_text: text,
      score,
      ...(output_probabilities && { tokens }),
    }));
  }

  async function caption(image: ImageSource, options?: CaptionOptions): Promise<Caption[]>;
  async function caption(images: readonly ImageSource[], options?: CaptionOptions): Promise<Caption[][]>;
  async function caption(
    image: OneOrMany<ImageSource>,
    allOptions: CaptionOptions = {},
  ): Promise<Caption[] | Caption[][]> {
    checkTextOptions(allOptions);
    const { prompt, ...options } = allOptions;
    if (!isList(image)) return captionOne(image, onePrompt(prompt), options);
    if (Array.isArray(prompt) && prompt.length !== image.length)
      throw new PipelineError(
        `${image.length} images and ${prompt.length} prompts: give one prompt for all images, or one per image.`,
      );
    const captions: Caption[][] = [];
    // One at a time: the states of an image are large
    for (const [i, each] of image.entries())
      captions.push(await captionOne(each, onePrompt(Array.isArray(prompt) ? prompt[i] : prompt), options));
    return captions;
  }

  async function* stream(
    image: ImageSource,
    allOptions: CaptionStreamOptions = {},
  ): AsyncGenerator<string, string, undefined> {
    checkTextOptions(allOptions);
    const { prompt, ...options } = allOptions;
    checkOneText(options);
    const inputs = await inputsOf(image, prompt);
    // Without [CLS] and [SEP]
    const start = prompt ? Array.from(processor.text(prompt).input_ids, Number).slice(1, -1) : [];
    return yield* streamText(model.streamCaption(inputs, options), start, (ids) => processor.decode(ids));
  }

  async function trace(image: ImageSource, options?: TraceCaptionOptions): Promise<TracedCaption> {
    return traceCaption(model, processor, await imageInput(image), options);
  }

  return Object.assign(caption, { stream, trace, dispose: () => model.dispose() });
}

/** @throws {PipelineError} when a prompt is no string */
function onePrompt(prompt: unknown): string | undefined {
  if (prompt === undefined || typeof prompt === 'string') return prompt;
  throw new PipelineError(
    `The prompt is ${describeValue(prompt)}, expected a string, or for a list of images a list with a string each.`,
  );
}

export function isList(image: OneOrMany<ImageSource>): image is readonly ImageSource[] {
  return Array.isArray(image);
}

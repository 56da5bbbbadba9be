// The task `image-to-text`: images in, captions out.
import type { GenerationOptions, OVBlipModel, StreamOptions } from '../generation';
import type { BlipProcessor, ImageSource } from '../preprocessing';
import { checkTextOptions, type OneOrMany } from './pipeline-error';
import { streamText } from './stream-text';
import { traceCaption, type TraceCaptionOptions, type TracedCaption } from './trace-text';

export interface Caption {
  readonly generated_text: string;
}

/** `prompt`: words that the caption begins with. */
export type CaptionOptions = GenerationOptions & { readonly prompt?: string };
export type CaptionStreamOptions = StreamOptions & { readonly prompt?: string };

/** One image gives a list with its caption; a list of images gives one such list per image, as in transformers.js. */
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

export function imageToText(model: OVBlipModel, processor: BlipProcessor): ImageToText {
  async function inputsOf(image: ImageSource, prompt: string | undefined) {
    const pixel_values = await processor.image(image);
    return { pixel_values, ...(prompt ? processor.text(prompt) : {}) };
  }

  async function captionOne(image: ImageSource, { prompt, ...options }: CaptionOptions): Promise<Caption[]> {
    checkTextOptions(options);
    const ids = await model.generateCaption(await inputsOf(image, prompt), options);
    return ids.map((row) => ({ generated_text: processor.decode(row) }));
  }

  async function caption(image: ImageSource, options?: CaptionOptions): Promise<Caption[]>;
  async function caption(images: readonly ImageSource[], options?: CaptionOptions): Promise<Caption[][]>;
  async function caption(
    image: OneOrMany<ImageSource>,
    options: CaptionOptions = {},
  ): Promise<Caption[] | Caption[][]> {
    if (!isList(image)) return captionOne(image, options);
    const captions: Caption[][] = [];
    // One at a time: the states of an image are large
    for (const each of image) captions.push(await captionOne(each, options));
    return captions;
  }

  async function* stream(
    image: ImageSource,
    { prompt, ...options }: CaptionStreamOptions = {},
  ): AsyncGenerator<string, string, undefined> {
    checkTextOptions(options);
    const inputs = await inputsOf(image, prompt);
    // Without [CLS] and [SEP]
    const start = prompt ? Array.from(processor.text(prompt).input_ids, Number).slice(1, -1) : [];
    return yield* streamText(model.streamCaption(inputs, options), start, (ids) => processor.decode(ids));
  }

  async function trace(image: ImageSource, options?: TraceCaptionOptions): Promise<TracedCaption> {
    return traceCaption(model, processor, { pixel_values: await processor.image(image) }, options);
  }

  return Object.assign(caption, { stream, trace, dispose: () => model.dispose() });
}

export function isList(image: OneOrMany<ImageSource>): image is readonly ImageSource[] {
  return Array.isArray(image);
}

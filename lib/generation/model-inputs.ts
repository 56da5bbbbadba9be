// What the models take and give: images, texts, and their encoded forms, as arrays with their shapes.
import { BlipModelError, type Tokens } from './check-inputs';

/**
 * Images: [batch, 3, image_size, image_size] f32, normalized. One from `BlipProcessor.image`, or several in one array.
 */
export interface PixelInput {
  readonly data: Float32Array;
  readonly dims: readonly [number, number, number, number];
}

/** Encoded images or questions: [batch, tokens, hidden] f32. */
export interface HiddenState {
  readonly data: Float32Array;
  readonly dims: readonly [number, number, number];
}

/** Contrastive features: [rows, size] f32, each row of length 1, so that a dot product is the cosine of two rows. */
export interface Features {
  readonly data: Float32Array;
  readonly dims: readonly [rows: number, size: number];
}

/**
 * Encoded images: [batch, tokens, hidden] f32. They serve any number of captions, questions and texts. `features` are
 * there where the model compares images and texts.
 */
export interface ImageEmbeds extends HiddenState {
  readonly features?: Features;
}

/** Images, or encoded images: one of the two. */
export type ImageInput =
  | { readonly pixel_values: PixelInput; readonly image_embeds?: undefined }
  | { readonly image_embeds: ImageEmbeds; readonly pixel_values?: undefined };

/** @throws {BlipModelError} for images and encoded images at once: which of them counts, nobody could tell */
export function assertOneImageInput(inputs: ImageInput): void {
  const { pixel_values, image_embeds }: { readonly [name in keyof ImageInput]?: unknown } = inputs;
  if (pixel_values !== undefined && image_embeds !== undefined)
    throw new BlipModelError(
      'The inputs have both pixel_values and image_embeds, expected one of them: images, or what encodeImage made of ' +
        'them.',
    );
}

/** Texts, [rows, length] i64: what `processor.text` returns. */
export interface Texts extends Tokens {
  readonly attention_mask: BigInt64Array;
}

/**
 * Images, and prompts that their captions begin with: `{ pixel_values }`, or with a prompt `{ pixel_values,
 * ...processor.text(prompt) }`.
 */
export type CaptionInputs = ImageInput & Partial<Texts>;

/** Images and texts about them: `{ pixel_values, ...processor.text(question) }`. */
export type ImageTextInputs = ImageInput & Texts;

/** The output of one run of the text encoder, with the mask of its rows, [rows, length] i64. */
export interface EncodedTexts {
  readonly data: Float32Array;
  readonly dims: readonly number[];
  readonly attention_mask: BigInt64Array;
}

/**
 * Rows of a batch: one image serves all texts, one text all images, or there are as many images as texts.
 * @param kind what the texts are, for the message, such as `questions`
 */
export function batchSize(images: number, texts: number, kind: string): number {
  if (images !== texts && images !== 1 && texts !== 1)
    throw new BlipModelError(
      `${images} images and ${texts} ${kind}: give one image, one of the ${kind}, or as many images as ${kind}.`,
    );
  return Math.max(images, texts);
}

// A text that the text encoder read, with what its tokens attended to in the image.
import type { CompiledModel } from '../openvino';
import { BlipModelError } from './check-inputs';
import type { Encoders } from './encoders';
import type { EncodedTexts, ImageEmbeds, Texts } from './model-inputs';

/** Probabilities, row by row, of the text encoder: the last axis adds up to 1. */
export interface TextAttentions {
  readonly data: Float32Array;
  readonly dims: readonly [layers: number, heads: number, text: number, source: number];
}

export interface TracedText {
  readonly encoded: EncodedTexts;
  readonly attentions: TextAttentions;
}

/**
 * @param image of one image
 * @param texts one text, checked by checkTexts
 * @param output `last_hidden_state` or `itm_score`
 * @param names of the outputs with attention, see {@link attentionOutputs}
 */
export async function traceText(
  encoders: Encoders,
  { image, texts }: { readonly image: ImageEmbeds; readonly texts: Texts },
  { output, names, kind }: { readonly output: string; readonly names: readonly string[]; readonly kind: string },
): Promise<TracedText> {
  const [encoded, ...layers] = await encoders.textOutputs(image, texts, [output, ...names], kind);
  const [, heads, length, source] = layers[0].dims;
  const data = new Float32Array(layers.length * layers[0].data.length);
  layers.forEach((layer, i) => data.set(layer.data, i * layer.data.length));
  return { encoded, attentions: { data, dims: [layers.length, heads, length, source] } };
}

/** @throws {BlipModelError} unless there is one text that fits the model */
export function checkOneText(encoders: Encoders, texts: Texts, kind: string): void {
  const [rows] = encoders.checkTexts(texts);
  if (rows !== 1) throw new BlipModelError(`${rows} ${kind} were given, expected one: trace each alone.`);
}

/** @throws {BlipModelError} unless there is one image */
export function checkOneImage({ dims: [images] }: ImageEmbeds): void {
  if (images !== 1) throw new BlipModelError(`${images} images were given, expected one: trace each alone.`);
}

/** The names of the outputs with a model's attention, layer by layer. @throws {BlipModelError} when there are none */
export function attentionOutputs({ outputs }: CompiledModel, folder: string): string[] {
  const names = outputs.map((port) => port.getAnyName()).filter((name) => /^cross_attentions\.\d+$/.test(name));
  if (names.length === 0)
    throw new BlipModelError(
      `${folder}: its models do not put out what they attend to. Convert the checkpoint with output_attentions: ` +
        'convertBlip(checkpoint, folder, { output_attentions: true }), or pass { output_attentions: true } to ' +
        'pipeline or fromPretrained with the checkpoint.',
    );
  return names.map((_, layer) => `cross_attentions.${layer}`);
}

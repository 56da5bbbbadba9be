// How well a text describes an image, with what each token of the text looked at.
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import type { ImageInput, OVBlipMatcher } from '../generation';
import type { BlipProcessor } from '../preprocessing';
import { averageHeads, patchAttention, type AttentionOptions } from './patch-attention';
import type { QuestionToken } from './trace-text';

export interface TracedMatch {
  readonly text: string;
  /** The matching head's probability, from 0 to 1. */
  readonly score: number;
  /** The tokens of the text. The head reads the first one, which looked for all of them. */
  readonly tokens: readonly QuestionToken[];
}

/**
 * How well a text describes an image, by the matching head, and where each token of the text looked when it was read.
 *
 * @param matcher of a folder that was converted with `output_attentions: true`
 * @param image one image, or its embeddings, and the text
 * @param options `layer` (the last by default) and `heads` (all by default)
 * @throws {BlipModelError} when the folder was converted without attention, or has no matching head
 * @throws {PipelineError} when the model does not have the layer or a head
 * @example
 * const matcher = await OVBlipMatcher.fromPretrained('models/blip-scenes-itm', { output_attentions: true });
 * const { score, tokens } = await traceMatch(matcher, processor, { pixel_values, text: 'two gray dogs' });
 * score // 0.9969...
 * tokens[3].token // 'dogs'
 * tokens[3].attention // { data: Float32Array(64), rows: 8, columns: 8, class_token: 0.0438... }
 */
export async function traceMatch(
  matcher: OVBlipMatcher,
  processor: BlipProcessor,
  image: ImageInput & { readonly text: string },
  options: AttentionOptions = {},
): Promise<TracedMatch> {
  checkArguments('traceMatch', {
    matcher: [matcher, ['traceMatch']],
    processor: [processor, ['text', 'tokens']],
    image: [image, 'object'],
    options: [options, 'object'],
  });
  checkArguments('traceMatch', { text: [image.text, 'text'] });
  checkOptions('traceMatch', options, ['layer', 'heads']);
  const { text, ...inputs } = image;
  const texts = processor.text(text);
  const { score, attentions } = await matcher.traceMatch({ ...inputs, ...texts });
  const read = averageHeads(attentions, attentions.dims[2], options);
  const tokens = Array.from(texts.input_ids, (id, place): QuestionToken => {
    const [token] = processor.tokens([id]);
    return { token, token_id: Number(id), attention: patchAttention(read[place], matcher.config) };
  });
  return { text, score, tokens };
}

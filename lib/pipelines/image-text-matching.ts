// The task `image-text-matching`: how well texts describe an image.
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { describeValue } from '../core/describe-value';
import type { OVBlipMatcher } from '../generation';
import type { BlipProcessor, ImageSource } from '../preprocessing';
import type { EarlyImage } from './early-image';
import type { AttentionOptions } from './patch-attention';
import { PipelineError, type OneOrMany } from './pipeline-error';
import { rememberImage } from './remember-image';
import { traceMatch, type TracedMatch } from './trace-match';

export interface Match {
  readonly text: string;
  readonly score: number;
}

/**
 * `use_itm_head`, as in transformers: true by default, then `score` is the matching head's probability, from 0 to 1;
 * false for the cosine of the contrastive features, from -1 to 1, which is quicker for many texts and less exact. A
 * checkpoint of BlipModel has cosines alone.
 */
export interface MatchOptions {
  readonly use_itm_head?: boolean;
}

/**
 * How well each text describes the image, in the order of the texts: `score` is the probability that they match, from 0
 * to 1, or their cosine with `use_itm_head: false`.
 *
 * @example
 * const matcher = await pipeline('image-text-matching', 'models/blip-scenes-itm');
 * await matcher('data/pictures/demo.jpg', ['two dogs on a beach', 'a red car'], { use_itm_head: false })
 * // [{ text: 'two dogs on a beach', score: 0.45... }, { text: 'a red car', score: -0.42... }]
 */
export interface ImageTextMatching {
  (image: ImageSource, text: OneOrMany<string>, options?: MatchOptions): Promise<Match[]>;
  /** One text with where each of its tokens looked: see {@link traceMatch}. */
  trace(image: ImageSource, text: string, options?: AttentionOptions): Promise<TracedMatch>;
  dispose(): void;
}

export function imageTextMatching(
  matcher: OVBlipMatcher,
  processor: BlipProcessor,
  early?: EarlyImage,
): ImageTextMatching {
  const encode = rememberImage(matcher, processor, early);

  async function match(image: ImageSource, text: OneOrMany<string>, options: MatchOptions = {}): Promise<Match[]> {
    checkOptions('image-text-matching', options, ['use_itm_head']);
    const { use_itm_head = true } = options;
    if (typeof use_itm_head !== 'boolean')
      throw new PipelineError(`use_itm_head is ${describeValue(use_itm_head)}, expected true or false.`);
    if (typeof text !== 'string' && !Array.isArray(text))
      throw new PipelineError(`The text is ${describeValue(text)}, expected a string, or a list of strings.`);
    const texts = [text].flat();
    if (texts.length === 0) return [];
    const inputs = { image_embeds: await encode(image), ...processor.text(texts) };
    const scores = await (use_itm_head ? matcher.match(inputs) : matcher.cosineSimilarity(inputs));
    return texts.map((each, i) => ({ text: each, score: scores[i] }));
  }

  async function trace(image: ImageSource, text: string, options?: AttentionOptions): Promise<TracedMatch> {
    checkArguments('image-text-matching', { text: [text, 'text'] });
    return traceMatch(matcher, processor, { image_embeds: await encode(image), text }, options);
  }

  return Object.assign(match, { trace, dispose: () => matcher.dispose() });
}

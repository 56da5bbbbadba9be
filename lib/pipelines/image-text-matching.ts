// The task `image-text-matching`: how well texts describe an image.
import { describeValue } from '../core/describe-value';
import type { OVBlipMatcher } from '../generation';
import type { BlipProcessor, ImageSource } from '../preprocessing';
import { PipelineError, type OneOrMany } from './pipeline-error';
import { rememberImage } from './remember-image';

export interface Match {
  readonly text: string;
  readonly score: number;
}

/**
 * How well each text describes the image, in the order of the texts: `score` is the probability that they match, from 0
 * to 1.
 */
export interface ImageTextMatching {
  (image: ImageSource, text: OneOrMany<string>): Promise<Match[]>;
  dispose(): void;
}

export function imageTextMatching(matcher: OVBlipMatcher, processor: BlipProcessor): ImageTextMatching {
  const encode = rememberImage(matcher, processor);

  async function match(image: ImageSource, text: OneOrMany<string>): Promise<Match[]> {
    if (typeof text !== 'string' && !Array.isArray(text))
      throw new PipelineError(`The text is ${describeValue(text)}, expected a string, or a list of strings.`);
    const texts = [text].flat();
    if (texts.length === 0) return [];
    const scores = await matcher.match({ image_embeds: await encode(image), ...processor.text(texts) });
    return texts.map((each, i) => ({ text: each, score: scores[i] }));
  }

  return Object.assign(match, { dispose: () => matcher.dispose() });
}

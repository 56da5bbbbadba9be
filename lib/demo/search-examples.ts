// Which of the page's examples fits a text best, by a retrieval model.
import * as path from 'node:path';
import type { ImageEmbeds, OVBlipMatcher } from '../generation';
import { BlipProcessor } from '../preprocessing';
import { DemoQuestionError } from './errors';

/** An example by its number, and the probability that the text describes it. */
export interface FoundExample {
  readonly example: number;
  readonly probability: number;
}

export type SearchExamples = (text: string, signal: AbortSignal) => Promise<FoundExample[]>;

/** @returns a function that ranks the examples, best first; an image is encoded when it is first needed */
export async function searchExamples(matcher: OVBlipMatcher, files: readonly string[]): Promise<SearchExamples> {
  const processor = await BlipProcessor.fromCheckpoint(matcher.folder);
  const known = new Map<string, ImageEmbeds>();

  async function embeds(file: string): Promise<ImageEmbeds> {
    const found =
      known.get(file) ?? (await matcher.encodeImage({ pixel_values: await processor.image(path.resolve(file)) }));
    known.set(file, found);
    return found;
  }

  return async (text, signal) => {
    const wanted = text.trim();
    if (wanted === '') throw new DemoQuestionError('The search is empty: describe what the image shows.');
    const tokens = processor.countTokens(wanted);
    if (tokens > processor.maxTextLength)
      throw new DemoQuestionError(
        `The search is too long: it has ${tokens} tokens, the model reads at most ${processor.maxTextLength}.`,
      );
    const inputs = processor.text(wanted);
    const probabilities = new Map<string, number>();
    for (const file of new Set(files)) {
      signal.throwIfAborted();
      const [probability] = await matcher.match({ image_embeds: await embeds(file), ...inputs });
      probabilities.set(file, probability);
    }
    return files
      .map((file, example) => ({ example, probability: probabilities.get(file) ?? 0 }))
      .sort((a, b) => b.probability - a.probability);
  };
}

// The other direction: finds the texts of a list that describe an image.
// Source: BLIP's train_retrieval.py, evaluation, image to text.
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import type { ProgressCallback } from '../core/progress';
import { withCallbacks } from '../core/with-callbacks';
import type { ImageSource } from '../preprocessing';
import { SearchError } from './errors';
import { nearest } from './nearest';
import type { RetrievalModel } from './retrieval-model';
import { inOrder, resolveSearchOptions, scoresOf, type Scores, type SearchOptions } from './search-options';

/** Texts and their features, in memory. */
export interface TextIndex {
  readonly model: RetrievalModel;
  readonly texts: readonly string[];
  /** [texts, size] f32 */
  readonly features: Float32Array;
}

export interface TextHit extends Scores {
  readonly text: string;
}

export interface IndexTextsOptions {
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

/** As many run together about as fast as they can. */
const TEXTS_AT_ONCE = 32;

/**
 * Encodes texts, so that images can be compared with all of them: 1 KiB a text for the published checkpoints.
 *
 * @throws {SearchError} when there is no text
 * @example
 * const captions = await indexTexts(['two dogs on a beach', 'a red car'], model);
 * await searchTexts(captions, 'beach.jpg', { top_k: 1 }) // [{ text: 'two dogs on a beach', score: ..., ... }]
 */
export async function indexTexts(
  texts: readonly string[],
  model: RetrievalModel,
  options: IndexTextsOptions = {},
): Promise<TextIndex> {
  checkArguments('indexTexts', { texts: [texts, 'texts'], model: [model, ['matcher', 'processor', 'digest']] });
  checkOptions('indexTexts', options, ['progress_callback', 'signal']);
  const { signal } = options;
  if (texts.length === 0) throw new SearchError('indexTexts: the list is empty, expected at least one text.');
  return withCallbacks(signal, async (guard) => {
    const report = guard(options.progress_callback);
    const features = new Float32Array(texts.length * model.size);
    for (let start = 0; start < texts.length; start += TEXTS_AT_ONCE) {
      signal?.throwIfAborted();
      const batch = texts.slice(start, start + TEXTS_AT_ONCE);
      features.set((await model.matcher.getTextFeatures(model.processor.text(batch))).data, start * model.size);
      report({ status: 'texts', loaded: start + batch.length, total: texts.length });
    }
    return { model, texts: [...texts], features };
  });
}

/**
 * The texts that fit an image best, the best first. The image is encoded once.
 *
 * @param index what `indexTexts` returned; its model must not be disposed
 * @throws {SearchError | OptionsError} before anything runs
 * @throws {ImageError} when the image cannot be read
 */
export async function searchTexts(
  index: TextIndex,
  image: ImageSource,
  options: SearchOptions = {},
): Promise<TextHit[]> {
  checkArguments('searchTexts', { index: [index, ['model', 'features', 'texts']], options: [options, 'object'] });
  const { top_k, rerank } = resolveSearchOptions('searchTexts', options, index.model);
  const { matcher, processor } = index.model;
  return withCallbacks(options.signal, async (guard) => {
    const report = guard(options.progress_callback);
    const image_embeds = await matcher.encodeImage({ pixel_values: await processor.image(image) });
    const shortlist = nearest(
      image_embeds.features?.data ?? new Float32Array(),
      index.features,
      Math.max(top_k, rerank),
    );
    const hits: TextHit[] = [];
    const looked = shortlist.slice(0, rerank);
    for (let start = 0; start < looked.length; start += TEXTS_AT_ONCE) {
      options.signal?.throwIfAborted();
      const batch = looked.slice(start, start + TEXTS_AT_ONCE);
      const inputs = processor.text(batch.map(({ row }) => index.texts[row]));
      const logits = await matcher.itmScore({ image_embeds, ...inputs });
      const scores = scoresOf(
        logits.data,
        batch.map(({ cosine }) => cosine),
      );
      for (const [i, { row }] of batch.entries()) hits.push({ text: index.texts[row], ...scores[i] });
      report({ status: 'search', loaded: start + batch.length, total: looked.length });
    }
    const others = shortlist
      .slice(rerank)
      .map(({ row, cosine }) => ({ text: index.texts[row], score: cosine, cosine }));
    return inOrder([...hits, ...others]).slice(0, top_k);
  });
}

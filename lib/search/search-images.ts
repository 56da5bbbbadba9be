// Finds the images of an index that a text describes: the nearest by cosine, then the matching head looks at those.
// Source: BLIP's train_retrieval.py, evaluation, text to image.
import { checkArguments } from '../core/check-arguments';
import { withCallbacks } from '../core/with-callbacks';
import { ImageError } from '../preprocessing';
import { SearchError } from './errors';
import type { ImageIndex } from './image-index';
import { nearest, type Neighbour } from './nearest';
import { inOrder, resolveSearchOptions, scoresOf, type Scores, type SearchOptions } from './search-options';

export interface ImageHit extends Scores {
  /** The path of the image, from where the index's `folder` starts. */
  readonly image: string;
}

export interface SearchImagesOptions extends SearchOptions {
  /** Told of each image that can no longer be read, and is left out; `console.warn` by default. */
  readonly on_warning?: (message: string) => void;
}

/** Decoded at once while one is encoded. */
const IMAGES_AT_ONCE = 4;

/**
 * The images that fit a text best, the best first. An image that was removed or damaged since it was indexed is left
 * out, with a warning.
 *
 * @param index what `indexImages` or `openImageIndex` returned; its model must not be disposed
 * @throws {SearchError | OptionsError} before anything runs
 * @example
 * await searchImages(index, 'two dogs on a beach', { top_k: 2 })
 * // [{ image: 'photos/beach.jpg', score: ..., cosine: ..., match: ... }, ...]
 */
export async function searchImages(
  index: ImageIndex,
  text: string,
  options: SearchImagesOptions = {},
): Promise<ImageHit[]> {
  checkArguments('searchImages', {
    index: [index, ['model', 'features', 'images', 'pathOf']],
    text: [text, 'text'],
    options: [options, 'object'],
    on_warning: [options?.on_warning ?? console.warn, 'function'],
  });
  if (text.trim() === '') throw new SearchError('searchImages: the text is empty, expected a description of an image.');
  const { on_warning = (message: string) => console.warn(message), ...rest } = options;
  const { top_k, rerank } = resolveSearchOptions('searchImages', rest, index.model);
  const { matcher, processor } = index.model;
  const inputs = processor.text(text);
  return withCallbacks(options.signal, async (guard) => {
    const [report, warn] = [guard(options.progress_callback), guard(on_warning)];
    const { data } = await matcher.getTextFeatures(inputs);
    const shortlist = nearest(data, index.features, Math.max(top_k, rerank));
    const looked = shortlist.slice(0, rerank);
    const hits: ImageHit[] = [];
    for (let start = 0; start < looked.length; start += IMAGES_AT_ONCE) {
      const batch = looked.slice(start, start + IMAGES_AT_ONCE);
      const decoded = await Promise.allSettled(batch.map(({ row }) => processor.image(index.pathOf(row))));
      for (const [i, outcome] of decoded.entries()) {
        options.signal?.throwIfAborted();
        const image = index.pathOf(batch[i].row);
        if (outcome.status === 'fulfilled') {
          const logits = await matcher.itmScore({ pixel_values: outcome.value, ...inputs });
          hits.push({ image, ...scoresOf(logits.data, [batch[i].cosine])[0] });
        } else if (outcome.reason instanceof ImageError)
          warn(`${image}: left out: ${outcome.reason.message} Index the folder again.`);
        else throw outcome.reason;
        report({ status: 'search', file: image, loaded: start + i + 1, total: looked.length });
      }
    }
    const others = shortlist.slice(rerank).map((each) => byCosine(index, each));
    return inOrder([...hits, ...others]).slice(0, top_k);
  });
}

function byCosine(index: ImageIndex, { row, cosine }: Neighbour): ImageHit {
  return { image: index.pathOf(row), score: cosine, cosine };
}

// Keeps the embeddings of the last image, so that further questions about it skip the vision model.
import type { ImageEmbeds, OVBlipMatcher, OVBlipModel } from '../generation';
import type { BlipProcessor, ImageSource } from '../preprocessing';
import type { EarlyImage } from './early-image';
import { imageIdentity } from './image-identity';

/** @returns a function that encodes an image, unless it is the one of the previous call and did not change */
export function rememberImage(
  model: Pick<OVBlipModel | OVBlipMatcher, 'encodeImage'>,
  processor: BlipProcessor,
  early?: EarlyImage,
): (image: ImageSource) => Promise<ImageEmbeds> {
  let last: { readonly identity: string; readonly embeds: ImageEmbeds } | undefined;
  return async (image) => {
    const identity = await imageIdentity(image);
    if (identity !== undefined && last?.identity === identity) return last.embeds;
    const embeds =
      (await early?.take(image)) ?? (await model.encodeImage({ pixel_values: await processor.image(image) }));
    last = identity === undefined ? undefined : { identity, embeds };
    return embeds;
  };
}

// Turns a row that seems usable into a sample: its image is found, decoded once to see that it can be, and stored.
import { createHash } from 'node:crypto';
import * as path from 'node:path';
import { isUrl } from '../hub';
import { ImageError, type ImageSource, loadRgb } from '../preprocessing';
import { findImageFile } from './read-row-image';
import type { Candidate } from './read-vqa-rows';
import type { SampleCache } from './sample-cache';
import type { VqaSample } from './vqa-sample';

export class SampleTaker {
  /** The image of an id: some data sets call every image by the same name. */
  private readonly imageOf = new Map<string, ImageSource>();
  /** Images that were decoded: several rows show one. */
  private readonly decoded = new Set<string>();

  /** @param root the data set's folder, in which paths of images must stay; that of the file by default */
  constructor(
    private readonly cache: SampleCache,
    private readonly root: string | undefined,
  ) {}

  /** Samples of an earlier call. */
  remember(samples: readonly VqaSample[]): void {
    for (const { image_id, image } of samples) if (!this.imageOf.has(image_id)) this.imageOf.set(image_id, image);
  }

  /** @returns what is wrong with the image, as a text, when there is no sample */
  async take({ image, sample }: Candidate, file: string): Promise<VqaSample | string> {
    let source: string | Uint8Array;
    if ('bytes' in image) source = image.bytes;
    else {
      const folder = isUrl(file) ? undefined : path.dirname(path.resolve(file));
      const found = findImageFile(image.path, folder, this.root ?? folder);
      if (typeof found === 'string') return found;
      source = found.file;
    }
    const place = this.cache.placeOf(source);
    if (!this.decoded.has(place)) {
      try {
        await loadRgb(source);
      } catch (error) {
        if (error instanceof ImageError) return 'image unreadable';
        throw error;
      }
      this.cache.storeImage(source);
      this.decoded.add(place);
    }
    const taken = this.nameImage({ ...sample, image: place });
    this.remember([taken]);
    return taken;
  }

  /**
   * An id that another image has already gets the digest of this one behind it: calibration keeps one image for each
   * id.
   */
  private nameImage(sample: VqaSample): VqaSample {
    const { image_id, image } = sample;
    const known = this.imageOf.get(image_id);
    if (known === undefined || known === image) return sample;
    const digest = createHash('sha256')
      .update(path.basename(String(image)))
      .digest('hex');
    return { ...sample, image_id: `${image_id}#${digest.slice(0, 8)}` };
  }
}

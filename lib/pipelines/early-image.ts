// The image that a program begins with, decoded and encoded while the rest of its model is loaded: nothing waits for
// the text models that does not need them.
import type { ImageEmbeds } from '../generation';
import type { EncodeImage } from '../generation/folder-use';
import type { BlipProcessor, ImageSource, PixelValues } from '../preprocessing';

export class EarlyImage {
  #pixels: Promise<PixelValues> | undefined;
  #embeds: Promise<ImageEmbeds> | undefined;

  constructor(private readonly source: ImageSource) {}

  /** Begins to decode. */
  decode(processor: Promise<BlipProcessor>): void {
    this.#pixels ??= heardLater(processor.then((loaded) => loaded.image(this.source)));
  }

  /** Begins to encode, when it is decoded. */
  encode(encodeImage: EncodeImage): void {
    if (this.#pixels) this.#embeds ??= heardLater(this.#pixels.then(encodeImage));
  }

  /**
   * What was begun, once; undefined for another image. It rejects as decoding and encoding it now would.
   */
  take(source: ImageSource): Promise<ImageEmbeds> | undefined {
    if (source !== this.source) return undefined;
    const embeds = this.#embeds;
    this.#embeds = undefined;
    return embeds;
  }
}

/** Whoever takes the result is told; until then it is not unhandled. */
function heardLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

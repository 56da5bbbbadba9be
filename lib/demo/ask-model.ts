// One image and one question to a loaded model, with the time of each stage. One call at a time: the caller queues
// them.
import type { ImageEmbeds, OVBlipModel } from '../generation';
import { imageIdentity } from '../pipelines/image-identity';
import type { BlipProcessor } from '../preprocessing';

/** The model's output, and milliseconds. An image that was asked about before is not encoded again: 0. */
export interface Asked {
  readonly kind: 'caption' | 'answer';
  readonly text: string;
  readonly milliseconds: number;
  readonly stages: {
    readonly preprocess: number;
    readonly vision: number;
    readonly text_encoder: number;
    readonly decoder: number;
  };
  readonly tokens: number;
}

/**
 * @returns a function that takes an encoded image and a question; without one it writes a caption
 * @example
 * const ask = askModel(model, processor);
 * (await ask(fs.readFileSync('data/pictures/demo.jpg'), 'how many dogs are there?')).text // '2'
 */
export function askModel(
  model: OVBlipModel,
  processor: BlipProcessor,
): (image: Uint8Array, question: string, options?: { readonly signal?: AbortSignal }) => Promise<Asked> {
  let last: { readonly identity: string | undefined; readonly image_embeds: ImageEmbeds } | undefined;

  return async (image, question, { signal } = {}) => {
    const start = performance.now();
    const identity = await imageIdentity(image);
    const stages = { preprocess: 0, vision: 0 };
    if (!last || last.identity !== identity) {
      const begin = performance.now();
      const pixel_values = await processor.image(image);
      signal?.throwIfAborted();
      const preprocessed = performance.now();
      last = { identity, image_embeds: await model.encodeImage({ pixel_values }) };
      stages.preprocess = preprocessed - begin;
      stages.vision = performance.now() - preprocessed;
    }
    const { image_embeds } = last;
    const asks = model.canAnswer && question.trim() !== '';
    const options = { return_dict_in_generate: true as const, signal };
    const { sequences, timings } = asks
      ? await model.generateAnswer({ image_embeds, ...processor.text(question) }, options)
      : await model.generateCaption({ image_embeds }, options);
    const { text_encoder, decoder, decoder_steps } = timings;
    return {
      kind: asks ? 'answer' : 'caption',
      text: processor.decode(sequences[0]),
      milliseconds: performance.now() - start,
      stages: { ...stages, text_encoder, decoder },
      tokens: decoder_steps,
    };
  };
}

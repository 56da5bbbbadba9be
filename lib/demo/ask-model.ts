// One picture and one question to a loaded model, with the time of each stage. Requests take turns, so that the times are their own.
import type { ImageEmbeds, OVBlipModel } from '../generation';
import { imageIdentity } from '../pipelines/image-identity';
import type { BlipProcessor } from '../preprocessing';

/** What the model said, and milliseconds. A picture that was asked about before is not encoded again: 0. */
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
 * @returns a function that takes an encoded picture and a question; without one it writes a caption
 * @example
 * const ask = askModel(model, processor);
 * (await ask(fs.readFileSync('data/pictures/demo.jpg'), 'how many dogs are there?')).text // '2'
 */
export function askModel(
  model: OVBlipModel,
  processor: BlipProcessor,
): (picture: Uint8Array, question: string) => Promise<Asked> {
  let last: { readonly identity: string | undefined; readonly image_embeds: ImageEmbeds } | undefined;

  async function ask(picture: Uint8Array, question: string): Promise<Asked> {
    const start = performance.now();
    const identity = await imageIdentity(picture);
    const stages = { preprocess: 0, vision: 0 };
    if (!last || last.identity !== identity) {
      const begin = performance.now();
      const pixel_values = await processor.image(picture);
      const preprocessed = performance.now();
      last = { identity, image_embeds: await model.encodeImage({ pixel_values }) };
      stages.preprocess = preprocessed - begin;
      stages.vision = performance.now() - preprocessed;
    }
    const { image_embeds } = last;
    const asks = model.canAnswer && question.trim() !== '';
    const { sequences, timings } = asks
      ? await model.generateAnswer({ image_embeds, ...processor.text(question) }, { return_dict_in_generate: true })
      : await model.generateCaption({ image_embeds }, { return_dict_in_generate: true });
    const { text_encoder, decoder, decoder_steps } = timings;
    return {
      kind: asks ? 'answer' : 'caption',
      text: processor.decode(sequences[0]),
      milliseconds: performance.now() - start,
      stages: { ...stages, text_encoder, decoder },
      tokens: decoder_steps,
    };
  }

  let turn: Promise<unknown> = Promise.resolve();
  return (picture, question) => {
    const asked = turn.then(() => ask(picture, question));
    turn = asked.catch(() => undefined);
    return asked;
  };
}

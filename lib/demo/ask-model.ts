// One image and one question to a loaded model, with the time of each stage. One call at a time: the caller queues
// them.
import type { GenerateOutput, ImageEmbeds, OVBlipModel } from '../generation';
import { imageIdentity } from '../pipelines/image-identity';
import { streamText } from '../pipelines/stream-text';
import type { BlipProcessor } from '../preprocessing';
import { DemoQuestionError } from './errors';

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

export interface AskOptions {
  readonly signal?: AbortSignal;
  /** Told the text so far, whenever words are added to it. */
  readonly on_text?: (text: string) => void;
}

/** @param wishes the address's query: `question`; without one the model writes a caption */
export type Ask = (image: Uint8Array, wishes: URLSearchParams, options?: AskOptions) => Promise<Asked>;

/**
 * @returns a function that takes an encoded image and a question; without one it writes a caption
 * @example
 * const ask = askModel(model, processor);
 * (await ask(image, new URLSearchParams({ question: 'how many dogs are there?' }))).text // '2'
 */
export function askModel(model: OVBlipModel, processor: BlipProcessor): Ask {
  let last: { readonly identity: string | undefined; readonly image_embeds: ImageEmbeds } | undefined;

  return async (image, wishes, { signal, on_text } = {}) => {
    const start = performance.now();
    const question = (wishes.get('question') ?? '').trim();
    const asks = model.canAnswer && question !== '';
    if (asks) checkLength(question, processor);
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
    const { sequences, timings } = await write(
      asks
        ? model.streamAnswer({ image_embeds, ...processor.text(question) }, { signal })
        : model.streamCaption({ image_embeds }, { signal }),
    );
    const { text_encoder, decoder, decoder_steps } = timings;
    return {
      kind: asks ? 'answer' : 'caption',
      text: processor.decode(sequences[0]),
      milliseconds: performance.now() - start,
      stages: { ...stages, text_encoder, decoder },
      tokens: decoder_steps,
    };

    /** Reads the tokens of a generation to its end. */
    async function write(tokens: AsyncGenerator<number[], GenerateOutput, undefined>): Promise<GenerateOutput> {
      let output: GenerateOutput | undefined;
      const watched = (async function* () {
        output = yield* tokens;
      })();
      let text = '';
      for await (const piece of streamText(watched, [], (ids) => processor.decode(ids))) {
        text += piece;
        on_text?.(text);
      }
      if (!output) throw new Error('The generation ended without an output.');
      return output;
    }
  };
}

/** A question that the tokenizer would cut is refused: its answer would be one to another question. */
function checkLength(question: string, processor: BlipProcessor): void {
  const tokens = processor.countTokens(question);
  if (tokens > processor.maxTextLength)
    throw new DemoQuestionError(
      `The question is too long: it has ${tokens} tokens (words, and pieces of words), this model reads at most ` +
        `${processor.maxTextLength}. Shorten it.`,
    );
}

// Texts about an image whose embeddings are there: one that is told while it is written, or several, best first.
import type { GenerateOutput, ImageEmbeds, OVBlipModel, Texts } from '../generation';
import { streamText } from '../pipelines/stream-text';
import type { BlipProcessor } from '../preprocessing';

export interface WrittenTexts {
  readonly output: GenerateOutput;
  readonly texts: readonly { readonly text: string; readonly probability: number }[];
}

interface WriteOptions {
  /** Of the question; without one, captions are written. */
  readonly tokens?: Texts;
  readonly texts: number;
  readonly signal?: AbortSignal;
  readonly on_text?: (text: string) => void;
}

export async function writeTexts(
  model: OVBlipModel,
  processor: BlipProcessor,
  image_embeds: ImageEmbeds,
  { tokens, texts, signal, on_text }: WriteOptions,
): Promise<WrittenTexts> {
  const options = { signal, return_dict_in_generate: true, output_probabilities: true } as const;
  const several = { ...options, num_beams: texts, num_return_sequences: texts };
  const output =
    texts === 1
      ? await readStream(
          tokens
            ? model.streamAnswer({ image_embeds, ...tokens }, options)
            : model.streamCaption({ image_embeds }, options),
          processor,
          on_text,
        )
      : tokens
        ? await model.generateAnswer({ image_embeds, ...tokens }, several)
        : await model.generateCaption({ image_embeds }, several);
  const { sequences, probabilities = [] } = output;
  return {
    output,
    texts: sequences.map((ids, i) => ({ text: processor.decode(ids), probability: probabilities[i] ?? 0 })),
  };
}

/** Reads the tokens of a generation to its end. */
async function readStream(
  tokens: AsyncGenerator<number[], GenerateOutput, undefined>,
  processor: BlipProcessor,
  on_text: WriteOptions['on_text'],
): Promise<GenerateOutput> {
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

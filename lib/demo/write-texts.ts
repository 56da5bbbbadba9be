// Texts about an image whose embeddings are there: one that is told while it is written; several, best first; or given
// answers, ranked.
import type { GenerateOutput, ImageEmbeds, OVBlipModel, Texts } from '../generation';
import { rankCandidates } from '../pipelines/rank-candidates';
import { streamText } from '../pipelines/stream-text';
import type { BlipProcessor } from '../preprocessing';

export interface WrittenTexts {
  /** Milliseconds. A ranking does not tell its stages apart: all is the decoder's. */
  readonly text_encoder: number;
  readonly decoder: number;
  /** Steps of the decoder; 0 of a ranking. */
  readonly steps: number;
  /** Token ids of the first text; none of a ranking. */
  readonly sequence?: readonly number[];
  /** Best first. The probability of an answer that was given is its share among all given. */
  readonly texts: readonly { readonly text: string; readonly probability: number }[];
}

interface WriteOptions {
  /** Of the question; without one, captions are written. */
  readonly tokens?: Texts;
  readonly texts: number;
  /** Answers to rank instead of writing. */
  readonly candidates: readonly string[];
  readonly signal?: AbortSignal;
  readonly on_text?: (text: string) => void;
}

export async function writeTexts(
  model: OVBlipModel,
  processor: BlipProcessor,
  image_embeds: ImageEmbeds,
  { tokens, texts, candidates, signal, on_text }: WriteOptions,
): Promise<WrittenTexts> {
  if (tokens && candidates.length > 0) {
    const start = performance.now();
    const [ranked] = await rankCandidates(
      model,
      processor,
      { image_embeds, ...tokens },
      { candidates, num_ans_candidates: candidates.length, signal },
    );
    return {
      text_encoder: 0,
      decoder: performance.now() - start,
      steps: 0,
      texts: ranked.map(({ answer, score }) => ({ text: answer, probability: score })),
    };
  }
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
  const { sequences, timings, probabilities = [] } = output;
  return {
    text_encoder: timings.text_encoder,
    decoder: timings.decoder,
    steps: timings.decoder_steps,
    sequence: sequences[0],
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

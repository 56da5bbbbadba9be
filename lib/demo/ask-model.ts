// One image and one question to a loaded model, and to a second one where both are compared, with the time of each
// stage. One call at a time: the caller queues them.
import * as path from 'node:path';
import type { ImageEmbeds, OVBlipModel } from '../generation';
import { hasAttentions } from '../model-folder/has-attentions';
import { imageIdentity } from '../pipelines/image-identity';
import type { BlipProcessor } from '../preprocessing';
import { DemoQuestionError } from './errors';
import { lookAgain, type Looks } from './look-again';
import { readWishes, type Wishes } from './read-wishes';
import { writeTexts } from './write-texts';

/** What a model wrote, and milliseconds. An image that was asked about before is not encoded again: 0. */
export interface Written {
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

export interface Asked extends Written {
  readonly kind: 'caption' | 'answer';
  /** The model's folder, in a word: `fp16`. */
  readonly label: string;
  /**
   * Where several texts were asked for, or given answers ranked: best first, `text` among them. The probability of a
   * given answer is its share among all given.
   */
  readonly texts?: readonly { readonly text: string; readonly probability: number }[];
  /** That the model gives the text; only of a checkpoint that knows what its probabilities are worth. */
  readonly probability?: number;
  /** Whether answers as improbable as this one are often wrong. */
  readonly unsure?: boolean;
  /** Words of the question that the model never saw. */
  readonly unknown_words?: readonly string[];
  readonly attention?: Looks;
  /** The second model's. */
  readonly compared?: Written & { readonly label: string };
}

export interface AskOptions {
  readonly signal?: AbortSignal;
  /** Told the text so far, whenever words are added to it. */
  readonly on_text?: (text: string) => void;
}

/** @param query `question`; without one the model writes a caption. `texts`, `compare`, `attention`: see Wishes */
export type Ask = (image: Uint8Array, query: URLSearchParams, options?: AskOptions) => Promise<Asked>;

/**
 * The model's folder, in a word: without the digests that the cache puts behind `fp16`, and without the outputs that it
 * has besides.
 *
 * @example labelOf({ folder: 'output/blip-scenes/fp16-attentions' }) // 'fp16'
 */
export function labelOf({ folder }: Pick<OVBlipModel, 'folder'>): string {
  return path
    .basename(path.resolve(folder))
    .replace(/(?:-[0-9a-f]{8,})+$/, '')
    .replace(/(?<=.)-attentions$/, '');
}

/**
 * @param compare a second model of the same checkpoint, such as its INT8 version
 * @returns a function that takes an encoded image and a question; without one it writes a caption
 * @example
 * const ask = askModel(model, processor);
 * (await ask(image, new URLSearchParams({ question: 'how many dogs are there?' }))).text // '2'
 */
export function askModel(model: OVBlipModel, processor: BlipProcessor, compare?: OVBlipModel): Ask {
  const first = askOne(model, processor);
  const second = compare && askOne(compare, processor);
  const looks = hasAttentions(model.folder);
  const notes = model.config.training_notes;

  return async (image, query, options = {}) => {
    const wishes = readWishes(query);
    if (wishes.compare && !second) throw new DemoQuestionError('compare: there is no second model to compare with.');
    if (wishes.attention && !looks)
      throw new DemoQuestionError(
        `attention: ${model.folder} does not put it out. Convert the checkpoint with output_attentions: true.`,
      );
    const question = model.canAnswer && wishes.question !== '' ? wishes.question : undefined;
    if (question !== undefined) checkLength(question, processor);
    if (wishes.candidates.length > 0 && question === undefined)
      throw new DemoQuestionError('This checkpoint answers no questions: it cannot rank answers.');
    for (const candidate of wishes.candidates) checkLength(candidate, processor, `The answer "${candidate}"`);
    const { written, texts, image_embeds, sequence } = await first(image, { ...wishes, question }, options);
    const other = wishes.compare && (await second?.(image, { ...wishes, question }, { signal: options.signal }));
    const unknown_words = question === undefined ? [] : processor.unknownWords(question);
    const { probability } = texts[0];
    const ranks = wishes.candidates.length > 0;
    const limit = question === undefined || ranks ? undefined : notes?.reliable_from?.score;
    return {
      kind: question === undefined ? 'caption' : 'answer',
      label: labelOf(model),
      ...written,
      ...((wishes.texts > 1 || ranks) && { texts }),
      ...(notes && !ranks && { probability }),
      ...(limit !== undefined && { unsure: probability < limit }),
      ...(unknown_words.length > 0 && { unknown_words }),
      ...(wishes.attention &&
        sequence && {
          attention: await lookAgain(model, processor, { image_embeds, question, sequence }, options.signal),
        }),
      ...(other && compare && { compared: { label: labelOf(compare), ...other.written } }),
    };
  };
}

/** One model, which remembers the last image. */
function askOne(model: OVBlipModel, processor: BlipProcessor) {
  let last: { readonly identity: string | undefined; readonly image_embeds: ImageEmbeds } | undefined;

  return async (
    image: Uint8Array,
    { question, texts, candidates, compare }: Omit<Wishes, 'question' | 'attention'> & { readonly question?: string },
    { signal, on_text }: AskOptions,
  ) => {
    const start = performance.now();
    const identity = await imageIdentity(image);
    const stages = { preprocess: 0, vision: 0 };
    if (!last || last.identity !== identity || compare) {
      const begin = performance.now();
      const pixel_values = await processor.image(image);
      signal?.throwIfAborted();
      const preprocessed = performance.now();
      last = { identity, image_embeds: await model.encodeImage({ pixel_values }) };
      stages.preprocess = preprocessed - begin;
      stages.vision = performance.now() - preprocessed;
    }
    const { image_embeds } = last;
    const tokens = question === undefined ? undefined : processor.text(question);
    const {
      texts: found,
      text_encoder,
      decoder,
      steps,
      sequence,
    } = await writeTexts(model, processor, image_embeds, { tokens, texts, candidates, signal, on_text });
    const written: Written = {
      text: found[0].text,
      milliseconds: performance.now() - start,
      stages: { ...stages, text_encoder, decoder },
      tokens: steps,
    };
    return { written, texts: found, image_embeds, sequence };
  };
}

/** A text that the tokenizer would cut is refused: its answer would be one to another question. */
function checkLength(text: string, processor: BlipProcessor, name = 'The question'): void {
  const tokens = processor.countTokens(text);
  if (tokens > processor.maxTextLength)
    throw new DemoQuestionError(
      `${name} is too long: it has ${tokens} tokens (words, and pieces of words), this model reads at most ` +
        `${processor.maxTextLength}. Shorten it.`,
    );
}

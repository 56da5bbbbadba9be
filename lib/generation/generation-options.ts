// What a caller may ask of text generation, checked: names and meaning as in Hugging Face's `generate`.
import { describeValue } from '../core/describe-value';
import { BadWords } from './bad-words';
import { GenerationOptionsError } from './generation-options-error';
import { count, flag, positive, real, token } from './option-values';
import { resolveSampling, type SamplingOptions, type SamplingSettings } from './sampling-options';

/** The token ids after a step, one per row. A promise that the callback returns is awaited before the next step. */
export type TokenCallback = (ids: number[]) => void;

export interface GenerationOptions extends SamplingOptions {
  /** Tokens to add at most, from 1; wins over max_length. */
  readonly max_new_tokens?: number;
  /**
   * Length of the result at most, prompt included. Without it and max_new_tokens: 20 more than the prompt, as in
   * transformers 5 (4: 20 in all).
   */
  readonly max_length?: number;
  /** The end token is forbidden before this length, prompt included; 0 by default. */
  readonly min_length?: number;
  /** The same, counted without the prompt; wins over min_length. */
  readonly min_new_tokens?: number;
  /** Hypotheses that are kept at each step; 1, the default, is greedy search. */
  readonly num_beams?: number;
  /**
   * Beam search ranks by sum of log probabilities / length ** length_penalty: above 0 favors long texts. 1 by default.
   */
  readonly length_penalty?: number;
  /** Above 1, tokens that were used become less likely; 1 by default. */
  readonly repetition_penalty?: number;
  /**
   * When beam search ends: true, as soon as num_beams texts are finished; false, the default, by a heuristic; 'never',
   * when no better text is possible.
   */
  readonly early_stopping?: boolean | 'never';
  /** No sequence of so many tokens comes twice, those of the prompt counted; 0, the default, forbids nothing. */
  readonly no_repeat_ngram_size?: number;
  /**
   * Sequences of token ids that the text must not contain: `[[12], [7, 31]]`. The end token alone is ignored.
   *
   * @example
   * const word = [...processor.text('beach').input_ids].slice(1, -1).map(Number);
   * await model.generateCaption({ pixel_values }, { bad_words_ids: [word] });
   */
  readonly bad_words_ids?: readonly (readonly number[])[];
  /**
   * Texts per row, 1 by default: the best num_return_sequences of num_beams, or so many drawn ones. The texts of a row
   * stand one after the other.
   */
  readonly num_return_sequences?: number;
  /** What each text begins with; the checkpoint's by default. */
  readonly bos_token_id?: number;
  /** What ends a text; the checkpoint's `sep_token_id` by default. */
  readonly eos_token_id?: number;
  /** What fills up shorter texts; the checkpoint's by default. */
  readonly pad_token_id?: number;
  /** Called after each step of greedy search or sampling: one token per text. */
  readonly on_token?: TokenCallback;
  /** Stops between two tokens; the model stays usable. */
  readonly signal?: AbortSignal;
}

/** What is returned besides token ids; all false by default. */
export interface OutputOptions {
  /** An object with the times of the stages instead of the token ids alone. The other two need it. */
  readonly return_dict_in_generate?: boolean;
  /** The scores of each step, as the search saw them. */
  readonly output_scores?: boolean;
  /** The probability of each text, and of each of its tokens. */
  readonly output_probabilities?: boolean;
}

/** A stream yields the tokens, so that there is no callback. */
export type StreamOptions = Omit<GenerationOptions, 'on_token'>;

export interface SearchSettings {
  readonly max_length: number;
  readonly min_length: number;
  readonly num_beams: number;
  readonly length_penalty: number;
  readonly repetition_penalty: number;
  readonly early_stopping: boolean | 'never';
  readonly no_repeat_ngram_size: number;
  readonly bad_words?: BadWords;
  readonly num_return_sequences: number;
  /** Absent: the most likely tokens are taken. */
  readonly sampling?: SamplingSettings;
  /** Places of the rows in their batch, where that was divided. */
  readonly rows?: readonly number[];
  readonly eos_token_id: number;
  readonly pad_token_id: number;
  readonly return_dict_in_generate: boolean;
  readonly output_scores: boolean;
  readonly output_probabilities: boolean;
  readonly on_token?: TokenCallback;
  readonly signal?: AbortSignal;
}

const DEFAULT_NEW_TOKENS = 20;
const KNOWN: ReadonlySet<string> = new Set<keyof GenerationOptions | keyof OutputOptions>([
  'do_sample',
  'temperature',
  'top_k',
  'top_p',
  'seed',
  'num_return_sequences',
  'no_repeat_ngram_size',
  'bad_words_ids',
  'output_scores',
  'output_probabilities',
  'max_new_tokens',
  'max_length',
  'min_length',
  'min_new_tokens',
  'num_beams',
  'length_penalty',
  'repetition_penalty',
  'early_stopping',
  'bos_token_id',
  'eos_token_id',
  'pad_token_id',
  'return_dict_in_generate',
  'on_token',
  'signal',
]);

/** The token ids and limits of a text model that options are checked against. */
export interface TextLimits {
  readonly vocab_size: number;
  /** The decoder has embeddings for so many positions: no text can be longer. */
  readonly max_position_embeddings: number;
  readonly bos_token_id: number;
  /** BLIP ends a text with its separator. */
  readonly sep_token_id: number;
  readonly pad_token_id: number;
}

/** The BOS token, which each text begins with. @throws {GenerationOptionsError} */
export function beginToken(options: GenerationOptions, limits: TextLimits): number {
  return token(checkObject(options), 'bos_token_id', limits.bos_token_id, limits.vocab_size);
}

function checkObject<T>(options: T): T & object {
  if (typeof options === 'object' && options !== null) return options;
  throw new GenerationOptionsError(
    `The generation options are ${describeValue(options)}, expected an object such as { max_new_tokens: 20 }.`,
  );
}

/** @throws {GenerationOptionsError} when a stream is given a callback, too */
export function checkStreamOptions(options: GenerationOptions): void {
  if (checkObject(options).on_token !== undefined)
    throw new GenerationOptionsError(
      'on_token: a stream yields the tokens itself. Leave it out, or call the method without stream.',
    );
}

/**
 * Fills in defaults and turns lengths into one limit.
 *
 * @param promptLength tokens that are there before the first step
 * @throws {GenerationOptionsError}
 */
export function resolveGenerationOptions(
  options: GenerationOptions & OutputOptions,
  promptLength: number,
  limits: TextLimits,
): SearchSettings {
  for (const [name, value] of Object.entries(options))
    if (!KNOWN.has(name) && value !== undefined)
      throw new GenerationOptionsError(
        `Generation option "${name}" is not implemented. Implemented: ${[...KNOWN].join(', ')}.`,
      );
  const { early_stopping = false, on_token, signal } = options;
  if (early_stopping !== true && early_stopping !== false && early_stopping !== 'never')
    throw new GenerationOptionsError(
      `early_stopping is ${JSON.stringify(early_stopping)}, expected true, false or "never".`,
    );
  const num_beams = count(options, 'num_beams', 1, 1);
  if (on_token && num_beams > 1)
    throw new GenerationOptionsError(
      'on_token and streaming need greedy search: beam search decides at the end. Set num_beams to 1 (got ' +
        `${num_beams}).`,
    );
  const sampling = resolveSampling(options, num_beams);
  const num_return_sequences = resolveReturnSequences(options, num_beams, sampling !== undefined);
  const eos_token_id = token(options, 'eos_token_id', limits.sep_token_id, limits.vocab_size);
  const { bad_words_ids } = options;
  const max_length = resolveMaxLength(options, promptLength, limits);
  const min_length =
    options.min_new_tokens === undefined
      ? count(options, 'min_length', 0, 0)
      : promptLength + count(options, 'min_new_tokens', 0, 0);
  return {
    max_length,
    min_length,
    num_beams,
    early_stopping,
    sampling,
    num_return_sequences,
    ...resolveOutput(options),
    on_token,
    signal,
    length_penalty: real(options, 'length_penalty', 1),
    repetition_penalty: positive(options, 'repetition_penalty', 1),
    no_repeat_ngram_size: count(options, 'no_repeat_ngram_size', 0, 0),
    bad_words: bad_words_ids === undefined ? undefined : new BadWords(bad_words_ids, eos_token_id, limits.vocab_size),
    eos_token_id,
    pad_token_id: token(options, 'pad_token_id', limits.pad_token_id, limits.vocab_size),
  };
}

function resolveMaxLength(
  options: GenerationOptions,
  promptLength: number,
  { max_position_embeddings: positions }: TextLimits,
): number {
  const fallback = Math.max(promptLength + 1, Math.min(promptLength + DEFAULT_NEW_TOKENS, positions));
  const max_length =
    options.max_new_tokens === undefined
      ? count(options, 'max_length', fallback, 1)
      : promptLength + count(options, 'max_new_tokens', 0, 1);
  if (promptLength > positions)
    throw new GenerationOptionsError(
      `The prompt has ${promptLength} tokens, but the model has positions for ${positions}. Shorten the prompt.`,
    );
  if (max_length <= promptLength)
    throw new GenerationOptionsError(
      `max_length is ${max_length}, but the prompt already has ${promptLength} tokens. Raise max_length, or use ` +
        'max_new_tokens.',
    );
  if (max_length > positions + 1)
    // the last token needs no position: the decoder never reads it
    throw new GenerationOptionsError(
      `The text may grow to ${max_length} tokens, but the model has positions for ${positions} and one token ` +
        'after them. Lower max_length or max_new_tokens.',
    );
  return max_length;
}

function resolveReturnSequences(options: GenerationOptions, num_beams: number, isSampling: boolean): number {
  const texts = count(options, 'num_return_sequences', 1, 1);
  if (isSampling || texts <= num_beams) return texts;
  throw new GenerationOptionsError(
    num_beams === 1
      ? `num_return_sequences is ${texts}, but greedy search has one result. Set num_beams to at least ${texts}, or ` +
          'do_sample to true.'
      : `num_return_sequences is ${texts}, expected at most num_beams, which is ${num_beams}.`,
  );
}

function resolveOutput(options: OutputOptions): Required<OutputOptions> {
  const return_dict_in_generate = flag(options, 'return_dict_in_generate');
  const output_scores = flag(options, 'output_scores');
  const output_probabilities = flag(options, 'output_probabilities');
  if (!return_dict_in_generate && (output_scores || output_probabilities))
    throw new GenerationOptionsError(
      `${output_scores ? 'output_scores' : 'output_probabilities'} is true, but token ids alone are returned. Set ` +
        'return_dict_in_generate to true, too.',
    );
  return { return_dict_in_generate, output_scores, output_probabilities };
}

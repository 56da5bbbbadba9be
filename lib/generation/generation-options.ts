// What a caller may ask of text generation, checked: names and meaning as in Hugging Face's `generate`.
import { describeValue } from '../core/describe-value';
import { BlipError } from '../core/errors';

/** An option is unknown, not implemented, or out of range; the message names it. */
export class GenerationOptionsError extends BlipError {}

/** The token ids after a step, one per row. A promise that the callback returns is awaited before the next step. */
export type TokenCallback = (ids: number[]) => void;

export interface GenerationOptions {
  /** Tokens to add at most; wins over max_length. */
  readonly max_new_tokens?: number;
  /**
   * Length of the result at most, prompt included. Without it and max_new_tokens: 20 more than the prompt, as in
   * transformers 5 (4: 20 in all).
   */
  readonly max_length?: number;
  /** The end token is forbidden before this length, prompt included. */
  readonly min_length?: number;
  /** The same, counted without the prompt; wins over min_length. */
  readonly min_new_tokens?: number;
  /** Only false: sampling is not implemented. */
  readonly do_sample?: false;
  /** Hypotheses that are kept at each step; 1 is greedy search. */
  readonly num_beams?: number;
  /** Beam search ranks by sum of log probabilities / length ** length_penalty: above 0 favors long texts. */
  readonly length_penalty?: number;
  /** Above 1, tokens that were used become less likely. */
  readonly repetition_penalty?: number;
  /**
   * When beam search ends: true, as soon as num_beams texts are finished; false, by a heuristic; 'never', when no
   * better text is possible.
   */
  readonly early_stopping?: boolean | 'never';
  readonly bos_token_id?: number;
  readonly eos_token_id?: number;
  readonly pad_token_id?: number;
  /** Called after each step of greedy search. */
  readonly on_token?: TokenCallback;
  /** Stops between two tokens; the model stays usable. */
  readonly signal?: AbortSignal;
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
  readonly eos_token_id: number;
  readonly pad_token_id: number;
  readonly return_dict_in_generate: boolean;
  readonly on_token?: TokenCallback;
  readonly signal?: AbortSignal;
}

const DEFAULT_NEW_TOKENS = 20;
const KNOWN = new Set([
  'do_sample',
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
  return token(checkObject(options), 'bos_token_id', limits.bos_token_id, limits);
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
  options: GenerationOptions & { readonly return_dict_in_generate?: boolean },
  promptLength: number,
  limits: TextLimits,
): SearchSettings {
  for (const [name, value] of Object.entries(options))
    if (!KNOWN.has(name) && value !== undefined)
      throw new GenerationOptionsError(
        `Generation option "${name}" is not implemented. Implemented: ${[...KNOWN].join(', ')}.`,
      );
  const { do_sample = false, early_stopping = false, return_dict_in_generate = false, on_token, signal } = options;
  if (do_sample !== false)
    throw new GenerationOptionsError(
      `do_sample is ${JSON.stringify(do_sample)}: sampling is not implemented. Leave it out, or set it to false.`,
    );
  if (early_stopping !== true && early_stopping !== false && early_stopping !== 'never')
    throw new GenerationOptionsError(
      `early_stopping is ${JSON.stringify(early_stopping)}, expected true, false or "never".`,
    );
  if (typeof return_dict_in_generate !== 'boolean')
    throw new GenerationOptionsError(
      `return_dict_in_generate is ${JSON.stringify(return_dict_in_generate)}, expected true or false.`,
    );
  const num_beams = count(options, 'num_beams', 1, 1);
  if (on_token && num_beams > 1)
    throw new GenerationOptionsError(
      'on_token and streaming need greedy search: beam search decides at the end. Set num_beams to 1 (got ' +
        `${num_beams}).`,
    );
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
    return_dict_in_generate,
    on_token,
    signal,
    length_penalty: real(options, 'length_penalty', 1),
    repetition_penalty: positive(options, 'repetition_penalty', 1),
    eos_token_id: token(options, 'eos_token_id', limits.sep_token_id, limits),
    pad_token_id: token(options, 'pad_token_id', limits.pad_token_id, limits),
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

type NumberOption = {
  [K in keyof GenerationOptions]-?: GenerationOptions[K] extends number | undefined ? K : never;
}[keyof GenerationOptions];

function count(options: GenerationOptions, name: NumberOption, fallback: number, minimum: number): number {
  const value = options[name] ?? fallback;
  if (!Number.isSafeInteger(value) || value < minimum)
    throw new GenerationOptionsError(`${name} is ${String(value)}, expected a whole number of at least ${minimum}.`);
  return value;
}

function token(options: GenerationOptions, name: NumberOption, fallback: number, { vocab_size }: TextLimits): number {
  const value = count(options, name, fallback, 0);
  if (value >= vocab_size)
    throw new GenerationOptionsError(
      `${name} is ${value}, expected a token id below ${vocab_size}, the size of the vocabulary.`,
    );
  return value;
}

function real(options: GenerationOptions, name: NumberOption, fallback: number): number {
  const value = options[name] ?? fallback;
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new GenerationOptionsError(`${name} is ${String(value)}, expected a number.`);
  return value;
}

function positive(options: GenerationOptions, name: NumberOption, fallback: number): number {
  const value = real(options, name, fallback);
  if (value <= 0) throw new GenerationOptionsError(`${name} is ${value}, expected a number above 0.`);
  return value;
}

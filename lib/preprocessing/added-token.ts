// A token beside the vocabulary's words that is looked for in the text itself, with the flags of HF's AddedToken.
import { describeValue } from '../core/describe-value';
import { isRecord } from '../core/is-record';

export interface AddedToken {
  readonly content: string;
  /** Matches whole words alone. */
  readonly single_word: boolean;
  /** Takes the white space before it along. */
  readonly lstrip: boolean;
  /** Takes the white space after it along. */
  readonly rstrip: boolean;
  /** Looked for in the normalized (lower-cased) text, and normalized itself. */
  readonly normalized: boolean;
  /** Left out when ids are decoded. */
  readonly special: boolean;
}

/** Longer than any marker or phrase; each character of a text costs at most this many steps. */
const MAX_CHARACTERS = 1000;
const FLAGS = ['single_word', 'lstrip', 'rstrip', 'normalized', 'special'] as const;
/** Half of a surrogate pair is no character: UTF-8, which HF's tokenizers work on, has no bytes for it. */
const UNPAIRED_SURROGATE = /\p{Cs}/u;

/**
 * Flags as HF sets them where none are given: special tokens are matched as they are, others in the normalized text.
 */
export function addedToken(content: string, special: boolean): AddedToken {
  return { content, single_word: false, lstrip: false, rstrip: false, normalized: !special, special };
}

/**
 * A token as the files write it: an object with `content` and flags.
 *
 * @param special the flag's value where the object has none
 * @param fail throws, with what is wrong
 */
export function parseAddedToken(value: unknown, special: boolean, fail: (problem: string) => never): AddedToken {
  if (!isRecord(value)) return fail(`is ${describeValue(value)}; expected an object with "content"`);
  const flags: { [flag in (typeof FLAGS)[number]]?: boolean } = {};
  for (const flag of FLAGS) {
    const given = value[flag];
    if (given === undefined) continue;
    if (typeof given !== 'boolean') return fail(`has "${flag}" ${describeValue(given)}; expected true or false`);
    flags[flag] = given;
  }
  return { ...addedToken(parseContent(value.content, fail), flags.special ?? special), ...flags };
}

/** The text of a token. */
export function parseContent(value: unknown, fail: (problem: string) => never): string {
  if (typeof value !== 'string') return fail(`is ${describeValue(value)}; expected a token's text`);
  if (value.length > MAX_CHARACTERS) return fail(`has ${value.length} characters; expected at most ${MAX_CHARACTERS}`);
  if (UNPAIRED_SURROGATE.test(value))
    return fail(`is ${describeValue(value)}, half of a character; expected whole ones`);
  return value;
}

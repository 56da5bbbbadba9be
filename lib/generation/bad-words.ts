// Token sequences that a text must not contain: Hugging Face's NoBadWordsLogitsProcessor.
import { describeValue } from '../core/describe-value';
import { GenerationOptionsError } from './generation-options-error';

/** Bounds the work of a step. */
const MAX_SEQUENCES = 1_000_000;

export class BadWords {
  readonly #single: readonly number[];
  /** Sequences of several tokens by the token before their last. */
  readonly #byPrevious = new Map<number, (readonly number[])[]>();

  /**
   * @param sequences as `bad_words_ids`; the end token alone is left out, as Hugging Face does
   * @throws {GenerationOptionsError} for what is no list of lists of token ids
   */
  constructor(sequences: unknown, eos_token_id: number, vocab_size: number) {
    const kept = parseSequences(sequences, vocab_size).filter((ids) => ids.length > 1 || ids[0] !== eos_token_id);
    if (kept.length === 0)
      throw new GenerationOptionsError(
        `bad_words_ids has nothing but the end token ${eos_token_id}, which cannot be forbidden. Use min_new_tokens.`,
      );
    this.#single = kept.filter((ids) => ids.length === 1).map(([id]) => id);
    for (const ids of kept) {
      if (ids.length === 1) continue;
      const previous = ids[ids.length - 2];
      const known = this.#byPrevious.get(previous);
      if (known) known.push(ids);
      else this.#byPrevious.set(previous, [ids]);
    }
  }

  /** Sets to -Infinity what would complete a sequence. @param ids the row's tokens so far, prompt included */
  ban(scores: Float32Array, ids: readonly number[]): void {
    for (const id of this.#single) scores[id] = -Infinity;
    for (const sequence of this.#byPrevious.get(ids[ids.length - 1]) ?? []) {
      const start = ids.length - sequence.length + 1;
      let i = 0;
      while (start >= 0 && i < sequence.length - 1 && sequence[i] === ids[start + i]) i++;
      if (i === sequence.length - 1) scores[sequence[i]] = -Infinity;
    }
  }
}

function parseSequences(value: unknown, vocab_size: number): (readonly number[])[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_SEQUENCES)
    throw new GenerationOptionsError(
      `bad_words_ids is ${describeValue(value)}, expected a list of 1 to ${MAX_SEQUENCES} lists of token ids, such ` +
        'as [[12], [7, 31]]. Leave it out to forbid nothing.',
    );
  return value.map((ids: unknown, at) => {
    if (!Array.isArray(ids) || ids.length === 0)
      throw new GenerationOptionsError(
        `bad_words_ids[${at}] is ${describeValue(ids)}, expected a list of at least one token id. ` +
          'The ids of a word: processor.text(word).input_ids without the first and the last.',
      );
    return ids.map((id: unknown) => {
      if (typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 && id < vocab_size) return id;
      throw new GenerationOptionsError(
        `bad_words_ids[${at}] contains ${describeValue(id)}, expected token ids from 0 to ${vocab_size - 1}, the ` +
          "model's vocabulary.",
      );
    });
  });
}

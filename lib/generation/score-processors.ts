// Hugging Face's logits processors: changes to a row of scores before a token is chosen, in place.
import type { SearchSettings } from './generation-options';

type ProcessorSettings = Pick<
  SearchSettings,
  'repetition_penalty' | 'no_repeat_ngram_size' | 'bad_words' | 'min_length' | 'eos_token_id'
>;

/** Whether processScores may change a score. */
export function changesScores(settings: ProcessorSettings): boolean {
  const { repetition_penalty, no_repeat_ngram_size, bad_words, min_length } = settings;
  return repetition_penalty !== 1 || no_repeat_ngram_size > 0 || bad_words !== undefined || min_length > 0;
}

/**
 * Repetition penalty, repeated n-grams, bad words, then minimum length, in Hugging Face's order.
 *
 * @param scores [vocab_size] of one row
 * @param ids the row's tokens so far, prompt included
 */
export function processScores(
  scores: Float32Array,
  ids: readonly number[],
  { repetition_penalty, no_repeat_ngram_size, bad_words, min_length, eos_token_id }: ProcessorSettings,
): void {
  if (repetition_penalty !== 1)
    for (const id of new Set(ids))
      scores[id] = scores[id] < 0 ? scores[id] * repetition_penalty : scores[id] / repetition_penalty;
  if (no_repeat_ngram_size > 0) banRepeatedNgrams(scores, ids, no_repeat_ngram_size);
  bad_words?.ban(scores, ids);
  if (ids.length < min_length) scores[eos_token_id] = -Infinity;
}

/** Sets to -Infinity the tokens that would complete an n-gram that the text already contains. */
function banRepeatedNgrams(scores: Float32Array, ids: readonly number[], size: number): void {
  const suffix = ids.length - size + 1;
  for (let start = 0; start + size <= ids.length; start++) {
    let i = 0;
    while (i < size - 1 && ids[start + i] === ids[suffix + i]) i++;
    if (i === size - 1) scores[ids[start + i]] = -Infinity;
  }
}

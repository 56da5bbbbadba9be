// Hugging Face's logits processors: changes to a row of scores before a token is chosen, in place.
import type { SearchSettings } from './generation-options';

/**
 * Repetition penalty, then minimum length, in Hugging Face's order.
 *
 * @param scores [vocab_size] of one row
 * @param ids the row's tokens so far, prompt included
 */
export function processScores(
  scores: Float32Array,
  ids: readonly number[],
  { repetition_penalty, min_length, eos_token_id }: SearchSettings,
): void {
  if (repetition_penalty !== 1)
    for (const id of new Set(ids))
      scores[id] = scores[id] < 0 ? scores[id] * repetition_penalty : scores[id] / repetition_penalty;
  if (ids.length < min_length) scores[eos_token_id] = -Infinity;
}

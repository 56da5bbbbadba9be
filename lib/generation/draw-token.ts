// Draws a token with the probabilities that its scores mean.
import { GenerationOptionsError } from './generation-options-error';
import { exponential } from './log-sum-exp';
import type { RandomStream } from './random-stream';

/**
 * @param scores [vocab_size] of one row, -Infinity for what must not be drawn
 * @throws {GenerationOptionsError} when every token is forbidden
 */
export function drawToken(scores: Float32Array, random: RandomStream): number {
  let largest = -Infinity;
  for (let id = 0; id < scores.length; id++) if (scores[id] > largest) largest = scores[id];
  if (largest === -Infinity)
    throw new GenerationOptionsError(
      'The options forbid every token, so that none can be drawn. Loosen bad_words_ids, no_repeat_ngram_size or ' +
        'min_length.',
    );
  const weights = new Float64Array(scores.length);
  let total = 0;
  for (let id = 0; id < scores.length; id++) {
    weights[id] = exponential(scores[id] - largest);
    total += weights[id];
  }
  let rest = random.next() * total;
  let drawn = -1;
  for (let id = 0; id < scores.length; id++) {
    if (weights[id] === 0) continue;
    drawn = id; // the last one where rounding leaves a rest
    rest -= weights[id];
    if (rest < 0) break;
  }
  return drawn;
}

// Token ids as texts with their probabilities.
import type { GenerateOutput } from '../generation';
import type { BlipProcessor } from '../preprocessing';

/** A token of a text, and the probability that the model gives it after the tokens before it. */
export interface WrittenToken {
  readonly token: string;
  readonly probability: number;
}

export interface WrittenText {
  readonly text: string;
  /** The probability that the model gives the whole text, the end included. */
  readonly score: number;
  readonly tokens: readonly WrittenToken[];
}

/**
 * The texts of each row, the most probable first. A text that beam search did not find is left out, unless it is all
 * there is.
 *
 * @param output with `output_probabilities`
 * @param texts num_return_sequences
 * @param prompt tokens that each text begins with
 */
export function writtenTexts(
  { sequences, probabilities = [], token_probabilities = [] }: GenerateOutput,
  processor: Pick<BlipProcessor, 'decode' | 'tokens'>,
  { texts, prompt }: { readonly texts: number; readonly prompt: number },
): WrittenText[][] {
  return Array.from({ length: sequences.length / texts }, (_, row) => {
    const written = Array.from({ length: texts }, (_, text): WrittenText => {
      const at = row * texts + text;
      const each = token_probabilities[at];
      const names = processor.tokens(sequences[at].slice(prompt, prompt + each.length));
      const tokens = each.map((probability, i) => ({ token: names[i], probability }));
      return { text: processor.decode(sequences[at]), score: probabilities[at], tokens };
    }).sort((a, b) => b.score - a.score);
    return written.filter(({ tokens }, i) => i === 0 || tokens.length > 0);
  });
}

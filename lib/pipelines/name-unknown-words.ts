// Adds to an answer the words of its question that the model never saw in training.
import type { BlipProcessor } from '../preprocessing';

/**
 * `{ unknown_words }`, or nothing where there are none, to spread into a result.
 *
 * @example
 * { answer: 'no', ...nameUnknownWords(processor, 'is there an axolotl?') }
 * // { answer: 'no', unknown_words: ['axolotl'] }
 */
export function nameUnknownWords(
  processor: BlipProcessor,
  question: string,
): { readonly unknown_words?: readonly string[] } {
  const unknown_words = processor.unknownWords(question);
  return unknown_words.length === 0 ? {} : { unknown_words };
}

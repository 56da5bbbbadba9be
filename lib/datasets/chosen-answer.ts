// The answer to a question with choices, where a data set gives its number or letter alone (ScienceQA, AI2D, MMMU).
import { parseAnswers } from './parse-answers';

/** The letter of the first choice. */
const FIRST_LETTER = 65;

/**
 * The text of the choice that an answer names: by its number from 0, or by its letter from A. An answer that is one of
 * the choices itself, or names none, is left as it is.
 *
 * @param answer a value of the answers' column
 * @param choices of the same row: a list of texts, or such a list as text
 * @example
 * chosenAnswer(1n, ['cat', 'dog'])    // 'dog'
 * chosenAnswer('B', ['cat', 'dog'])   // 'dog'
 * chosenAnswer('dog', ['cat', 'dog']) // 'dog'
 */
export function chosenAnswer(answer: unknown, choices: unknown): unknown {
  if (choices === undefined || choices === null) return answer;
  const texts = parseAnswers(choices, undefined) ?? [];
  const named = typeof answer === 'string' ? answer.trim() : answer;
  if (typeof named === 'string' && texts.includes(named)) return answer;
  return texts[placeOf(named)] ?? answer;
}

/** -1 when it is neither a number nor a letter. */
function placeOf(named: unknown): number {
  if (typeof named === 'number' || typeof named === 'bigint') return Number(named);
  if (typeof named !== 'string') return -1;
  if (/^\d{1,2}$/.test(named)) return Number(named);
  return /^[A-Z]$/.test(named) ? named.charCodeAt(0) - FIRST_LETTER : -1;
}

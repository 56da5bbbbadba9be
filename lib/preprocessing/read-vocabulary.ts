// vocab.txt: one token per line, whose id is the line's number from 0.
import { quote } from '../core/quote';
import { readText } from '../core/read-text';
import { TokenizerError } from './errors';

const WHITE_SPACE = /\p{White_Space}/u;
/** The largest multilingual vocabulary of BERT's kind has half a million tokens in 5 MB. */
const MAX_BYTES = 32 * 2 ** 20;
export const MAX_VOCABULARY = 1_000_000;
const PLACEHOLDER = ': remove it, or, where a model was trained with it, put a placeholder such as [unused7] there';

/**
 * A line ends at `\n` or `\r\n`, and white space at its end does not count, as in HF's Rust tokenizers. A blank or
 * repeated line, which HF takes, is refused: with one line too many, every id after it is another word's.
 *
 * @returns token -> id
 * @throws {TokenizerError} when the file cannot be read, or is no vocabulary
 */
export function readVocabulary(file: string): ReadonlyMap<string, number> {
  const text = readText(file, { maxBytes: MAX_BYTES, error: TokenizerError, keepByteOrderMark: true });
  const fail = (problem: string): never => {
    throw new TokenizerError(
      `${file}: ${problem}. Expected a vocabulary: one token per line, whose id is the line's number.`,
    );
  };
  if (text.startsWith('\ufeff'))
    return fail('starts with a byte order mark, which would belong to the first token: save it without');
  const lines = text.split('\n').map((line) => trimEnd(line));
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) return fail('is empty');
  if (lines.length > MAX_VOCABULARY) return fail(`has ${lines.length} lines, more than ${MAX_VOCABULARY}`);
  const ids = new Map<string, number>();
  lines.forEach((token, id) => {
    const first = ids.get(token);
    if (token === '') fail(`line ${id + 1} is blank${PLACEHOLDER}`);
    if (first !== undefined) fail(`lines ${first + 1} and ${id + 1} are both ${quote(token)}${PLACEHOLDER}`);
    ids.set(token, id);
  });
  return ids;
}

/** `\s` of JavaScript knows other characters than Unicode's White_Space, by which Rust trims. */
function trimEnd(line: string): string {
  let end = line.length;
  while (end > 0 && WHITE_SPACE.test(line[end - 1])) end--;
  return line.slice(0, end);
}

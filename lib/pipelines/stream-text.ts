// Tokens of one text as pieces of the text.

/**
 * Yields the text as it is written; the pieces joined are the whole text. A word is yielded when the next one begins:
 * until then further word pieces and punctuation may be joined to it.
 *
 * @param tokens the new token of each row after each step; the first row is taken
 * @param start token ids that the text begins with
 * @returns the whole text
 */
export async function* streamText(
  tokens: AsyncIterable<readonly number[]>,
  start: readonly number[],
  decode: (ids: readonly number[]) => string,
): AsyncGenerator<string, string, undefined> {
  const ids = [...start];
  let written = '';
  for await (const [id] of tokens) {
    ids.push(id);
    const text = decode(ids);
    const complete = text.slice(0, Math.max(0, text.lastIndexOf(' ')));
    if (complete.length <= written.length || !complete.startsWith(written)) continue;
    yield complete.slice(written.length);
    written = complete;
  }
  const text = decode(ids);
  if (text.length > written.length) yield text.slice(written.length);
  return text;
}

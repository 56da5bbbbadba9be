// Images named in a list: paths and addresses.
import type { Readable } from 'node:stream';
import type { BadItem, BatchItem } from './batch-item';
import { readLines } from './read-lines';

/** Longer than any path or address. */
const MAX_NAME_BYTES = 2 ** 20;

/** Paths and addresses, one a line or with a null character behind each. A path is relative to the working folder. */
export async function* listNames(
  input: Readable,
  source: string,
): AsyncGenerator<BatchItem | BadItem, void, undefined> {
  for await (const { text, problem, number } of readLines(input, { source, maxBytes: MAX_NAME_BYTES })) {
    const place = `${source}, line ${number}`;
    if (problem !== undefined) yield { name: text, key: text, problem: `${place}: ${problem}. Rename the file.` };
    else yield { name: /^data:/i.test(text) ? place : text, key: text, source: text };
  }
}

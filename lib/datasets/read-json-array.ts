// Streams the elements of one top-level array of a JSON file: VQAv2's annotations are 370 MB, more than is good to
// parse at once.
import * as fs from 'node:fs';
import { describeOddFile } from '../core/is-plain-file';
import { BlipError } from '../core/errors';
import { parseJSON } from '../core/read-json';

export class JsonArrayError extends BlipError {}

/** A longer element is not a question or annotation: the file is something else. */
const MAX_ELEMENT_LENGTH = 1 << 20;

/**
 * Yields the parsed objects of `"key": [ {…}, {…} ]`, in the file's order. An object that does not parse is yielded as
 * undefined.
 *
 * @throws {JsonArrayError} when the file is missing, has no such array of objects, or ends within it
 */
export async function* readJsonArray(file: string, key: string): AsyncGenerator<unknown> {
  if (!fs.existsSync(file)) throw new JsonArrayError(`${file} is missing: expected a JSON file with a list "${key}".`);
  const odd = describeOddFile(file);
  if (odd !== undefined) throw new JsonArrayError(`${file} is ${odd}: expected a JSON file with a list "${key}".`);
  const opening = new RegExp(`"${key}"\\s*:\\s*\\[`);
  let buffer = '';
  let inside = false;
  for await (const chunk of fs.createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 18 })) {
    buffer += String(chunk);
    if (!inside) {
      const match = opening.exec(buffer);
      if (!match) {
        // the key may span two chunks
        buffer = buffer.slice(-key.length - 64);
        continue;
      }
      inside = true;
      buffer = buffer.slice(match.index + match[0].length);
    }
    let start = 0;
    for (;;) {
      const next = nextElement(buffer, start);
      if (next === 'end') return;
      if (next === 'more') break;
      if (next === 'garbage')
        throw new JsonArrayError(
          `${file}: "${key}" holds ${JSON.stringify(buffer.slice(start, start + 40))}; expected a list of objects.`,
        );
      yield parse(buffer.slice(next.from, next.to));
      start = next.to;
    }
    buffer = buffer.slice(start);
    if (buffer.length > MAX_ELEMENT_LENGTH)
      throw new JsonArrayError(
        `${file}: an element of "${key}" is longer than ${MAX_ELEMENT_LENGTH} characters: expected questions or ` +
          'annotations.',
      );
  }
  throw new JsonArrayError(
    inside
      ? `${file} ends within the list "${key}": it is cut short, download it again.`
      : `${file}: got no list "${key}"; expected one at the top level.`,
  );
}

function nextElement(text: string, start: number): { from: number; to: number } | 'more' | 'end' | 'garbage' {
  let from = start;
  while (from < text.length && /[\s,]/.test(text[from])) from++;
  if (from === text.length) return 'more';
  if (text[from] === ']') return 'end';
  if (text[from] !== '{') return 'garbage';
  let depth = 0;
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === '\\') at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) return { from, to: at + 1 };
  }
  return 'more';
}

function parse(text: string): unknown {
  try {
    return parseJSON(text, 'an element');
  } catch {
    return undefined;
  }
}

// The answers to a question, in every form in which data sets hold them.
import { isRecord } from '../core/is-record';
import { FileError } from '../core/read-text';
import { parseJSON } from '../core/read-json';

/** What the text of an answer is called where answers are records: VQAv2's name first. */
export const ANSWER_FIELDS = ['answer', 'answers', 'text', 'value', 'label'] as const;
/** VQAv2 has ten answers; a list in JSON of more than this is something else. */
const MAX_JSON_LENGTH = 1 << 16;
/** JSON as an answer: a list of records is 2 deep, a record of lists too. */
const MAX_JSON_DEPTH = 4;
/**
 * Names that parquet's own wrappers of list elements have; a list read as `{ list: [{ element: … }] }` is still a list.
 */
const WRAPPERS = ['list', 'element', 'item', 'array', 'bag', 'array_element'];

/**
 * Takes a list of `{ answer }` or of strings, a record of lists, one string, number or boolean (`yes` and `no`), or any
 * of them as JSON text; else the one answer that most people gave.
 *
 * @returns undefined when there is no answer
 * @example
 * parseAnswers([{ answer: 'net', answer_id: 1 }, { answer: 'netting', answer_id: 2 }], undefined) // ['net', 'netting']
 * parseAnswers('["net", "netting"]', undefined)                                                  // ['net', 'netting']
 * parseAnswers(undefined, 'net')                                                                 // ['net']
 */
export function parseAnswers(answers: unknown, mostCommon: unknown): string[] | undefined {
  const texts = collect(answers, true);
  if (texts.length > 0) return texts;
  const single = collect(mostCommon, true);
  return single.length > 0 ? single : undefined;
}

/** @param mayBeJson false inside a list: there a text in brackets is an answer in brackets */
function collect(value: unknown, mayBeJson: boolean): string[] {
  if (typeof value === 'number' || typeof value === 'bigint') return [String(value)];
  if (typeof value === 'boolean') return [value ? 'yes' : 'no'];
  if (value instanceof Uint8Array) return collect(decode(value), mayBeJson);
  if (typeof value === 'string') {
    const parsed = mayBeJson ? parseList(value.trim()) : undefined;
    if (parsed !== undefined) return collect(parsed, false);
    return value.trim() === '' ? [] : [value];
  }
  if (Array.isArray(value)) return value.flatMap((item: unknown) => collect(item, false));
  if (!isRecord(value)) return [];
  const keys = Object.keys(value);
  const field = ANSWER_FIELDS.find((name) => value[name] !== undefined && value[name] !== null);
  if (field !== undefined) return collect(value[field], false);
  return keys.length === 1 && WRAPPERS.includes(keys[0]) ? collect(value[keys[0]], false) : [];
}

/**
 * A list or a record as text: JSON, or a Python list of strings, which data frames leave when they were written as CSV
 * in between.
 */
function parseList(text: string): unknown {
  if (!/^[[{"]/.test(text) || text.length > MAX_JSON_LENGTH) return undefined;
  try {
    return parseJSON(text, 'answers', { maxDepth: MAX_JSON_DEPTH });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return parsePythonList(text);
  }
}

/**
 * Strings in either kind of quotes, with backslashes, between commas or, as NumPy prints them, spaces and line ends.
 */
const PYTHON_STRING = /\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*,?/y;

function parsePythonList(text: string): string[] | undefined {
  if (!text.startsWith('[') || !text.endsWith(']')) return undefined;
  const inner = text.slice(1, -1);
  const items: string[] = [];
  PYTHON_STRING.lastIndex = 0;
  for (let at = 0; at < inner.length; at = PYTHON_STRING.lastIndex) {
    const match = PYTHON_STRING.exec(inner);
    if (!match) return undefined;
    items.push((match[1] ?? match[2]).replace(/\\(.)/g, '$1'));
  }
  return items;
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

// Reads JSON that comes from outside: bounded in bytes and in depth before anything is made of it.
import type { BlipError } from './errors';
import { FileError, readText, type ReadTextOptions } from './read-text';

export interface ParseJSONOptions extends Pick<ReadTextOptions, 'error' | 'advice'> {
  /** Lists and objects within each other; 64 by default. */
  readonly maxDepth?: number;
  /** Values in lists and objects, all levels together; 2,500,000 by default. */
  readonly maxValues?: number;
}

export interface ReadJSONOptions extends ParseJSONOptions {
  /** 16 MiB by default. */
  readonly maxBytes?: number;
}

/** Configurations have a few kilobytes; a tokenizer, which is larger, names its own limit. */
const MAX_BYTES = 16 * 2 ** 20;
/** The deepest file of a checkpoint nests 6 levels. Within 64, what walks the parsed value may recurse. */
const MAX_DEPTH = 64;
/**
 * A vocabulary of a million tokens fits; an empty list takes 2 characters of the text and 20 times as much in memory.
 */
const MAX_VALUES = 2_500_000;
const MAX_REASON_CHARACTERS = 200;
/** What Python's json module writes for numbers that JSON does not have, with the key before it. */
const PYTHON_NUMBER = /"([^"\\]{1,100})"\s*:\s*(?:\[[\d\s.,eE+-]*)?(-?Infinity|NaN)\b/;

/**
 * The parsed file. Of equal keys the last one counts, as in Python; a byte order mark is skipped.
 *
 * @example
 * readJSON('models/blip-scenes/config.json', { error: CheckpointError }) // { architectures: […], … }
 * @throws {FileError | BlipError} `options.error`, when it cannot be read, is too large or too deep, or is not JSON
 */
export function readJSON(file: string, options: ReadJSONOptions = {}): unknown {
  const { maxBytes = MAX_BYTES, ...rest } = options;
  return parseJSON(readText(file, { ...rest, maxBytes }), file, rest);
}

/**
 * The parsed text.
 *
 * @param source what the text is, for messages: a file's name or an address
 * @throws {FileError | BlipError} `options.error`, when it is too deep, has too many values or is not JSON
 */
export function parseJSON(text: string, source: string, options: ParseJSONOptions = {}): unknown {
  const { maxDepth = MAX_DEPTH, maxValues = MAX_VALUES, error: ErrorClass = FileError, advice } = options;
  const fail = (problem: string, cause?: unknown): BlipError =>
    new ErrorClass(`${source}: ${problem}.${advice ? ` ${advice}` : ''}`, { cause });
  const excess = findExcess(text, maxDepth, maxValues);
  if (excess !== undefined) throw fail(`${excess}; expected fewer`);
  try {
    return JSON.parse(text);
  } catch (error) {
    const python = PYTHON_NUMBER.exec(text);
    if (python !== null)
      throw fail(`cannot be read as JSON: "${python[1]}" holds ${python[2]}; expected a finite number`, error);
    const reason = error instanceof Error ? error.message : String(error);
    throw fail(`cannot be read as JSON: ${reason.slice(0, MAX_REASON_CHARACTERS)}`, error);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const COMMA = 0x2c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** One pass over the text; of text that is not JSON the answer means nothing, and the parser says so afterwards. */
function findExcess(text: string, maxDepth: number, maxValues: number): string | undefined {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      do {
        at = text.indexOf('"', at + 1);
        if (at < 0) return undefined;
      } while (isEscaped(text, at));
    } else if (code === OPENING_BRACKET || code === OPENING_BRACE) {
      if (++depth > maxDepth) return `nests lists and objects deeper than ${maxDepth} levels`;
      if (++values > maxValues) return `has more than ${maxValues} values`;
    } else if (code === CLOSING_BRACKET || code === CLOSING_BRACE) depth--;
    else if (code === COMMA && ++values > maxValues) return `has more than ${maxValues} values`;
  }
  return undefined;
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === BACKSLASH) before--;
  return (at - before) % 2 === 1;
}

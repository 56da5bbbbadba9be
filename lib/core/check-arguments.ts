// Checks the arguments of public functions where TypeScript does not: JavaScript, notebooks and values read from JSON
// pass anything.
import { BlipError } from './errors';

/** An argument of a public function is of the wrong kind. */
export class ArgumentError extends BlipError {}

/** What is expected: a kind of value, or an object with these properties. */
export type ArgumentKind = keyof typeof KINDS | readonly string[];

/** The longest path of any system; a longer one is no path. */
const MAX_PATH_CHARACTERS = 32_767;

const KINDS = {
  path: {
    expected: `a string without null characters, of at most ${MAX_PATH_CHARACTERS} characters`,
    fits: (value: unknown) => typeof value === 'string' && value.length <= MAX_PATH_CHARACTERS && !value.includes('\0'),
  },
  text: { expected: 'a string', fits: (value: unknown) => typeof value === 'string' },
  list: { expected: 'a list', fits: (value: unknown) => Array.isArray(value) },
  texts: {
    expected: 'a list of strings',
    fits: (value: unknown) => Array.isArray(value) && value.every((entry) => typeof entry === 'string'),
  },
  numbers: {
    expected: 'a list of numbers',
    fits: (value: unknown) => Array.isArray(value) && value.every((entry) => typeof entry === 'number'),
  },
  function: { expected: 'a function', fits: (value: unknown) => typeof value === 'function' },
  number: { expected: 'a number', fits: (value: unknown) => typeof value === 'number' },
  object: { expected: 'an object', fits: isObject },
} as const;

/**
 * @param call the function's name, for the message
 * @param values each argument's name, value and kind
 * @example
 * checkArguments('convertBlip', { outputFolder: [5, 'path'] })
 * // ArgumentError: convertBlip: outputFolder is 5, expected a string …
 * @throws {ArgumentError} for the first argument that does not fit
 */
export function checkArguments(
  call: string,
  values: Readonly<Record<string, readonly [value: unknown, kind: ArgumentKind]>>,
): void {
  for (const [name, [value, kind]] of Object.entries(values)) {
    const { expected, fits } = typeof kind === 'string' ? KINDS[kind] : withProperties(kind);
    if (!fits(value)) throw new ArgumentError(`${call}: ${name} is ${describeKind(value)}, expected ${expected}.`);
  }
}

function withProperties(names: readonly string[]): { expected: string; fits: (value: unknown) => boolean } {
  return {
    expected: `an object with ${names.join(', ')}`,
    fits: (value) => isObject(value) && names.every((name) => name in value),
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Looks into nothing, and shows no more than a line. */
function describeKind(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined)
    return String(value);
  if (typeof value === 'string')
    return value.length > 40 ? `a string of ${value.length} characters` : JSON.stringify(value);
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

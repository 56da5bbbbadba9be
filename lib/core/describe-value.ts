// A value from outside, as it stands in a message: on one line and never longer than a line.
import { quote } from './quote';

const MAX_CHARACTERS = 100;
/** Lists and objects are shown as far as this many entries and levels: more would be cut anyway. */
const MAX_ENTRIES = 8;
const MAX_LEVELS = 3;

/**
 * @example
 * describeValue('a\nb')             // '"a\\nb"'
 * describeValue({ size: [1, 2] })   // '{"size":[1,2]}'
 * describeValue(undefined)          // 'missing'
 */
export function describeValue(value: unknown): string {
  const text = show(value, MAX_LEVELS);
  return text.length > MAX_CHARACTERS + 3 ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}

function show(value: unknown, levels: number): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) {
    if (levels === 0) return '[…]';
    const items = value.slice(0, MAX_ENTRIES).map((item) => show(item, levels - 1));
    return `[${items.join(',')}${value.length > MAX_ENTRIES ? ',…' : ''}]`;
  }
  if (levels === 0) return '{…}';
  const entries = Object.entries(value);
  const shown = entries.slice(0, MAX_ENTRIES).map(([key, item]) => `${quote(key)}:${show(item, levels - 1)}`);
  return `{${shown.join(',')}${entries.length > MAX_ENTRIES ? ',…' : ''}}`;
}

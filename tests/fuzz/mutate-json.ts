// Random changes to a JSON text: other values at any place, keys that come twice or are gone, then damage to its bytes
// at times.
import { isRecord } from '../../lib/core/is-record';
import { mutateBytes } from './mutate-bytes';
import type { Random } from './random';

const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  0.5,
  1e-45,
  1e300,
  2 ** 31,
  2 ** 53,
  100_000,
  '',
  'x',
  '__proto__',
  'ä\u0000',
  '\ud800',
  'x'.repeat(10_000),
  [],
  {},
  [[]],
  [null],
  { toString: 1 },
  { length: 5 },
  { type: 'Split', pattern: { Regex: '(a+)+$' } },
]; // prettier-ignore
const KEYS = ['__proto__', 'constructor', 'toString', 'length', '', 'x'];

function change(value: unknown, random: Random): unknown {
  if (random.chance(0.3)) return random.pick(VALUES);
  if (Array.isArray(value) && value.length > 0) {
    const list: unknown[] = [...value];
    const at = random.below(list.length);
    if (random.chance(0.2)) list.splice(at, 1);
    else if (random.chance(0.1)) list.push(...list.slice(0, 1000));
    else list[at] = change(list[at], random);
    return list;
  }
  if (isRecord(value) && Object.keys(value).length > 0) {
    const entries = Object.entries(value);
    const at = random.below(entries.length);
    if (random.chance(0.2)) entries.splice(at, 1);
    else if (random.chance(0.1)) entries[at] = [random.pick(KEYS), entries[at][1]];
    else entries[at] = [entries[at][0], change(entries[at][1], random)];
    return Object.fromEntries(entries);
  }
  return random.pick(VALUES);
}

/** Nested deeper than any reader wants. */
function nest(text: string, random: Random): string {
  const levels = random.pick([60, 65, 1000, 100_000]);
  return random.chance(0.5)
    ? `${'['.repeat(levels)}${text}${']'.repeat(levels)}`
    : `${'{"a":'.repeat(levels)}${text}${'}'.repeat(levels)}`;
}

/** @param text valid JSON */
export function mutateJSON(text: string, random: Random): Buffer {
  let value: unknown = JSON.parse(text);
  for (let times = random.below(4); times > 0; times--) value = change(value, random);
  let changed = JSON.stringify(value);
  if (random.chance(0.05)) changed = nest(changed, random);
  if (random.chance(0.05))
    changed = changed.replace(/-?\d+/, random.pick(['NaN', 'Infinity', '1e999', '01', '1'.repeat(1000)]));
  const bytes = Buffer.from(changed);
  return random.chance(0.3) ? mutateBytes(bytes, random) : bytes;
}

// Safetensors files that are nearly right: a header by the format's grammar with odd values in it, then damage to its
// bytes at times.
import { mutateBytes } from './mutate-bytes';
import type { Random } from './random';

const DTYPES = ['F32', 'F16', 'BF16', 'I64', 'U8', 'BOOL', 'F4', 'F6_E2M3', 'F8_E4M3', 'C64'];
const BITS: Readonly<Record<string, number>> = { F32: 32, F16: 16, BF16: 16, I64: 64, F4: 4, F6_E2M3: 6, C64: 64 };
const NAMES = [
  'a',
  'b',
  'c',
  '',
  '__proto__',
  'constructor',
  '__metadata__',
  'vision_model.weight',
  'é☃',
  '\u{1f600}',
  'a"\\',
];
/** White space of JSON, but for the last two. */
const SPACES = ['', '', '', '', '', ' ', '\n\t', '\r', '   ', '', '', ' ', ' ', ' '.repeat(1100), '\f', '\u00a0'];
const NUMBERS = [
  '0',
  '1',
  '2',
  '-0',
  '-1',
  '1.0',
  '1.5',
  '1e0',
  '1E5',
  '1e308',
  '1e309',
  '-1e309',
  '1e-400',
  '0e999999999999',
  '01',
  '1.',
  '.5',
  '+1',
  '-',
  '9007199254740991',
  '9007199254740992',
  '18446744073709551615',
  '18446744073709551616',
  '4611686018427387904',
  '1e',
  '0x1',
  'NaN',
  '17976931348623157e292',
  '17976931348623158e292',
  '1'.repeat(309),
  '1'.repeat(400),
  '1844674407370955161999.0e288',
  '0.1e309',
  `0.${'0'.repeat(400)}1e700`,
  '1e2147483647',
  '1e2147483648',
  '1e-2147483648',
  '00',
  '1e+5',
  '1.e1',
]; // prettier-ignore
const STRINGS = [
  '"x"',
  '""',
  '"\\u0041"',
  '"\\ud800"',
  '"\\udc00"',
  '"\\ud83d\\ude00"',
  '"\\ud800\\ud800\\udc00"',
  '"\\ud800\\n"',
  '"\\u12"',
  '"\\x"',
  '"\\/"',
  '"\\u0000"',
  '"\u0001"',
  '"\u007f"',
  '"tab\t"',
  '"open',
  '"\\"',
  '"\ud83d\ude00"',
  '"\\uD83D\\uDE00"',
  '"\\u00Ff"',
  '"\\ud83d\\u0041"',
];
const WORDS = ['null', 'true', 'false', 'nul', 'nullx', 'True'];

/** Any JSON value, at times none. */
function value(random: Random, depth = 0): string {
  const kind = random.below(depth > 4 ? 3 : 6);
  if (kind === 0) return random.pick(NUMBERS);
  if (kind === 1) return random.pick(STRINGS);
  if (kind === 2) return random.pick(WORDS);
  const items = Array.from({ length: random.below(4) }, () => value(random, depth + 1));
  if (kind === 3) return `[${items.join(separator(random))}]`;
  if (kind === 4) return `{${items.map((item) => `${random.pick(STRINGS)}:${item}`).join(separator(random))}}`;
  const levels = random.pick([3, 60, 123, 124, 125, 126, 127, 128, 129, 200]);
  return random.chance(0.5)
    ? '['.repeat(levels) + ']'.repeat(levels)
    : `${'{"k":'.repeat(levels)}1${'}'.repeat(levels)}`;
}

function separator(random: Random): string {
  return random.chance(0.02)
    ? random.pick(['', ',,', ';', ' ', ':'])
    : `,${random.chance(0.1) ? random.pick(SPACES) : ''}`;
}

/** How often a part is something else than the format wants. */
const ODD = 0.015;

function odd(random: Random, right: string): string {
  return random.chance(ODD) ? value(random) : right;
}

/** As JSON, with some characters escaped. */
function text(random: Random, content: string): string {
  const json = JSON.stringify(content);
  return random.chance(0.1) && content !== ''
    ? json.replace(/[A-Za-z_]/, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : json;
}

function list(random: Random, numbers: readonly number[]): string {
  const items = numbers.map((number) => (random.chance(ODD) ? random.pick(NUMBERS) : String(number)));
  return `[${items.join(separator(random))}]`;
}

function entry(random: Random, begin: number): { json: string; end: number } {
  const dtype = random.pick(DTYPES);
  const shape = Array.from({ length: random.chance(0.02) ? random.size(1200) : random.below(4) }, () =>
    random.chance(0.7) ? 1 : random.below(4),
  );
  const bits = shape.reduce((product, dim) => product * dim, 1) * (BITS[dtype] ?? 8);
  const end = begin + Math.floor(bits / 8);
  const name = random.chance(0.03)
    ? `{${text(random, dtype)}:${random.pick(['null', '{}', 'null', value(random)])}}`
    : text(random, dtype);
  const parts = [odd(random, name), odd(random, list(random, shape)), odd(random, list(random, [begin, end]))];
  if (random.chance(0.05)) return { json: `[${parts.join(separator(random))}${random.chance(0.1) ? ',1' : ''}]`, end };
  const fields = ['dtype', 'shape', 'data_offsets'].map(
    (key, index) => `${text(random, key)}:${random.pick(SPACES.slice(0, 6))}${parts[index]}`,
  );
  if (random.chance(0.05)) fields.reverse();
  if (random.chance(0.05)) fields.splice(random.below(3), random.below(2), `${random.pick(STRINGS)}:${value(random)}`);
  if (random.chance(0.02)) fields.push(random.pick(fields));
  return { json: `{${fields.join(separator(random))}}`, end };
}

function metadata(random: Random): string {
  const notes = Array.from(
    { length: random.below(4) },
    () => `${text(random, random.pick(NAMES))}:${odd(random, random.pick(STRINGS.slice(0, 3)))}`,
  );
  return odd(random, random.chance(0.1) ? 'null' : `{${notes.join(separator(random))}}`);
}

/** A file of some hundred bytes; many of them valid. */
export function makeSafetensors(random: Random): Buffer {
  const members: string[] = [];
  let end = 0;
  for (let tensors = random.below(4); tensors > 0; tensors--) {
    const made = entry(random, random.chance(0.03) ? random.below(9) : end);
    if (!random.chance(0.03)) end = made.end;
    members.push(
      `${text(random, random.pick(NAMES.filter((name) => name !== '__metadata__')))}:${odd(random, made.json)}`,
    );
  }
  for (let times = random.chance(0.02) ? 2 : random.below(2); times > 0; times--)
    members.splice(random.below(members.length + 1), 0, `${text(random, '__metadata__')}:${metadata(random)}`);
  if (random.chance(0.02) && members.length > 0) members.push(random.pick(members));
  const json = `${random.pick(SPACES)}{${members.join(separator(random))}}${random.pick(SPACES)}`;
  let header: Buffer = Buffer.from(odd(random, random.chance(0.01) ? `\ufeff${json}` : json));
  if (random.chance(0.15)) header = mutateBytes(header, random);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(random.chance(0.02) ? BigInt(random.size(2 ** 40)) : BigInt(header.length));
  const data = Buffer.alloc(Math.max(0, end + (random.chance(0.02) ? random.below(5) - 2 : 0)));
  const file = Buffer.concat([length, header, data]);
  return random.chance(0.03) ? mutateBytes(file, random) : file;
}

// Checks every argument of a C function against its declaration before it goes native: koffi takes a number where a
// string or a handle belongs for an address, and the process dies.
import { describeArgument } from './describe-argument';
import { OpenVINOError } from './errors';
import { typedArrayKind, typedArrayLength } from './typed-array';

/** Throws {@link OpenVINOError} for the first value that does not fit. */
export type CheckArguments = (values: readonly unknown[]) => void;

/** Paths end at 32,767 characters on Windows and at 4,096 elsewhere; no name or property value is longer. */
export const MAX_TEXT_CHARACTERS = 65_536;
/** No model has more inputs, no call more properties. */
const MAX_ENTRIES = 65_536;
const MAX_INT32 = 2 ** 31 - 1;

interface Parameter {
  readonly name: string;
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
}

/**
 * What fits each C type. Parameters named `data` take a typed array, the one named `bin` may be null: its file lies
 * beside the .xml.
 */
const KINDS: Readonly<Record<string, Omit<Parameter, 'name'>>> = {
  'void *': { expected: 'a handle', fits: isAddress },
  'void * data': { expected: 'a typed array with values', fits: isFilledArray },
  'const char *': { expected: textOf('a string'), fits: isText },
  'const char * bin': { expected: textOf('a string or null'), fits: (value) => value === null || isText(value) },
  'const char **': { expected: textOf('a list of strings'), fits: (value) => isListOf(value, isText) },
  'const ov_property_t *': { expected: textOf('pairs of strings'), fits: isProperties },
  'const ov_partial_shape_t *': { expected: 'a list of shapes', fits: (value) => isListOf(value, isPartialShape) },
  ov_shape_t: { expected: 'a rank and sizes', fits: isShape },
  size_t: { expected: 'a whole number of at least 0', fits: isSize },
  int: { expected: 'a 32-bit number', fits: (value) => isSize(value) && value <= MAX_INT32 },
};
/** Places for results, and structs that a call filled in. */
const SLOT: Omit<Parameter, 'name'> = {
  expected: 'an object for the result',
  fits: (value) => typeof value === 'object' && value !== null,
};

/**
 * @param declaration the parameters in C, as they are declared for koffi
 * @example
 * const check = checkArguments('ov_core_get_property', 'void *core, const char *device');
 * check([core, 5]) // OpenVINOError: ov_core_get_property: device is 5 (a number), expected a string …
 */
export function checkArguments(call: string, declaration: string): CheckArguments {
  const parameters = declaration.split(',').map(parseParameter);
  return (values) => {
    if (values.length !== parameters.length)
      throw new OpenVINOError(`${call}: got ${values.length} arguments, expected ${parameters.length}.`, call);
    parameters.forEach(({ name, expected, fits }, index) => {
      const value = values[index];
      if (!fits(value))
        throw new OpenVINOError(`${call}: ${name} is ${describeArgument(value)}, expected ${expected}.`, call);
    });
  };
}

function parseParameter(text: string): Parameter {
  const match = /^(.*?)\s*(\w+)$/.exec(text.trim());
  const [, type = '', name = ''] = match ?? [];
  const kind = KINDS[`${type} ${name}`] ?? KINDS[type] ?? (/^_Out_ |^ov_\w+_t \*$/.test(type) ? SLOT : undefined);
  if (!kind) throw new TypeError(`No check for the C parameter "${text}"`);
  return { name, ...kind };
}

function textOf(what: string): string {
  return `${what} without null characters, of at most ${MAX_TEXT_CHARACTERS} characters`;
}

/** A string that C reads to its end. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT_CHARACTERS && !value.includes('\0');
}

function isAddress(value: unknown): boolean {
  return typeof value === 'bigint' && value > 0n;
}

function isFilledArray(value: unknown): boolean {
  return typedArrayKind(value) !== undefined && typedArrayLength(value) > 0;
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Lists that go native are made by this library: they are plain, and each entry is what it was when it was checked. */
function isListOf(value: unknown, fits: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= MAX_ENTRIES && value.every(fits);
}

function isProperties(value: unknown): boolean {
  return value === null || isListOf(value, (entry) => has(entry, 'key', isText) && has(entry, 'value', isText));
}

function isShape(value: unknown): boolean {
  return hasRank(value, isSize, isSize);
}

function isPartialShape(value: unknown): boolean {
  return hasRank(value, isDimension, isDimension);
}

function isDimension(value: unknown): boolean {
  return has(value, 'min', Number.isSafeInteger) && has(value, 'max', Number.isSafeInteger);
}

/** The rank says how many sizes native code reads. */
function hasRank(value: unknown, isRank: (rank: unknown) => boolean, isDim: (dim: unknown) => boolean): boolean {
  if (typeof value !== 'object' || value === null || !('rank' in value) || !('dims' in value)) return false;
  const { rank, dims } = value;
  const count: unknown = typeof rank === 'object' && rank !== null && 'max' in rank ? rank.max : rank;
  return isRank(rank) && isListOf(dims, isDim) && Array.isArray(dims) && dims.length === count;
}

function has(value: unknown, key: string, fits: (field: unknown) => boolean): boolean {
  return typeof value === 'object' && value !== null && fits(Object.getOwnPropertyDescriptor(value, key)?.value);
}

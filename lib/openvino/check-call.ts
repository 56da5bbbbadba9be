// Reads the arguments of public calls into plain values, for both runtimes: what comes from outside is looked at once.
import { isText, MAX_TEXT_CHARACTERS } from './check-arguments';
import { describeArgument } from './describe-argument';
import { OpenVINOError } from './errors';
import type { Dimension } from './types';

/** No shape has more sizes. */
const MAX_LIST = 65_536;

/** @throws {OpenVINOError} when a name, a device or a path is no string that native code can take */
export function asText(call: string, what: string, value: unknown): string {
  if (isText(value)) return value;
  throw new OpenVINOError(
    `${call}: ${what} is ${describeArgument(value)}, expected a string without null characters, of at most ` +
      `${MAX_TEXT_CHARACTERS} characters.`,
    call,
  );
}

/** The entries of an object such as `{ pixel_values: tensor }`; none for undefined. @throws {OpenVINOError} */
export function entriesOf(call: string, what: string, value: unknown): [name: string, value: unknown][] {
  if (value === undefined) return [];
  try {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  } catch {
    /* a proxy or a getter that throws */
  }
  throw new OpenVINOError(
    `${call}: ${what} is ${describeArgument(value)}, expected an object with names as keys.`,
    call,
  );
}

/** The shapes of `reshape`. @throws {OpenVINOError} */
export function readShapes(value: unknown): [name: string, shape: Dimension[]][] {
  const call = 'reshape';
  if (value === undefined) throw new OpenVINOError('reshape: expected shapes, such as { x: [1, -1] }.', call);
  return entriesOf(call, 'shapes', value).map(([name, shape]) => {
    const dims = copyList(shape)?.map(readDimension);
    if (!dims)
      throw new OpenVINOError(`reshape: "${name}" is ${describeArgument(shape)}, expected a list of sizes.`, call);
    return [name, dims];

    function readDimension(dim: unknown): Dimension {
      const [min, max, more] = copyList(dim) ?? [dim, dim];
      if (!isSize(min) || !isSize(max) || more !== undefined)
        throw new OpenVINOError(
          `reshape: "${name}" has the size ${describeArgument(dim)}, expected a whole number, -1 for any size, ` +
            'or [min, max].',
          call,
        );
      return typeof dim === 'number' ? min : [min, max];
    }
  });
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= -1;
}

/** A copy of a list, whose entries stay what they are. Undefined for everything else, a proxy that throws too. */
export function copyList(value: unknown): unknown[] | undefined {
  try {
    return Array.isArray(value) && value.length <= MAX_LIST ? Array.from<unknown>(value) : undefined;
  } catch {
    return undefined;
  }
}

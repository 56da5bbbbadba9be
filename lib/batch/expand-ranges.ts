// `shard-{000..011}.tar`: numbers in succession, as the names of an archive's parts are written down.
import { BatchError } from './batch-error';

/** More parts than a data set has. */
const MAX_NAMES = 100_000;
const RANGE = /\{(\d{1,9})\.\.(\d{1,9})\}/;

/**
 * Each name with its number, as a shell writes them out: with leading zeros where the bounds have them.
 *
 * @example
 * expandRanges('shard-{08..10}.tar') // ['shard-08.tar', 'shard-09.tar', 'shard-10.tar']
 * @throws {BatchError} for too many
 */
export function expandRanges(pattern: string): string[] {
  let names = [pattern];
  for (let match = RANGE.exec(names[0]); match; match = RANGE.exec(names[0])) {
    const [range, first, last] = match;
    const [from, to] = [Number(first), Number(last)];
    const count = Math.abs(to - from) + 1;
    if (names.length * count > MAX_NAMES)
      throw new BatchError(
        `${pattern}: stands for more than ${MAX_NAMES} names. Use fewer, or a pattern such as *.tar.`,
      );
    const isPadded = [first, last].some((text) => text.length > 1 && text.startsWith('0'));
    const width = isPadded ? Math.max(first.length, last.length) : 1;
    const numbers = Array.from({ length: count }, (_, i) =>
      String(from <= to ? from + i : from - i).padStart(width, '0'),
    );
    names = names.flatMap((name) => numbers.map((number) => name.replace(range, number)));
  }
  return names;
}

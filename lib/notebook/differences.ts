// How far two lists of numbers are apart, such as the outputs of one operation in two precisions.
import { ArgumentError, checkArguments } from '../core/check-arguments';

/** A list of numbers. */
export type Numbers = Float32Array | readonly number[];

/** @example largestDifference([1, 2], [1, 2.5]) // 0.5 */
export function largestDifference(a: Numbers, b: Numbers): number {
  checkPair('largestDifference', a, b);
  let largest = 0;
  // Math.max takes no NaN for one, and no million arguments
  for (let i = 0; i < a.length; i++) {
    const apart = Math.abs(a[i] - b[i]);
    if (Number.isNaN(apart)) return Number.NaN;
    largest = Math.max(largest, apart);
  }
  return largest;
}

/**
 * The length of the difference through the length of the first: 0 for equal ones.
 *
 * @example relativeDifference([3, 4], [3, 3]) // 0.2
 */
export function relativeDifference(a: Numbers, b: Numbers): number {
  checkPair('relativeDifference', a, b);
  let [apart, size] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    apart += (a[i] - b[i]) ** 2;
    size += a[i] ** 2;
  }
  return apart === 0 ? 0 : Math.sqrt(apart / size);
}

/** Whether two lists are close, and by how much they are not equal. */
export interface CloseRow {
  readonly check: string;
  readonly 'largest difference': string;
  readonly 'at most': string;
  readonly passed: boolean;
}

/**
 * @param tolerance the largest difference that passes
 * @example
 * checkClose('the same output', own.data, other.data, 1e-3)
 * // { check: 'the same output', 'largest difference': '2.4e-7', 'at most': '0.001', passed: true }
 */
export function checkClose(check: string, a: Numbers, b: Numbers, tolerance: number): CloseRow {
  checkArguments('checkClose', { check: [check, 'text'], tolerance: [tolerance, 'number'] });
  const apart = largestDifference(a, b);
  return {
    check,
    'largest difference': plainly(apart),
    'at most': plainly(tolerance),
    passed: apart <= tolerance,
  };
}

/** Small numbers of one digit, 0 among them, are read most easily as they are. */
function plainly(value: number): string {
  const short = String(Number(value.toPrecision(2)));
  return short.length <= 6 ? short : value.toExponential(1);
}

function checkPair(call: string, a: Numbers, b: Numbers): void {
  for (const [name, list] of Object.entries({ a, b }))
    if (!(list instanceof Float32Array)) checkArguments(call, { [name]: [list, 'numbers'] });
  if (a.length !== b.length)
    throw new ArgumentError(`${call}: a has ${a.length} numbers and b ${b.length}, expected as many of both.`);
}

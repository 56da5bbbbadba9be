// Numbers as the notebooks' tables show them: one way to write a size, a time and a share.
import { ArgumentError, checkArguments } from '../core/check-arguments';
import type { Latency } from '../timing';

const KILOBYTE = 1024;
/** Number.toFixed takes no more. */
const MAX_DIGITS = 100;

/** @example milliseconds(12.345) // '12.35' */
export function milliseconds(value: number): string {
  checkArguments('milliseconds', { value: [value, 'number'] });
  return value.toFixed(2);
}

/** Bytes as the original tutorial prints them, in units of 1024. @example kilobytes(4770624) // '4658.81' */
export function kilobytes(bytes: number): string {
  checkArguments('kilobytes', { bytes: [bytes, 'number'] });
  return (bytes / KILOBYTE).toFixed(2);
}

/** @param share 0 to 1 @example percent(0.994) // '99.4 %' */
export function percent(share: number): string {
  checkArguments('percent', { share: [share, 'number'] });
  return `${(100 * share).toFixed(1)} %`;
}

/** @example decimals(0.68279, 4) // '0.6828' */
export function decimals(value: number, digits: number): string {
  checkArguments('decimals', { value: [value, 'number'] });
  if (!Number.isSafeInteger(digits) || digits < 0 || digits > MAX_DIGITS)
    throw new ArgumentError(`decimals: digits is ${String(digits)}, expected a whole number from 0 to ${MAX_DIGITS}.`);
  return value.toFixed(digits);
}

/** A ratio of times or sizes. @example times(1.168) // '1.17x' */
export function times(ratio: number): string {
  checkArguments('times', { ratio: [ratio, 'number'] });
  return `${ratio.toFixed(2)}x`;
}

/** A count with commas between thousands. @example wholeNumber(2385024) // '2,385,024' */
export function wholeNumber(count: number): string {
  checkArguments('wholeNumber', { count: [count, 'number'] });
  return count.toLocaleString('en');
}

/**
 * The columns of a latency: the median between its 10th and 90th percentile.
 *
 * @example showTable([{ stage: 'vision', ...latencyColumns(latency) }])
 */
export function latencyColumns(latency: Latency): Record<'median ms' | 'p10 ms' | 'p90 ms', string> {
  checkArguments('latencyColumns', { latency: [latency, ['median', 'p10', 'p90']] });
  const { median, p10, p90 } = latency;
  return { 'median ms': milliseconds(median), 'p10 ms': milliseconds(p10), 'p90 ms': milliseconds(p90) };
}

/** @example latencyRange(latency) // '1.68-1.95' */
export function latencyRange(latency: Latency): string {
  checkArguments('latencyRange', { latency: [latency, ['p10', 'p90']] });
  const { p10, p90 } = latency;
  return `${milliseconds(p10)}-${milliseconds(p90)}`;
}

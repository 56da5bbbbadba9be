// Numbers as the notebooks' tables show them: one way to write a size, a time and a share.
import type { Latency } from '../timing';

const KILOBYTE = 1024;

/** @example milliseconds(12.345) // '12.35' */
export function milliseconds(value: number): string {
  return value.toFixed(2);
}

/** Bytes as the original tutorial prints them, in units of 1024. @example kilobytes(4770624) // '4658.81' */
export function kilobytes(bytes: number): string {
  return (bytes / KILOBYTE).toFixed(2);
}

/** @param share 0 to 1 @example percent(0.994) // '99.4 %' */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/**
 * The columns of a latency: the median between its 10th and 90th percentile.
 *
 * @example showTable([{ stage: 'vision', ...latencyColumns(latency) }])
 */
export function latencyColumns({ median, p10, p90 }: Latency): Record<'median ms' | 'p10 ms' | 'p90 ms', string> {
  return { 'median ms': milliseconds(median), 'p10 ms': milliseconds(p10), 'p90 ms': milliseconds(p90) };
}

/** @example latencyRange(latency) // '1.68-1.95' */
export function latencyRange({ p10, p90 }: Latency): string {
  return `${milliseconds(p10)}-${milliseconds(p90)}`;
}

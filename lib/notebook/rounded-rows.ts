// Weights before and after rounding, number by number, as table rows.
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { roundWeights } from '../optimize';
import { decimals } from './format-number';

/** One weight. */
export interface RoundedRow {
  readonly weight: string;
  readonly 'stored as': number;
  readonly 'read as': string;
  readonly 'off by': string;
}

export interface RoundedRowsOptions {
  /** 1 to 8; 8 by default. */
  readonly bits?: number;
  /** Rows, of the first weights; 3 by default. */
  readonly count?: number;
}

const DIGITS = 5;

/**
 * @param weights that share a scale, such as one row of a matrix
 * @example
 * roundedRows(row, { bits: 8, count: 1 })
 * // [{ weight: '0.03290', 'stored as': 171, 'read as': '0.03330', 'off by': '0.00040' }]
 * @throws {ArgumentError} as roundWeights does
 */
export function roundedRows(weights: ArrayLike<number>, options: RoundedRowsOptions = {}): RoundedRow[] {
  checkOptions('roundedRows', options, ['bits', 'count']);
  const { bits = 8, count = 3 } = options;
  checkArguments('roundedRows', { count: [count, 'number'] });
  const { integers, values } = roundWeights(weights, { bits });
  return Array.from(integers.slice(0, count), (integer, i) => ({
    weight: decimals(weights[i], DIGITS),
    'stored as': integer,
    'read as': decimals(values[i], DIGITS),
    'off by': decimals(values[i] - weights[i], DIGITS),
  }));
}

/**
 * The first row of a matrix [rows, columns].
 *
 * @example firstRow(readIR(xml).values(name)).length // 192
 */
export function firstRow(matrix: { readonly data: ArrayLike<number>; readonly shape: readonly number[] }): number[] {
  checkArguments('firstRow', { matrix: [matrix, ['data', 'shape']] });
  const { data, shape } = matrix;
  checkArguments('firstRow', { 'matrix.data': [data, Array.isArray(data) ? 'numbers' : ['length']] });
  checkArguments('firstRow', { 'matrix.shape': [shape, 'numbers'] });
  const columns = Math.min(shape.at(-1) ?? 1, data.length);
  return Array.from({ length: columns }, (_, column) => data[column]);
}

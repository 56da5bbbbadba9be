// The rows that verifyCheckpoint yields.
import * as path from 'node:path';
import { statOrNothing } from '../core/is-plain-file';
import { PARTS } from '../optimize/quantize-options';
import type { PublishedCase, PublishedResults } from './published-results';

export interface VerifyRow {
  /** The id or folder as it was given. */
  readonly checkpoint: string;
  readonly check: string;
  /** `info`: nothing to compare with. */
  readonly status: 'pass' | 'FAIL' | 'not checked' | 'info';
  readonly got?: string;
  readonly expected?: string;
  /** Why it failed, or was not checked. */
  readonly note?: string;
  /** Of a row that was not checked although it could have been: the verification is incomplete. */
  readonly incomplete?: boolean;
}

export type MakeRow = (check: string, status: VerifyRow['status'], more?: Partial<VerifyRow>) => VerifyRow;

/** Bytes of each part's weights, beside the tutorial's. */
export function* sizeRows(
  row: MakeRow,
  folder: string,
  dtype: 'fp16' | 'int8',
  { sizes }: PublishedResults,
): Generator<VerifyRow> {
  for (const part of PARTS) {
    const { size } = statOrNothing(path.join(folder, `blip_${part}.bin`)) ?? {};
    if (size === undefined) continue;
    const published = sizes?.[part]?.[dtype];
    yield row(`size of ${part}, ${dtype.toUpperCase()}`, 'info', {
      got: megabytes(size),
      ...(published !== undefined && { expected: `${megabytes(published)} in the tutorial` }),
    });
  }
}

/** Milliseconds of a task, image included, beside the tutorial's. */
export function timeRow(
  row: MakeRow,
  { task }: PublishedCase,
  how: string,
  milliseconds: number,
  times?: PublishedResults['times'],
): VerifyRow {
  const published = task === 'answer' ? times?.answer : undefined;
  return row(`time of ${task} (${how})`, 'info', {
    got: `${milliseconds.toFixed(1)} ms`,
    ...(published && { expected: `${published.join(' to ')} ms in the tutorial, on another machine` }),
  });
}

/** @example megabytes(172_181_176) // '172.18 MB' */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}

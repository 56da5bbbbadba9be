// Compares what a model wrote with what was published.
import type { PublishedCase } from './published-results';
import type { CaseResult } from './run-published-cases';

export interface CheckedCase {
  readonly title: string;
  readonly status: 'pass' | 'FAIL' | 'not checked' | 'info';
  readonly got?: string;
  readonly expected?: string;
  readonly note?: string;
}

const DEFAULT_TOLERANCE = 1e-3;

/**
 * @param results in the order of the cases; none where nothing was run
 * @param how behind each title: the precision
 * @param tolerance of scores, instead of the case's own
 */
export function checkCases(
  cases: readonly PublishedCase[],
  results: readonly CaseResult[],
  how: string,
  tolerance?: number,
): CheckedCase[] {
  return cases.map((each, i) => {
    const title = `${describeCase(each)} (${how})`;
    const result = results[i];
    if (result === undefined) return { title, status: 'not checked' };
    return { title, ...(each.task === 'match' ? checkScore(each, result, tolerance) : checkIds(each, result)) };
  });
}

function describeCase({ task, text }: PublishedCase): string {
  return text === undefined ? task : `${task}: ${JSON.stringify(text)}`;
}

function checkIds({ ids: published }: PublishedCase, { ids = [], text }: CaseResult): Omit<CheckedCase, 'title'> {
  const got = `${JSON.stringify(text)} ${JSON.stringify(ids)}`;
  if (!published) return { status: 'info', got, note: 'no published value is known' };
  const isSame = published.some((row) => JSON.stringify(row) === JSON.stringify(ids));
  return { status: isSame ? 'pass' : 'FAIL', got, expected: published.map((row) => JSON.stringify(row)).join(' or ') };
}

function checkScore(
  { score: published, tolerance: own = DEFAULT_TOLERANCE }: PublishedCase,
  { score = Number.NaN }: CaseResult,
  tolerance = own,
): Omit<CheckedCase, 'title'> {
  const got = score.toFixed(4);
  if (published === undefined) return { status: 'info', got, note: 'no published value is known' };
  const isNear = Math.abs(score - published) <= tolerance; // false for NaN
  return { status: isNear ? 'pass' : 'FAIL', got, expected: `${published} within ${tolerance}` };
}

// Results to verify a checkpoint against, from a file: those of your own run in PyTorch, for a fine-tune.
import { checkArguments } from '../core/check-arguments';
import { BlipError } from '../core/errors';
import { isRecord } from '../core/is-record';
import { quote } from '../core/quote';
import { readJSON } from '../core/read-json';
import type { PublishedCase, PublishedResults } from './published-results';

/** Results to compare with cannot be read, or are not those of one checkpoint. */
export class ExpectedResultsError extends BlipError {}

const TASKS = ['caption', 'answer', 'match'] as const;
const MAX_CASES = 1000;
const MAX_TOKENS = 10_000;
const EXAMPLE = '{ "cases": [{ "task": "answer", "text": "how many dogs are there?", "ids": [30522, 1015, 102] }] }';

/**
 * Cases with a task (`caption`, `answer`, `match`), a text (prompt, question, text), and `ids` (with `max_new_tokens`
 * if it is not 20) or `score` (with its `tolerance`).
 *
 * @throws {ExpectedResultsError} that names the file and the case
 */
export function readExpected(file: string): PublishedResults {
  checkArguments('readExpected', { file: [file, 'path'] });
  const json = readJSON(file, { error: ExpectedResultsError });
  const cases: unknown = isRecord(json) ? json.cases : undefined;
  if (!Array.isArray(cases) || cases.length === 0 || cases.length > MAX_CASES)
    throw new ExpectedResultsError(`${file}: expected an object with 1 to ${MAX_CASES} cases, such as ${EXAMPLE}.`);
  return { cases: cases.map((item, i) => parseCase(item, `${file}, case ${i}`)) };
}

function parseCase(item: unknown, where: string): PublishedCase {
  if (!isRecord(item)) throw new ExpectedResultsError(`${where}: expected an object, such as in ${EXAMPLE}.`);
  const { text, ids, score, tolerance, max_new_tokens } = item;
  const task = TASKS.find((known) => known === item.task);
  if (!task)
    throw new ExpectedResultsError(`${where}: task is ${quote(String(item.task))}; expected ${TASKS.join(', ')}.`);
  if ((text !== undefined || task !== 'caption') && (typeof text !== 'string' || text.trim() === ''))
    throw new ExpectedResultsError(`${where}: text is ${quote(String(text))}; expected what ${task} is given.`);
  if (task === 'match' ? !isShare(score) : !isIds(ids))
    throw new ExpectedResultsError(
      `${where}: expected ` +
        (task === 'match' ? 'a score from 0 to 1.' : 'ids, a list of token ids from the BOS token to the end token.'),
    );
  if (tolerance !== undefined && !isShare(tolerance))
    throw new ExpectedResultsError(`${where}: tolerance is ${quote(String(tolerance))}; expected 0 to 1.`);
  if (max_new_tokens !== undefined && !isCount(max_new_tokens))
    throw new ExpectedResultsError(
      `${where}: max_new_tokens is ${quote(String(max_new_tokens))}; expected a whole number of at least 1.`,
    );
  return {
    task,
    ...(isCount(max_new_tokens) && { max_new_tokens }),
    ...(typeof text === 'string' && { text }),
    ...(isIds(ids) && { ids: [ids] }),
    ...(isShare(score) && { score }),
    ...(isShare(tolerance) && { tolerance }),
  };
}

function isIds(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= MAX_TOKENS &&
    value.every((id) => Number.isSafeInteger(id) && id >= 0)
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function isShare(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

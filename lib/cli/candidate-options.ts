// Answers to choose from, on the command line or in a file.
import { readText } from '../core/read-text';
import { UsageError, type OptionSpecs } from './command';
import type { ParsedCommand } from './parse-command-line';

export const CANDIDATE_OPTIONS = {
  candidate: {
    type: 'string',
    value: 'text',
    multiple: true,
    help: 'an answer to choose from, once or several times; prints the best one, with --scores all that were compared',
  },
  candidates: { type: 'string', value: 'file', help: 'the same from a text file, one a line' },
  'num-ans-candidates': {
    type: 'integer',
    min: 1,
    help: 'candidates that are compared as a whole, by their first token; 128 by default',
  },
} as const satisfies OptionSpecs;

/** Hundreds of thousands of answers. */
const MAX_BYTES = 32 * 2 ** 20;

/**
 * Options of the pipeline, undefined where no candidate is given.
 * @throws {UsageError} when a file cannot be read, or has no line
 */
export function candidateOptions(
  parsed: ParsedCommand,
): { readonly candidates: string[]; readonly num_ans_candidates?: number } | undefined {
  const file = parsed.string('candidates');
  const num_ans_candidates = parsed.number('num-ans-candidates');
  const candidates = [...parsed.strings('candidate'), ...(file === undefined ? [] : readLines(file))];
  if (candidates.length > 0) return { candidates, ...(num_ans_candidates !== undefined && { num_ans_candidates }) };
  if (num_ans_candidates !== undefined)
    throw new UsageError('--num-ans-candidates needs answers to choose from: --candidate or --candidates.');
  return undefined;
}

function readLines(file: string): string[] {
  const advice = 'Expected one answer a line.';
  const text = readText(file, { maxBytes: MAX_BYTES, error: UsageError, advice });
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new UsageError(`--candidates ${file}: has no line with text. ${advice}`);
  return lines;
}

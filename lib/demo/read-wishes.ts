// What a request asks for, from its address's query.
import { DemoQuestionError } from './errors';

export interface Wishes {
  /** Empty for a caption. */
  readonly question: string;
  /** Answers to choose from, instead of writing one; empty to write. */
  readonly candidates: readonly string[];
  /** How many texts, best first. */
  readonly texts: number;
  /** Whether the other model answers too, both from the start. */
  readonly compare: boolean;
  /** Whether to tell where the model looked. */
  readonly attention: boolean;
}

/** More are hardly different, and each costs time. */
const MAX_TEXTS = 5;
/** As many as fit in a field of the page. */
const MAX_CANDIDATES = 100;

/**
 * @example
 * readWishes(new URLSearchParams('question=how many dogs?&texts=3'))
 * // { question: 'how many dogs?', candidates: [], texts: 3, compare: false, attention: false }
 * @throws {DemoQuestionError} when one is not possible
 */
export function readWishes(query: URLSearchParams): Wishes {
  const texts = query.get('texts') ?? '1';
  if (!/^\d$/.test(texts) || Number(texts) < 1 || Number(texts) > MAX_TEXTS)
    throw new DemoQuestionError(`texts is ${JSON.stringify(texts.slice(0, 40))}, expected 1 to ${MAX_TEXTS}.`);
  const candidates = [...new Set(query.getAll('candidate').map((each) => each.trim()))].filter((each) => each !== '');
  if (candidates.length > MAX_CANDIDATES)
    throw new DemoQuestionError(
      `There are ${candidates.length} answers to choose from, expected at most ${MAX_CANDIDATES}.`,
    );
  if (candidates.length > 0 && !query.get('question')?.trim())
    throw new DemoQuestionError('The question is missing: answers are ranked by how well they answer it.');
  return {
    candidates,
    question: (query.get('question') ?? '').trim(),
    texts: Number(texts),
    compare: readFlag(query, 'compare'),
    attention: readFlag(query, 'attention'),
  };
}

function readFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name) ?? '0';
  if (value === '0' || value === '1') return value === '1';
  throw new DemoQuestionError(`${name} is ${JSON.stringify(value.slice(0, 40))}, expected 1 or 0.`);
}

// The one shape of a visual-question-answering sample, whatever files it came from.
import { BlipError } from '../core/errors';
import type { ImageSource } from '../preprocessing';

/** A source or an option that cannot be used. */
export class VqaSourceError extends BlipError {}

export interface VqaSample {
  readonly image_id: string;
  /** A path, or the encoded picture itself. */
  readonly image: ImageSource;
  readonly question_id: string;
  readonly question: string;
  /** Ten in VQAv2, from ten people; may be fewer elsewhere. */
  readonly answers: readonly string[];
  /** VQAv2's `question_type` ("how many"), or the bundled set's kind of question. */
  readonly question_type?: string;
  readonly caption?: readonly string[];
}

/** What was passed over, by reason; the first few are named. */
export interface SkippedSamples {
  readonly total: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly examples: readonly string[];
}

export interface VqaSamples {
  readonly samples: readonly VqaSample[];
  readonly skipped: SkippedSamples;
  /** Where they came from, for a printed line. */
  readonly source: string;
}

/** As many broken rows as an error or a report names. */
const NAMED_EXAMPLES = 5;

/** Counts what is passed over. */
export class SkipCounter {
  readonly all: { readonly reason: string; readonly which: string }[] = [];

  add(reason: string, which: string): void {
    this.all.push({ reason, which });
  }

  report(): SkippedSamples {
    const reasons: Record<string, number> = {};
    for (const { reason } of this.all) reasons[reason] = (reasons[reason] ?? 0) + 1;
    return {
      total: this.all.length,
      reasons,
      examples: this.all.slice(0, NAMED_EXAMPLES).map(({ reason, which }) => `${which}: ${reason}`),
    };
  }
}

/** @throws {VqaSourceError} when one is given and no whole number */
export function checkCounts({ count, seed }: { readonly count?: number; readonly seed?: number | null }): void {
  if (count !== undefined && !(Number.isSafeInteger(count) && count >= 1))
    throw new VqaSourceError(`count is ${count}; expected a whole number of at least 1.`);
  if (typeof seed === 'number' && !Number.isSafeInteger(seed))
    throw new VqaSourceError(`seed is ${seed}; expected a whole number.`);
}

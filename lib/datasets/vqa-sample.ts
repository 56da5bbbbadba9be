// The one shape of a visual-question-answering sample, whatever files it came from.
import { BlipError } from '../core/errors';
import type { ImageSource } from '../preprocessing';

/** A source or an option that cannot be used. */
export class VqaSourceError extends BlipError {}

export interface VqaSample {
  readonly image_id: string;
  /** A path, or the encoded image itself. */
  readonly image: ImageSource;
  readonly question_id: string;
  readonly question: string;
  /** Ten in VQAv2, from ten people; may be fewer elsewhere. */
  readonly answers: readonly string[];
  /** VQAv2's `question_type` ("how many"), or the bundled set's kind of question. */
  readonly question_type?: string;
  readonly caption?: readonly string[];
}

/** What was skipped, by reason; the first few are named. */
export interface SkippedSamples {
  readonly total: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly examples: readonly string[];
}

export interface VqaSamples {
  readonly samples: readonly VqaSample[];
  /** How many were asked for: where fewer came, the source has no more that can be used. */
  readonly asked: number;
  readonly skipped: SkippedSamples;
  /** Where they came from, for a printed line. */
  readonly source: string;
}

/** As many broken rows as an error or a report names. */
const NAMED_EXAMPLES = 5;

/** Counts what is skipped. */
export class SkipCounter {
  private readonly reasons = new Map<string, number>();
  private readonly examples: string[] = [];

  /** @param more `times`: rows with the same problem; `detail`: what an example says beside the reason */
  add(reason: string, which: string, more: { readonly times?: number; readonly detail?: string } = {}): void {
    const { times = 1, detail } = more;
    this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + times);
    if (this.examples.length < NAMED_EXAMPLES)
      this.examples.push(`${which}: ${reason}${detail === undefined ? '' : `: ${detail}`}`);
  }

  merge({ reasons, examples }: SkippedSamples): void {
    for (const [reason, times] of Object.entries(reasons))
      this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + times);
    this.examples.push(...examples.slice(0, NAMED_EXAMPLES - this.examples.length));
  }

  report(): SkippedSamples {
    return {
      total: [...this.reasons.values()].reduce((sum, times) => sum + times, 0),
      reasons: Object.fromEntries(this.reasons),
      examples: [...this.examples],
    };
  }
}

/** @example describeSkipped(skipped) // '3 × image missing, 1 × no question (rows.parquet, row 2: image missing; …)' */
export function describeSkipped({ reasons, examples }: SkippedSamples): string {
  const counted = Object.entries(reasons).sort((a, b) => b[1] - a[1]);
  return `${counted.map(([reason, times]) => `${times} × ${reason}`).join(', ')} (${examples.join('; ')})`;
}

/** @throws {VqaSourceError} when one is given and no whole number */
export function checkCounts({ count, seed }: { readonly count?: number; readonly seed?: number | null }): void {
  if (count !== undefined && !(Number.isSafeInteger(count) && count >= 1))
    throw new VqaSourceError(`count is ${count}; expected a whole number of at least 1.`);
  if (typeof seed === 'number' && !Number.isSafeInteger(seed))
    throw new VqaSourceError(`seed is ${seed}; expected a whole number.`);
}

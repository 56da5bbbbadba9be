// What a batch came to, counted while it runs.
import type { Progress } from '../core/progress';
import type { BatchFailure } from './batch-options';

/** What a call did; all counts are images. */
export interface BatchSummary {
  /** That got their texts now. */
  readonly done: number;
  /** That had them from an earlier run, with the same model and options. */
  readonly skipped: number;
  /** Whose caption file is of somebody else, and was left. */
  readonly kept: number;
  readonly failures: readonly BatchFailure[];
  /** From the first image on; loading the model is not counted. */
  readonly seconds: number;
  readonly images_per_second: number;
  /** Images in a run of the vision model, and runs at the same time: given, or as they were chosen. */
  readonly batch_size: number;
  readonly streams: number;
  /** What was written: the table, or the folder. */
  readonly output: string;
}

/** More would fill the memory; all are told to on_failure. */
const MAX_FAILURES = 10_000;

export class BatchCounter {
  done = 0;
  skipped = 0;
  kept = 0;
  failed = 0;
  /** Images of the input, once that is known. */
  total: number | undefined;
  readonly failures: BatchFailure[] = [];
  readonly #start = performance.now();

  fail(failure: BatchFailure): void {
    this.failed++;
    if (this.failures.length < MAX_FAILURES) this.failures.push(failure);
  }

  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  get rate(): number {
    return this.done / Math.max(this.seconds, 1e-3);
  }

  /** Images that are left; undefined as long as the input is not counted. */
  get left(): number | undefined {
    return this.total === undefined ? undefined : this.total - this.done - this.failed - this.skipped - this.kept;
  }

  /** What is skipped or fails takes next to no time: time left is that of the others. */
  progress(status: string): Progress {
    const { done, failed, skipped, kept, total } = this;
    const parts = [`${this.rate.toFixed(this.rate < 10 ? 2 : 0)} images/s`];
    if (failed > 0) parts.push(`${failed} failed`);
    return {
      status,
      loaded: done,
      ...(total !== undefined && { total: Math.max(total - skipped - kept - failed, done) }),
      message: parts.join(', '),
    };
  }
}

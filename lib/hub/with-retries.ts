// Retries a request after a transient failure, with a growing delay or the one the server asks for; the wait is
// reported.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgressCallback } from '../core/progress';
import { TransientError, UnreachableError } from './hub-errors';

export interface RetryOptions {
  readonly signal?: AbortSignal;
  readonly progress_callback?: ProgressCallback;
  /** For reports: what is being fetched. */
  readonly file?: string;
  /** Attempts in a row that bring nothing before giving up. */
  readonly attempts?: number;
}

/** A server that fails this often in a row, without a byte in between, is down. */
const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 300;
/** The hub's rate limits have windows of five minutes; a longer wait is left to the user. */
const MAX_WAIT_MS = 310_000;
/** Interval of the reports; shorter waits are not reported. */
const REPORT_MS = 1_000;

/**
 * @param what named in the error: an address, or a file of a repository
 * @param attempt calls `progressed` when bytes arrive: attempts are counted anew from there
 * @throws {UnreachableError} after 5 attempts in a row that brought nothing
 */
export async function withRetries<T>(
  what: string,
  attempt: (progressed: () => void) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { signal, attempts = MAX_ATTEMPTS } = options;
  let failures = 0;
  for (;;) {
    try {
      return await attempt(() => {
        failures = 0;
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      failures++;
      if (error.wait_ms > MAX_WAIT_MS)
        throw new UnreachableError(
          `${what}: ${error.message}, and asks to wait ${Math.round(error.wait_ms / 60_000)} minutes. Try again ` +
            'then; the part received is kept.',
          { cause: error },
        );
      if (failures >= attempts)
        throw new UnreachableError(
          `${what}: ${error.message}${failures > 1 ? `, ${failures} times in a row` : ''}. Check the network, or ` +
            'try again later; the part received is kept.',
          { cause: error },
        );
      await wait(Math.max(FIRST_PAUSE_MS * 2 ** Math.max(0, failures - 1), error.wait_ms), error.message, options);
    }
  }
}

async function wait(pause_ms: number, message: string, options: RetryOptions): Promise<void> {
  const { signal, progress_callback, file } = options;
  const report = (waited_ms: number): void =>
    progress_callback?.({
      status: 'wait',
      file,
      loaded: Math.round(waited_ms / 1_000),
      total: Math.round(pause_ms / 1_000),
      message,
    });
  const end = performance.now() + pause_ms;
  for (let left = pause_ms; left > 0; left = end - performance.now()) {
    if (pause_ms >= REPORT_MS) report(pause_ms - left);
    await sleep(Math.min(left, REPORT_MS), undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
  if (pause_ms >= REPORT_MS) report(pause_ms);
}

// What long-running calls report while they work; the notebooks turn it into a progress bar.
import { isPromiseLike } from './is-promise-like';
import { untilAborted } from './until-aborted';

/**
 * One report: what is going on, on which file, and how far it is. `loaded` and `total` share a unit (bytes, samples,
 * layers, seconds of a wait).
 */
export interface Progress {
  readonly status: string;
  readonly file?: string;
  readonly loaded?: number;
  readonly total?: number;
  /** A few words on why, such as what a server answered that is waited for. */
  readonly message?: string;
}

/**
 * Called often. A promise that it returns is awaited, and rejects the call if it is rejected. Named as in
 * transformers.js.
 */
export type ProgressCallback = (progress: Progress) => void;

/**
 * Calls a progress callback, and waits for a promise that it returns: an error of the callback becomes one of the
 * caller. Where the caller cannot wait, see withCallbacks.
 */
export async function reportProgress(
  callback: ProgressCallback | undefined,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const returned: unknown = callback?.(progress);
  if (isPromiseLike(returned)) await untilAborted(returned, signal);
}

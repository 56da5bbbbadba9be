// Calls of one process that want the same file share one download. It goes on as long as one of them waits for it.
import type { Progress, ProgressCallback } from '../core/progress';
import { untilAborted } from '../core/until-aborted';

export interface ShareOptions {
  readonly signal?: AbortSignal;
  readonly progress_callback?: ProgressCallback;
}

interface Shared {
  readonly done: Promise<void>;
  readonly stop: AbortController;
  /** One for each call that waits. */
  readonly listeners: Set<ProgressCallback>;
}

const running = new Map<string, Shared>();

/**
 * An abort, or an error of a progress callback, ends that one call; the last one to leave takes the download with it.
 *
 * @param key what is fetched, such as the path where it goes
 * @param download called unless it runs already; its reports go to all
 */
export async function shareDownload(
  key: string,
  { signal, progress_callback }: ShareOptions,
  download: (options: Required<ShareOptions>) => Promise<void>,
): Promise<void> {
  for (let other = running.get(key); other?.stop.signal.aborted; other = running.get(key))
    await other.done.catch(ignore);
  signal?.throwIfAborted();
  const shared = running.get(key) ?? start(key, download);
  let leave: (reason: unknown) => void = ignore;
  const left = new Promise<never>((_resolve, reject) => {
    leave = reject;
  });
  const listener: ProgressCallback = (progress) => {
    try {
      progress_callback?.(progress);
    } catch (error) {
      leave(error);
    }
  };
  shared.listeners.add(listener);
  try {
    await untilAborted(Promise.race([shared.done, left]), signal);
  } finally {
    shared.listeners.delete(listener);
    if (shared.listeners.size === 0) {
      shared.stop.abort();
      await shared.done.catch(ignore); // nothing goes on in the background
    }
  }
}

function start(key: string, download: (options: Required<ShareOptions>) => Promise<void>): Shared {
  const stop = new AbortController();
  const listeners = new Set<ProgressCallback>();
  const progress_callback = (progress: Progress): void => listeners.forEach((listener) => listener(progress));
  const done = download({ signal: stop.signal, progress_callback }).finally(() => running.delete(key));
  done.catch(ignore); // told to those who wait
  const shared = { done, stop, listeners };
  running.set(key, shared);
  return shared;
}

function ignore(): void {}

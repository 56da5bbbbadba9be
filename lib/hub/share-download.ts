// Two calls of one process that want the same file share one download.
import type { Progress, ProgressCallback } from '../core/progress';
import { untilAborted } from '../core/until-aborted';

export interface ShareOptions {
  readonly signal?: AbortSignal;
  readonly progress_callback?: ProgressCallback;
}

interface Running {
  readonly done: Promise<void>;
  readonly signal?: AbortSignal;
  readonly listeners: Set<ProgressCallback>;
}

const running = new Map<string, Running>();

/**
 * @param key what is fetched, such as the path where it goes
 * @param download called with the options of the first caller; its reports go to all
 */
export async function shareDownload(
  key: string,
  options: ShareOptions,
  download: (options: ShareOptions) => Promise<void>,
): Promise<void> {
  for (;;) {
    const other = running.get(key);
    if (!other) return start(key, options, download);
    if (await join(other, options)) return;
  }
}

async function start(
  key: string,
  { signal, progress_callback }: ShareOptions,
  download: (options: ShareOptions) => Promise<void>,
): Promise<void> {
  const listeners = new Set(progress_callback ? [progress_callback] : []);
  const report = (progress: Progress): void => listeners.forEach((listener) => listener(progress));
  const done = download({ signal, progress_callback: report }).finally(() => running.delete(key));
  running.set(key, { done, signal, listeners });
  await done;
}

/** @returns false when the other call was cancelled: this one has to start anew */
async function join({ done, signal, listeners }: Running, options: ShareOptions): Promise<boolean> {
  const own = options.signal;
  let leave = (_reason: unknown): void => {};
  const left = new Promise<never>((_resolve, reject) => {
    leave = reject;
  });
  // An error of this call's callback is no error of the other call.
  const listener: ProgressCallback = (progress) => {
    try {
      options.progress_callback?.(progress);
    } catch (error) {
      leave(error);
    }
  };
  listeners.add(listener);
  try {
    await untilAborted(Promise.race([done, left]), own);
    return true;
  } catch (error) {
    own?.throwIfAborted();
    if (signal?.aborted) return false;
    throw error;
  } finally {
    listeners.delete(listener);
  }
}

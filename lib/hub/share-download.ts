// Two calls of one process that want the same file share one download.
import type { Progress, ProgressCallback } from '../core/progress';

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
  own?.throwIfAborted();
  let stop = (): void => {};
  const cancelled = new Promise<never>((_resolve, reject) => {
    stop = () => reject(own?.reason);
    own?.addEventListener('abort', stop, { once: true });
  });
  if (options.progress_callback) listeners.add(options.progress_callback);
  try {
    await Promise.race([done, cancelled]);
    return true;
  } catch (error) {
    own?.throwIfAborted();
    if (signal?.aborted) return false;
    throw error;
  } finally {
    own?.removeEventListener('abort', stop);
    if (options.progress_callback) listeners.delete(options.progress_callback);
  }
}

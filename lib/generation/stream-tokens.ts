// A generation as an async iterator over its tokens.
import type { GenerationOptions } from './generation-options';

/** What the stream adds to the options of the generation. */
export type StreamHooks = Required<Pick<GenerationOptions, 'on_token' | 'signal'>>;

/**
 * Yields the new token of each row after each step, and returns what the generation returns. The generation starts with
 * the first `next()`, and does not wait for its reader. Leaving the loop early cancels it and waits until it has ended.
 *
 * @param generate starts the generation
 * @param signal the user's
 */
export async function* streamTokens<T>(
  generate: (hooks: StreamHooks) => Promise<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<number[], T, undefined> {
  const unread: number[][] = [];
  let wake = (): void => {};
  let ended = false;
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const on_token = (ids: number[]): void => {
    unread.push(ids);
    wake();
  };
  const generation = generate({ on_token, signal: stop.signal });
  const end = generation
    .catch(() => undefined) // awaited below
    .then(() => {
      ended = true;
      wake();
    });
  try {
    while (!ended || unread.length > 0) {
      const ids = unread.shift();
      if (ids) yield ids;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
    return await generation;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    stop.abort();
    await end;
  }
}

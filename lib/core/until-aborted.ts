// Waiting that ends when a signal aborts.

/**
 * What the promise resolves to, or a rejection with the signal's reason as soon as that aborts. The promise itself goes
 * on; a later rejection of it is not reported as unhandled.
 *
 * @example
 * await untilAborted(slow(), AbortSignal.timeout(1000));
 */
export function untilAborted<T>(promise: PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return Promise.resolve(promise);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    Promise.resolve(promise)
      .finally(() => signal.removeEventListener('abort', onAbort))
      .then(resolve, reject);
  });
}

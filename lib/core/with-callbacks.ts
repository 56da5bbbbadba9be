// Callbacks of a call's user, such as `progress_callback`: what goes wrong in one rejects the call, whether it throws
// or returns a promise that is rejected. An unhandled rejection would end the process.
import { isPromiseLike } from './is-promise-like';
import { untilAborted } from './until-aborted';

/** Turns a callback, which may be missing, into a function that the call can use as it likes. */
export type GuardCallback = <Arguments extends unknown[]>(
  callback: ((...values: Arguments) => void) | undefined,
) => (...values: Arguments) => void;

/**
 * Runs a call with guarded callbacks. A callback's error is thrown where it is called; a rejection at the next call of
 * a callback, or at the end, where promises that are still pending are waited for.
 *
 * @example
 * return withCallbacks(signal, async (guard) => {
 *   const report = guard(options.progress_callback);
 *   for (const file of files) report({ status: 'copy', file });
 * });
 */
export async function withCallbacks<T>(
  signal: AbortSignal | undefined,
  run: (guard: GuardCallback) => Promise<T>,
): Promise<T> {
  const rejections: unknown[] = [];
  const pending = new Set<Promise<void>>();
  const throwRejection = (): void => {
    if (rejections.length > 0) throw rejections[0];
  };
  const watch = (result: PromiseLike<unknown>): void => {
    const settled = Promise.resolve(result)
      .then(
        () => undefined,
        (reason: unknown) => void rejections.push(reason),
      )
      .finally(() => pending.delete(settled));
    pending.add(settled);
  };
  const result = await run((callback) => (...values) => {
    throwRejection();
    const returned: unknown = callback?.(...values);
    if (isPromiseLike(returned)) watch(returned);
  });
  await untilAborted(Promise.all(pending), signal);
  throwRejection();
  return result;
}

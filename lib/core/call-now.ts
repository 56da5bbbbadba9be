// Callbacks of calls that cannot wait, such as `processor.text()`: a promise that one returns could reject nothing.
import { ArgumentError } from './check-arguments';
import { isPromiseLike } from './is-promise-like';

/**
 * A callback that is refused at the first call for which it returns a promise.
 *
 * @param name of the option, for the message
 * @example
 * const warn = callNow('on_warning', options.on_warning);
 * warn('the text is cut') // ArgumentError: on_warning returned a promise …
 */
export function callNow<Arguments extends unknown[]>(
  name: string,
  callback: (...values: Arguments) => void,
): (...values: Arguments) => void {
  return (...values) => {
    const returned: unknown = callback(...values);
    if (!isPromiseLike(returned)) return;
    returned.then(undefined, () => undefined); // the error below says more, and nothing is left unhandled
    throw new ArgumentError(
      `${name} returned a promise, which this call cannot wait for. Expected a function that is not async: let it ` +
        'catch its own errors.',
    );
  };
}

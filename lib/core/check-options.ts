// An option that is not implemented throws, wherever options are taken: a misspelt or foreign one must not be ignored
// in silence.
import { describeValue } from './describe-value';
import { BlipError } from './errors';

/** A call was given an option that it does not have, or something else than an object of options. */
export class OptionsError extends BlipError {}

/**
 * @param call the function's name, for the message
 * @example
 * checkOptions('pipeline', { dtype: 'q8' }, ['device', 'properties'])
 * // OptionsError: pipeline: option "dtype" is not implemented. Implemented: device, properties.
 * @throws {OptionsError}
 */
export function checkOptions(call: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new OptionsError(
      `${call}: the options are ${describeValue(options)}, expected an object. Known options: ${known.join(', ')}.`,
    );
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && !known.includes(name))
      throw new OptionsError(`${call}: option "${name}" is not implemented. Implemented: ${known.join(', ')}.`);
}

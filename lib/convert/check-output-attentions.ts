// The option output_attentions: a boolean, whoever takes it.
import { describeValue } from '../core/describe-value';
import { OptionsError } from '../core/check-options';

/** @throws {OptionsError} */
export function checkOutputAttentions(call: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean')
    throw new OptionsError(`${call}: output_attentions is ${describeValue(value)}; expected true or false.`);
}

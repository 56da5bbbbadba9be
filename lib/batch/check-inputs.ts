// The inputs of a call, checked.
import { checkArguments } from '../core/check-arguments';
import { BatchError } from './batch-error';
import type { BatchInput } from './list-inputs';

/** One input or several. */
export type BatchInputs = BatchInput | readonly BatchInput[];

/** @throws {BatchError | ArgumentError} */
export function checkInputs(call: string, inputs: BatchInputs): readonly BatchInput[] {
  const list: readonly unknown[] = Array.isArray(inputs) ? inputs : [inputs];
  const checked = list.filter((each): each is BatchInput => isStream(each) || typeof each === 'string');
  for (const each of list) if (!isStream(each)) checkArguments(call, { inputs: [each, 'path'] });
  if (checked.length === 0) throw new BatchError(`${call}: no input is given; expected a folder, a pattern or a list.`);
  return checked;
}

function isStream(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'pipe' in value;
}

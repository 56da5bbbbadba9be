// What a pickle describes, as values that do nothing: no object of a class from outside is ever made.
import { quote } from '../../core/quote';
import type { Storage, TensorView } from './torch-tensors';

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleList
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | PickleOpaque
  | Storage
  | TensorView;

/** What the interpreter offers to the functions that a pickle may call. */
export interface CallContext {
  /** Throws an error that says where in the file. */
  fail(problem: string): never;
  /** Counts work that is more than one operation's; throws when there is too much of it. */
  spend(operations: number): void;
}

export class PickleList {
  readonly items: PickleValue[] = [];
}

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

export class PickleDict {
  readonly entries = new Map<PickleValue, PickleValue>();
}

/** A function, class or constant that a pickle names. */
export class PickleGlobal {
  constructor(
    readonly name: string,
    /** What stands for the result of a call; a class or constant without one cannot be called. */
    readonly call?: (args: readonly PickleValue[], context: CallContext) => PickleValue,
  ) {}
}

/** Something that is allowed to be there and is not looked into: a set, a device, bytes. */
export class PickleOpaque {
  constructor(readonly type: string) {}
}

/** A few words for a message; never looks into what is nested. */
export function describeValue(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object') return String(value).slice(0, 40);
  if (value instanceof PickleList) return `a list of ${value.items.length}`;
  if (value instanceof PickleTuple) return `a tuple of ${value.items.length}`;
  if (value instanceof PickleDict) return `a dict of ${value.entries.size}`;
  if (value instanceof PickleGlobal) return value.name;
  if (value instanceof PickleOpaque) return value.type;
  return 'dtype' in value && 'shape' in value ? 'a tensor' : 'a storage';
}

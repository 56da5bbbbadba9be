// What a case of an operation is: how it is built, with dynamic sizes too, and what it computes in plain TypeScript.
import type { GraphBuilder, IRType, Shape, Value } from '../../lib/ir';
import type { Nd } from './nd-array';

export interface OpCase {
  readonly name: string;
  /** The model's inputs: declared shapes, and the sizes they are run with. */
  readonly inputs: readonly { readonly type: IRType; readonly shape: Shape; readonly sizes: readonly number[] }[];
  readonly build: (g: GraphBuilder, values: readonly Value[]) => Value | Value[];
  readonly reference: (inputs: readonly Nd[]) => Nd | Nd[];
}

export type Input = OpCase['inputs'][number];
export const f = (shape: Shape, sizes: readonly number[] = shape): Input => ({ type: 'f32', shape, sizes });
export const i = (shape: Shape, sizes: readonly number[] = shape): Input => ({ type: 'i64', shape, sizes });

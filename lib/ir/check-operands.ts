// Checks of an operation's inputs that several operations share, and the one form of the error when a check fails.
import { GraphError, type Value } from './graph';
import { formatShape } from './shapes';

/** The operation that is checked: its node's name, its type, and its inputs. */
export interface Operands {
  readonly name: string;
  readonly type: string;
  readonly inputs: readonly Value[];
}

/** @throws {GraphError} always: names the node, its inputs with their sources, and what was expected */
export function rejectOperands({ name, type, inputs }: Operands, expected: string): never {
  const got = inputs.map((value) => `${value.type}${formatShape(value.shape)} from "${value.node.name}"`).join(', ');
  throw new GraphError(`${name} (${type}): got ${got}; expected ${expected}.`);
}

export function requireSameType(operands: Operands): void {
  const [first, ...others] = operands.inputs;
  if (others.some(({ type }) => type !== first.type)) rejectOperands(operands, 'inputs of one element type');
}

/** Floating-point inputs of one type. */
export function requireFloats(operands: Operands): void {
  const { type } = operands.inputs[0];
  if ((type !== 'f32' && type !== 'f16') || operands.inputs.some((value) => value.type !== type))
    rejectOperands(operands, 'f32 or f16 inputs of one type');
}

/** An input whose last axis exists. */
export function requireLastAxis(operands: Operands): void {
  if (operands.inputs[0].shape.length === 0) rejectOperands(operands, 'a last axis');
}

export function isAxis(axis: number, rank: number): boolean {
  return Number.isInteger(axis) && axis >= 0 && axis < rank;
}

export function isInteger(value: Value): boolean {
  return value.type === 'i64' || value.type === 'i32';
}

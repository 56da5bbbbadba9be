// Checks of a tensor's type, shape and array before native code sees them, for both runtimes.
import { ELEMENTS, isElementType } from './element-types';
import { OpenVINOError } from './errors';
import type { ElementType, TensorData } from './types';

/**
 * Checks the arguments of `new Tensor`.
 * @returns the number of elements
 * @throws {OpenVINOError} for an unknown type, a shape with a size that is not a whole number, or an array of another class or length
 */
export function checkTensor(type: ElementType, shape: readonly number[], data?: TensorData): number {
  const call = 'new Tensor';
  if (!isElementType(type))
    throw new OpenVINOError(
      `Tensor: unknown element type "${String(type)}", expected one of ${Object.keys(ELEMENTS).join(', ')}.`,
      call,
    );
  const what = `Tensor ${type}[${shape.join(',')}]`;
  if (!shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0))
    throw new OpenVINOError(
      `${what}: expected sizes that are whole numbers of at least 0. Only models have dynamic dimensions.`,
      call,
    );
  const length = shape.reduce((product, dim) => product * dim, 1);
  if (data === undefined) return length;
  const { kind } = ELEMENTS[type];
  if (kindOf(data) !== kind) throw new OpenVINOError(`${what}: got a ${kindOf(data)}, expected a ${kind}.`, call);
  if (data.length !== length) throw new OpenVINOError(`${what}: got ${data.length} values, expected ${length}.`, call);
  return length;
}

/** @throws {OpenVINOError} when an output cannot be copied into `target` */
export function checkTarget(name: string, type: ElementType, size: number, target: TensorData): void {
  const { kind } = ELEMENTS[type];
  if (kindOf(target) !== kind || target.length !== size)
    throw new OpenVINOError(
      `readInto("${name}"): got a ${kindOf(target)} of ${target.length} values, expected a ${kind} of ${size} for this ${type} output.`,
      'readInto',
    );
}

/** The name of a typed array's class. A Buffer is a Uint8Array; an array of another realm (a notebook's cell) fails instanceof, but has its name. */
function kindOf(value: unknown): string {
  if (ArrayBuffer.isView(value) && Symbol.toStringTag in value) return String(value[Symbol.toStringTag]);
  return typeof value === 'object' && value !== null ? value.constructor.name : typeof value;
}

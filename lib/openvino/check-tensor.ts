// Checks of a tensor's type, shape and array before native code sees them, for both runtimes.
import { copyList } from './check-call';
import { describeArgument } from './describe-argument';
import { ELEMENTS, isElementType } from './element-types';
import { OpenVINOError } from './errors';
import { isResizable, typedArrayKind, typedArrayLength } from './typed-array';
import type { ElementType, TensorData } from './types';

/**
 * What `new Tensor` was given, checked. The shape is a copy: the caller's list may change, or answer differently each
 * time.
 */
export interface CheckedTensor {
  readonly type: ElementType;
  readonly shape: number[];
  readonly length: number;
  /** Missing: the tensor gets zeros of its own. */
  readonly data: TensorData | undefined;
}

const CALL = 'new Tensor';
/** NumPy's limit; models have at most 8 or so. */
const MAX_RANK = 64;

/**
 * Checks the arguments of `new Tensor`.
 * @throws {OpenVINOError} for an unknown type, a shape with a size that is not a whole number, or an array of another
 *   class or length
 */
export function checkTensor(type: unknown, shape: unknown, data?: unknown): CheckedTensor {
  if (typeof type !== 'string' || !isElementType(type))
    throw new OpenVINOError(
      `Tensor: unknown element type ${describeArgument(type)}, expected one of ${Object.keys(ELEMENTS).join(', ')}.`,
      CALL,
    );
  const sizes = readShape(type, shape);
  const what = `Tensor ${type}[${sizes.join(',')}]`;
  const length = sizes.includes(0) ? 0 : sizes.reduce((product, dim) => product * dim, 1);
  if (!Number.isSafeInteger(length))
    throw new OpenVINOError(`${what}: expected sizes whose product is at most ${Number.MAX_SAFE_INTEGER}.`, CALL);
  if (data === undefined) return { type, shape: sizes, length, data };
  const { kind } = ELEMENTS[type];
  if (!isTensorData(data) || typedArrayKind(data) !== kind)
    throw new OpenVINOError(`${what}: got ${describeData(data)}, expected a ${kind}.`, CALL);
  const count = typedArrayLength(data);
  if (count !== length)
    throw new OpenVINOError(
      `${what}: got ${count} values, expected ` +
        `${length}.${count === 0 ? ' An array is empty after its buffer was transferred to another thread.' : ''}`,
      CALL,
    );
  if (isResizable(data))
    throw new OpenVINOError(
      `${what}: the array's buffer is resizable, and OpenVINO would go on using memory that resize() takes away. ` +
        'Copy it: data.slice().',
      CALL,
    );
  return { type, shape: sizes, length, data };
}

/** New memory for a tensor, filled with zeros. @throws {OpenVINOError} when the machine does not have it */
export function allocateArray(type: ElementType, shape: readonly number[], length: number): TensorData {
  const { bytes, create } = ELEMENTS[type];
  try {
    return create(length);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OpenVINOError(
      `Tensor ${type}[${shape.join(',')}]: no memory for ${length * bytes} bytes (${reason}). Use a smaller shape.`,
      CALL,
    );
  }
}

/** @throws {OpenVINOError} when an output cannot be copied into `target` */
export function checkTarget(name: string, type: ElementType, size: number, target: unknown): void {
  const { kind } = ELEMENTS[type];
  const got = typedArrayKind(target);
  const count = got === undefined ? 0 : typedArrayLength(target);
  if (got !== kind || count !== size)
    throw new OpenVINOError(
      `readInto("${name}"): got ${got === undefined ? describeData(target) : `a ${got} of ${count} values`}, ` +
        `expected a ${kind} of ${size} for this ${type} output.`,
      'readInto',
    );
}

function readShape(type: string, shape: unknown): number[] {
  const sizes = copyList(shape);
  if (!sizes || sizes.length > MAX_RANK)
    throw new OpenVINOError(
      `Tensor ${type}: the shape is ${describeArgument(shape)}, expected a list of at most ${MAX_RANK} sizes.`,
      CALL,
    );
  return sizes.map((dim) => {
    if (typeof dim === 'number' && Number.isSafeInteger(dim) && dim >= 0) return dim;
    throw new OpenVINOError(
      `Tensor ${type}[${sizes.map(shortSize).join(',')}]: expected sizes that are whole numbers of at least 0. ` +
        'Only models have dynamic dimensions.',
      CALL,
    );
  });
}

function shortSize(dim: unknown): string {
  return typeof dim === 'number' ? String(dim) : describeArgument(dim);
}

function isTensorData(value: unknown): value is TensorData {
  const kind = typedArrayKind(value);
  return Object.values(ELEMENTS).some((info) => info.kind === kind);
}

function describeData(value: unknown): string {
  const kind = typedArrayKind(value);
  return kind === undefined ? describeArgument(value) : `a ${kind}`;
}

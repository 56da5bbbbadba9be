// OpenVINO's element types: their number in the C API, their size, and the JavaScript array for their values.
import { OpenVINOError } from './errors';
import type { ElementType, TensorData } from './types';

export interface ElementInfo {
  /**
   * `ov_element_type_e`; the byte sizes are checked when the library is loaded, since numbers may change between
   * releases.
   */
  readonly id: number;
  readonly bytes: number;
  /** The name of the array's class, its toStringTag. */
  readonly kind: string;
  readonly create: (length: number) => TensorData;
}

export const ELEMENTS: Readonly<Record<ElementType, ElementInfo>> = {
  boolean: { id: 1, bytes: 1, kind: 'Uint8Array', create: (n) => new Uint8Array(n) },
  f16: { id: 3, bytes: 2, kind: 'Uint16Array', create: (n) => new Uint16Array(n) },
  f32: { id: 4, bytes: 4, kind: 'Float32Array', create: (n) => new Float32Array(n) },
  f64: { id: 5, bytes: 8, kind: 'Float64Array', create: (n) => new Float64Array(n) },
  i8: { id: 7, bytes: 1, kind: 'Int8Array', create: (n) => new Int8Array(n) },
  i16: { id: 8, bytes: 2, kind: 'Int16Array', create: (n) => new Int16Array(n) },
  i32: { id: 9, bytes: 4, kind: 'Int32Array', create: (n) => new Int32Array(n) },
  i64: { id: 10, bytes: 8, kind: 'BigInt64Array', create: (n) => new BigInt64Array(n) },
  u8: { id: 16, bytes: 1, kind: 'Uint8Array', create: (n) => new Uint8Array(n) },
  u16: { id: 17, bytes: 2, kind: 'Uint16Array', create: (n) => new Uint16Array(n) },
  u32: { id: 18, bytes: 4, kind: 'Uint32Array', create: (n) => new Uint32Array(n) },
  u64: { id: 19, bytes: 8, kind: 'BigUint64Array', create: (n) => new BigUint64Array(n) },
};

/** True when a name is one of the element types above. */
export function isElementType(name: string): name is ElementType {
  return Object.hasOwn(ELEMENTS, name);
}

/** The element type of a C API number. @throws {OpenVINOError} for a type without a JavaScript array, such as bf16 */
export function elementTypeOf(id: number): ElementType {
  for (const [name, info] of Object.entries(ELEMENTS)) if (info.id === id && isElementType(name)) return name;
  throw new OpenVINOError(
    `Element type number ${id} of the OpenVINO C API is not supported. Supported: ${Object.keys(ELEMENTS).join(', ')}.`,
    'ov_element_type_e',
  );
}

// Tensors through the C API. A tensor made from a JavaScript array shares its memory.
import type { CFunctions, Out, Pointer } from './c-functions';
import { allocateArray, checkTensor } from './check-tensor';
import { ELEMENTS, elementTypeOf } from './element-types';
import { OpenVINOError } from './errors';
import { transferredArray } from './misuse';
import { Handle } from './handle';
import type { ElementType, Tensor, TensorData } from './types';

/** The C API has no shape for a scalar: it fails with this status. */
const SCALAR_SHAPE_STATUS = -14;

export class CTensor extends Handle implements Tensor {
  /** The array under the tensor's memory, kept alive with it: native code has only an address. */
  readonly #array: TensorData | undefined;

  constructor(api: CFunctions, { pointer, array }: { readonly pointer: Pointer; readonly array?: TensorData }) {
    super(api, pointer, 'ov_tensor_free', 'Tensor');
    this.#array = array;
  }

  /**
   * A new tensor. With `data`, memory is shared: the next inference sees later writes to the array. Without, it
   * contains zeros.
   * @throws {OpenVINOError} when the length or class of `data` does not fit type and shape
   */
  static create(api: CFunctions, type: ElementType, shape: readonly number[], data?: TensorData): CTensor {
    return new CTensor(api, CTensor.allocate(api, type, shape, data));
  }

  static allocate(
    api: CFunctions,
    type: ElementType,
    shape: readonly number[],
    data?: TensorData,
  ): { pointer: Pointer; array?: TensorData } {
    const checked = checkTensor(type, shape, data);
    const { id } = ELEMENTS[checked.type];
    const native = { rank: checked.shape.length, dims: checked.shape };
    if (checked.length === 0) return { pointer: api.out('ov_tensor_create', id, native) }; // no memory to share
    const array = checked.data ?? allocateArray(checked.type, checked.shape, checked.length);
    void array.buffer; // moves a small array out of the garbage-collected heap, where its address could change
    return { pointer: api.out('ov_tensor_create_from_host_ptr', id, native, array), array };
  }

  /** The tensor, if it is one of this library's. */
  static from(api: CFunctions, value: unknown): CTensor | undefined {
    return Handle.isOf(api, value) && value instanceof CTensor ? value : undefined;
  }

  /** Wraps a handle from the C API. `bound` is the tensor whose memory it shares, where that is known. */
  static adopt(api: CFunctions, pointer: Pointer, bound?: CTensor): CTensor {
    return new CTensor(api, { pointer, array: bound === undefined ? undefined : bound.#array });
  }

  get data(): TensorData {
    return this.getData();
  }

  getData(): TensorData {
    const target = ELEMENTS[this.getElementType()].create(this.getSize());
    this.copyTo(target);
    return target;
  }

  /** Copies the values into an array of the same class and length. */
  copyTo(target: TensorData): void {
    this.assertUsable();
    const bytes = this.api.outNumber('ov_tensor_get_byte_size', this.pointer);
    if (bytes !== target.byteLength)
      throw new OpenVINOError(
        `A tensor of ${bytes} bytes does not fit an array of ${target.byteLength} bytes.`,
        'ov_tensor_data',
      );
    if (bytes > 0) this.api.copy(target, this.api.out('ov_tensor_data', this.pointer), bytes);
  }

  /** A tensor with a copy of the values. */
  copy(): CTensor {
    return CTensor.create(this.api, this.getElementType(), this.getShape(), this.getData());
  }

  getElementType(): ElementType {
    return elementTypeOf(this.api.outNumber('ov_tensor_get_element_type', this.pointer));
  }
  getSize(): number {
    return this.api.outNumber('ov_tensor_get_size', this.pointer);
  }

  getShape(): number[] {
    const shape: Out = {};
    try {
      this.api.call('ov_tensor_get_shape', this.pointer, shape);
    } catch (error) {
      if (error instanceof OpenVINOError && error.status === SCALAR_SHAPE_STATUS && this.getSize() === 1) return [];
      throw error;
    }
    try {
      return this.api.sizes(shape.dims, shape.rank);
    } finally {
      this.api.call('ov_shape_free', shape);
    }
  }

  /** @throws {OpenVINOError} when the array under this tensor was transferred to another thread */
  assertUsable(): void {
    void this.pointer;
    if (this.#array?.byteLength === 0) throw transferredArray('ov_infer_request_infer');
  }
}

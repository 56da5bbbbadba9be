// Tensors over the C API. A tensor made from a JavaScript array shares its memory.
import koffi from 'koffi';
import type { CFunctions, Out, Pointer } from './c-functions';
import { ELEMENTS, elementTypeOf, isElementType } from './element-types';
import { OpenVINOError } from './errors';
import { Handle } from './handle';
import type { ElementType, Tensor, TensorData } from './types';

/** The C API refuses to tell the shape of a scalar with this status. */
const SCALAR_SHAPE_STATUS = -14;

export class CTensor extends Handle implements Tensor {
  /** The array under a tensor must outlive every request that is bound to it: the request holds the tensor, the tensor the array. */
  readonly #array: TensorData | undefined;

  private constructor(api: CFunctions, pointer: Pointer, array?: TensorData) {
    super(api, pointer, 'ov_tensor_free');
    this.#array = array;
  }

  /**
   * A new tensor. With `data`, memory is shared, not copied: later writes to the array show at the next inference.
   * @throws {OpenVINOError} when `data` has another length or kind than type and shape ask for
   */
  static create(api: CFunctions, type: ElementType, shape: readonly number[], data?: TensorData): CTensor {
    if (!isElementType(type)) throw new OpenVINOError(`Tensor: unknown element type "${String(type)}", expected one of ${Object.keys(ELEMENTS).join(', ')}`, 'ov_tensor_create');
    const { id, bytes, create } = ELEMENTS[type];
    const length = shape.reduce((product, dim) => product * dim, 1);
    const native = { rank: shape.length, dims: [...shape] };
    if (data === undefined || length === 0) return new CTensor(api, api.out('ov_tensor_create', id, native));
    if (data.constructor !== create(0).constructor)
      throw new OpenVINOError(`Tensor ${type}[${shape.join(',')}]: got a ${data.constructor.name}, expected a ${create(0).constructor.name}`, 'ov_tensor_create_from_host_ptr');
    if (data.byteLength !== length * bytes)
      throw new OpenVINOError(`Tensor ${type}[${shape.join(',')}]: got ${data.length} values, expected ${length}`, 'ov_tensor_create_from_host_ptr');
    void data.buffer; // gives a small array memory of its own, outside the moving heap
    return new CTensor(api, api.out('ov_tensor_create_from_host_ptr', id, native, data), data);
  }

  /** Wraps a handle that the C API gave out. */
  static adopt(api: CFunctions, pointer: Pointer): CTensor {
    return new CTensor(api, pointer);
  }

  get data(): TensorData { return this.getData(); }

  getData(): TensorData {
    const target = ELEMENTS[this.getElementType()].create(this.getSize());
    this.readInto(target);
    return target;
  }

  readInto(target: TensorData): void {
    const bytes = this.api.outNumber('ov_tensor_get_byte_size', this.pointer);
    if (bytes !== target.byteLength) throw new OpenVINOError(`Output of ${bytes} bytes does not fit an array of ${target.byteLength} bytes`, 'ov_tensor_data');
    if (bytes > 0) this.api.copy(target, this.api.out('ov_tensor_data', this.pointer), bytes);
  }

  getElementType(): ElementType { return elementTypeOf(this.api.outNumber('ov_tensor_get_element_type', this.pointer)); }
  getSize(): number { return this.api.outNumber('ov_tensor_get_size', this.pointer); }

  getShape(): number[] {
    const shape: Out = {};
    try {
      this.api.call('ov_tensor_get_shape', this.pointer, shape);
    } catch (error) {
      if (error instanceof OpenVINOError && error.status === SCALAR_SHAPE_STATUS && this.getSize() === 1) return [];
      throw error;
    }
    const rank = Number(shape.rank);
    const dims: unknown = rank > 0 ? koffi.decode(shape.dims, koffi.array('int64_t', rank)) : [];
    const list = ArrayBuffer.isView(dims) && 'length' in dims ? Array.from(dims as unknown as ArrayLike<bigint>, Number) : Array.isArray(dims) ? dims.map(Number) : [];
    this.api.call('ov_shape_free', shape);
    return list;
  }

  /** @throws when the array under this tensor was transferred to another thread: running would read freed memory */
  assertUsable(): void {
    void this.pointer;
    if (this.#array?.byteLength === 0) throw new OpenVINOError('The array under a bound tensor was transferred away: bind a tensor with an array of its own', 'ov_infer_request_infer');
  }
}

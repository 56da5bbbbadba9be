// Tensors of openvino-node's addon.
import { attempt, AddonHandle, type Addon, type AddonTensor } from './addon';
import { allocateArray, checkTensor } from './check-tensor';
import { ELEMENTS, isElementType } from './element-types';
import { OpenVINOError } from './errors';
import { transferredArray } from './misuse';
import type { ElementType, Tensor, TensorData } from './types';

/** Element types without tensors in the addon. */
const NO_TENSOR: readonly ElementType[] = ['f16', 'boolean'];

export class NodeTensor extends AddonHandle<AddonTensor> implements Tensor {
  /** @param array the array under the tensor's memory, which the addon does not keep alive */
  constructor(
    addon: Addon,
    native: AddonTensor,
    readonly array?: TensorData,
  ) {
    super(addon, native, 'Tensor');
  }

  /** The tensor, if it was made with this addon. */
  static from(addon: Addon, value: unknown): NodeTensor | undefined {
    return AddonHandle.isOf(addon, value) && value instanceof NodeTensor ? value : undefined;
  }

  /** Shares the memory of `data` where possible: the addon takes whole buffers only, so a part of one is copied. */
  static allocate(addon: Addon, ...values: readonly [type: unknown, shape: unknown, data?: unknown]): NodeTensorParts {
    const { type, shape, length, data } = checkTensor(...values);
    if (NO_TENSOR.includes(type))
      throw new OpenVINOError(
        `Tensor ${type}: openvino-node has no ${type} tensors; give the model an f32 or u8 input, or set ` +
          'BLIP_OPENVINO_RUNTIME=c-api.',
        'new Tensor',
      );
    if (length === 0) return { native: attempt('new Tensor', () => new addon.Tensor(type, shape)) };
    const whole =
      data !== undefined &&
      data.byteOffset === 0 &&
      data.byteLength === data.buffer.byteLength &&
      data.buffer instanceof ArrayBuffer;
    const array = whole ? data : allocateArray(type, shape, length);
    if (data !== undefined && !whole) copyBytes(data, array);
    return { native: attempt('new Tensor', () => new addon.Tensor(type, shape, array)), array };
  }

  get data(): TensorData {
    return this.getData();
  }
  getData(): TensorData {
    this.assertUsable();
    if (this.getSize() === 0) return ELEMENTS[this.getElementType()].create(0); // the addon copies from no memory
    return attempt('getData', () => this.native.getData());
  }
  getElementType(): ElementType {
    return parseType(this.native.getElementType());
  }
  getShape(): number[] {
    return Array.from(this.native.getShape());
  }
  getSize(): number {
    return this.native.getSize();
  }

  /** @throws {OpenVINOError} when the array under this tensor was transferred to another thread */
  assertUsable(): void {
    void this.native;
    if (this.array?.byteLength === 0) throw transferredArray('infer');
  }
}

/** What a tensor of the addon consists of. */
export interface NodeTensorParts {
  readonly native: AddonTensor;
  readonly array?: TensorData;
}

export function parseType(name: unknown): ElementType {
  const type = String(name);
  if (isElementType(type)) return type;
  throw new OpenVINOError(
    `Element type ${type} is not supported here. Supported: ${Object.keys(ELEMENTS).join(', ')}.`,
    'getElementType',
  );
}

export function copyBytes(from: TensorData, to: TensorData): void {
  new Uint8Array(to.buffer, to.byteOffset, to.byteLength).set(
    new Uint8Array(from.buffer, from.byteOffset, from.byteLength),
  );
}

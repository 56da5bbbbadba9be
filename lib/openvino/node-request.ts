// Tensors and inference requests of openvino-node's addon.
import { attempt, attemptAsync, AddonHandle, type Addon, type AddonRequest, type AddonTensor } from './addon';
import { checkTarget, checkTensor } from './check-tensor';
import { ELEMENTS, isElementType } from './element-types';
import { OpenVINOError } from './errors';
import { alreadyRunning, foreignTensor, transferredArray } from './misuse';
import type { ElementType, InferRequest, ProfilingInfo, Tensor, TensorData } from './types';

/** Element types without tensors in the addon. */
const NO_TENSOR: readonly ElementType[] = ['f16', 'boolean'];

export class NodeTensor extends AddonHandle<AddonTensor> implements Tensor {
  /** @param array the array under the tensor's memory, which the addon does not keep alive */
  constructor(
    native: AddonTensor,
    readonly array?: TensorData,
  ) {
    super(native, 'Tensor');
  }

  /** Shares the memory of `data` where possible: the addon takes whole buffers only, so a part of one is copied. */
  static allocate(
    addon: Addon,
    type: ElementType,
    shape: readonly number[],
    data?: TensorData,
  ): [AddonTensor, TensorData?] {
    const length = checkTensor(type, shape, data);
    if (NO_TENSOR.includes(type))
      throw new OpenVINOError(
        `Tensor ${type}: openvino-node has no ${type} tensors; give the model an f32 or u8 input, or set BLIP_OPENVINO_RUNTIME=c-api.`,
        'new Tensor',
      );
    if (length === 0) return [attempt('new Tensor', () => new addon.Tensor(type, [...shape]))];
    const whole =
      data !== undefined &&
      data.byteOffset === 0 &&
      data.byteLength === data.buffer.byteLength &&
      data.buffer instanceof ArrayBuffer;
    const array = whole ? data : ELEMENTS[type].create(length);
    if (data !== undefined && !whole) copyBytes(data, array);
    return [attempt('new Tensor', () => new addon.Tensor(type, [...shape], array)), array];
  }

  get data(): TensorData {
    return this.getData();
  }
  getData(): TensorData {
    this.assertUsable();
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

export class NodeRequest extends AddonHandle<AddonRequest> implements InferRequest {
  /** Bound tensors, kept alive because native memory points into their arrays. */
  readonly #bound = new Map<string, NodeTensor>();
  #running = false;

  constructor(native: AddonRequest) {
    super(native, 'InferRequest');
  }

  setTensor(name: string, tensor: Tensor): void {
    this.#assertIdle();
    if (!(tensor instanceof NodeTensor)) throw foreignTensor(name, 'setTensor');
    tensor.assertUsable();
    attempt('setTensor', () => this.native.setTensor(name, tensor.native));
    this.#bound.set(name, tensor);
  }

  getTensor(name: string): NodeTensor {
    this.#assertIdle();
    return new NodeTensor(
      attempt('getTensor', () => this.native.getTensor(name)),
      this.#bound.get(name)?.array,
    );
  }

  infer(inputs?: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
    this.#bind(inputs);
    return collect(this.#run());
  }

  async inferAsync(inputs?: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    this.#bind(inputs);
    return collect(await this.#runAsync());
  }

  run(): void {
    this.#run();
  }
  async runAsync(): Promise<void> {
    await this.#runAsync();
  }

  readInto(name: string, target: TensorData): void {
    const tensor = this.getTensor(name);
    checkTarget(name, tensor.getElementType(), tensor.getSize(), target);
    copyBytes(tensor.getData(), target);
  }

  getProfilingInfo(): ProfilingInfo[] {
    throw new OpenVINOError(
      'openvino-node has no profiling information. Use the C API: BLIP_OPENVINO_RUNTIME=c-api.',
      'getProfilingInfo',
    );
  }
  cancel(): void {
    throw new OpenVINOError(
      'openvino-node cannot cancel an inference. Use the C API: BLIP_OPENVINO_RUNTIME=c-api.',
      'cancel',
    );
  }

  override dispose(): void {
    if (this.#running) throw new OpenVINOError('InferRequest is running: await it before dispose().', 'dispose');
    super.dispose();
    this.#bound.clear();
  }

  #run(): Record<string, AddonTensor> {
    this.#start();
    try {
      return attempt('infer', () => this.native.infer());
    } finally {
      this.#running = false;
    }
  }

  /** Inputs were bound by name before: the addon would bind them by position. */
  async #runAsync(): Promise<Record<string, AddonTensor>> {
    this.#start();
    try {
      return await attemptAsync('inferAsync', () => this.native.inferAsync([]));
    } finally {
      this.#running = false;
    }
  }

  #start(): void {
    this.#assertIdle();
    for (const tensor of this.#bound.values()) tensor.assertUsable();
    this.#running = true;
  }

  #assertIdle(): void {
    void this.native;
    if (this.#running) throw alreadyRunning('infer');
  }

  #bind(inputs?: Readonly<Record<string, Tensor>>): void {
    this.#assertIdle();
    if (inputs) for (const [name, tensor] of Object.entries(inputs)) this.setTensor(name, tensor);
  }
}

/** The addon's results are copies. */
function collect(results: Record<string, AddonTensor>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, new NodeTensor(tensor)]));
}

export function parseType(name: unknown): ElementType {
  const type = String(name);
  if (isElementType(type)) return type;
  throw new OpenVINOError(
    `Element type ${type} is not supported here. Supported: ${Object.keys(ELEMENTS).join(', ')}.`,
    'getElementType',
  );
}

function copyBytes(from: TensorData, to: TensorData): void {
  new Uint8Array(to.buffer, to.byteOffset, to.byteLength).set(
    new Uint8Array(from.buffer, from.byteOffset, from.byteLength),
  );
}

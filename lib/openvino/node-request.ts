// Inference requests of openvino-node's addon.
import { attempt, attemptAsync, AddonHandle, type Addon, type AddonRequest, type AddonTensor } from './addon';
import { asText, entriesOf } from './check-call';
import { checkTarget } from './check-tensor';
import type { RunChooser } from './choose-run';
import { OpenVINOError } from './errors';
import { alreadyRunning, foreignTensor } from './misuse';
import { copyBytes, NodeTensor } from './node-tensor';
import type { Dimension, InferRequest, Port, ProfilingInfo, Tensor, TensorData } from './types';

type PortShape = Pick<Port, 'anyName' | 'getPartialShape'>;

/** The compiled model that a request belongs to. */
export interface RequestModel {
  readonly addon: Addon;
  readonly inputs: readonly PortShape[];
  /** In the model's order: the addon's results are in alphabetical order. */
  readonly outputs: readonly PortShape[];
  readonly runs: RunChooser;
}

export class NodeRequest extends AddonHandle<AddonRequest> implements InferRequest {
  /** Bound tensors, kept alive because native memory points into their arrays. */
  readonly #bound = new Map<string, NodeTensor>();
  #running = false;

  constructor(
    native: AddonRequest,
    private readonly model: RequestModel,
  ) {
    super(model.addon, native, 'InferRequest');
  }

  setTensor(name: string, tensor: unknown): void {
    this.#assertIdle();
    const input = asText('setTensor', 'the name', name);
    const own = NodeTensor.from(this.model.addon, tensor);
    if (!own) throw foreignTensor(input, 'setTensor');
    own.assertUsable();
    attempt('setTensor', () => this.native.setTensor(input, own.native));
    this.#bound.set(input, own);
  }

  getTensor(name: string): NodeTensor {
    this.#assertIdle();
    const port = asText('getTensor', 'the name', name);
    return new NodeTensor(
      this.model.addon,
      attempt('getTensor', () => this.native.getTensor(port)),
      this.#bound.get(port)?.array,
    );
  }

  infer(inputs?: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
    this.#bind(inputs);
    return this.#collect(this.#run());
  }

  async inferAsync(inputs?: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    this.#bind(inputs);
    return this.#collect(await this.#runAsync());
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
    const elements = this.#start();
    try {
      return this.model.runs.measure(elements, () => attempt('infer', () => this.native.infer()));
    } finally {
      this.#running = false;
    }
  }

  /** Inputs were bound by name before: the addon would bind them by position. */
  async #runAsync(): Promise<Record<string, AddonTensor>> {
    const { runs } = this.model;
    const elements = this.#start();
    try {
      if (!runs.isShort(elements))
        return await runs.measureAsync(elements, () => attemptAsync('inferAsync', () => this.native.inferAsync([])));
      await runs.turn();
      return runs.measure(elements, () => attempt('infer', () => this.native.infer()));
    } finally {
      this.#running = false;
    }
  }

  /** @returns how many elements the bound tensors have */
  #start(): number {
    this.#assertIdle();
    let elements = 0;
    for (const [name, tensor] of this.#bound) {
      tensor.assertUsable();
      const size = tensor.getSize();
      if (size === 0) this.#assertNeverEmpty(`"${name}" has none`);
      elements += size;
    }
    for (const port of this.model.inputs)
      if (!this.#bound.has(port.anyName) && port.getPartialShape().some(mayBeEmpty))
        this.#assertNeverEmpty(`the input "${port.anyName}" is not set`);
    if (this.model.outputs.some((port) => port.getPartialShape().includes(0)))
      this.#assertNeverEmpty("the model's shapes say so");
    this.#running = true;
    return elements;
  }

  /**
   * The addon copies each output, and OpenVINO's copy of one without values ends the process. Outputs of fixed sizes
   * are safe.
   */
  #assertNeverEmpty(reason: string): void {
    const empty = this.model.outputs.find((port) => port.getPartialShape().some(mayBeEmpty));
    if (empty)
      throw new OpenVINOError(
        `Output "${empty.anyName}" may have no values (${reason}), which openvino-node cannot return. Use the C ` +
          'API: BLIP_OPENVINO_RUNTIME=c-api.',
        'infer',
      );
  }

  #assertIdle(): void {
    void this.native;
    if (this.#running) throw alreadyRunning('infer');
  }

  #bind(inputs: unknown): void {
    this.#assertIdle();
    for (const [name, tensor] of entriesOf('infer', 'inputs', inputs)) this.setTensor(name, tensor);
  }

  /** The addon's results are copies. */
  #collect(results: Record<string, AddonTensor>): Record<string, Tensor> {
    const { addon, outputs } = this.model;
    return Object.fromEntries(
      outputs.map(({ anyName }): [string, Tensor] => {
        const result = Object.hasOwn(results, anyName) ? results[anyName] : undefined;
        return [anyName, result ? new NodeTensor(addon, result) : this.getTensor(anyName)];
      }),
    );
  }
}

/** A dimension that is 0, or whose lower bound is 0. */
function mayBeEmpty(dim: Dimension): boolean {
  return (typeof dim === 'number' ? dim : dim[0]) <= 0;
}

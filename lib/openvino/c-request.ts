// Compiled models and inference requests through the C API.
import type { CFunctions, Out, Pointer } from './c-functions';
import { PROFILING } from './c-signatures';
import { asText, entriesOf } from './check-call';
import { readPorts } from './c-ports';
import { CTensor } from './c-tensor';
import { checkTarget } from './check-tensor';
import { OpenVINOError } from './errors';
import { alreadyRunning, foreignTensor } from './misuse';
import { Handle } from './handle';
import type { CompiledModel, InferRequest, Port, ProfilingInfo, Tensor, TensorData } from './types';

/** A run that still waits for its thread ignores a cancel: it is repeated until the run ends. */
const MS_BETWEEN_CANCELS = 1;
const PROFILING_STATUS = ['NOT_RUN', 'OPTIMIZED_OUT', 'EXECUTED'];

export class CCompiledModel extends Handle implements CompiledModel {
  readonly inputs: Port[];
  readonly outputs: Port[];
  #hasStreams: boolean | undefined;

  constructor(api: CFunctions, pointer: Pointer) {
    super(api, pointer, 'ov_compiled_model_free', 'CompiledModel');
    this.inputs = readPorts(api, pointer, 'ov_compiled_model_inputs_size', 'ov_compiled_model_input_by_index');
    this.outputs = readPorts(api, pointer, 'ov_compiled_model_outputs_size', 'ov_compiled_model_output_by_index');
  }

  getProperty(name: string): string {
    return this.api.outString('ov_compiled_model_get_property', this.pointer, name);
  }

  /** Whether several inferences run at the same time, each in a stream of its own. */
  get hasStreams(): boolean {
    this.#hasStreams ??= this.#readStreams() > 1;
    return this.#hasStreams;
  }

  createInferRequest(): InferRequest {
    return new CInferRequest(this.api, this.api.out('ov_compiled_model_create_infer_request', this.pointer), this);
  }

  #readStreams(): number {
    try {
      return Number(this.getProperty('OPTIMAL_NUMBER_OF_INFER_REQUESTS'));
    } catch {
      return 1; // the device does not tell
    }
  }
}

class CInferRequest extends Handle implements InferRequest {
  /** Bound tensors, kept alive because native memory points into their arrays. */
  readonly #bound = new Map<string, CTensor>();
  #running = false;
  #cancelled = false;
  #cancelTimer: NodeJS.Timeout | undefined;

  constructor(
    api: CFunctions,
    pointer: Pointer,
    readonly model: CCompiledModel,
  ) {
    super(api, pointer, 'ov_infer_request_free', 'InferRequest');
  }

  setTensor(name: string, tensor: unknown): void {
    this.#assertIdle();
    const input = asText('setTensor', 'the name', name);
    const native = CTensor.from(this.api, tensor);
    if (!native) throw foreignTensor(input, 'ov_infer_request_set_tensor');
    native.assertUsable();
    this.api.call('ov_infer_request_set_tensor', this.pointer, name, native.pointer);
    this.#bound.set(name, native);
  }

  getTensor(name: string): CTensor {
    this.#assertIdle();
    return CTensor.adopt(
      this.api,
      this.api.out('ov_infer_request_get_tensor', this.pointer, name),
      this.#bound.get(name),
    );
  }

  infer(inputs?: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
    this.#bind(inputs);
    this.run();
    return this.#outputs();
  }

  async inferAsync(inputs?: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    this.#bind(inputs);
    await this.runAsync();
    return this.#outputs();
  }

  run(): void {
    this.#start();
    try {
      this.api.call('ov_infer_request_infer', this.pointer);
    } finally {
      this.#running = false;
    }
  }

  async runAsync(): Promise<void> {
    this.#start();
    try {
      await this.#runOnThread();
      if (this.#cancelled)
        throw new OpenVINOError('The run was cancelled just after it had ended', 'ov_infer_request_cancel');
    } finally {
      clearInterval(this.#cancelTimer);
      this.#running = false;
    }
  }

  readInto(name: string, target: TensorData): void {
    const tensor = this.getTensor(name);
    try {
      checkTarget(name, tensor.getElementType(), tensor.getSize(), target);
      tensor.copyTo(target);
    } finally {
      tensor.dispose();
    }
  }

  getProfilingInfo(): ProfilingInfo[] {
    const list: Out = {};
    this.api.call('ov_infer_request_get_profiling_info', this.pointer, list);
    try {
      return this.api.list(list.infos, PROFILING, list.size).map(parseProfiling);
    } finally {
      this.api.free('ov_profiling_info_list_free', list);
    }
  }

  cancel(): void {
    void this.pointer;
    this.#cancelled = this.#running;
    const cancel = (): void => this.api.call('ov_infer_request_cancel', this.pointer);
    clearInterval(this.#cancelTimer);
    if (!this.#running) return;
    cancel();
    this.#cancelTimer = setInterval(cancel, MS_BETWEEN_CANCELS).unref();
  }

  override dispose(): void {
    if (this.#running)
      throw new OpenVINOError(
        'InferRequest is running: await it, or cancel it, before dispose()',
        'ov_infer_request_free',
      );
    super.dispose();
    this.#bound.clear();
  }

  /**
   * The CPU plugin counts every thread that calls `infer` as one more stream, and maps it to one of those that it has
   * by its number: of two threads of libuv's pool, both may get the same stream, and wait for each other while another
   * stream is idle. The streams' own threads share nothing, but to hand a run over to one takes longer.
   */
  async #runOnThread(): Promise<void> {
    if (!this.model.hasStreams) return this.api.callAsync('ov_infer_request_infer', [this.pointer], this);
    this.api.call('ov_infer_request_start_async', this.pointer);
    return this.api.callAsync('ov_infer_request_wait', [this.pointer], this);
  }

  #start(): void {
    this.#assertIdle();
    for (const tensor of this.#bound.values()) tensor.assertUsable();
    this.#running = true;
    this.#cancelled = false;
  }

  #assertIdle(): void {
    void this.pointer;
    if (this.#running) throw alreadyRunning('ov_infer_request_infer');
  }

  #bind(inputs?: Readonly<Record<string, Tensor>>): void {
    this.#assertIdle();
    for (const [name, tensor] of entriesOf('infer', 'inputs', inputs)) this.setTensor(name, tensor);
  }

  #outputs(): Record<string, Tensor> {
    return Object.fromEntries(
      this.model.outputs.map(({ anyName }) => {
        const live = this.getTensor(anyName);
        try {
          return [anyName, live.copy()];
        } finally {
          live.dispose();
        }
      }),
    );
  }
}

function parseProfiling(info: Out): ProfilingInfo {
  return {
    name: String(info.node_name),
    type: String(info.node_type),
    execType: String(info.exec_type),
    status: PROFILING_STATUS[Number(info.status)] ?? String(info.status),
    realTimeUs: Number(info.real_time),
    cpuTimeUs: Number(info.cpu_time),
  };
}

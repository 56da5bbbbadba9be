// The part of openvino-node's interface that this library uses: both runtimes implement it.
// Names and call shapes follow https://docs.openvino.ai (openvino-node API); additions are marked.

export type ElementType =
  | 'f32'
  | 'f64'
  | 'f16'
  | 'i8'
  | 'i16'
  | 'i32'
  | 'i64'
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'boolean';

/** f16 values are bits in a Uint16Array, booleans are bytes in a Uint8Array; a Buffer is a Uint8Array. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** A dimension: its size, `-1` if it is dynamic without an upper bound, or `[min, max]`. */
export type Dimension = number | readonly [min: number, max: number];

/** Property names and values of OpenVINO, such as `{ PERFORMANCE_HINT: 'LATENCY' }`; booleans become YES and NO. */
export type Config = Readonly<Record<string, string | number | boolean>>;

export interface Tensor {
  /** A fresh copy of the values. */
  readonly data: TensorData;
  getData(): TensorData;
  getElementType(): ElementType;
  getShape(): number[];
  getSize(): number;
  /**
   * Frees the native handle now instead of when the object is garbage collected (addition). Not while a request runs
   * with it.
   */
  dispose(): void;
}

export interface Port {
  readonly anyName: string;
  getAnyName(): string;
  getElementType(): ElementType;
  getPartialShape(): Dimension[];
  /** @example String(port) // 'pixel_values f32 [?,3,384,384]' */
  toString(): string;
}

export interface Model {
  readonly inputs: Port[];
  readonly outputs: Port[];
  reshape(shapes: Readonly<Record<string, readonly Dimension[]>>): Model;
  isDynamic(): boolean;
  getFriendlyName(): string;
  dispose(): void;
}

/** One executed node; times in microseconds. */
export interface ProfilingInfo {
  readonly name: string;
  readonly type: string;
  readonly execType: string;
  readonly status: string;
  readonly realTimeUs: number;
  readonly cpuTimeUs: number;
}

/** One instance of a compiled model. One run at a time. A fresh request starts with reset state. */
export interface InferRequest {
  /** Binds an input or output. The request keeps the tensor, and the array under it, alive. */
  setTensor(name: string, tensor: Tensor): void;
  /** A live handle: its values and shape change with the next run. It can be bound as an input without a copy. */
  getTensor(name: string): Tensor;
  /** Binds inputs, runs, and returns copies of all outputs, which later runs do not change. */
  infer(inputs?: Readonly<Record<string, Tensor>>): Record<string, Tensor>;
  /** As `infer`, without blocking the event loop. A run occupies one thread of libuv's pool. */
  inferAsync(inputs?: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** `infer` without copies of the outputs: for hot loops (addition). */
  run(): void;
  /** `inferAsync` without copies of the outputs (addition; openvino-node copies them all the same). */
  runAsync(): Promise<void>;
  /** Copies an output into an array of its class and length: for hot loops (addition). */
  readInto(name: string, target: TensorData): void;
  /** Needs PERF_COUNT (addition; the C API only). */
  getProfilingInfo(): ProfilingInfo[];
  /** Stops a run (addition; the C API only). */
  cancel(): void;
  dispose(): void;
}

export interface CompiledModel {
  readonly inputs: Port[];
  readonly outputs: Port[];
  getProperty(name: string): string;
  createInferRequest(): InferRequest;
  dispose(): void;
}

export interface Core {
  getAvailableDevices(): string[];
  getProperty(device: string, name: string): string;
  setProperty(device: string, properties: Config): void;
  getVersions(device: string): Record<string, { buildNumber: string; description: string }>;
  readModel(xml: string, bin?: string): Promise<Model>;
  readModelSync(xml: string, bin?: string): Model;
  compileModel(model: Model | string, device: string, config?: Config): Promise<CompiledModel>;
  compileModelSync(model: Model | string, device: string, config?: Config): CompiledModel;
  dispose(): void;
}

export type RuntimeName = 'openvino-node' | 'c-api';

/** What `require('openvino-node')` exports as `addon`, for either runtime. */
export interface OpenVINO {
  readonly runtime: RuntimeName;
  readonly version: string;
  readonly Core: new () => Core;
  readonly Tensor: new (type: ElementType, shape: readonly number[], data?: TensorData) => Tensor;
}

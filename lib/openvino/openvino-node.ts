// OpenVINO over openvino-node's addon: adapts its classes to types.ts and steers around what they lack.
// Two things differ: inferAsync binds by position up to 2026.3, so tensors are set by name first; and reading a tensor copies.
import * as path from 'node:path';
import { ELEMENTS, isElementType } from './element-types';
import { OpenVINOError } from './errors';
import type { CompiledModel, Config, Core, Dimension, ElementType, InferRequest, Model, OpenVINO, Port, ProfilingInfo, Tensor, TensorData } from './types';

/** The part of the addon that is used here (its own types need the package, which npm leaves out where it does not fit). */
interface AddonTensor { data: TensorData; getData(): TensorData; getElementType(): unknown; getShape(): ArrayLike<number>; getSize(): number }
interface AddonPort { anyName: string; getAnyName(): string; getPartialShape(): { getDimensions(): readonly (number | readonly [number, number])[] } }
interface AddonModel { inputs: AddonPort[]; outputs: AddonPort[]; reshape(shapes: Map<string, string>): AddonModel; isDynamic(): boolean; getFriendlyName(): string }
interface AddonRequest { setTensor(name: string, tensor: AddonTensor): void; getTensor(name: string): AddonTensor; infer(): unknown; inferAsync(inputs: AddonTensor[]): Promise<unknown> }
interface AddonCompiled { inputs: AddonPort[]; outputs: AddonPort[]; getProperty(name: string): unknown; createInferRequest(): AddonRequest }
interface AddonCore {
  getAvailableDevices(): string[]; getProperty(device: string, name: string): unknown; setProperty(device: string, properties: Record<string, string>): void;
  getVersions(device: string): Record<string, { buildNumber: string; description: string }>;
  readModel(xml: string, bin?: string): Promise<AddonModel>; readModelSync(xml: string, bin?: string): AddonModel;
  compileModel(model: AddonModel | string, device: string, config: Record<string, string>): Promise<AddonCompiled>;
  compileModelSync(model: AddonModel | string, device: string, config: Record<string, string>): AddonCompiled;
}
export interface Addon { Core: new () => AddonCore; Tensor: new (type: string, shape: number[], data?: TensorData) => AddonTensor }

/** Loads the package at `folder` (node_modules/openvino-node). */
export function loadOpenVINONode(folder: string): OpenVINO {
  const loaded: unknown = require(path.resolve(folder));
  const addon = typeof loaded === 'object' && loaded !== null && 'addon' in loaded ? loaded.addon : undefined;
  if (!isAddon(addon)) throw new OpenVINOError(`${folder}: expected the addon's Core and Tensor. Install it anew: npm run setup`, 'require');
  return adaptAddon(addon);
}

/** The adapter itself, apart from loading, so that its logic can be tested over any addon of this shape. */
export function adaptAddon(addon: Addon): OpenVINO {
  const probe = new addon.Core();
  return {
    runtime: 'openvino-node',
    version: Object.values(probe.getVersions('CPU'))[0]?.buildNumber ?? 'unknown',
    Core: class extends NodeCore { constructor() { super(addon, new addon.Core()); } },
    Tensor: class extends NodeTensor { constructor(type: ElementType, shape: readonly number[], data?: TensorData) { super(createTensor(addon, type, shape, data), data); } },
  };
}

function isAddon(value: unknown): value is Addon {
  return typeof value === 'object' && value !== null && 'Core' in value && 'Tensor' in value;
}

function createTensor(addon: Addon, type: ElementType, shape: readonly number[], data?: TensorData): AddonTensor {
  if (type === 'f16' || type === 'boolean') throw new OpenVINOError(`Tensor ${type}: openvino-node cannot create it; convert to f32 or u8 first`, 'new Tensor');
  if (!data || data.length === 0) return new addon.Tensor(type, [...shape]);
  const own = data.byteOffset === 0 && data.byteLength === data.buffer.byteLength; // the addon shares the whole buffer
  return new addon.Tensor(type, [...shape], own ? data : data.slice());
}

class NodeTensor implements Tensor {
  constructor(readonly native: AddonTensor, readonly keep?: TensorData) {}
  get data(): TensorData { return this.native.getData(); }
  getData(): TensorData { return this.native.getData(); }
  getElementType(): ElementType { return parseType(String(this.native.getElementType())); }
  getShape(): number[] { return Array.from(this.native.getShape()); }
  getSize(): number { return this.native.getSize(); }
  dispose(): void { /* the addon frees it when it is collected */ }
}

class NodePort implements Port {
  constructor(readonly anyName: string, readonly shape: Dimension[], readonly type: ElementType) {}
  getAnyName(): string { return this.anyName; }
  getPartialShape(): Dimension[] { return [...this.shape]; }
  getElementType(): ElementType { return this.type; }
  toString(): string { return `${this.anyName} ${this.type} [${this.shape.map((dim) => (dim === -1 ? '?' : String(dim))).join(',')}]`; }
}

class NodeModel implements Model {
  constructor(readonly native: AddonModel, readonly types: (ports: AddonPort[]) => ElementType[]) {}
  get inputs(): Port[] { return ports(this.native.inputs, this.types(this.native.inputs)); }
  get outputs(): Port[] { return ports(this.native.outputs, this.types(this.native.outputs)); }
  isDynamic(): boolean { return this.native.isDynamic(); }
  getFriendlyName(): string { return this.native.getFriendlyName(); }
  dispose(): void { /* the addon frees it when it is collected */ }
  reshape(shapes: Readonly<Record<string, readonly Dimension[]>>): this {
    this.native.reshape(new Map(Object.entries(shapes).map(([name, shape]) => [name, `[${shape.map((d) => (typeof d === 'number' ? (d < 0 ? '?' : d) : `${d[0]}..${d[1]}`)).join(',')}]`])));
    return this;
  }
}

class NodeCore implements Core {
  constructor(readonly addon: Addon, readonly native: AddonCore) {}
  getAvailableDevices(): string[] { return this.native.getAvailableDevices(); }
  getProperty(device: string, name: string): string { return String(this.native.getProperty(device, name)); }
  setProperty(device: string, properties: Config): void { this.native.setProperty(device, strings(properties)); }
  getVersions(device: string): Record<string, { buildNumber: string; description: string }> { return this.native.getVersions(device); }
  async readModel(xml: string, bin?: string): Promise<Model> { return this.#model(await translate('readModel', () => this.native.readModel(xml, bin))); }
  readModelSync(xml: string, bin?: string): Model { return this.#model(this.native.readModelSync(xml, bin)); }
  async compileModel(model: Model | string, device: string, config: Config = {}): Promise<CompiledModel> {
    return new NodeCompiled(await translate('compileModel', () => this.native.compileModel(unwrap(model), device, strings(config))));
  }
  compileModelSync(model: Model | string, device: string, config: Config = {}): CompiledModel {
    return new NodeCompiled(this.native.compileModelSync(unwrap(model), device, strings(config)));
  }
  dispose(): void { /* the addon frees it when it is collected */ }
  /** Ports of an uncompiled model carry no element type in the addon: a compiled copy's request tells it. */
  #model(native: AddonModel): Model {
    let compiled: NodeCompiled | undefined;
    return new NodeModel(native, (list) => {
      compiled ??= new NodeCompiled(this.native.compileModelSync(native, 'CPU', {}));
      const known = new Map([...compiled.inputs, ...compiled.outputs].map((port) => [port.anyName, port.getElementType()]));
      return list.map((port) => known.get(port.getAnyName()) ?? 'f32');
    });
  }
}

class NodeCompiled implements CompiledModel {
  readonly inputs: Port[];
  readonly outputs: Port[];
  constructor(readonly native: AddonCompiled) {
    const request = native.createInferRequest();
    const types = (list: AddonPort[]): ElementType[] => list.map((port) => parseType(String(request.getTensor(port.getAnyName()).getElementType())));
    this.inputs = ports(native.inputs, types(native.inputs));
    this.outputs = ports(native.outputs, types(native.outputs));
  }
  getProperty(name: string): string { return String(this.native.getProperty(name)); }
  createInferRequest(): InferRequest { return new NodeRequest(this.native.createInferRequest(), this.outputs); }
  dispose(): void { /* the addon frees it when it is collected */ }
}

class NodeRequest implements InferRequest {
  /** Arrays under bound tensors must stay alive. */
  readonly #bound = new Map<string, NodeTensor>();
  constructor(readonly native: AddonRequest, readonly outputs: readonly Port[]) {}
  setTensor(name: string, tensor: Tensor): void {
    if (!(tensor instanceof NodeTensor)) throw new OpenVINOError(`setTensor("${name}"): the tensor belongs to another runtime`, 'setTensor');
    this.native.setTensor(name, tensor.native);
    this.#bound.set(name, tensor);
  }
  getTensor(name: string): Tensor { return new NodeTensor(this.native.getTensor(name)); }
  infer(inputs?: Readonly<Record<string, Tensor>>): Record<string, Tensor> { this.#bind(inputs); this.run(); return this.#collect(); }
  async inferAsync(inputs?: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    this.#bind(inputs);
    await translate('inferAsync', () => this.native.inferAsync([]));
    return this.#collect();
  }
  run(): void { this.native.infer(); }
  readInto(name: string, target: TensorData): void {
    const data = this.native.getTensor(name).getData();
    if (data.constructor !== target.constructor || data.length !== target.length) throw new OpenVINOError(`Output ${name}: ${data.length} values of ${data.constructor.name} do not fit ${target.length} of ${target.constructor.name}`, 'getTensor');
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) new BigInt64Array(target.buffer, target.byteOffset, target.length).set(new BigInt64Array(data.buffer, data.byteOffset, data.length));
    else new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  getProfilingInfo(): ProfilingInfo[] { throw new OpenVINOError('openvino-node offers no profiling information; set BLIP_OPENVINO_RUNTIME=c-api', 'getProfilingInfo'); }
  cancel(): void { throw new OpenVINOError('openvino-node cannot cancel an inference; set BLIP_OPENVINO_RUNTIME=c-api', 'cancel'); }
  dispose(): void { this.#bound.clear(); }
  #bind(inputs?: Readonly<Record<string, Tensor>>): void { if (inputs) for (const [name, tensor] of Object.entries(inputs)) this.setTensor(name, tensor); }
  #collect(): Record<string, Tensor> { return Object.fromEntries(this.outputs.map((port) => [port.anyName, this.getTensor(port.anyName)])); }
}

function ports(list: AddonPort[], types: readonly ElementType[]): Port[] {
  return list.map((port, index) => new NodePort(port.getAnyName(), [...port.getPartialShape().getDimensions()], types[index]));
}

function parseType(name: string): ElementType {
  if (isElementType(name)) return name;
  throw new OpenVINOError(`Element type ${name} is not supported here. Supported: ${Object.keys(ELEMENTS).join(', ')}`, 'getElementType');
}

function unwrap(model: Model | string): AddonModel | string {
  if (typeof model === 'string') return model;
  if (model instanceof NodeModel) return model.native;
  throw new OpenVINOError('compileModel: the model belongs to another runtime; read it with this core', 'compileModel');
}

function strings(config: Config): Record<string, string> {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, typeof value === 'boolean' ? (value ? 'YES' : 'NO') : String(value)]));
}

async function translate<T>(call: string, fn: () => Promise<T>): Promise<T> {
  try { return await fn(); } catch (error) { throw new OpenVINOError(`${call} failed: ${error instanceof Error ? error.message : String(error)}`, call); }
}

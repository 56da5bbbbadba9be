// OpenVINO through openvino-node's addon: adapts its classes to types.ts and works around what they lack.
import * as path from 'node:path';
import { namingFile, namingFileSync } from './naming-file';
import {
  attempt,
  attemptAsync,
  AddonHandle,
  type Addon,
  type AddonCompiled,
  type AddonCore,
  type AddonModel,
  type AddonPort,
} from './addon';
import { assertFile } from './assert-file';
import { asText, readShapes } from './check-call';
import { RunChooser } from './choose-run';
import { configStrings } from './config-strings';
import { OpenVINOError } from './errors';
import { whileMapping } from './mapped-weights';
import { foreignModel } from './misuse';
import { formatShape } from './format-shape';
import { readProperty } from './node-properties';
import { NodeRequest } from './node-request';
import { NodeTensor, parseType } from './node-tensor';
import type {
  CompiledModel,
  Config,
  Core,
  Dimension,
  ElementType,
  InferRequest,
  Model,
  OpenVINO,
  Port,
  TensorData,
} from './types';

/** Loads the package at `folder` (node_modules/openvino-node). */
export function loadOpenVINONode(folder: string): OpenVINO {
  const loaded: unknown = require(path.resolve(folder));
  const addon = typeof loaded === 'object' && loaded !== null && 'addon' in loaded ? loaded.addon : undefined;
  if (!isAddon(addon)) throw new OpenVINOError(`${folder}: expected the addon's Core and Tensor`, 'require');
  return adaptAddon(addon);
}

/** The adapter without loading, so that it can be tested with any addon of this shape. */
export function adaptAddon(addon: Addon): OpenVINO {
  const version = addon.getOpenvinoVersion?.() ?? Object.values(new addon.Core().getVersions('CPU'))[0];
  return {
    runtime: 'openvino-node',
    version: version?.buildNumber ?? 'unknown',
    Core: class extends NodeCore {
      constructor() {
        super(
          addon,
          attempt('new Core', () => new addon.Core()),
        );
      }
    },
    Tensor: class extends NodeTensor {
      constructor(type: ElementType, shape: readonly number[], data?: TensorData) {
        const { native, array } = NodeTensor.allocate(addon, type, shape, data);
        super(addon, native, array);
      }
      /** Output tensors are instances, too. */
      static override [Symbol.hasInstance](value: unknown): boolean {
        return NodeTensor.from(addon, value) !== undefined;
      }
    },
  };
}

function isAddon(value: unknown): value is Addon {
  return (
    typeof value === 'object' &&
    value !== null &&
    'Core' in value &&
    typeof value.Core === 'function' &&
    'Tensor' in value &&
    typeof value.Tensor === 'function'
  );
}

class NodeCore extends AddonHandle<AddonCore> implements Core {
  constructor(
    private readonly addon: Addon,
    native: AddonCore,
  ) {
    super(addon, native, 'Core');
  }

  getAvailableDevices(): string[] {
    return attempt('getAvailableDevices', () => this.native.getAvailableDevices());
  }
  getProperty(device: string, name: string): string {
    const where = asText('getProperty', 'the device', device);
    return readProperty(where, name, (property) => this.native.getProperty(where, property));
  }
  setProperty(device: string, properties: Config): void {
    const where = asText('setProperty', 'the device', device);
    const strings = configStrings(properties);
    attempt('setProperty', () => this.native.setProperty(where, strings));
  }

  getVersions(device: string): Record<string, { buildNumber: string; description: string }> {
    const where = asText('getVersions', 'the device', device);
    const versions = attempt('getVersions', () => this.native.getVersions(where));
    if (Object.keys(versions).length > 0) return versions; // an unknown device is no error in the addon
    const present = this.getAvailableDevices().join(', ');
    throw new OpenVINOError(`getVersions: no device "${where}". This machine has: ${present}.`, 'getVersions');
  }

  async readModel(xml: string, bin?: string): Promise<Model> {
    const { native } = this;
    return new NodeModel(
      this.addon,
      await namingFile(xml, () => mapping('readModel', () => native.readModel(...files(xml, bin)))),
      native,
    );
  }

  readModelSync(xml: string, bin?: string): Model {
    return new NodeModel(
      this.addon,
      namingFileSync(xml, () => attempt('readModelSync', () => this.native.readModelSync(...files(xml, bin)))),
      this.native,
    );
  }

  async compileModel(model: Model | string, device: string, config: Config = {}): Promise<CompiledModel> {
    const { native } = this;
    const values = this.#compileCall(model, device, config);
    const compiled = await namingFile(model, () => mapping('compileModel', () => native.compileModel(...values)));
    return new NodeCompiled(this.addon, compiled);
  }

  compileModelSync(model: Model | string, device: string, config: Config = {}): CompiledModel {
    const values = this.#compileCall(model, device, config);
    return new NodeCompiled(
      this.addon,
      namingFileSync(model, () => attempt('compileModelSync', () => this.native.compileModelSync(...values))),
    );
  }

  #compileCall(
    model: unknown,
    device: unknown,
    config: unknown,
  ): [model: AddonModel | string, device: string, config: Record<string, string>] {
    const call = 'compileModel';
    void this.native;
    return [unwrap(this.addon, model), asText(call, 'the device', device), configStrings(config)];
  }
}

class NodeModel extends AddonHandle<AddonModel> implements Model {
  #compiled: AddonCompiled | undefined;

  constructor(
    addon: Addon,
    native: AddonModel,
    private readonly core: AddonCore,
  ) {
    super(addon, native, 'Model');
  }

  get inputs(): Port[] {
    return ports(this.native.inputs, (name) => this.#typeOf(name));
  }
  get outputs(): Port[] {
    return ports(this.native.outputs, (name) => this.#typeOf(name));
  }
  isDynamic(): boolean {
    return this.native.isDynamic();
  }
  getFriendlyName(): string {
    return this.native.getFriendlyName();
  }

  reshape(shapes: Readonly<Record<string, readonly Dimension[]>>): this {
    const texts = readShapes(shapes).map(([name, shape]): [string, string] => [name, formatShape(shape)]);
    attempt('reshape', () => this.native.reshape(new Map(texts)));
    return this;
  }

  /** The addon's ports have no element type; the tensors of a compiled copy do. */
  #typeOf(name: string): ElementType {
    const compiled = (this.#compiled ??= attempt('compileModelSync', () =>
      this.core.compileModelSync(this.native, 'CPU', {}),
    ));
    return tensorType(compiled, name);
  }
}

class NodeCompiled extends AddonHandle<AddonCompiled> implements CompiledModel {
  readonly inputs: Port[];
  readonly outputs: Port[];

  readonly runs = new RunChooser();

  constructor(
    readonly addon: Addon,
    native: AddonCompiled,
  ) {
    super(addon, native, 'CompiledModel');
    this.inputs = ports(native.inputs, (name) => tensorType(native, name));
    this.outputs = ports(native.outputs, (name) => tensorType(native, name));
  }

  getProperty(name: string): string {
    return readProperty('the compiled model', name, (property) => this.native.getProperty(property));
  }
  createInferRequest(): InferRequest {
    return new NodeRequest(
      attempt('createInferRequest', () => this.native.createInferRequest()),
      this,
    );
  }
}

class NodePort implements Port {
  #type: ElementType | undefined;

  constructor(
    readonly anyName: string,
    private readonly shape: readonly Dimension[],
    private readonly typeOf: (name: string) => ElementType,
  ) {}

  getAnyName(): string {
    return this.anyName;
  }
  getPartialShape(): Dimension[] {
    return [...this.shape];
  }
  getElementType(): ElementType {
    return (this.#type ??= this.typeOf(this.anyName));
  }
  toString(): string {
    return `${this.anyName} ${this.getElementType()} ${formatShape(this.shape)}`;
  }
}

function ports(list: readonly AddonPort[], typeOf: (name: string) => ElementType): Port[] {
  return list.map((port) => new NodePort(port.getAnyName(), port.getPartialShape().getDimensions(), typeOf));
}

function tensorType(compiled: AddonCompiled, name: string): ElementType {
  return attempt('getTensor', () => parseType(compiled.createInferRequest().getTensor(name).getElementType()));
}

function mapping<T>(call: string, run: () => Promise<T>): Promise<T> {
  return whileMapping(() => attemptAsync(call, run));
}

function files(xml: unknown, bin: unknown): [xml: string, bin?: string] {
  assertFile(xml);
  if (bin === undefined) return [xml];
  assertFile(bin);
  return [xml, bin];
}

function unwrap(addon: Addon, model: unknown): AddonModel | string {
  if (typeof model === 'string') {
    assertFile(model);
    return model;
  }
  if (AddonHandle.isOf(addon, model) && model instanceof NodeModel) return model.native;
  throw foreignModel('compileModel');
}

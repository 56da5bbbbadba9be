// OpenVINO through openvino-node's addon: adapts its classes to types.ts and works around what they lack.
import * as path from 'node:path';
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
import { configStrings } from './config-strings';
import { OpenVINOError } from './errors';
import { foreignModel } from './misuse';
import { formatShape } from './format-shape';
import { NodeRequest, NodeTensor, parseType } from './node-request';
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
        super(new addon.Core());
      }
    },
    Tensor: class extends NodeTensor {
      constructor(type: ElementType, shape: readonly number[], data?: TensorData) {
        super(...NodeTensor.allocate(addon, type, shape, data));
      }
      /** Output tensors are instances, too. */
      static override [Symbol.hasInstance](value: unknown): boolean {
        return Function.prototype[Symbol.hasInstance].call(NodeTensor, value);
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
  constructor(native: AddonCore) {
    super(native, 'Core');
  }

  getAvailableDevices(): string[] {
    return attempt('getAvailableDevices', () => this.native.getAvailableDevices());
  }
  getProperty(device: string, name: string): string {
    return attempt('getProperty', () => String(this.native.getProperty(device, name)));
  }
  setProperty(device: string, properties: Config): void {
    attempt('setProperty', () => this.native.setProperty(device, configStrings(properties)));
  }
  getVersions(device: string): Record<string, { buildNumber: string; description: string }> {
    return attempt('getVersions', () => this.native.getVersions(device));
  }

  async readModel(xml: string, bin?: string): Promise<Model> {
    const { native } = this;
    return new NodeModel(await attemptAsync('readModel', () => native.readModel(...files(xml, bin))), native);
  }

  readModelSync(xml: string, bin?: string): Model {
    return new NodeModel(
      attempt('readModelSync', () => this.native.readModelSync(...files(xml, bin))),
      this.native,
    );
  }

  async compileModel(model: Model | string, device: string, config: Config = {}): Promise<CompiledModel> {
    const { native } = this;
    return new NodeCompiled(
      await attemptAsync('compileModel', () => native.compileModel(unwrap(model), device, configStrings(config))),
    );
  }

  compileModelSync(model: Model | string, device: string, config: Config = {}): CompiledModel {
    return new NodeCompiled(
      attempt('compileModelSync', () => this.native.compileModelSync(unwrap(model), device, configStrings(config))),
    );
  }
}

class NodeModel extends AddonHandle<AddonModel> implements Model {
  #compiled: AddonCompiled | undefined;

  constructor(
    native: AddonModel,
    private readonly core: AddonCore,
  ) {
    super(native, 'Model');
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
    attempt('reshape', () =>
      this.native.reshape(new Map(Object.entries(shapes).map(([name, shape]) => [name, formatShape(shape)]))),
    );
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

  constructor(native: AddonCompiled) {
    super(native, 'CompiledModel');
    this.inputs = ports(native.inputs, (name) => tensorType(native, name));
    this.outputs = ports(native.outputs, (name) => tensorType(native, name));
  }

  getProperty(name: string): string {
    return attempt('getProperty', () => String(this.native.getProperty(name)));
  }
  createInferRequest(): InferRequest {
    return new NodeRequest(attempt('createInferRequest', () => this.native.createInferRequest()));
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

function files(xml: string, bin?: string): [xml: string, bin?: string] {
  assertFile(xml);
  if (bin !== undefined) assertFile(bin);
  return bin === undefined ? [xml] : [xml, bin];
}

function unwrap(model: Model | string): AddonModel | string {
  if (typeof model === 'string') {
    assertFile(model);
    return model;
  }
  if (model instanceof NodeModel) return model.native;
  throw foreignModel('compileModel');
}

// OpenVINO through its C API: core and models. The library is that of the `openvino` wheel, the calls go through koffi.
import { namingFile, namingFileSync } from './naming-file';
import { assertFile } from './assert-file';
import { readShapes } from './check-call';
import { CFunctions, type Out, type Pointer } from './c-functions';
import { CORE_VERSION } from './c-signatures';
import { readPorts, toPartialShape, toProperties } from './c-ports';
import { CCompiledModel } from './c-request';
import { CTensor } from './c-tensor';
import { foreignModel } from './misuse';
import { Handle } from './handle';
import { whileMapping } from './mapped-weights';
import type { Config, Core, Dimension, ElementType, Model, OpenVINO, Port, TensorData } from './types';

/** Binds the C library at `library`; OpenVINO finds its plugins beside it. */
export function loadCApi(library: string): OpenVINO {
  const api = new CFunctions(library);
  const version: Out = {};
  api.call('ov_get_openvino_version', version);
  return {
    runtime: 'c-api',
    version: String(version.buildNumber),
    Core: class extends CCore {
      constructor() {
        super(api);
      }
    },
    Tensor: class extends CTensor {
      constructor(type: ElementType, shape: readonly number[], data?: TensorData) {
        super(api, CTensor.allocate(api, type, shape, data));
      }
      /** Output tensors are instances, too. */
      static override [Symbol.hasInstance](value: unknown): boolean {
        return CTensor.from(api, value) !== undefined;
      }
    },
  };
}

class CCore extends Handle implements Core {
  constructor(api: CFunctions) {
    super(api, api.out('ov_core_create'), 'ov_core_free', 'Core');
  }

  getAvailableDevices(): string[] {
    const list: Out = {};
    this.api.call('ov_core_get_available_devices', this.pointer, list);
    try {
      return this.api.list(list.devices, 'const char *', list.size).map(String);
    } finally {
      this.api.free('ov_available_devices_free', list);
    }
  }

  getProperty(device: string, name: string): string {
    return this.api.outString('ov_core_get_property', this.pointer, device, name);
  }

  setProperty(device: string, properties: Config): void {
    const list = toProperties(properties);
    if (list.length > 0) this.api.call('ov_core_set_properties', this.pointer, device, list.length, list);
  }

  getVersions(device: string): Record<string, { buildNumber: string; description: string }> {
    const list: Out = {};
    this.api.call('ov_core_get_versions_by_device_name', this.pointer, device, list);
    try {
      return Object.fromEntries(this.api.list(list.versions, CORE_VERSION, list.size).map(parseVersion));
    } finally {
      this.api.free('ov_core_versions_free', list);
    }
  }

  async readModel(xml: string, bin?: string): Promise<Model> {
    assertFile(xml);
    if (bin !== undefined) assertFile(bin);
    return new CModel(
      this.api,
      await namingFile(xml, () =>
        this.#map(() => this.api.outAsync('ov_core_read_model', [this.pointer, xml, bin ?? null])),
      ),
    );
  }

  readModelSync(xml: string, bin?: string): Model {
    assertFile(xml);
    if (bin !== undefined) assertFile(bin);
    return new CModel(
      this.api,
      namingFileSync(xml, () => this.api.out('ov_core_read_model', this.pointer, xml, bin ?? null)),
    );
  }

  async compileModel(model: Model | string, device: string, config: Config = {}): Promise<CCompiledModel> {
    const { name, values } = this.#compileCall(model, device, config);
    const compile = (): Promise<Pointer> => namingFile(model, () => this.#map(() => this.api.outAsync(name, values)));
    return new CCompiledModel(this.api, await (isModel(this.api, model) ? model.during(compile) : compile()));
  }

  compileModelSync(model: Model | string, device: string, config: Config = {}): CCompiledModel {
    const { name, values } = this.#compileCall(model, device, config);
    return new CCompiledModel(
      this.api,
      namingFileSync(model, () => this.api.out(name, ...values)),
    );
  }

  #map<T>(run: () => Promise<T>): Promise<T> {
    return whileMapping(() => this.during(run));
  }

  #compileCall(
    model: Model | string,
    device: string,
    config: Config,
  ): { name: 'ov_core_compile_model_props' | 'ov_core_compile_model_from_file_props'; values: unknown[] } {
    const list = toProperties(config);
    const properties = [list.length, list.length > 0 ? list : null];
    if (typeof model === 'string') {
      assertFile(model);
      return { name: 'ov_core_compile_model_from_file_props', values: [this.pointer, model, device, ...properties] };
    }
    if (!isModel(this.api, model)) throw foreignModel('ov_core_compile_model');
    return { name: 'ov_core_compile_model_props', values: [this.pointer, model.pointer, device, ...properties] };
  }
}

class CModel extends Handle implements Model {
  constructor(api: CFunctions, pointer: Pointer) {
    super(api, pointer, 'ov_model_free', 'Model');
  }

  get inputs(): Port[] {
    return readPorts(this.api, this.pointer, 'ov_model_inputs_size', 'ov_model_const_input_by_index');
  }
  get outputs(): Port[] {
    return readPorts(this.api, this.pointer, 'ov_model_outputs_size', 'ov_model_const_output_by_index');
  }

  reshape(shapes: Readonly<Record<string, readonly Dimension[]>>): this {
    const entries = readShapes(shapes);
    this.api.call(
      'ov_model_reshape',
      this.pointer,
      entries.map(([name]) => name),
      entries.map(([, shape]) => toPartialShape(shape)),
      entries.length,
    );
    return this;
  }

  isDynamic(): boolean {
    return this.api.isDynamic(this.pointer);
  }

  getFriendlyName(): string {
    return this.api.outString('ov_model_get_friendly_name', this.pointer);
  }
}

function isModel(api: CFunctions, value: unknown): value is CModel {
  return Handle.isOf(api, value) && value instanceof CModel;
}

function parseVersion(entry: Out): [device: string, version: { buildNumber: string; description: string }] {
  const version = typeof entry.version === 'object' && entry.version !== null ? entry.version : {};
  const text = (key: string): string => String(Object.entries(version).find(([name]) => name === key)?.[1] ?? '');
  return [String(entry.device_name), { buildNumber: text('buildNumber'), description: text('description') }];
}

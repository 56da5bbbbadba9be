// OpenVINO over its C API: core and models. The library comes from the `openvino` wheel, the calls go through koffi.
import * as fs from 'node:fs';
import koffi from 'koffi';
import { CFunctions, CORE_VERSION, type Out, type Pointer } from './c-functions';
import { readPorts, toPartialShape, toProperties } from './c-ports';
import { CCompiledModel } from './c-request';
import { CTensor } from './c-tensor';
import { OpenVINOError } from './errors';
import { Handle } from './handle';
import type { Config, Core, Dimension, ElementType, Model, OpenVINO, Port, Tensor, TensorData } from './types';

/** Binds the C library at `library`; plugins are found beside it. */
export function loadCApi(library: string): OpenVINO {
  const api = new CFunctions(library);
  const version: Out = {};
  api.call('ov_get_openvino_version', version);
  return {
    runtime: 'c-api',
    version: String(version.buildNumber),
    Core: class extends CCore { constructor() { super(api); } },
    // `new Tensor(...)` returns the shared-memory tensor of this library.
    Tensor: function create(type: ElementType, shape: readonly number[], data?: TensorData): Tensor {
      return CTensor.create(api, type, shape, data);
    } as unknown as OpenVINO['Tensor'],
  };
}

class CCore extends Handle implements Core {
  constructor(api: CFunctions) {
    super(api, api.out('ov_core_create'), 'ov_core_free');
  }

  getAvailableDevices(): string[] {
    const list: Out = {};
    this.api.call('ov_core_get_available_devices', this.pointer, list);
    const size = Number(list.size);
    const names: unknown = size > 0 ? koffi.decode(list.devices, koffi.array('const char *', size)) : [];
    this.api.free('ov_available_devices_free', list);
    return Array.isArray(names) ? names.map(String) : [];
  }

  getProperty(device: string, name: string): string {
    return this.api.outString('ov_core_get_property', this.pointer, device, name);
  }

  setProperty(device: string, properties: Config): void {
    const list = toProperties(properties);
    this.api.call('ov_core_set_properties', this.pointer, device, list.length, list);
  }

  getVersions(device: string): Record<string, { buildNumber: string; description: string }> {
    const list: Out = {};
    this.api.call('ov_core_get_versions_by_device_name', this.pointer, device, list);
    const entries: unknown = koffi.decode(list.versions, koffi.array(CORE_VERSION, Number(list.size)));
    const result: Record<string, { buildNumber: string; description: string }> = {};
    if (Array.isArray(entries))
      for (const { device_name, version } of entries as { device_name: string; version: { buildNumber: string; description: string } }[])
        result[device_name] = { buildNumber: version.buildNumber, description: version.description };
    this.api.free('ov_core_versions_free', list);
    return result;
  }

  async readModel(xml: string, bin?: string): Promise<Model> {
    assertExists(xml);
    return new CModel(this.api, await this.api.outAsync('ov_core_read_model', [this.pointer, xml, bin ?? null], this));
  }

  readModelSync(xml: string, bin?: string): Model {
    assertExists(xml);
    return new CModel(this.api, this.api.out('ov_core_read_model', this.pointer, xml, bin ?? null));
  }

  async compileModel(model: Model | string, device: string, config: Config = {}): Promise<CCompiledModel> {
    const { name, values } = this.#compileCall(model, device, config);
    return new CCompiledModel(this.api, await this.api.outAsync(name, values, [this, model]));
  }

  compileModelSync(model: Model | string, device: string, config: Config = {}): CCompiledModel {
    const { name, values } = this.#compileCall(model, device, config);
    return new CCompiledModel(this.api, this.api.out(name, ...values));
  }

  #compileCall(model: Model | string, device: string, config: Config): { name: 'ov_core_compile_model_props' | 'ov_core_compile_model_from_file_props'; values: unknown[] } {
    const list = toProperties(config);
    const properties = [list.length, list.length > 0 ? list : null];
    if (typeof model === 'string') {
      assertExists(model);
      return { name: 'ov_core_compile_model_from_file_props', values: [this.pointer, model, device, ...properties] };
    }
    if (!(model instanceof CModel)) throw new OpenVINOError('compileModel: the model belongs to another runtime; read it with this core', 'ov_core_compile_model');
    return { name: 'ov_core_compile_model_props', values: [this.pointer, model.pointer, device, ...properties] };
  }
}

class CModel extends Handle implements Model {
  constructor(api: CFunctions, pointer: Pointer) {
    super(api, pointer, 'ov_model_free');
  }

  get inputs(): Port[] { return readPorts(this.api, this.pointer, 'ov_model_inputs_size', 'ov_model_const_input_by_index'); }
  get outputs(): Port[] { return readPorts(this.api, this.pointer, 'ov_model_outputs_size', 'ov_model_const_output_by_index'); }

  reshape(shapes: Readonly<Record<string, readonly Dimension[]>>): this {
    const names = Object.keys(shapes);
    this.api.call('ov_model_reshape', this.pointer, names, names.map((name) => toPartialShape(shapes[name])), names.length);
    return this;
  }

  isDynamic(): boolean {
    return [...this.inputs, ...this.outputs].some((port) => port.getPartialShape().some((dim) => typeof dim !== 'number' || dim < 0));
  }

  getFriendlyName(): string {
    return this.api.outString('ov_model_get_friendly_name', this.pointer);
  }
}

function assertExists(file: string): void {
  if (!fs.existsSync(file)) throw new OpenVINOError(`${file}: no such file. Expected an OpenVINO IR (.xml with its .bin beside it); write one with convertBlip.`, 'ov_core_read_model');
}

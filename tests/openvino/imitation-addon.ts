// openvino-node's addon in imitation, over another runtime: its call shapes and its traps, as its C++ sources and a
// build of 2026.4 show them. Arguments are counted; arrays are shared whole or refused, and not kept alive; inferAsync
// binds by position; results are copies, in alphabetical order. Where the addon ends the process, this one does, too.
import type { Addon, AddonCompiled, AddonModel, AddonPort, AddonRequest, AddonTensor } from '../../lib/openvino/addon';
import type {
  CompiledModel,
  Core,
  Dimension,
  ElementType,
  InferRequest,
  Model,
  OpenVINO,
  Port,
  Tensor,
  TensorData,
} from '../../lib/openvino/types';

const TENSOR_TYPES: readonly string[] = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'f32', 'f64', 'i64', 'u64'];
const UNREADABLE: readonly string[] = ['f16', 'boolean'];

/** What the adapter did, for tests. */
export interface Calls {
  compiled: number;
  /** Inferences on the calling thread, and on a thread of their own. */
  inferred: number;
  inferredAsync: number;
}

export function noCalls(): Calls {
  return { compiled: 0, inferred: 0, inferredAsync: 0 };
}

/** What the addon does where it hands native code something that it cannot take. */
function die(reason: string): never {
  process.stderr.write(`imitated addon: ${reason}\n`);
  process.abort();
}

export function imitateAddon(ov: OpenVINO, calls: Calls = noCalls()): Addon {
  class FakeTensor implements AddonTensor {
    readonly own: Tensor;
    readonly #memory: TensorData | undefined;
    /**
     * The shared array, which the addon does not keep alive: here a collected one is found out, there it is read all
     * the same.
     */
    readonly #shared: WeakRef<TensorData> | undefined;

    constructor(...args: [own: Tensor] | [type: string, shape: number[], data?: TensorData]) {
      if (typeof args[0] !== 'string') {
        this.own = args[0];
        return;
      }
      const [type, shape, data] = args;
      if (!isTensorType(type)) throw new Error('Cannot create ov::element::Type');
      if (!Array.isArray(shape) || !shape.every((dim) => typeof dim === 'number'))
        throw new Error('Passed array must contain only numbers.');
      if (args.length === 3) {
        if (!ArrayBuffer.isView(data)) throw new Error('Third argument of a tensor must be of type TypedArray.');
        if (data.byteOffset !== 0) throw new Error('TypedArray.byteOffset has to be equal to zero.');
        if (!(data.buffer instanceof ArrayBuffer)) throw new Error('A shared buffer is no ArrayBuffer.');
        this.#memory = data.slice();
        this.own = new ov.Tensor(type, shape, this.#memory);
        if (this.#memory.byteLength !== data.buffer.byteLength)
          throw new Error("Memory allocated using shape and element::type mismatch passed data's size");
        this.#shared = new WeakRef(data);
      } else this.own = new ov.Tensor(type, shape);
    }

    /** One memory in the addon; here two that are made equal around each run. */
    pull(): void {
      if (this.#memory) copy(this.#array(), this.#memory);
    }
    push(): void {
      if (this.#memory) copy(this.#memory, this.#array());
    }
    #array(): TensorData {
      const array = this.#shared?.deref();
      if (!array) throw new Error('use after free: the array under a bound tensor was collected');
      return array;
    }

    getData(): TensorData {
      if (UNREADABLE.includes(this.own.getElementType())) throw new Error('Failed to return tensor data.');
      this.pull();
      return this.own.getData();
    }
    getElementType(): string {
      return this.own.getElementType();
    }
    getShape(): number[] {
      return this.own.getShape();
    }
    getSize(): number {
      return this.own.getSize();
    }
  }

  /** One lock for all requests, as in the addon. */
  let lock: Promise<unknown> = Promise.resolve();

  class FakeRequest implements AddonRequest {
    readonly #bound = new Map<string, FakeTensor>();
    constructor(
      readonly request: InferRequest,
      readonly compiled: CompiledModel,
    ) {}

    setTensor(...args: [name: string, tensor: AddonTensor]): void {
      const [name, tensor] = args;
      if (args.length !== 2 || !(tensor instanceof FakeTensor))
        throw new Error('InferRequest.setTensor() invalid argument.');
      this.request.setTensor(name, tensor.own);
      this.#bound.set(name, tensor);
    }
    getTensor(name: string): FakeTensor {
      return this.#bound.get(name) ?? new FakeTensor(this.request.getTensor(name));
    }

    infer(...args: readonly unknown[]): Record<string, AddonTensor> {
      if (args.length > 0) throw new Error('the adapter binds by name, then infers without arguments');
      calls.inferred++;
      this.#before();
      this.request.run();
      return this.#results();
    }

    async inferAsync(
      ...args: [inputs: AddonTensor[] | Record<string, AddonTensor>]
    ): Promise<Record<string, AddonTensor>> {
      if (args.length !== 1) throw new Error('InferAsync method takes as an argument an array or an object.');
      // The keys play no part
      Object.values(args[0]).forEach((tensor, index) => this.setTensor(this.compiled.inputs[index].anyName, tensor));
      calls.inferredAsync++;
      const turn = async (): Promise<Record<string, AddonTensor>> => {
        this.#before();
        await this.request.runAsync();
        return this.#results();
      };
      const result = lock.then(turn, turn);
      lock = result.catch(() => undefined);
      return result;
    }

    #before(): void {
      for (const tensor of this.#bound.values()) tensor.pull();
    }
    #results(): Record<string, AddonTensor> {
      for (const { anyName } of this.compiled.outputs) this.#bound.get(anyName)?.push();
      const names = this.compiled.outputs.map(({ anyName }) => anyName).sort();
      return Object.fromEntries(
        names.map((anyName) => {
          const live = this.request.getTensor(anyName);
          if (live.getSize() === 0) die(`memcpy to the output "${anyName}", which has no values`);
          return [anyName, new FakeTensor(new ov.Tensor(live.getElementType(), live.getShape(), live.getData()))];
        }),
      );
    }
  }

  class FakeCompiled implements AddonCompiled {
    readonly inputs: AddonPort[];
    readonly outputs: AddonPort[];
    constructor(readonly compiled: CompiledModel) {
      calls.compiled++;
      this.inputs = compiled.inputs.map(fakePort);
      this.outputs = compiled.outputs.map(fakePort);
    }
    getProperty(name: string): unknown {
      return readAny((property) => this.compiled.getProperty(property), name);
    }
    createInferRequest(): FakeRequest {
      return new FakeRequest(this.compiled.createInferRequest(), this.compiled);
    }
  }

  class FakeModel implements AddonModel {
    constructor(readonly model: Model) {}
    get inputs(): AddonPort[] {
      return this.model.inputs.map(fakePort);
    }
    get outputs(): AddonPort[] {
      return this.model.outputs.map(fakePort);
    }
    reshape(shapes: Map<string, string>): this {
      if (!(shapes instanceof Map)) throw new Error('reshape takes a Map');
      this.model.reshape(Object.fromEntries([...shapes].map(([name, text]) => [name, parseShape(text)])));
      return this;
    }
    isDynamic(): boolean {
      return this.model.isDynamic();
    }
    getFriendlyName(): string {
      return this.model.getFriendlyName();
    }
  }

  class FakeCore {
    readonly core: Core = new ov.Core();
    getAvailableDevices(): string[] {
      return this.core.getAvailableDevices();
    }
    getProperty(device: string, name: string): unknown {
      return readAny((property) => this.core.getProperty(device, property), name);
    }
    setProperty(device: string, properties: Record<string, string>): void {
      this.core.setProperty(device, properties);
    }
    getVersions(device: string): Record<string, { buildNumber: string; description: string }> {
      return this.getAvailableDevices().includes(device) ? this.core.getVersions(device) : {};
    }
    async readModel(...files: [xml: string, bin?: string]): Promise<FakeModel> {
      assertStrings(files);
      return new FakeModel(await this.core.readModel(...files));
    }
    readModelSync(...files: [xml: string, bin?: string]): FakeModel {
      assertStrings(files);
      return new FakeModel(this.core.readModelSync(...files));
    }
    async compileModel(
      model: AddonModel | string,
      device: string,
      config: Record<string, string>,
    ): Promise<FakeCompiled> {
      return new FakeCompiled(await this.core.compileModel(unwrap(model), device, config));
    }
    compileModelSync(model: AddonModel | string, device: string, config: Record<string, string>): FakeCompiled {
      return new FakeCompiled(this.core.compileModelSync(unwrap(model), device, config));
    }
  }

  function unwrap(model: AddonModel | string): Model | string {
    if (typeof model === 'string') return model;
    if (model instanceof FakeModel) return model.model;
    throw new Error('Cannot create Model from Napi::Object.');
  }

  return { Core: FakeCore, Tensor: FakeTensor };
}

/** A port has a name and a partial shape, no element type. */
function fakePort(port: Port): AddonPort {
  return {
    getAnyName: () => port.getAnyName(),
    getPartialShape: () => ({ getDimensions: () => port.getPartialShape() }),
  };
}

/** The types of ov::Any that have no JavaScript value there: maps, 64-bit unsigned numbers, floats, priorities. */
const WITHOUT_VALUE: readonly string[] = [
  'DEVICE_PROPERTIES',
  'DYNAMIC_QUANTIZATION_GROUP_SIZE',
  'KEY_CACHE_GROUP_SIZE',
  'VALUE_CACHE_GROUP_SIZE',
  'CPU_SPARSE_WEIGHTS_DECOMPRESSION_RATE',
  'MODEL_PRIORITY',
];
const LISTS: readonly string[] = [
  'SUPPORTED_PROPERTIES',
  'AVAILABLE_DEVICES',
  'OPTIMIZATION_CAPABILITIES',
  'EXECUTION_DEVICES',
];

/** A property as ov::Any becomes a JavaScript value: numbers, booleans, lists, and nothing for some types. */
function readAny(read: (name: string) => string, name: string): unknown {
  const supported = read('SUPPORTED_PROPERTIES').split(' ');
  if (!supported.includes(name) && name !== 'SUPPORTED_PROPERTIES') die(`the unknown property "${name}"`);
  const value = read(name);
  if (WITHOUT_VALUE.includes(name)) return undefined;
  if (LISTS.includes(name)) return value.split(' ');
  if (/^\d+( \d+)+$/.test(value)) return value.split(' ').map(Number);
  if (/^\d+$/.test(value)) return Number(value);
  return value === 'YES' || value === 'NO' ? value === 'YES' : value;
}

function isTensorType(name: string): name is ElementType {
  return TENSOR_TYPES.includes(name);
}

function assertStrings(files: readonly unknown[]): void {
  if (!files.every((file) => typeof file === 'string'))
    throw new Error("'readModel' method called with incorrect parameters.");
}

/** @example parseShape('[?,3,1..8]') // [-1, 3, [1, 8]] */
function parseShape(text: string): Dimension[] {
  return text
    .slice(1, -1)
    .split(',')
    .filter((dim) => dim !== '')
    .map((dim) => {
      const range = /^(\d+)\.\.(\d*)$/.exec(dim);
      if (range) return [Number(range[1]), range[2] === '' ? -1 : Number(range[2])];
      if (!/^(\?|\d+)$/.test(dim)) throw new Error(`not a dimension: ${dim}`);
      return dim === '?' ? -1 : Number(dim);
    });
}

function copy(from: TensorData, to: TensorData): void {
  new Uint8Array(to.buffer, to.byteOffset, to.byteLength).set(
    new Uint8Array(from.buffer, from.byteOffset, from.byteLength),
  );
}

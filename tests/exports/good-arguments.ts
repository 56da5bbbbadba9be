// Arguments that calls accept, so that odd ones are also seen behind them, and objects whose methods are called.
import * as path from 'node:path';
import { loadOpenVINO } from '../../lib/openvino';

const ROOT = path.join(__dirname, '..', '..');
const MODEL = path.join(ROOT, 'models', 'blip-scenes');
const XML = process.env.PROBE_MODEL ?? '';

const GOOD: Readonly<Record<string, readonly unknown[]>> = {
  loadCheckpoint: [MODEL, {}],
  irStatistics: [XML],
  'Core.getProperty': ['CPU', 'PERFORMANCE_HINT'],
  'Core.setProperty': ['CPU', {}],
  'Core.readModel': [XML, XML.replace('.xml', '.bin')],
  'Core.readModelSync': [XML, XML.replace('.xml', '.bin')],
  'Core.compileModel': [XML, 'CPU', {}],
  'Core.compileModelSync': [XML, 'CPU', {}],
  'InferRequest.readInto': ['y', new Float32Array(1)],
  'new Tensor': ['f32', [1], new Float32Array(1)],
};

/** The values before the odd one; `x` where nothing better is known. */
export function goodArguments(name: string): readonly unknown[] {
  return GOOD[name] ?? [];
}

export interface Instance {
  readonly name: string;
  make(): object | Promise<object>;
  /** All of its class by default. */
  readonly methods?: readonly string[];
}

/** Objects of the classes that an entry's functions return. */
export function instances(entry: string): Instance[] {
  if (entry !== 'openvino') return [];
  const ov = loadOpenVINO();
  const core = new ov.Core();
  const methods = (...names: readonly string[]): readonly string[] => names;
  return [
    {
      name: 'Core',
      make: () => core,
      methods: methods(
        'getProperty',
        'setProperty',
        'getVersions',
        'readModel',
        'readModelSync',
        'compileModel',
        'compileModelSync',
      ),
    },
    { name: 'Model', make: () => core.readModelSync(XML), methods: methods('reshape') },
    {
      name: 'CompiledModel',
      make: () => core.compileModelSync(XML, 'CPU'),
      methods: methods('getProperty', 'createInferRequest'),
    },
    {
      name: 'InferRequest',
      make: () => core.compileModelSync(XML, 'CPU').createInferRequest(),
      methods: methods('setTensor', 'getTensor', 'infer', 'inferAsync', 'readInto', 'cancel', 'getProfilingInfo'),
    },
    {
      name: 'Runtime',
      make: () => ({ tensor: (...values: never[]) => Reflect.construct(ov.Tensor, values) }),
      methods: methods('tensor'),
    },
  ];
}

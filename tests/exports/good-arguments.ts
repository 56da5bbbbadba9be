// Arguments that calls accept, so that odd ones are also seen behind them, and objects whose methods are called.
import * as path from 'node:path';
import { OVBlipMatcher, OVBlipModel } from '../../lib/generation';
import { loadOpenVINO } from '../../lib/openvino';
import { pipeline } from '../../lib/pipelines';
import { BlipProcessor, BlipTokenizer } from '../../lib/preprocessing';

const ROOT = path.join(__dirname, '..', '..');
const MODEL = path.join(ROOT, 'models', 'blip-scenes');
const XML = process.env.PROBE_MODEL ?? '';
const MATCHER = process.env.PROBE_MATCHER ?? '';
const IMAGE = path.join(ROOT, 'data', 'pictures', 'demo.jpg');

/** Of the bundled model. */
const PIXELS = { data: new Float32Array(3 * 128 * 128), dims: [1, 3, 128, 128] };
const TEXT = {
  input_ids: new BigInt64Array([101n, 102n]),
  attention_mask: new BigInt64Array([1n, 1n]),
  dims: [1, 2],
};

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
  'OVBlipModel.generateCaption': [{ pixel_values: PIXELS }, {}],
  'OVBlipModel.generateAnswer': [{ pixel_values: PIXELS, ...TEXT }, {}],
  'OVBlipModel.streamCaption': [{ pixel_values: PIXELS }, {}],
  'OVBlipModel.streamAnswer': [{ pixel_values: PIXELS, ...TEXT }, {}],
  'OVBlipModel.traceSequence': [{ pixel_values: PIXELS }, [30524, 102], {}],
  'BlipProcessor.image': [IMAGE, {}],
  'BlipProcessor.images': [[IMAGE], {}],
  'image-to-text': [IMAGE, {}],
  'image-to-text.stream': [IMAGE, {}],
  'image-to-text.trace': [IMAGE, {}],
  'visual-question-answering': [IMAGE, 'how many dogs are there?', {}],
  'visual-question-answering.stream': [IMAGE, 'how many dogs are there?', {}],
  'visual-question-answering.trace': [IMAGE, 'how many dogs are there?', {}],
  'OVBlipMatcher.traceMatch': [{ pixel_values: PIXELS, ...TEXT }],
  'image-text-matching': [IMAGE, 'two dogs', {}],
  'image-text-matching.trace': [IMAGE, 'two dogs', {}],
  'image-feature-extraction': [IMAGE, {}],
  'feature-extraction': ['two dogs', {}],
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
  if (entry === 'objects') return [...blipObjects(), ...pipelines()];
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

function blipObjects(): Instance[] {
  return [
    { name: 'OVBlipModel', make: () => OVBlipModel.fromPretrained(MODEL) },
    { name: 'OVBlipMatcher', make: () => OVBlipMatcher.load(MATCHER) },
    { name: 'BlipProcessor', make: () => BlipProcessor.fromPretrained(MODEL, { on_warning: () => {} }) },
    { name: 'BlipTokenizer', make: () => new BlipTokenizer(MODEL) },
  ];
}

function pipelines(): Instance[] {
  return [
    { name: 'image-to-text', make: () => pipeline('image-to-text', MODEL) },
    { name: 'visual-question-answering', make: () => pipeline('visual-question-answering', MODEL) },
    { name: 'image-text-matching', make: () => pipeline('image-text-matching', MATCHER) },
    { name: 'image-feature-extraction', make: () => pipeline('image-feature-extraction', MATCHER) },
    { name: 'feature-extraction', make: () => pipeline('feature-extraction', MATCHER) },
  ];
}

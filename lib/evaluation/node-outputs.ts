// What operations inside a model compute: a copy of the graph in which they are outputs, run once. For looking into
// models, and for comparing one with another step by step.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { reportProgress, type ProgressCallback } from '../core/progress';
import { loadOpenVINO, type Config, type Tensor } from '../openvino';
import { addResults, readIR, ReadIRError } from '../ir';

export interface NodeOutput {
  /** Row-major. */
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

export interface NodeOutputsOptions {
  readonly device?: string;
  /** `{ INFERENCE_PRECISION_HINT: 'f32' }` by default: as exact as the device can. */
  readonly properties?: Config;
  /** Told after each of the inputs. */
  readonly progress_callback?: ProgressCallback;
  /** Looked at between the inputs: the present one is finished first. */
  readonly signal?: AbortSignal;
}

/** Inputs of a model by name, each in f32. */
export type NodeInputs = Readonly<Record<string, { readonly data: Float32Array; readonly dims: readonly number[] }>>;

/**
 * Runs a model for each of `inputs` and returns what the named operations computed, in f32: one list per input, in the
 * order of `names`. The names are those that Netron shows; here, mostly the checkpoint's own.
 *
 * @example
 * const [[normalized]] = await nodeOutputs(xml, [{ pixel_values }], ['vision_model.encoder.layers.0.layer_norm1']);
 * normalized.dims // [1, 65, 192]
 * @throws {ReadIRError} when the model has no such operation, or its first output is not f32
 */
export async function nodeOutputs(
  xml: string,
  inputs: readonly NodeInputs[],
  names: readonly string[],
  options: NodeOutputsOptions = {},
): Promise<NodeOutput[][]> {
  checkArguments('nodeOutputs', {
    xml: [xml, 'path'],
    inputs: [inputs, 'list'],
    names: [names, 'texts'],
  });
  checkOptions('nodeOutputs', options, ['device', 'properties', 'progress_callback', 'signal']);
  const { device = 'CPU', properties = { INFERENCE_PRECISION_HINT: 'f32' }, progress_callback, signal } = options;
  checkArguments('nodeOutputs', { device: [device, 'text'], properties: [properties, 'object'] });
  for (const each of inputs) {
    checkArguments('nodeOutputs', { 'each of inputs': [each, 'object'] });
    for (const [name, value] of Object.entries(each))
      checkArguments('nodeOutputs', { [`input ${name}`]: [value, ['data', 'dims']] });
  }
  signal?.throwIfAborted();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-node-outputs-'));
  const { Core, Tensor: NewTensor } = loadOpenVINO();
  const core = new Core();
  try {
    const file = path.join(folder, 'model.xml');
    const outputOf = new Map(names.map((name, index) => [name, `node_outputs.${index}`]));
    const results = Object.fromEntries([...outputOf].map(([name, id]) => [id, name]));
    await fs.promises.writeFile(file, addResults(xml, results));
    const model = await core.compileModel(await core.readModel(file, readIR(xml).bin), device, properties);
    const request = model.createInferRequest();
    const found: NodeOutput[][] = [];
    try {
      for (const each of inputs) {
        signal?.throwIfAborted();
        const tensors = Object.entries(each).map(([name, { data, dims }]): [string, Tensor] => [
          name,
          new NewTensor('f32', dims, data),
        ]);
        await request.inferAsync(Object.fromEntries(tensors));
        found.push(names.map((name) => output(xml, name, request.getTensor(outputOf.get(name) ?? name))));
        await reportProgress(progress_callback, { status: 'run', loaded: found.length, total: inputs.length }, signal);
      }
    } finally {
      request.dispose();
      model.dispose();
    }
    return found;
  } finally {
    core.dispose();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function output(xml: string, name: string, tensor: Tensor): NodeOutput {
  const data = tensor.getData();
  if (!(data instanceof Float32Array))
    throw new ReadIRError(
      `${xml}: the output of "${name}" is ${tensor.getElementType()}, expected f32. Name another operation.`,
    );
  return { data, dims: tensor.getShape() };
}

// What operations inside a model compute: a copy of the graph in which they are outputs, run once. For looking into
// models, and for comparing one with another step by step.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { readText } from '../core/read-text';
import { loadOpenVINO, type Config, type Tensor } from '../openvino';
import { MAX_XML_BYTES, ReadIRError, readIR, type IRFile } from './read-ir';

export interface NodeOutput {
  /** Row-major. */
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

export interface NodeOutputsOptions {
  readonly device?: string;
  /** `{ INFERENCE_PRECISION_HINT: 'f32' }` by default: as exact as the device can. */
  readonly properties?: Config;
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
    options: [options, 'object'],
  });
  const { device = 'CPU', properties = { INFERENCE_PRECISION_HINT: 'f32' } } = options;
  checkArguments('nodeOutputs', { device: [device, 'text'], properties: [properties, 'object'] });
  for (const each of inputs) {
    checkArguments('nodeOutputs', { 'each of inputs': [each, 'object'] });
    for (const [name, value] of Object.entries(each))
      checkArguments('nodeOutputs', { [`input ${name}`]: [value, ['data', 'dims']] });
  }
  const ir = readIR(xml);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-node-outputs-'));
  const { Core, Tensor: NewTensor } = loadOpenVINO();
  const core = new Core();
  try {
    const file = path.join(folder, 'model.xml');
    await fs.promises.writeFile(file, withResults(ir, names));
    const model = await core.compileModel(await core.readModel(file, ir.bin), device, properties);
    const request = model.createInferRequest();
    const found: NodeOutput[][] = [];
    for (const each of inputs) {
      const tensors = Object.entries(each).map(([name, { data, dims }]): [string, Tensor] => [
        name,
        new NewTensor('f32', dims, data),
      ]);
      const outputs = await request.inferAsync(Object.fromEntries(tensors));
      found.push(names.map((name, index) => output(xml, name, outputs[tensorName(index)])));
    }
    request.dispose();
    model.dispose();
    return found;
  } finally {
    core.dispose();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Names of tensors that no converter writes. */
function tensorName(index: number): string {
  return `node_outputs.${index}`;
}

function output(xml: string, name: string, tensor: Tensor | undefined): NodeOutput {
  const data = tensor?.getData();
  if (!tensor || !(data instanceof Float32Array))
    throw new ReadIRError(
      `${xml}: the output of "${name}" is ${tensor?.getElementType() ?? 'none'}, expected f32. Name another operation.`,
    );
  return { data, dims: tensor.getShape() };
}

/** The graph's text with a Result for the first output of each named layer. */
function withResults(ir: IRFile, names: readonly string[]): string {
  let text = readText(ir.xml, { maxBytes: MAX_XML_BYTES, error: ReadIRError });
  const firstId = Math.max(...ir.layers.map(({ id }) => id)) + 1;
  const results: string[] = [];
  const edges: string[] = [];
  names.forEach((name, index) => {
    const { id: from } = ir.layer(name);
    const start = text.indexOf(`<layer id="${from}" `);
    const end = text.indexOf('</layer>', start);
    const layer = text.slice(start, end);
    const port = /<output>\s*<port id="(\d+)" (precision="[^"]*")(?: names="([^"]*)")?/.exec(layer);
    if (!port) throw new ReadIRError(`${ir.xml}: layer "${name}" has no output. Name another operation.`);
    const [tag, portId, precision, others] = port;
    const tensorNames = [...(others ? [others] : []), tensorName(index)].join(',');
    const named = `<output><port id="${portId}" ${precision} names="${tensorNames}"`;
    const at = start + port.index;
    text = text.slice(0, at) + named + text.slice(at + tag.length);
    const id = firstId + index;
    results.push(
      `<layer id="${id}" name="${tensorName(index)}/result" type="Result" version="opset1">` +
        `<input><port id="0" ${precision}/></input></layer>`,
    );
    edges.push(`<edge from-layer="${from}" from-port="${portId}" to-layer="${id}" to-port="0"/>`);
  });
  return text
    .replace('</layers>', () => `${results.join('')}</layers>`)
    .replace('</edges>', () => `${edges.join('')}</edges>`);
}

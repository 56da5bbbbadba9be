// A model's inputs and outputs as table rows: the interface that a notebook shows after each conversion.
import { checkArguments } from '../core/check-arguments';
import type { Model, Port } from '../openvino';

/** One input or output. */
export interface PortRow {
  readonly port: 'input' | 'output';
  readonly name: string;
  readonly type: string;
  readonly shape: string;
}

/**
 * Rows for every input and output of a model; `?` is a dimension that is dynamic at run time.
 *
 * @example
 * describePorts(visionModel)[0]
 * // { port: 'input', name: 'pixel_values', type: 'f32', shape: '[?, 3, 384, 384]' }
 */
export function describePorts(model: Pick<Model, 'inputs' | 'outputs'>): PortRow[] {
  checkArguments('describePorts', { model: [model, ['inputs', 'outputs']] });
  const { inputs, outputs } = model;
  checkArguments('describePorts', { 'model.inputs': [inputs, 'list'], 'model.outputs': [outputs, 'list'] });
  return [...inputs.map((port) => row('input', port)), ...outputs.map((port) => row('output', port))];
}

function row(kind: PortRow['port'], port: Port): PortRow {
  const dims = port.getPartialShape().map((dim) => {
    if (typeof dim !== 'number') return `${dim[0]}..${dim[1] < 0 ? '' : dim[1]}`;
    return dim < 0 ? '?' : String(dim);
  });
  return { port: kind, name: port.getAnyName(), type: port.getElementType(), shape: `[${dims.join(', ')}]` };
}

// Hugging Face's activation functions (transformers' ACT2FN) as operations of a graph. One name per function would do, but
// configs name the same function in several ways.
import type { HiddenActivation } from '../checkpoint';
import * as op from '../ir';
import type { Graph, Value } from '../ir';

/** Slope below zero of PyTorch's LeakyReLU. */
const LEAKY_SLOPE = 0.01;
/** `laplace`: the normal distribution with this mean and deviation, cumulated (https://arxiv.org/abs/2209.10655). */
// biome-ignore lint/suspicious/noApproximativeNumericConstant: transformers' own rounded value, not the square root
const LAPLACE_MEAN = 0.707107;
const LAPLACE_DEVIATION = 0.282095;

/** value [...] -> [...], element by element. */
export function activation(graph: Graph, value: Value, kind: HiddenActivation, name: string): Value {
  const node = (
    type: string,
    opset: string,
    inputs: readonly Value[] = [value],
    attributes: Record<string, string> = {},
  ): Value =>
    graph.add({ type, opset, name, inputs, attributes, outputs: [{ type: value.type, shape: value.shape }] })
      .outputs[0];
  const clamp = (input: Value, min: number, max: number): Value =>
    node('Clamp', 'opset1', [input], { min: String(min), max: String(max) });
  switch (kind) {
    case 'gelu':
    case 'gelu_python':
      return op.activation(graph, value, 'gelu', name);
    case 'gelu_new':
    case 'gelu_fast':
    case 'gelu_accurate':
    case 'gelu_pytorch_tanh':
    case 'gelu_python_tanh':
      return op.activation(graph, value, 'gelu_new', name);
    case 'gelu_10':
      return clamp(op.activation(graph, value, 'gelu', `${name}/gelu`), -10, 10);
    case 'quick_gelu':
    case 'relu':
      return op.activation(graph, value, kind, name);
    case 'silu':
    case 'swish':
      return node('Swish', 'opset4');
    case 'hardswish':
      return node('HSwish', 'opset4');
    case 'mish':
      return node('Mish', 'opset4');
    case 'tanh':
      return node('Tanh', 'opset1');
    case 'sigmoid':
      return node('Sigmoid', 'opset1');
    case 'relu6':
      return clamp(value, 0, 6);
    case 'relu2': {
      const positive = op.activation(graph, value, 'relu', `${name}/relu`);
      return op.multiply(graph, positive, positive, name);
    }
    case 'leaky_relu':
      return node('PReLU', 'opset1', [value, graph.float(`${name}/slope`, LEAKY_SLOPE, 1)]);
    case 'laplace': {
      const centred = op.subtract(graph, value, graph.float(`${name}/mean`, LAPLACE_MEAN), `${name}/centred`);
      const scaled = op.multiply(
        graph,
        centred,
        graph.float(`${name}/scale`, 1 / (LAPLACE_DEVIATION * Math.SQRT2)),
        `${name}/scaled`,
      );
      const both = op.add(graph, node('Erf', 'opset1', [scaled]), graph.float(`${name}/one`, 1), `${name}/from_zero`);
      return op.multiply(graph, both, graph.float(`${name}/half`, 0.5), name);
    }
    case 'sqrtsoftplus':
      return node('Sqrt', 'opset1', [node('SoftPlus', 'opset4')]);
    case 'linear':
      return value;
  }
}

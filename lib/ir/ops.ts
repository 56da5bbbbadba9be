// The operations BLIP needs, each with type and shape inference that fails where the mistake is made.
// Names, inputs and attributes as in OpenVINO's operation sets (the set stands beside each type).
import { formatShape, GraphError, type Graph, type IRType, type Shape, type Value } from './graph';

const DYNAMIC = -1;

function fail(name: string, type: string, inputs: readonly Value[], expected: string): never {
  throw new GraphError(`${name} (${type}): got ${inputs.map((v) => `${v.type}${formatShape(v.shape)} from "${v.node.name}"`).join(', ')}; expected ${expected}.`);
}

function single(graph: Graph, type: string, opset: string, name: string, inputs: readonly Value[], out: { type: IRType; shape: Shape }, attributes: Record<string, string> = {}): Value {
  return graph.add({ type, opset, name, inputs, attributes, outputs: [out] }).outputs[0];
}

function sameType(name: string, type: string, inputs: readonly Value[]): void {
  if (inputs.some((value) => value.type !== inputs[0].type)) fail(name, type, inputs, 'inputs of one element type');
}

/** NumPy's broadcasting; a free dimension against 1 stays free, against n > 1 becomes n. */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x === y || y === 1) out.push(x);
    else if (x === 1) out.push(y);
    else if (x === DYNAMIC || y === DYNAMIC) out.push(Math.max(x, y));
    else return undefined;
  }
  return out;
}

function elementwise(type: string, result?: IRType) {
  return (graph: Graph, a: Value, b: Value, name: string): Value => {
    sameType(name, type, [a, b]);
    const shape = broadcastShapes(a.shape, b.shape) ?? fail(name, type, [a, b], 'shapes that broadcast');
    return single(graph, type, 'opset1', name, [a, b], { type: result ?? a.type, shape }, { auto_broadcast: 'numpy' });
  };
}

export const add = elementwise('Add');
export const subtract = elementwise('Subtract');
export const multiply = elementwise('Multiply');
export const lessEqual = elementwise('LessEqual', 'boolean');

/** `condition ? a : b`, element by element. */
export function select(graph: Graph, condition: Value, a: Value, b: Value, name: string): Value {
  if (condition.type !== 'boolean' || a.type !== b.type) fail(name, 'Select', [condition, a, b], 'a boolean condition and two inputs of one type');
  const inner = broadcastShapes(a.shape, b.shape);
  const shape = (inner && broadcastShapes(condition.shape, inner)) ?? fail(name, 'Select', [condition, a, b], 'shapes that broadcast');
  return single(graph, 'Select', 'opset1', name, [condition, a, b], { type: a.type, shape }, { auto_broadcast: 'numpy' });
}

/** Matrix product over the last two axes. `transposeB` takes `b` as [..., n, k], the layout of PyTorch's Linear weight. */
export function matmul(graph: Graph, a: Value, b: Value, name: string, { transposeB = false } = {}): Value {
  sameType(name, 'MatMul', [a, b]);
  const [k, n] = transposeB ? [b.shape.at(-1), b.shape.at(-2)] : [b.shape.at(-2), b.shape.at(-1)];
  const inner = a.shape.at(-1);
  if (k === undefined || n === undefined || inner === undefined || a.shape.length < 2 || (k !== inner && k !== DYNAMIC && inner !== DYNAMIC))
    fail(name, 'MatMul', [a, b], `matrices whose inner sizes agree${transposeB ? ' (b transposed)' : ''}`);
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)) ?? fail(name, 'MatMul', [a, b], 'batch axes that broadcast');
  return single(graph, 'MatMul', 'opset1', name, [a, b], { type: a.type, shape: [...batch, a.shape[a.shape.length - 2], n] }, { transpose_a: 'false', transpose_b: String(transposeB) });
}

/** Changes the element type. `decompression` marks a weight that is stored compressed: plugins and NNCF look for it. */
export function convert(graph: Graph, value: Value, type: IRType, name: string, { decompression = false } = {}): Value {
  return graph.add({
    type: 'Convert', opset: 'opset1', name, inputs: [value], attributes: { destination_type: type },
    outputs: [{ type, shape: value.shape }], runtimeInfo: decompression ? ['decompression'] : [],
  }).outputs[0];
}

/** Picks slices along `axis`. */
export function gather(graph: Graph, data: Value, indices: Value, axis: number, name: string): Value {
  if (axis >= data.shape.length || (indices.type !== 'i64' && indices.type !== 'i32')) fail(name, 'Gather', [data, indices], `data of more than ${axis} axes and integer indices`);
  const shape = [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)];
  return single(graph, 'Gather', 'opset8', name, [data, indices, graph.integers(`${name}/axis`, axis)], { type: data.type, shape }, { batch_dims: '0' });
}

export function concat(graph: Graph, values: readonly Value[], axis: number, name: string): Value {
  sameType(name, 'Concat', values);
  const shape = [...values[0].shape];
  for (const value of values.slice(1)) {
    if (value.shape.length !== shape.length) fail(name, 'Concat', values, 'inputs of one rank');
    value.shape.forEach((dim, i) => {
      if (i === axis) shape[i] = dim < 0 || shape[i] < 0 ? DYNAMIC : shape[i] + dim;
      else if (shape[i] === DYNAMIC) shape[i] = dim;
      else if (dim !== shape[i] && dim !== DYNAMIC) fail(name, 'Concat', values, `equal sizes on every axis but ${axis}`);
    });
  }
  return single(graph, 'Concat', 'opset1', name, values, { type: values[0].type, shape }, { axis: String(axis) });
}

/** Reshapes to a pattern: 0 keeps the input's size at that place, -1 is inferred. */
export function reshape(graph: Graph, value: Value, pattern: readonly number[], name: string): Value {
  const shape = pattern.map((dim, axis) => (dim === 0 ? value.shape[axis] : dim));
  const known = (dims: Shape): number | undefined => (dims.includes(DYNAMIC) ? undefined : dims.reduce((a, b) => a * b, 1));
  const before = known(value.shape);
  const after = known(shape.filter((dim) => dim !== DYNAMIC));
  if (shape.includes(undefined as unknown as number)) fail(name, 'Reshape', [value], `an axis for every 0 of the pattern [${pattern.join(', ')}]`);
  if (before !== undefined && after !== undefined && pattern.includes(-1)) {
    if (before % after !== 0) fail(name, 'Reshape', [value], `a size that fits the pattern [${pattern.join(', ')}]`);
    shape[pattern.indexOf(-1)] = before / after;
  } else if (before !== undefined && after !== undefined && before !== after) fail(name, 'Reshape', [value], `as many values as the pattern [${pattern.join(', ')}]`);
  return single(graph, 'Reshape', 'opset1', name, [value, graph.integers(`${name}/pattern`, pattern, 'i32')], { type: value.type, shape }, { special_zero: 'true' });
}

export function transpose(graph: Graph, value: Value, order: readonly number[], name: string): Value {
  if (order.length !== value.shape.length) fail(name, 'Transpose', [value], `rank ${order.length}`);
  return single(graph, 'Transpose', 'opset1', name, [value, graph.integers(`${name}/order`, order, 'i32')], { type: value.type, shape: order.map((axis) => value.shape[axis]) });
}

/** Cuts `axis` into equal parts. */
export function split(graph: Graph, value: Value, axis: number, parts: number, name: string): Value[] {
  const size = value.shape[axis];
  if (size === undefined || (size >= 0 && size % parts !== 0)) fail(name, 'Split', [value], `axis ${axis} divisible by ${parts}`);
  const shape = value.shape.map((dim, i) => (i === axis && dim >= 0 ? dim / parts : dim));
  const node = graph.add({
    type: 'Split', opset: 'opset1', name, inputs: [value, graph.integers(`${name}/axis`, axis)], attributes: { num_splits: String(parts) },
    outputs: Array.from({ length: parts }, () => ({ type: value.type, shape })),
  });
  return node.outputs;
}

export function squeeze(graph: Graph, value: Value, axis: number, name: string): Value {
  if (value.shape[axis] !== 1) fail(name, 'Squeeze', [value], `size 1 on axis ${axis}`);
  return single(graph, 'Squeeze', 'opset1', name, [value, graph.integers(`${name}/axis`, [axis])], { type: value.type, shape: value.shape.filter((_, i) => i !== axis) });
}

/** Inserts axes of size 1 at these places of the result. */
export function unsqueeze(graph: Graph, value: Value, axes: readonly number[], name: string): Value {
  const shape = [...value.shape];
  for (const axis of [...axes].sort((a, b) => a - b)) shape.splice(axis, 0, 1);
  return single(graph, 'Unsqueeze', 'opset1', name, [value, graph.integers(`${name}/axes`, axes)], { type: value.type, shape });
}

export function shapeOf(graph: Graph, value: Value, name: string): Value {
  return single(graph, 'ShapeOf', 'opset3', name, [value], { type: 'i64', shape: [value.shape.length] }, { output_type: 'i64' });
}

/** One size of a tensor, as a vector of length 1. */
export function sizeOf(graph: Graph, value: Value, axis: number, name: string): Value {
  return gather(graph, shapeOf(graph, value, `${name}/shape`), graph.integers(`${name}/index`, [axis]), 0, name);
}

/** Repeats to a shape that is computed at run time; `known` says what is known of it. */
export function broadcast(graph: Graph, value: Value, target: Value, known: Shape, name: string): Value {
  if (target.shape.length !== 1 || target.shape[0] !== known.length) fail(name, 'Broadcast', [value, target], `a target shape of ${known.length} numbers`);
  return single(graph, 'Broadcast', 'opset3', name, [value, target], { type: value.type, shape: known }, { mode: 'numpy' });
}

/** start, start + 1, ... up to but not including stop; both scalars. */
export function range(graph: Graph, start: Value, stop: Value, name: string): Value {
  if (start.shape.length > 0 || stop.shape.length > 0) fail(name, 'Range', [start, stop], 'scalars');
  return single(graph, 'Range', 'opset4', name, [start, stop, graph.integers(`${name}/step`, 1)], { type: 'i64', shape: [DYNAMIC] }, { output_type: 'i64' });
}

/** (x - mean) / sqrt(variance + epsilon) over the last axis: LayerNorm without its weight and bias. */
export function normalizeLast(graph: Graph, value: Value, epsilon: number, name: string): Value {
  return single(graph, 'MVN', 'opset6', name, [value, graph.integers(`${name}/axes`, [-1])], { type: value.type, shape: value.shape },
    { eps: String(epsilon), normalize_variance: 'true', eps_mode: 'INSIDE_SQRT' });
}

export type Activation = 'gelu' | 'gelu_new' | 'quick_gelu' | 'relu';

/** Hugging Face's activations: exact GELU, GELU by tanh, x * sigmoid(1.702 x), and ReLU. */
export function activation(graph: Graph, value: Value, kind: Activation, name: string): Value {
  const out = { type: value.type, shape: value.shape };
  switch (kind) {
    case 'gelu': return single(graph, 'Gelu', 'opset7', name, [value], out, { approximation_mode: 'ERF' });
    case 'gelu_new': return single(graph, 'Gelu', 'opset7', name, [value], out, { approximation_mode: 'TANH' });
    case 'relu': return single(graph, 'ReLU', 'opset1', name, [value], out);
    case 'quick_gelu': return single(graph, 'Swish', 'opset4', name, [value, graph.float(`${name}/beta`, 1.702)], out);
  }
}

/** 2-D convolution without padding: input [n, in, h, w], weight [out, in, kh, kw]. */
export function convolution(graph: Graph, value: Value, weight: Value, stride: number, name: string): Value {
  const [n, channels, height, width] = value.shape;
  const [out, inner, kh, kw] = weight.shape;
  if (value.shape.length !== 4 || weight.shape.length !== 4 || channels !== inner) fail(name, 'Convolution', [value, weight], 'input [n, in, h, w] and weight [out, in, kh, kw]');
  const size = (dim: number, kernel: number): number => (dim < 0 ? DYNAMIC : Math.floor((dim - kernel) / stride) + 1);
  return single(graph, 'Convolution', 'opset1', name, [value, weight], { type: value.type, shape: [n, out, size(height, kh), size(width, kw)] },
    { strides: `${stride}, ${stride}`, dilations: '1, 1', pads_begin: '0, 0', pads_end: '0, 0', auto_pad: 'explicit' });
}

/** Shares that sum to 1 over the last axis. */
export function softmax(graph: Graph, value: Value, name: string): Value {
  return single(graph, 'SoftMax', 'opset8', name, [value], { type: value.type, shape: value.shape }, { axis: '-1' });
}

/**
 * softmax(query key' / sqrt(d) + mask) value, per head.
 * query [b, h, l, d], key and value [b, h, s, d], mask broadcastable to [b, h, l, s].
 */
export function scaledDotProductAttention(graph: Graph, query: Value, key: Value, value: Value, mask: Value | undefined, name: string): Value {
  const inputs = mask ? [query, key, value, mask] : [query, key, value];
  if (inputs.some((v) => v.shape.length !== 4)) fail(name, 'ScaledDotProductAttention', inputs, 'inputs of rank 4');
  if (query.shape[3] !== key.shape[3]) fail(name, 'ScaledDotProductAttention', inputs, 'query and key of one head size');
  const shape = [...query.shape.slice(0, 3), value.shape[3]];
  return single(graph, 'ScaledDotProductAttention', 'opset13', name, inputs, { type: query.type, shape }, { causal: 'false' });
}

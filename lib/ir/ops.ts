// The operations BLIP needs, each with type and shape inference that fails where the mistake is made.
// Names, inputs and attributes as in OpenVINO's operation sets (the set stands beside each type).
import { formatShape, GraphError, type Graph, type IRType, type Shape, type Value } from './graph';

const DYNAMIC = -1;

function fail(name: string, type: string, inputs: readonly Value[], expected: string): never {
  throw new GraphError(
    `${name} (${type}): got ${inputs.map((v) => `${v.type}${formatShape(v.shape)} from "${v.node.name}"`).join(', ')}; expected ${expected}.`,
  );
}

function single(
  graph: Graph,
  type: string,
  opset: string,
  name: string,
  inputs: readonly Value[],
  out: { type: IRType; shape: Shape },
  attributes: Record<string, string> = {},
): Value {
  return graph.add({ type, opset, name, inputs, attributes, outputs: [out] }).outputs[0];
}

function sameType(name: string, type: string, inputs: readonly Value[]): void {
  if (inputs.some((value) => value.type !== inputs[0].type)) fail(name, type, inputs, 'inputs of one element type');
}

/** Float inputs of one type. */
function real(name: string, type: string, inputs: readonly Value[]): void {
  if (inputs.some((value) => value.type !== inputs[0].type || (value.type !== 'f32' && value.type !== 'f16')))
    fail(name, type, inputs, 'f32 or f16 inputs of one type');
}

function isAxis(axis: number, rank: number): boolean {
  return Number.isInteger(axis) && axis >= 0 && axis < rank;
}

function isInteger(value: Value): boolean {
  return value.type === 'i64' || value.type === 'i32';
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
    if (a.type === 'boolean') fail(name, type, [a, b], 'numbers');
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
  if (condition.type !== 'boolean' || a.type !== b.type)
    fail(name, 'Select', [condition, a, b], 'a boolean condition and two inputs of one type');
  const inner = broadcastShapes(a.shape, b.shape);
  const shape =
    (inner && broadcastShapes(condition.shape, inner)) ??
    fail(name, 'Select', [condition, a, b], 'shapes that broadcast');
  return single(
    graph,
    'Select',
    'opset1',
    name,
    [condition, a, b],
    { type: a.type, shape },
    { auto_broadcast: 'numpy' },
  );
}

/** Matrix product over the last two axes. `transposeB` takes `b` as [..., n, k], the layout of PyTorch's Linear weight. */
export function matmul(graph: Graph, a: Value, b: Value, name: string, { transposeB = false } = {}): Value {
  real(name, 'MatMul', [a, b]);
  const [k, n] = transposeB ? [b.shape.at(-1), b.shape.at(-2)] : [b.shape.at(-2), b.shape.at(-1)];
  const inner = a.shape.at(-1);
  if (
    k === undefined ||
    n === undefined ||
    inner === undefined ||
    a.shape.length < 2 ||
    (k !== inner && k !== DYNAMIC && inner !== DYNAMIC)
  )
    fail(name, 'MatMul', [a, b], `matrices whose inner sizes agree${transposeB ? ' (b transposed)' : ''}`);
  const batch =
    broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)) ??
    fail(name, 'MatMul', [a, b], 'batch axes that broadcast');
  return single(
    graph,
    'MatMul',
    'opset1',
    name,
    [a, b],
    { type: a.type, shape: [...batch, a.shape[a.shape.length - 2], n] },
    { transpose_a: 'false', transpose_b: String(transposeB) },
  );
}

/** Changes the element type. `decompression` marks a weight that is stored compressed: plugins and NNCF look for it. */
export function convert(graph: Graph, value: Value, type: IRType, name: string, { decompression = false } = {}): Value {
  return graph.add({
    type: 'Convert',
    opset: 'opset1',
    name,
    inputs: [value],
    attributes: { destination_type: type },
    outputs: [{ type, shape: value.shape }],
    runtimeInfo: decompression ? ['decompression'] : [],
  }).outputs[0];
}

/** Picks slices along `axis`. */
export function gather(graph: Graph, data: Value, indices: Value, axis: number, name: string): Value {
  if (!isAxis(axis, data.shape.length) || !isInteger(indices))
    fail(name, 'Gather', [data, indices], `data with an axis ${axis}, counted from 0, and integer indices`);
  const shape = [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)];
  return single(
    graph,
    'Gather',
    'opset8',
    name,
    [data, indices, graph.integers(`${name}/axis`, axis)],
    { type: data.type, shape },
    { batch_dims: '0' },
  );
}

export function concat(graph: Graph, values: readonly Value[], axis: number, name: string): Value {
  if (values.length === 0 || !isAxis(axis, values[0].shape.length))
    fail(name, 'Concat', values, `inputs with an axis ${axis}, counted from 0`);
  sameType(name, 'Concat', values);
  const shape = [...values[0].shape];
  for (const value of values.slice(1)) {
    if (value.shape.length !== shape.length) fail(name, 'Concat', values, 'inputs of one rank');
    value.shape.forEach((dim, i) => {
      if (i === axis) shape[i] = dim < 0 || shape[i] < 0 ? DYNAMIC : shape[i] + dim;
      else if (shape[i] === DYNAMIC) shape[i] = dim;
      else if (dim !== shape[i] && dim !== DYNAMIC)
        fail(name, 'Concat', values, `equal sizes on every axis but ${axis}`);
    });
  }
  return single(graph, 'Concat', 'opset1', name, values, { type: values[0].type, shape }, { axis: String(axis) });
}

/** Reshapes to a pattern: 0 keeps the input's size at that place, -1 is inferred. */
export function reshape(graph: Graph, value: Value, pattern: readonly number[], name: string): Value {
  const text = `the pattern [${pattern.join(', ')}]`;
  if (pattern.some((dim) => !Number.isInteger(dim) || dim < -1) || pattern.filter((dim) => dim === -1).length > 1)
    fail(name, 'Reshape', [value], `sizes, 0 and at most one -1 in ${text}`);
  if (pattern.some((dim, axis) => dim === 0 && axis >= value.shape.length))
    fail(name, 'Reshape', [value], `an axis for every 0 of ${text}`);
  const shape = pattern.map((dim, axis) => (dim === 0 ? value.shape[axis] : dim));
  // Free sizes that are kept stand on both sides and cancel out; where others remain, nothing is known.
  const kept = (axis: number): boolean => pattern[axis] === 0 && value.shape[axis] === DYNAMIC;
  const before = value.shape.filter((_, axis) => !kept(axis));
  const after = shape.filter((_, axis) => !kept(axis) && pattern[axis] !== -1);
  if (!before.includes(DYNAMIC)) {
    const [from, to] = [product(before), product(after)];
    const hole = pattern.indexOf(-1);
    if (hole < 0 ? from !== to : to === 0 || from % to !== 0)
      fail(name, 'Reshape', [value], `a size that fits ${text}`);
    if (hole >= 0) shape[hole] = from / to;
  }
  return single(
    graph,
    'Reshape',
    'opset1',
    name,
    [value, graph.integers(`${name}/pattern`, pattern, 'i32')],
    { type: value.type, shape },
    { special_zero: 'true' },
  );
}

function product(dims: Shape): number {
  return dims.reduce((a, b) => a * b, 1);
}

export function transpose(graph: Graph, value: Value, order: readonly number[], name: string): Value {
  if (order.length !== value.shape.length || [...order].sort((a, b) => a - b).some((axis, i) => axis !== i))
    fail(name, 'Transpose', [value], `every axis once in the order [${order.join(', ')}]`);
  return single(graph, 'Transpose', 'opset1', name, [value, graph.integers(`${name}/order`, order, 'i32')], {
    type: value.type,
    shape: order.map((axis) => value.shape[axis]),
  });
}

/** Adds `count` zeros at the end of `axis`. */
export function padEnd(graph: Graph, value: Value, axis: number, count: number, name: string): Value {
  if (value.type !== 'f32' || !isAxis(axis, value.shape.length))
    fail(name, 'Pad', [value], `an f32 input with an axis ${axis}, counted from 0`);
  if (!Number.isInteger(count) || count < 0) fail(name, 'Pad', [value], `a whole number of zeros instead of ${count}`);
  const at = (size: number): number[] => value.shape.map((_, i) => (i === axis ? size : 0));
  const shape = value.shape.map((dim, i) => (i === axis && dim >= 0 ? dim + count : dim));
  const inputs = [
    value,
    graph.integers(`${name}/begin`, at(0)),
    graph.integers(`${name}/end`, at(count)),
    graph.float(`${name}/zero`, 0),
  ];
  return single(graph, 'Pad', 'opset12', name, inputs, { type: value.type, shape }, { pad_mode: 'constant' });
}

/** Cuts `axis` into equal parts. */
export function split(graph: Graph, value: Value, axis: number, parts: number, name: string): Value[] {
  const size = value.shape[axis];
  if (size === undefined || !(parts > 0) || (size >= 0 && size % parts !== 0))
    fail(name, 'Split', [value], `axis ${axis} divisible by ${parts}`);
  const shape = value.shape.map((dim, i) => (i === axis && dim >= 0 ? dim / parts : dim));
  const node = graph.add({
    type: 'Split',
    opset: 'opset1',
    name,
    inputs: [value, graph.integers(`${name}/axis`, axis)],
    attributes: { num_splits: String(parts) },
    outputs: Array.from({ length: parts }, () => ({ type: value.type, shape })),
  });
  return node.outputs;
}

export function squeeze(graph: Graph, value: Value, axis: number, name: string): Value {
  if (value.shape[axis] !== 1) fail(name, 'Squeeze', [value], `size 1 on axis ${axis}`);
  return single(graph, 'Squeeze', 'opset1', name, [value, graph.integers(`${name}/axis`, [axis])], {
    type: value.type,
    shape: value.shape.filter((_, i) => i !== axis),
  });
}

/** Inserts axes of size 1 at these places of the result. */
export function unsqueeze(graph: Graph, value: Value, axes: readonly number[], name: string): Value {
  const shape = [...value.shape];
  const rank = shape.length + axes.length;
  if (new Set(axes).size !== axes.length || !axes.every((axis) => isAxis(axis, rank)))
    fail(name, 'Unsqueeze', [value], `different axes below ${rank}, counted from 0, instead of [${axes.join(', ')}]`);
  for (const axis of [...axes].sort((a, b) => a - b)) shape.splice(axis, 0, 1);
  return single(graph, 'Unsqueeze', 'opset1', name, [value, graph.integers(`${name}/axes`, axes)], {
    type: value.type,
    shape,
  });
}

export function shapeOf(graph: Graph, value: Value, name: string): Value {
  return single(
    graph,
    'ShapeOf',
    'opset3',
    name,
    [value],
    { type: 'i64', shape: [value.shape.length] },
    { output_type: 'i64' },
  );
}

/** One size of a tensor, as a vector of length 1. */
export function sizeOf(graph: Graph, value: Value, axis: number, name: string): Value {
  if (!isAxis(axis, value.shape.length)) fail(name, 'ShapeOf', [value], `an axis ${axis}, counted from 0`);
  return gather(graph, shapeOf(graph, value, `${name}/shape`), graph.integers(`${name}/index`, [axis]), 0, name);
}

/** Repeats to a shape that is computed at run time; `known` says what is known of it. */
export function broadcast(graph: Graph, value: Value, target: Value, known: Shape, name: string): Value {
  if (target.shape.length !== 1 || target.shape[0] !== known.length || !isInteger(target))
    fail(name, 'Broadcast', [value, target], `a target shape of ${known.length} integers`);
  const shape = broadcastShapes(value.shape, known);
  if (shape?.length !== known.length || known.some((dim, axis) => dim >= 0 && shape[axis] !== dim))
    fail(name, 'Broadcast', [value, target], `a shape that repeats to ${formatShape(known)}`);
  return single(
    graph,
    'Broadcast',
    'opset3',
    name,
    [value, target],
    { type: value.type, shape: known },
    { mode: 'numpy' },
  );
}

/** start, start + 1, ... up to but not including stop; both scalars. */
export function range(graph: Graph, start: Value, stop: Value, name: string): Value {
  if (start.shape.length > 0 || stop.shape.length > 0 || !isInteger(start) || !isInteger(stop))
    fail(name, 'Range', [start, stop], 'integer scalars');
  const [first, last] = [start.node.integers?.[0], stop.node.integers?.[0]];
  const size = first === undefined || last === undefined ? DYNAMIC : Math.max(0, last - first);
  return single(
    graph,
    'Range',
    'opset4',
    name,
    [start, stop, graph.integers(`${name}/step`, 1)],
    { type: 'i64', shape: [size] },
    { output_type: 'i64' },
  );
}

/** (x - mean) / sqrt(variance + epsilon) over the last axis: LayerNorm without its weight and bias. */
export function normalizeLast(graph: Graph, value: Value, epsilon: number, name: string): Value {
  real(name, 'MVN', [value]);
  if (value.shape.length === 0) fail(name, 'MVN', [value], 'a last axis');
  return single(
    graph,
    'MVN',
    'opset6',
    name,
    [value, graph.integers(`${name}/axes`, [-1])],
    { type: value.type, shape: value.shape },
    { eps: String(epsilon), normalize_variance: 'true', eps_mode: 'INSIDE_SQRT' },
  );
}

export type Activation = 'gelu' | 'gelu_new' | 'quick_gelu' | 'relu';

/** Hugging Face's activations: exact GELU, GELU by tanh, x * sigmoid(1.702 x), and ReLU. */
export function activation(graph: Graph, value: Value, kind: Activation, name: string): Value {
  const out = { type: value.type, shape: value.shape };
  real(name, kind, [value]);
  switch (kind) {
    case 'gelu':
      return single(graph, 'Gelu', 'opset7', name, [value], out, { approximation_mode: 'ERF' });
    case 'gelu_new':
      return single(graph, 'Gelu', 'opset7', name, [value], out, { approximation_mode: 'TANH' });
    case 'relu':
      return single(graph, 'ReLU', 'opset1', name, [value], out);
    case 'quick_gelu': {
      const beta = graph.float(`${name}/beta`, 1.702);
      return single(
        graph,
        'Swish',
        'opset4',
        name,
        [value, value.type === 'f32' ? beta : convert(graph, beta, value.type, `${name}/beta_${value.type}`)],
        out,
      );
    }
  }
}

/** 2-D convolution without padding: input [n, in, h, w], weight [out, in, kh, kw]. */
export function convolution(graph: Graph, value: Value, weight: Value, stride: number, name: string): Value {
  const [n, channels, height, width] = value.shape;
  const [out, inner, kh, kw] = weight.shape;
  real(name, 'Convolution', [value, weight]);
  if (
    value.shape.length !== 4 ||
    weight.shape.length !== 4 ||
    (channels !== inner && channels !== DYNAMIC && inner !== DYNAMIC)
  )
    fail(name, 'Convolution', [value, weight], 'input [n, in, h, w] and weight [out, in, kh, kw]');
  if ((height >= 0 && height < kh) || (width >= 0 && width < kw) || !(Number.isInteger(stride) && stride > 0))
    fail(
      name,
      'Convolution',
      [value, weight],
      `an input no smaller than the kernel, and a stride of 1 or more (got ${stride})`,
    );
  const size = (dim: number, kernel: number): number =>
    dim < 0 || kernel < 0 ? DYNAMIC : Math.floor((dim - kernel) / stride) + 1;
  return single(
    graph,
    'Convolution',
    'opset1',
    name,
    [value, weight],
    { type: value.type, shape: [n, out, size(height, kh), size(width, kw)] },
    { strides: `${stride}, ${stride}`, dilations: '1, 1', pads_begin: '0, 0', pads_end: '0, 0', auto_pad: 'explicit' },
  );
}

/** The sum over one axis, which falls away. */
export function sum(graph: Graph, value: Value, axis: number, name: string): Value {
  real(name, 'ReduceSum', [value]);
  if (!isAxis(axis, value.shape.length)) fail(name, 'ReduceSum', [value], `an axis ${axis}, counted from 0`);
  return single(
    graph,
    'ReduceSum',
    'opset1',
    name,
    [value, graph.integers(`${name}/axis`, [axis])],
    { type: value.type, shape: value.shape.filter((_, i) => i !== axis) },
    { keep_dims: 'false' },
  );
}

/** Shares that sum to 1 over the last axis. */
export function softmax(graph: Graph, value: Value, name: string): Value {
  real(name, 'SoftMax', [value]);
  if (value.shape.length === 0) fail(name, 'SoftMax', [value], 'a last axis');
  return single(graph, 'SoftMax', 'opset8', name, [value], { type: value.type, shape: value.shape }, { axis: '-1' });
}

/**
 * softmax(query key' / sqrt(d) + mask) value, per head.
 * query [b, h, l, d], key and value [b, h, s, d], mask broadcastable to [b, h, l, s].
 */
export function scaledDotProductAttention(
  graph: Graph,
  query: Value,
  key: Value,
  value: Value,
  mask: Value | undefined,
  name: string,
): Value {
  const type = 'ScaledDotProductAttention';
  const inputs = mask ? [query, key, value, mask] : [query, key, value];
  if (inputs.some((v) => v.shape.length !== 4)) fail(name, type, inputs, 'inputs of rank 4');
  real(name, type, [query, key, value]);
  if (mask && mask.type !== 'boolean' && mask.type !== query.type)
    fail(name, type, inputs, "a mask of the query's type or boolean");
  if (!fits(query.shape[3], key.shape[3])) fail(name, type, inputs, 'query and key of one head size');
  if (!fits(key.shape[2], value.shape[2])) fail(name, type, inputs, 'key and value of one length');
  const keys = broadcastShapes(key.shape.slice(0, 2), value.shape.slice(0, 2));
  const batch =
    (keys && broadcastShapes(query.shape.slice(0, 2), keys)) ??
    fail(name, type, inputs, 'batch and heads that broadcast');
  const scores = [...batch, query.shape[2], key.shape[2]];
  if (mask && !mask.shape.every((dim, axis) => dim === 1 || fits(dim, scores[axis])))
    fail(name, type, inputs, `a mask that broadcasts to ${formatShape(scores)}`);
  return single(
    graph,
    type,
    'opset13',
    name,
    inputs,
    { type: query.type, shape: [...batch, query.shape[2], value.shape[3]] },
    { causal: 'false' },
  );
}

/** Whether two sizes can be the same. */
function fits(a: number, b: number): boolean {
  return a === b || a === DYNAMIC || b === DYNAMIC;
}

// Operations that move elements or read shapes, without arithmetic.
import { isAxis, isInteger, rejectOperands, requireSameType } from './check-operands';
import { ElementwiseOperations } from './elementwise-operations';
import type { Value } from './graph';
import { broadcastShapes, DYNAMIC, elementCount, formatShape, type Shape } from './shapes';

export abstract class ShapeOperations extends ElementwiseOperations {
  /** Picks slices along `axis`. */
  gather(data: Value, indices: Value, axis: number, name: string): Value {
    const operands = { type: 'Gather', name, inputs: [data, indices] };
    if (!isAxis(axis, data.shape.length) || !isInteger(indices))
      rejectOperands(operands, `data with an axis ${axis}, counted from 0, and integer indices`);
    const shape = [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)];
    return this.addOperation({
      type: 'Gather',
      opset: 'opset8',
      name,
      inputs: [data, indices, this.integers(`${name}/axis`, axis)],
      attributes: { batch_dims: '0' },
      output: { type: data.type, shape },
    });
  }

  concat(inputs: readonly Value[], axis: number, name: string): Value {
    const operands = { type: 'Concat', name, inputs };
    if (inputs.length === 0 || !isAxis(axis, inputs[0].shape.length))
      rejectOperands(operands, `inputs with an axis ${axis}, counted from 0`);
    requireSameType(operands);
    const shape = [...inputs[0].shape];
    for (const value of inputs.slice(1)) {
      if (value.shape.length !== shape.length) rejectOperands(operands, 'inputs of one rank');
      value.shape.forEach((dim, i) => {
        if (i === axis) shape[i] = dim < 0 || shape[i] < 0 ? DYNAMIC : shape[i] + dim;
        else if (shape[i] === DYNAMIC) shape[i] = dim;
        else if (dim !== shape[i] && dim !== DYNAMIC) rejectOperands(operands, `equal sizes on every axis but ${axis}`);
      });
    }
    return this.addOperation({
      ...operands,
      opset: 'opset1',
      attributes: { axis: String(axis) },
      output: { type: inputs[0].type, shape },
    });
  }

  /** Cuts `axis` into equal parts. */
  split(value: Value, axis: number, parts: number, name: string): Value[] {
    const size = value.shape[axis];
    if (size === undefined || !(parts > 0) || (size >= 0 && size % parts !== 0))
      rejectOperands({ type: 'Split', name, inputs: [value] }, `axis ${axis} divisible by ${parts}`);
    const shape = value.shape.map((dim, i) => (i === axis && dim >= 0 ? dim / parts : dim));
    const node = this.addNode({
      type: 'Split',
      opset: 'opset1',
      name,
      inputs: [value, this.integers(`${name}/axis`, axis)],
      attributes: { num_splits: String(parts) },
      outputs: Array.from({ length: parts }, () => ({ type: value.type, shape })),
    });
    return node.outputs;
  }

  /** Reshapes to a pattern: 0 keeps the input's size on that axis, -1 is inferred. */
  reshape(value: Value, pattern: readonly number[], name: string): Value {
    const shape = inferReshape(value, pattern, name);
    return this.addOperation({
      type: 'Reshape',
      opset: 'opset1',
      name,
      inputs: [value, this.integers(`${name}/pattern`, pattern, 'i32')],
      attributes: { special_zero: 'true' },
      output: { type: value.type, shape },
    });
  }

  transpose(value: Value, order: readonly number[], name: string): Value {
    if (order.length !== value.shape.length || [...order].sort((a, b) => a - b).some((axis, i) => axis !== i))
      rejectOperands(
        { type: 'Transpose', name, inputs: [value] },
        `every axis once in the order [${order.join(', ')}]`,
      );
    return this.addOperation({
      type: 'Transpose',
      opset: 'opset1',
      name,
      inputs: [value, this.integers(`${name}/order`, order, 'i32')],
      output: { type: value.type, shape: order.map((axis) => value.shape[axis]) },
    });
  }

  /** Removes an axis of size 1. */
  squeeze(value: Value, axis: number, name: string): Value {
    if (value.shape[axis] !== 1) rejectOperands({ type: 'Squeeze', name, inputs: [value] }, `size 1 on axis ${axis}`);
    return this.addOperation({
      type: 'Squeeze',
      opset: 'opset1',
      name,
      inputs: [value, this.integers(`${name}/axis`, [axis])],
      output: { type: value.type, shape: value.shape.filter((_, i) => i !== axis) },
    });
  }

  /** Inserts axes of size 1 at these positions of the result. */
  unsqueeze(value: Value, axes: readonly number[], name: string): Value {
    const shape = [...value.shape];
    const rank = shape.length + axes.length;
    if (new Set(axes).size !== axes.length || !axes.every((axis) => isAxis(axis, rank)))
      rejectOperands(
        { type: 'Unsqueeze', name, inputs: [value] },
        `different axes below ${rank}, counted from 0, instead of [${axes.join(', ')}]`,
      );
    for (const axis of [...axes].sort((a, b) => a - b)) shape.splice(axis, 0, 1);
    return this.addOperation({
      type: 'Unsqueeze',
      opset: 'opset1',
      name,
      inputs: [value, this.integers(`${name}/axes`, axes)],
      output: { type: value.type, shape },
    });
  }

  /** Adds `count` zeros at the end of `axis`. */
  padEnd(value: Value, axis: number, count: number, name: string): Value {
    const operands = { type: 'Pad', name, inputs: [value] };
    if (value.type !== 'f32' || !isAxis(axis, value.shape.length))
      rejectOperands(operands, `an f32 input with an axis ${axis}, counted from 0`);
    if (!Number.isInteger(count) || count < 0) rejectOperands(operands, `a whole number of zeros instead of ${count}`);
    const zerosPerAxis = (zeros: number): number[] => value.shape.map((_, i) => (i === axis ? zeros : 0));
    return this.addOperation({
      type: 'Pad',
      opset: 'opset12',
      name,
      inputs: [
        value,
        this.integers(`${name}/begin`, zerosPerAxis(0)),
        this.integers(`${name}/end`, zerosPerAxis(count)),
        this.float(`${name}/zero`, 0),
      ],
      attributes: { pad_mode: 'constant' },
      output: {
        type: value.type,
        shape: value.shape.map((dim, i) => (i === axis && dim >= 0 ? dim + count : dim)),
      },
    });
  }

  /** Broadcasts to a shape that is computed at run time; `known` is what is known of it when the graph is built. */
  broadcast(value: Value, target: Value, known: Shape, name: string): Value {
    const operands = { type: 'Broadcast', name, inputs: [value, target] };
    if (target.shape.length !== 1 || target.shape[0] !== known.length || !isInteger(target))
      rejectOperands(operands, `a target shape of ${known.length} integers`);
    const shape = broadcastShapes(value.shape, known);
    if (shape?.length !== known.length || known.some((dim, axis) => dim >= 0 && shape[axis] !== dim))
      rejectOperands(operands, `a shape that broadcasts to ${formatShape(known)}`);
    return this.addOperation({
      ...operands,
      opset: 'opset3',
      attributes: { mode: 'numpy' },
      output: { type: value.type, shape: known },
    });
  }

  /** All sizes of a tensor: [rank] i64. */
  shapeOf(value: Value, name: string): Value {
    return this.addOperation({
      type: 'ShapeOf',
      opset: 'opset3',
      name,
      inputs: [value],
      attributes: { output_type: 'i64' },
      output: { type: 'i64', shape: [value.shape.length] },
    });
  }

  /** One size of a tensor: [1] i64. */
  sizeOf(value: Value, axis: number, name: string): Value {
    if (!isAxis(axis, value.shape.length))
      rejectOperands({ type: 'ShapeOf', name, inputs: [value] }, `an axis ${axis}, counted from 0`);
    const shape = this.shapeOf(value, `${name}/shape`);
    return this.gather(shape, this.integers(`${name}/index`, [axis]), 0, name);
  }

  /** start, start + 1, ... up to but not including stop; both are scalars. */
  range(start: Value, stop: Value, name: string): Value {
    const operands = { type: 'Range', name, inputs: [start, stop] };
    if (start.shape.length > 0 || stop.shape.length > 0 || !isInteger(start) || !isInteger(stop))
      rejectOperands(operands, 'integer scalars');
    const first = start.node.integers?.[0];
    const end = stop.node.integers?.[0];
    const size = first === undefined || end === undefined ? DYNAMIC : Math.max(0, end - first);
    return this.addOperation({
      type: 'Range',
      opset: 'opset4',
      name,
      inputs: [start, stop, this.integers(`${name}/step`, 1)],
      attributes: { output_type: 'i64' },
      output: { type: 'i64', shape: [size] },
    });
  }
}

/** The shape after a Reshape with special_zero. */
function inferReshape(value: Value, pattern: readonly number[], name: string): Shape {
  const operands = { type: 'Reshape', name, inputs: [value] };
  const text = `the pattern [${pattern.join(', ')}]`;
  if (pattern.some((dim) => !Number.isInteger(dim) || dim < -1) || pattern.filter((dim) => dim === -1).length > 1)
    rejectOperands(operands, `sizes, 0 and at most one -1 in ${text}`);
  if (pattern.some((dim, axis) => dim === 0 && axis >= value.shape.length))
    rejectOperands(operands, `an axis for every 0 of ${text}`);
  const shape = pattern.map((dim, axis) => (dim === 0 ? value.shape[axis] : dim));
  // A dynamic size that is kept is on both sides and cancels out. If another dynamic size remains, nothing more is
  // known.
  const keptDynamic = (axis: number): boolean => pattern[axis] === 0 && value.shape[axis] === DYNAMIC;
  const before = value.shape.filter((_, axis) => !keptDynamic(axis));
  if (before.includes(DYNAMIC)) return shape;
  const after = shape.filter((_, axis) => !keptDynamic(axis) && pattern[axis] !== -1);
  const from = elementCount(before);
  const to = elementCount(after);
  const inferred = pattern.indexOf(-1);
  if (inferred < 0 ? from !== to : to === 0 || from % to !== 0) rejectOperands(operands, `a size that fits ${text}`);
  if (inferred >= 0) shape[inferred] = from / to;
  return shape;
}

// A graph with its operations as methods. Names, inputs and attributes are those of OpenVINO's operation sets; each
// method checks its inputs and infers type and shape of its output, so that a mistake throws where it is made.
//
// The methods stand in one class per kind: elementwise, shape, reduction; and here products of tensors.
import { rejectOperands, requireFloats } from './check-operands';
import type { Value } from './graph';
import { ReductionOperations } from './reduction-operations';
import { broadcastShapes, DYNAMIC, formatShape, sizesMatch } from './shapes';

/** Inputs of scaled dot-product attention, per head: b batch, h heads, l queries, s keys, d head size. */
export interface AttentionInputs {
  /** [b, h, l, d] */
  readonly query: Value;
  /** [b, h, s, d] */
  readonly key: Value;
  /** [b, h, s, value size] */
  readonly value: Value;
  /** Added to the scores; broadcasts to [b, h, l, s]. A boolean mask is true where a key may be attended to. */
  readonly mask?: Value;
}

/**
 * Builds a model operation by operation. The last argument of an operation is its node's name.
 *
 * @example
 * const g = new GraphBuilder('twice');
 * const x = g.parameter('x', 'f32', [-1, 4]);
 * g.result('y', g.add(x, x, 'sum'));
 * await writeIR(g, 'twice.xml');
 */
export class GraphBuilder extends ReductionOperations {
  /**
   * Matrix product over the last two axes. With `transposeB`, `b` is [..., n, k], the layout of PyTorch's Linear
   * weight.
   */
  matmul(a: Value, b: Value, name: string, { transposeB = false } = {}): Value {
    const operands = { type: 'MatMul', name, inputs: [a, b] };
    requireFloats(operands);
    const rows = a.shape.at(-2);
    const inner = a.shape.at(-1);
    const [k, columns] = transposeB ? [b.shape.at(-1), b.shape.at(-2)] : [b.shape.at(-2), b.shape.at(-1)];
    if (rows === undefined || inner === undefined || k === undefined || columns === undefined || !sizesMatch(k, inner))
      rejectOperands(operands, `matrices whose inner sizes agree${transposeB ? ' (b transposed)' : ''}`);
    const batch =
      broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)) ??
      rejectOperands(operands, 'batch axes that broadcast');
    return this.addOperation({
      ...operands,
      opset: 'opset1',
      attributes: { transpose_a: 'false', transpose_b: String(transposeB) },
      output: { type: a.type, shape: [...batch, rows, columns] },
    });
  }

  /** 2-D convolution without padding: input [n, in, h, w], weight [out, in, kh, kw]. */
  convolution(input: Value, weight: Value, stride: number, name: string): Value {
    const operands = { type: 'Convolution', name, inputs: [input, weight] };
    requireFloats(operands);
    const [batch, channels, height, width] = input.shape;
    const [out, weightChannels, kernelHeight, kernelWidth] = weight.shape;
    if (input.shape.length !== 4 || weight.shape.length !== 4 || !sizesMatch(channels, weightChannels))
      rejectOperands(operands, 'input [n, in, h, w] and weight [out, in, kh, kw]');
    const isSmaller = (size: number, kernel: number): boolean => size >= 0 && size < kernel;
    if (isSmaller(height, kernelHeight) || isSmaller(width, kernelWidth) || !(Number.isInteger(stride) && stride > 0))
      rejectOperands(operands, `an input no smaller than the kernel, and a stride of 1 or more (got ${stride})`);
    const outputSize = (size: number, kernel: number): number =>
      size < 0 || kernel < 0 ? DYNAMIC : Math.floor((size - kernel) / stride) + 1;
    return this.addOperation({
      ...operands,
      opset: 'opset1',
      attributes: {
        strides: `${stride}, ${stride}`,
        dilations: '1, 1',
        pads_begin: '0, 0',
        pads_end: '0, 0',
        auto_pad: 'explicit',
      },
      output: {
        type: input.type,
        shape: [batch, out, outputSize(height, kernelHeight), outputSize(width, kernelWidth)],
      },
    });
  }

  /** softmax(query key^T / sqrt(d) + mask) value: [b, h, l, value size]. */
  scaledDotProductAttention({ query, key, value, mask }: AttentionInputs, name: string): Value {
    const inputs = mask ? [query, key, value, mask] : [query, key, value];
    const operands = { type: 'ScaledDotProductAttention', name, inputs };
    if (inputs.some(({ shape }) => shape.length !== 4)) rejectOperands(operands, 'inputs of rank 4');
    requireFloats({ ...operands, inputs: [query, key, value] });
    if (mask && mask.type !== 'boolean' && mask.type !== query.type)
      rejectOperands(operands, "a mask of the query's type or boolean");
    if (!sizesMatch(query.shape[3], key.shape[3])) rejectOperands(operands, 'query and key of one head size');
    if (!sizesMatch(key.shape[2], value.shape[2])) rejectOperands(operands, 'key and value of one length');
    const keys = broadcastShapes(key.shape.slice(0, 2), value.shape.slice(0, 2));
    const batch =
      (keys && broadcastShapes(query.shape.slice(0, 2), keys)) ??
      rejectOperands(operands, 'batch and heads that broadcast');
    const scores = [...batch, query.shape[2], key.shape[2]];
    if (mask && !mask.shape.every((dim, axis) => dim === 1 || sizesMatch(dim, scores[axis])))
      rejectOperands(operands, `a mask that broadcasts to ${formatShape(scores)}`);
    return this.addOperation({
      ...operands,
      opset: 'opset13',
      attributes: { causal: 'false' },
      output: { type: query.type, shape: [...batch, query.shape[2], value.shape[3]] },
    });
  }
}

// Operations along one axis: sum, normalization, softmax.
import { isAxis, rejectOperands, requireFloats, requireLastAxis } from './check-operands';
import type { Value } from './graph';
import { ShapeOperations } from './shape-operations';

/** 1e-12 squared. */
const SMALLEST_SQUARE = 1e-24;

export abstract class ReductionOperations extends ShapeOperations {
  /** The sum over one axis, which is removed. */
  reduceSum(value: Value, axis: number, name: string): Value {
    const operands = { type: 'ReduceSum', name, inputs: [value] };
    requireFloats(operands);
    if (!isAxis(axis, value.shape.length)) rejectOperands(operands, `an axis ${axis}, counted from 0`);
    return this.addOperation({
      type: 'ReduceSum',
      opset: 'opset1',
      name,
      inputs: [value, this.integers(`${name}/axis`, [axis])],
      attributes: { keep_dims: 'false' },
      output: { type: value.type, shape: value.shape.filter((_, i) => i !== axis) },
    });
  }

  /**
   * Mean-variance normalization over the last axis, (x - mean) / sqrt(variance + epsilon): LayerNorm without weight and
   * bias.
   */
  mvn(value: Value, epsilon: number, name: string): Value {
    const operands = { type: 'MVN', name, inputs: [value] };
    requireFloats(operands);
    requireLastAxis(operands);
    return this.addOperation({
      type: 'MVN',
      opset: 'opset6',
      name,
      inputs: [value, this.integers(`${name}/axes`, [-1])],
      attributes: { eps: String(epsilon), normalize_variance: 'true', eps_mode: 'INSIDE_SQRT' },
      output: { type: value.type, shape: value.shape },
    });
  }

  /**
   * Rows of length 1: over the last axis, x / max(length, 1e-12), as PyTorch's `normalize`. NormalizeL2 compares the
   * squared length.
   */
  normalizeL2(value: Value, name: string): Value {
    const operands = { type: 'NormalizeL2', name, inputs: [value] };
    requireFloats(operands);
    requireLastAxis(operands);
    return this.addOperation({
      type: 'NormalizeL2',
      opset: 'opset1',
      name,
      inputs: [value, this.integers(`${name}/axes`, [value.shape.length - 1])],
      attributes: { eps: String(SMALLEST_SQUARE), eps_mode: 'max' },
      output: { type: value.type, shape: value.shape },
    });
  }

  /** Softmax over the last axis. */
  softmax(value: Value, name: string): Value {
    const operands = { type: 'SoftMax', name, inputs: [value] };
    requireFloats(operands);
    requireLastAxis(operands);
    return this.addOperation({
      ...operands,
      opset: 'opset8',
      attributes: { axis: '-1' },
      output: { type: value.type, shape: value.shape },
    });
  }
}

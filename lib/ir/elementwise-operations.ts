// Operations on each element by itself: arithmetic with broadcasting, selection, type conversion, activation functions.
import { rejectOperands, requireFloats, requireSameType } from './check-operands';
import { Graph, type IRType, type Value } from './graph';
import { broadcastShapes } from './shapes';

export abstract class ElementwiseOperations extends Graph {
  add(a: Value, b: Value, name: string): Value {
    return this.#binary('Add', [a, b], name);
  }

  subtract(a: Value, b: Value, name: string): Value {
    return this.#binary('Subtract', [a, b], name);
  }

  multiply(a: Value, b: Value, name: string): Value {
    return this.#binary('Multiply', [a, b], name);
  }

  /** a <= b, as booleans. */
  lessEqual(a: Value, b: Value, name: string): Value {
    return this.#binary('LessEqual', [a, b], name, 'boolean');
  }

  /** `condition ? a : b`, element by element. */
  select(condition: Value, a: Value, b: Value, name: string): Value {
    const operands = { type: 'Select', name, inputs: [condition, a, b] };
    if (condition.type !== 'boolean' || a.type !== b.type)
      rejectOperands(operands, 'a boolean condition and two inputs of one type');
    const branches = broadcastShapes(a.shape, b.shape);
    const shape =
      (branches && broadcastShapes(condition.shape, branches)) ?? rejectOperands(operands, 'shapes that broadcast');
    return this.addOperation({
      ...operands,
      opset: 'opset1',
      attributes: { auto_broadcast: 'numpy' },
      output: { type: a.type, shape },
    });
  }

  /**
   * Changes the element type. `decompression` marks a weight that is stored compressed: plugins and NNCF look for it.
   */
  convert(value: Value, type: IRType, name: string, { decompression = false } = {}): Value {
    return this.addOperation({
      type: 'Convert',
      opset: 'opset1',
      name,
      inputs: [value],
      attributes: { destination_type: type },
      output: { type, shape: value.shape },
      runtimeInfo: decompression ? ['decompression'] : [],
    });
  }

  clamp(value: Value, min: number, max: number, name: string): Value {
    const attributes = { min: String(min), max: String(max) };
    return this.#unary({ type: 'Clamp', opset: 'opset1', name, inputs: [value], attributes });
  }

  erf(value: Value, name: string): Value {
    return this.#unary({ type: 'Erf', opset: 'opset1', name, inputs: [value] });
  }

  sqrt(value: Value, name: string): Value {
    return this.#unary({ type: 'Sqrt', opset: 'opset1', name, inputs: [value] });
  }

  sigmoid(value: Value, name: string): Value {
    return this.#unary({ type: 'Sigmoid', opset: 'opset1', name, inputs: [value] });
  }

  tanh(value: Value, name: string): Value {
    return this.#unary({ type: 'Tanh', opset: 'opset1', name, inputs: [value] });
  }

  relu(value: Value, name: string): Value {
    return this.#unary({ type: 'ReLU', opset: 'opset1', name, inputs: [value] });
  }

  /** x where x > 0, else slope * x. */
  prelu(value: Value, slope: number, name: string): Value {
    const parameter = { name: `${name}/slope`, value: slope, rank: 1 };
    return this.#unary({ type: 'PReLU', opset: 'opset1', name, inputs: [value], parameter });
  }

  /**
   * x times the normal distribution's cumulative probability of x: exact by the error function, or approximated by
   * tanh.
   */
  gelu(value: Value, name: string, { approximation = 'erf' }: { approximation?: 'erf' | 'tanh' } = {}): Value {
    const attributes = { approximation_mode: approximation.toUpperCase() };
    return this.#unary({ type: 'Gelu', opset: 'opset7', name, inputs: [value], attributes });
  }

  /** x * sigmoid(beta * x); beta is 1 by default. */
  swish(value: Value, name: string, { beta }: { beta?: number } = {}): Value {
    const parameter = beta === undefined ? undefined : { name: `${name}/beta`, value: beta, rank: 0 };
    return this.#unary({ type: 'Swish', opset: 'opset4', name, inputs: [value], parameter });
  }

  /** x * min(max(x + 3, 0), 6) / 6 */
  hardSwish(value: Value, name: string): Value {
    return this.#unary({ type: 'HSwish', opset: 'opset4', name, inputs: [value] });
  }

  /** x * tanh(softPlus(x)) */
  mish(value: Value, name: string): Value {
    return this.#unary({ type: 'Mish', opset: 'opset4', name, inputs: [value] });
  }

  /** ln(1 + e^x) */
  softPlus(value: Value, name: string): Value {
    return this.#unary({ type: 'SoftPlus', opset: 'opset4', name, inputs: [value] });
  }

  #binary(type: string, inputs: readonly [Value, Value], name: string, result?: IRType): Value {
    const operands = { type, name, inputs };
    const [a, b] = inputs;
    requireSameType(operands);
    if (a.type === 'boolean') rejectOperands(operands, 'numbers');
    const shape = broadcastShapes(a.shape, b.shape) ?? rejectOperands(operands, 'shapes that broadcast');
    return this.addOperation({
      ...operands,
      opset: 'opset1',
      attributes: { auto_broadcast: 'numpy' },
      output: { type: result ?? a.type, shape },
    });
  }

  /** A function of one input, with the same type and shape as that. */
  #unary({ parameter, ...operation }: UnaryOperation): Value {
    requireFloats(operation);
    const [{ type, shape }] = operation.inputs;
    const inputs = parameter ? [...operation.inputs, this.#parameterLike(parameter, type)] : operation.inputs;
    return this.addOperation({ ...operation, inputs, output: { type, shape } });
  }

  #parameterLike({ name, value, rank }: FunctionParameter, type: IRType): Value {
    const constant = this.float(name, value, rank);
    return type === 'f32' ? constant : this.convert(constant, type, `${name}_${type}`);
  }
}

interface UnaryOperation {
  readonly type: string;
  readonly opset: string;
  readonly name: string;
  readonly inputs: readonly [Value];
  readonly attributes?: Readonly<Record<string, string>>;
  /** A number that the function takes as its second input. */
  readonly parameter?: FunctionParameter;
}

interface FunctionParameter {
  readonly name: string;
  readonly value: number;
  readonly rank: number;
}

// OpenVINO's Intermediate Representation as a typed graph in memory: nodes, their outputs, constants, variables.
// Format: https://docs.openvino.ai (IR, operation sets). GraphBuilder adds the operations, with their shape inference.
import { checkArguments } from '../core/check-arguments';
import { BlipError } from '../core/errors';
import { formatDimension, type Shape } from './shapes';

/** An operation was given inputs that it cannot take; the message names the node, the shapes and what was expected. */
export class GraphError extends BlipError {}

export type IRType = 'f32' | 'f16' | 'i64' | 'i32' | 'boolean';
export const TYPE_BYTES: Readonly<Record<IRType, number>> = { f32: 4, f16: 2, i64: 8, i32: 4, boolean: 1 };

/** One output of a node: what other nodes take as input. */
export interface Value {
  readonly node: Node;
  readonly port: number;
  readonly type: IRType;
  readonly shape: Shape;
}

/**
 * A constant's bytes, read when the graph is written, one constant at a time. Constants with the same key are stored
 * once.
 */
export interface ConstantSource {
  readonly key?: string;
  /**
   * All bytes, or a generator of chunks in order. A chunk must not change until the chunk after the next is requested.
   */
  readonly bytes: () => Uint8Array | Generator<Uint8Array>;
}

export interface Node {
  readonly id: number;
  /** Friendly name, unique in the graph. */
  readonly name: string;
  readonly type: string;
  readonly opset: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly inputs: readonly Value[];
  readonly outputs: Value[];
  /** Tensor names per output: the names under which a program finds inputs and outputs. */
  readonly tensorNames: string[][];
  /** Names of runtime attributes without a value, such as `decompression`. */
  readonly runtimeInfo: readonly string[];
  readonly source?: ConstantSource;
  /** The values of an integer constant, where shape inference needs them. */
  readonly integers?: readonly number[];
}

export interface NodeSpec {
  readonly type: string;
  readonly opset: string;
  readonly name: string;
  readonly inputs?: readonly Value[];
  readonly attributes?: Readonly<Record<string, string>>;
  readonly outputs: readonly { readonly type: IRType; readonly shape: Shape }[];
  readonly runtimeInfo?: readonly string[];
  readonly source?: ConstantSource;
  readonly integers?: readonly number[];
}

/** A node with one output. */
export interface OperationSpec extends Omit<NodeSpec, 'outputs'> {
  readonly output: NodeSpec['outputs'][number];
}

/** State that lives in an inference request between runs. */
export interface Variable {
  readonly id: string;
  readonly type: IRType;
  readonly shape: Shape;
}

/** A model under construction. Nodes are kept in the order in which they are added, which is a topological order. */
export class Graph {
  readonly nodes: Node[] = [];
  readonly #names = new Map<string, number>();
  readonly #inputs = new Set<string>();
  readonly #outputs = new Set<string>();

  constructor(readonly name: string) {
    checkArguments('new Graph', { name: [name, 'text'] });
  }

  /**
   * Adds a node of any operation. Its inputs are not checked: prefer the methods of GraphBuilder, which do.
   * @throws {GraphError} when an input belongs to another graph
   */
  addNode(spec: NodeSpec): Node {
    for (const input of spec.inputs ?? [])
      if (this.nodes[input.node.id] !== input.node)
        throw new GraphError(`${spec.name} (${spec.type}): its input "${input.node.name}" belongs to another graph.`);
    const node: Node = {
      id: this.nodes.length,
      name: this.#unique(spec.name),
      type: spec.type,
      opset: spec.opset,
      attributes: spec.attributes ?? {},
      inputs: spec.inputs ?? [],
      outputs: [],
      tensorNames: [],
      runtimeInfo: spec.runtimeInfo ?? [],
      source: spec.source,
      integers: spec.integers,
    };
    spec.outputs.forEach(({ type, shape }, port) => {
      node.outputs.push({ node, port, type, shape });
      node.tensorNames.push([]);
    });
    this.nodes.push(node);
    return node;
  }

  /** Adds a node with one output, as addNode does, and returns the output. */
  addOperation({ output, ...spec }: OperationSpec): Value {
    return this.addNode({ ...spec, outputs: [output] }).outputs[0];
  }

  /** An input of the model. @throws {GraphError} when another input has this name */
  parameter(name: string, type: IRType, shape: Shape): Value {
    if (this.#inputs.has(name))
      throw new GraphError(
        `${name} (Parameter): the graph has an input of this name already; programs find inputs by name.`,
      );
    this.#inputs.add(name);
    const node = this.addNode({
      type: 'Parameter',
      opset: 'opset1',
      name,
      outputs: [{ type, shape }],
      attributes: { shape: shape.map(formatDimension).join(','), element_type: type },
    });
    node.tensorNames[0].push(name);
    return node.outputs[0];
  }

  /** A constant whose bytes (little-endian) are read when the graph is written. */
  constant(name: string, type: IRType, shape: Shape, source: ConstantSource): Value {
    return this.#constant({ name, source, output: { type, shape } });
  }

  /** An integer constant, such as axes, shapes or indices. A number gives a scalar, a list gives a vector. */
  integers(name: string, values: number | readonly number[], type: 'i64' | 'i32' = 'i64'): Value {
    const list = typeof values === 'number' ? [values] : [...values];
    if (!list.every(Number.isSafeInteger))
      throw new GraphError(`${name} (Const): got [${list.join(', ')}], expected whole numbers.`);
    const bytes = new Uint8Array(
      type === 'i64' ? BigInt64Array.from(list, BigInt).buffer : Int32Array.from(list).buffer,
    );
    return this.#constant({
      name,
      source: { key: `${type}:${list.join(',')}`, bytes: () => bytes },
      output: { type, shape: typeof values === 'number' ? [] : [list.length] },
      integers: list,
    });
  }

  /** One f32 value: a scalar, or a tensor of the given rank with every size 1, which broadcasts. */
  float(name: string, value: number, rank = 0): Value {
    const bytes = new Uint8Array(Float32Array.of(value).buffer);
    return this.constant(name, 'f32', Array<number>(rank).fill(1), { key: `f32:${value}`, bytes: () => bytes });
  }

  /**
   * Makes a value an output of the model under a tensor name. One value may have several names.
   * @throws {GraphError} when another input or output has this name
   */
  result(name: string, value: Value): void {
    if (this.#outputs.has(name) || this.#inputs.has(name))
      throw new GraphError(
        `${name} (Result): the graph has an input or output of this name already; programs find outputs by name.`,
      );
    this.#outputs.add(name);
    value.node.tensorNames[value.port].push(name);
    this.addNode({ type: 'Result', opset: 'opset1', name: `${name}/result`, inputs: [value], outputs: [] });
  }

  /** Reads a variable. In a fresh request, and after a reset, its value is `initial`. */
  readValue(variable: Variable, initial: Value): Value {
    return this.addOperation({
      type: 'ReadValue',
      opset: 'opset6',
      name: `${variable.id}/read`,
      inputs: [initial],
      attributes: {
        variable_id: variable.id,
        variable_type: variable.type,
        variable_shape: variable.shape.map(formatDimension).join(','),
      },
      output: { type: variable.type, shape: variable.shape },
    });
  }

  /** Writes a variable, which the next run reads. */
  assign(variable: Variable, value: Value): void {
    this.addNode({
      type: 'Assign',
      opset: 'opset6',
      name: `${variable.id}/assign`,
      inputs: [value],
      attributes: { variable_id: variable.id },
      outputs: [{ type: value.type, shape: value.shape }],
    });
  }

  #constant(spec: Pick<OperationSpec, 'name' | 'source' | 'output' | 'integers'>): Value {
    const { type, shape } = spec.output;
    return this.addOperation({
      type: 'Const',
      opset: 'opset1',
      attributes: { element_type: type, shape: shape.join(', ') },
      ...spec,
    });
  }

  /** The name itself the first time, with a number appended after that. */
  #unique(name: string): string {
    const uses = this.#names.get(name) ?? 0;
    this.#names.set(name, uses + 1);
    return uses === 0 ? name : this.#unique(`${name}_${uses}`);
  }
}

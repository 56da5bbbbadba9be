// OpenVINO's Intermediate Representation as a typed graph in memory: nodes, their outputs, variables. Knows no model.
// Format: https://docs.openvino.ai (IR, operation sets). Operations with their shape inference stand in ops.ts.
import { BlipError } from '../core/errors';

/** An operation was given inputs it cannot take; the message names the node, the shapes and what was expected. */
export class GraphError extends BlipError {}

export type IRType = 'f32' | 'f16' | 'i64' | 'i32' | 'boolean';
export const TYPE_BYTES: Readonly<Record<IRType, number>> = { f32: 4, f16: 2, i64: 8, i32: 4, boolean: 1 };

/** Sizes; -1 stands for one that is only known at run time. */
export type Shape = readonly number[];

/** One output of a node: what other nodes take as input. */
export interface Value {
  readonly node: Node;
  readonly port: number;
  readonly type: IRType;
  readonly shape: Shape;
}

/** Where a constant's bytes come from. Read while writing, one constant at a time; equal keys share one place in the file. */
export interface ConstantSource {
  readonly key?: string;
  /** All of them, or pieces in their order; each piece is left as it is until the next but one is asked for. */
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
  /** Names of empty runtime attributes, such as `decompression`. */
  readonly runtimeInfo: readonly string[];
  readonly source?: ConstantSource;
  /** The number itself, for small integer constants: lets shape inference see it. */
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

/** State that lives in an inference request between runs. */
export interface Variable {
  readonly id: string;
  readonly type: IRType;
  readonly shape: Shape;
}

/**
 * A model under construction. Nodes are kept in the order they are added, which is a topological order.
 *
 * @example
 * const graph = new Graph('twice');
 * const x = graph.parameter('x', 'f32', [-1, 4]);
 * graph.result('y', add(graph, x, x, 'sum'));
 * await writeIR(graph, 'twice.xml');
 */
export class Graph {
  readonly nodes: Node[] = [];
  readonly #names = new Map<string, number>();
  readonly #inputs = new Set<string>();
  readonly #outputs = new Set<string>();

  constructor(readonly name: string) {}

  /** Adds a node of any operation; prefer the functions of ops.ts, which check shapes. */
  add(spec: NodeSpec): Node {
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

  /** An input of the model. @throws {GraphError} when another input has this name */
  parameter(name: string, type: IRType, shape: Shape): Value {
    if (this.#inputs.has(name))
      throw new GraphError(
        `${name} (Parameter): the graph has an input of this name already; programs find inputs by name.`,
      );
    this.#inputs.add(name);
    const node = this.add({
      type: 'Parameter',
      opset: 'opset1',
      name,
      outputs: [{ type, shape }],
      attributes: { shape: shape.map((dim) => (dim < 0 ? '?' : dim)).join(','), element_type: type },
    });
    node.tensorNames[0].push(name);
    return node.outputs[0];
  }

  /** A constant whose bytes (little-endian) are read when the graph is written. */
  constant(name: string, type: IRType, shape: Shape, source: ConstantSource, integers?: readonly number[]): Value {
    return this.add({
      type: 'Const',
      opset: 'opset1',
      name,
      source,
      integers,
      outputs: [{ type, shape }],
      attributes: { element_type: type, shape: shape.join(', ') },
    }).outputs[0];
  }

  /** A small constant of whole numbers: axes, shapes, indices. A number gives a scalar, a list a vector. */
  integers(name: string, values: number | readonly number[], type: 'i64' | 'i32' = 'i64'): Value {
    const list = typeof values === 'number' ? [values] : [...values];
    if (!list.every(Number.isSafeInteger))
      throw new GraphError(`${name} (Const): got [${list.join(', ')}], expected whole numbers.`);
    const bytes = new Uint8Array(
      type === 'i64' ? BigInt64Array.from(list, BigInt).buffer : Int32Array.from(list).buffer,
    );
    return this.constant(
      name,
      type,
      typeof values === 'number' ? [] : [list.length],
      { key: `${type}:${list.join(',')}`, bytes: () => bytes },
      list,
    );
  }

  /** A float scalar, or one value of the given rank that broadcasts. */
  float(name: string, value: number, rank = 0): Value {
    const bytes = new Uint8Array(Float32Array.of(value).buffer);
    return this.constant(name, 'f32', Array<number>(rank).fill(1), { key: `f32:${value}`, bytes: () => bytes });
  }

  /** An output of the model under a tensor name; one value may have several. @throws {GraphError} when another input or output has this name */
  result(name: string, value: Value): void {
    if (this.#outputs.has(name) || this.#inputs.has(name))
      throw new GraphError(
        `${name} (Result): the graph has an input or output of this name already; programs find outputs by name.`,
      );
    this.#outputs.add(name);
    value.node.tensorNames[value.port].push(name);
    this.add({ type: 'Result', opset: 'opset1', name: `${name}/result`, inputs: [value], outputs: [] });
  }

  /** Reads a variable; after a reset (and in a fresh request) it has the value of `initial`. */
  readValue(variable: Variable, initial: Value): Value {
    return this.add({
      type: 'ReadValue',
      opset: 'opset6',
      name: `${variable.id}/read`,
      inputs: [initial],
      attributes: {
        variable_id: variable.id,
        variable_type: variable.type,
        variable_shape: variable.shape.map((dim) => (dim < 0 ? '?' : dim)).join(','),
      },
      outputs: [{ type: variable.type, shape: variable.shape }],
    }).outputs[0];
  }

  /** Writes a variable, to be read by the next run. */
  assign(variable: Variable, value: Value): void {
    this.add({
      type: 'Assign',
      opset: 'opset6',
      name: `${variable.id}/assign`,
      inputs: [value],
      attributes: { variable_id: variable.id },
      outputs: [{ type: value.type, shape: value.shape }],
    });
  }

  #unique(name: string): string {
    const seen = this.#names.get(name) ?? 0;
    this.#names.set(name, seen + 1);
    return seen === 0 ? name : this.#unique(`${name}_${seen}`);
  }
}

/** @example formatShape([-1, 3]) // '[?, 3]' */
export function formatShape(shape: Shape): string {
  return `[${shape.map((dim) => (dim < 0 ? '?' : dim)).join(', ')}]`;
}

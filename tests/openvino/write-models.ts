// Small models for the tests of the runtimes, written with the project's own IR writer.
import * as path from 'node:path';
import { GraphBuilder, writeIR, type IRType, type Value } from '../../lib/ir';

export interface TestModels {
  /**
   * sum [?, 3] f32 = left + 10 right, difference [?, 3] f32 = left - right; the inputs' alphabetical order is not the
   * model's.
   */
  readonly two: string;
  /** y = 2 x with a free number of axes' sizes [?, ?] f32: for chains and empty tensors. */
  readonly twice: string;
  /** One scalar in, one scalar out: y = x + 1. */
  readonly scalar: string;
  /**
   * One output per element type that IR and both runtimes know; `bits` f16 and `flags` boolean only where asked for.
   */
  readonly types: string;
  readonly halves: string;
  /** Keeps what it was given: state [?, 1] = all inputs so far. */
  readonly stateful: string;
  /** Slow on purpose: tens of milliseconds of matrix products. */
  readonly slow: string;
  /** Holds an operation that does not exist. */
  readonly broken: string;
}

export const SLOW_SIZE = 512;

/** Where {@link writeModels} puts them. */
export function modelFiles(folder: string): TestModels {
  const file = (name: string): string => path.join(folder, `${name}.xml`);
  return {
    two: file('two'),
    twice: file('twice'),
    scalar: file('scalar'),
    types: file('types'),
    halves: file('halves'),
    stateful: file('stateful'),
    slow: file('slow'),
    broken: file('broken'),
  };
}

export async function writeModels(folder: string): Promise<void> {
  for (const [name, build] of Object.entries(BUILDERS)) {
    const graph = new GraphBuilder(name);
    build(graph);
    await writeIR(graph, path.join(folder, `${name}.xml`));
  }
}

const BUILDERS: Readonly<Record<keyof TestModels, (graph: GraphBuilder) => void>> = {
  two: (graph) => {
    const right = graph.parameter('right', 'f32', [-1, 3]);
    const left = graph.parameter('left', 'f32', [-1, 3]);
    graph.result('sum', graph.add(left, graph.multiply(right, graph.float('ten', 10), 'tens'), 'add'));
    graph.result(
      'difference',
      graph.add(left, graph.multiply(right, graph.float('minus', -1), 'negative'), 'subtract'),
    );
  },
  twice: (graph) => {
    const x = graph.parameter('x', 'f32', [-1, -1]);
    graph.result('y', graph.add(x, x, 'double'));
  },
  scalar: (graph) => {
    graph.result('y', graph.add(graph.parameter('x', 'f32', []), graph.float('one', 1), 'plus'));
  },
  types: (graph) => passThrough(graph, ['f32', 'i64', 'i32']),
  halves: (graph) => {
    passThrough(graph, ['f16', 'boolean']);
    const x = graph.parameter('x', 'f32', [2]);
    graph.result('flags', graph.lessEqual(x, graph.float('zero', 0), 'negative'));
    graph.result('bits', graph.convert(x, 'f16', 'half'));
  },
  stateful: (graph) => {
    const x = graph.parameter('x', 'f32', [1, 1]);
    const variable = { id: 'past', type: 'f32' as const, shape: [-1, 1] };
    const empty = graph.reshape(
      graph.constant('empty', 'f32', [0, 1], { bytes: () => new Uint8Array(0) }),
      [0, 1],
      'none',
    );
    const all = graph.concat([graph.readValue(variable, empty), x], 0, 'all');
    graph.assign(variable, all);
    graph.result('state', all);
  },
  slow: (graph) => {
    const x = graph.parameter('x', 'f32', [SLOW_SIZE, SLOW_SIZE]);
    let value: Value = x;
    for (let i = 0; i < 24; i++) value = graph.matmul(value, x, `product_${i}`);
    graph.result('y', value);
  },
  broken: (graph) => {
    const x = graph.parameter('x', 'f32', [1]);
    graph.result(
      'y',
      graph.addOperation({
        type: 'Oddity',
        opset: 'opset1',
        name: 'odd one',
        inputs: [x],
        output: { type: 'f32', shape: [1] },
      }),
    );
  },
};

/** An input `in_<type>` and an output `out_<type>` = in, doubled where the type has a sum. */
function passThrough(graph: GraphBuilder, types: readonly IRType[]): void {
  for (const type of types) {
    const input = graph.parameter(`in_${type}`, type, [-1]);
    graph.result(
      `out_${type}`,
      type === 'boolean' ? graph.reshape(input, [1, -1], 'row') : graph.add(input, input, `double_${type}`),
    );
  }
}

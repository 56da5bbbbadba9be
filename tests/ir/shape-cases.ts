// Cases of the operations that move elements or read shapes.
import { at, generate, type Nd } from './nd-array';
import { f, i, type Input, type OpCase } from './operation-case';

function reshapeCase(input: Input, pattern: readonly number[]): OpCase {
  return {
    name: `reshape [${input.shape.join(', ')}] to [${pattern.join(', ')}]`,
    inputs: [input],
    build: (g, [x]) => g.reshape(x, pattern, 'it'),
    reference: ([x]) => {
      const shape = pattern.map((dim, axis) => (dim === 0 ? x.shape[axis] : dim));
      const known = shape.filter((dim) => dim >= 0).reduce((a, b) => a * b, 1);
      return { shape: shape.map((dim) => (dim < 0 ? x.data.length / known : dim)), data: x.data };
    },
  };
}

const pick = (shape: readonly number[], axis: number, x: Nd, chosen: (index: readonly number[]) => number): Nd =>
  generate(shape, (index) =>
    at(
      x,
      index.map((value, n) => (n === axis ? chosen(index) : value)),
    ),
  );

export const SHAPE_CASES: readonly OpCase[] = [
  ...(
    [
      [f([5, 3]), 0],
      [f([3, 5, 2]), 1],
      [f([-1, 4], [6, 4]), 0],
      [f([2, -1], [2, 5]), 1],
    ] as const
  ).map(
    ([data, axis], n): OpCase => ({
      name: `gather ${n}`,
      inputs: [data, i([-1, 2], [3, 2])],
      build: (g, [x, ids]) => g.gather(x, ids, axis, 'it'),
      reference: ([x, ids]) =>
        generate([...x.shape.slice(0, axis), ...ids.shape, ...x.shape.slice(axis + 1)], (index) =>
          at(x, [...index.slice(0, axis), at(ids, index.slice(axis, axis + 2)), ...index.slice(axis + 2)]),
        ),
    }),
  ),
  {
    name: 'gather by a scalar drops the axis',
    inputs: [f([4, -1], [4, 3])],
    build: (g, [x]) => g.gather(x, g.integers('two', 2), 0, 'it'),
    reference: ([x]) => generate([3], ([n]) => at(x, [2, n])),
  },
  ...(
    [
      [f([2, 3]), f([5, 3]), 0],
      [f([2, -1, 1], [2, 3, 1]), f([2, 3, 1]), 2],
      [f([-1, 3], [0, 3]), f([2, -1], [2, 3]), 0],
    ] as const
  ).map(
    ([a, b, axis], n): OpCase => ({
      name: `concat ${n}`,
      inputs: [a, b],
      build: (g, [x, y]) => g.concat([x, y], axis, 'it'),
      reference: ([x, y]) =>
        generate(
          x.shape.map((size, k) => (k === axis ? size + y.shape[k] : size)),
          (index) => {
            const first = x.shape[axis];
            return index[axis] < first
              ? at(x, index)
              : at(
                  y,
                  index.map((value, k) => (k === axis ? value - first : value)),
                );
          },
        ),
    }),
  ),
  ...(
    [
      [f([2, 3]), 1, 2],
      [f([-1, 3, -1], [2, 3, 4]), 2, 1],
      [f([2, 0]), 1, 3],
      [f([2, 3]), 0, 0],
    ] as const
  ).map(
    ([input, axis, count], n): OpCase => ({
      name: `padEnd ${n}`,
      inputs: [input],
      build: (g, [x]) => g.padEnd(x, axis, count, 'it'),
      reference: ([x]) =>
        generate(
          x.shape.map((size, k) => (k === axis ? size + count : size)),
          (index) => (index[axis] < x.shape[axis] ? at(x, index) : 0),
        ),
    }),
  ),
  reshapeCase(f([2, 6]), [3, 4]),
  reshapeCase(f([2, 3, 4]), [0, -1]),
  reshapeCase(f([-1, 7, 6], [2, 7, 6]), [0, 0, 2, 3]),
  reshapeCase(f([-1, 6], [3, 6]), [0, 2, -1]),
  reshapeCase(f([-1, -1, 6], [2, 5, 6]), [0, 0, 3, -1]),
  reshapeCase(f([-1, -1, 6], [2, 5, 6]), [-1, 6]),
  reshapeCase(f([-1, 4], [3, 4]), [-1]),
  reshapeCase(f([1]), []),
  reshapeCase(f([2, -1, 3], [2, 5, 3]), [0, -1]),
  reshapeCase(f([3, -1], [3, 4]), [-1, 2]),
  ...(
    [
      [f([2, 3, 4]), [2, 0, 1]],
      [f([-1, 3, -1, 5], [2, 3, 4, 5]), [0, 2, 1, 3]],
    ] as const
  ).map(
    ([input, order], n): OpCase => ({
      name: `transpose ${n}`,
      inputs: [input],
      build: (g, [x]) => g.transpose(x, order, 'it'),
      reference: ([x]) =>
        generate(
          order.map((axis) => x.shape[axis]),
          (index) =>
            at(
              x,
              x.shape.map((_, axis) => index[order.map(Number).indexOf(axis)]),
            ),
        ),
    }),
  ),
  ...(
    [
      [f([2, 9]), 1, 3],
      [f([4, -1], [4, 5]), 0, 2],
      [f([2, -1], [2, 6]), 1, 3],
    ] as const
  ).map(
    ([input, axis, parts], n): OpCase => ({
      name: `split ${n}`,
      inputs: [input],
      build: (g, [x]) => g.split(x, axis, parts, 'it'),
      reference: ([x]) =>
        Array.from({ length: parts }, (_, part) => {
          const size = x.shape[axis] / parts;
          return pick(
            x.shape.map((dim, k) => (k === axis ? size : dim)),
            axis,
            x,
            (index) => part * size + index[axis],
          );
        }),
    }),
  ),
  {
    name: 'squeeze',
    inputs: [f([-1, 1, 3], [2, 1, 3])],
    build: (g, [x]) => g.squeeze(x, 1, 'it'),
    reference: ([x]) => ({ shape: [2, 3], data: x.data }),
  },
  {
    name: 'unsqueeze',
    inputs: [f([-1, 3], [2, 3])],
    build: (g, [x]) => g.unsqueeze(x, [3, 0], 'it'),
    reference: ([x]) => ({ shape: [1, 2, 3, 1], data: x.data }),
  },
  {
    name: 'unsqueeze in the middle',
    inputs: [f([5, -1], [5, 2])],
    build: (g, [x]) => g.unsqueeze(x, [1, 2], 'it'),
    reference: ([x]) => ({ shape: [5, 1, 1, 2], data: x.data }),
  },
  {
    name: 'shapeOf',
    inputs: [f([-1, 3], [4, 3])],
    build: (g, [x]) => g.shapeOf(x, 'it'),
    reference: () => ({ shape: [2], data: [4, 3] }),
  },
  {
    name: 'sizeOf',
    inputs: [f([3, -1], [3, 5])],
    build: (g, [x]) => g.sizeOf(x, 1, 'it'),
    reference: () => ({ shape: [1], data: [5] }),
  },
  {
    name: 'broadcast to a size known at run time',
    inputs: [f([1, 1, 3]), f([-1, 2], [4, 2])],
    build: (g, [x, y]) =>
      g.broadcast(x, g.concat([g.sizeOf(y, 0, 'rows'), g.integers('rest', [2, 3])], 0, 'target'), [-1, 2, 3], 'it'),
    reference: ([x]) => generate([4, 2, 3], (index) => at(x, index)),
  },
  {
    name: 'range to a size known at run time',
    inputs: [f([3, -1], [3, 5])],
    build: (g, [x]) => g.range(g.integers('from', 2), g.squeeze(g.sizeOf(x, 1, 'columns'), 0, 'stop'), 'it'),
    reference: () => ({ shape: [3], data: [2, 3, 4] }),
  },
  {
    name: 'range of constants',
    inputs: [f([1])],
    build: (g) => g.range(g.integers('from', 3), g.integers('to', 8), 'it'),
    reference: () => ({ shape: [5], data: [3, 4, 5, 6, 7] }),
  },
];

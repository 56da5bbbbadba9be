// One case or more per operation: how it is built, with free sizes too, and what it is in plain TypeScript.
import type { GraphBuilder, IRType, Shape, Value } from '../../lib/ir';
import { at, common, erf, generate, softmaxOf, sum, type Nd } from './nd-array';

export interface OpCase {
  readonly name: string;
  /** The model's inputs: declared shapes, and the sizes they are run with. */
  readonly inputs: readonly { readonly type: IRType; readonly shape: Shape; readonly sizes: readonly number[] }[];
  readonly build: (g: GraphBuilder, values: readonly Value[]) => Value | Value[];
  readonly reference: (inputs: readonly Nd[]) => Nd | Nd[];
}

type Input = OpCase['inputs'][number];
const f = (shape: Shape, sizes: readonly number[] = shape): Input => ({ type: 'f32', shape, sizes });
const i = (shape: Shape, sizes: readonly number[] = shape): Input => ({ type: 'i64', shape, sizes });

const pairs: readonly (readonly [Input, Input])[] = [
  [f([2, 3]), f([2, 3])],
  [f([5, 1, 7]), f([3, 1])],
  [f([]), f([2, 3])],
  [f([-1, 3], [4, 3]), f([3])],
  [f([-1, 3], [1, 3]), f([5, 3])],
  [f([-1, 1], [4, 1]), f([-1, 7], [4, 7])],
  [f([-1, -1], [3, 5]), f([1, 5])],
  [f([2, -1], [2, 0]), f([2, -1], [2, 0])],
];

type Binary = 'add' | 'subtract' | 'multiply' | 'lessEqual';

function elementwise(name: Binary, compute: (a: number, b: number) => number): OpCase[] {
  return pairs.map(([a, b], n) => ({
    name: `${name} ${n}`,
    inputs: [a, b],
    build: (g, [x, y]) => g[name](x, y, 'it'),
    reference: ([x, y]) => generate(common(x.shape, y.shape), (index) => compute(at(x, index), at(y, index))),
  }));
}

function matmulCase(name: string, a: Input, b: Input, transposeB: boolean): OpCase {
  return {
    name: `matmul ${name}`,
    inputs: [a, b],
    build: (g, [x, y]) => g.matmul(x, y, 'it', { transposeB }),
    reference: ([x, y]) => {
      const inner = x.shape.at(-1) ?? 0;
      const columns = y.shape.at(transposeB ? -2 : -1) ?? 0;
      return generate(
        [...common(x.shape.slice(0, -2), y.shape.slice(0, -2)), x.shape[x.shape.length - 2], columns],
        (index) => {
          const [row, column] = index.slice(-2);
          const batch = index.slice(0, -2);
          return sum(
            inner,
            (k) => at(x, [...batch, row, k]) * at(y, [...batch, ...(transposeB ? [column, k] : [k, column])]),
          );
        },
      );
    },
  };
}

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

/** Functions of one number: how each is built, and what it computes. */
const UNARY: Readonly<Record<string, { build: (g: GraphBuilder, x: Value) => Value; compute: (x: number) => number }>> =
  {
    erf: { build: (g, x) => g.erf(x, 'it'), compute: erf },
    tanh: { build: (g, x) => g.tanh(x, 'it'), compute: Math.tanh },
    sigmoid: { build: (g, x) => g.sigmoid(x, 'it'), compute: sigmoid },
    'sqrt of softPlus': {
      build: (g, x) => g.sqrt(g.softPlus(x, 'positive'), 'it'),
      compute: (x) => Math.sqrt(softPlus(x)),
    },
    clamp: { build: (g, x) => g.clamp(x, -0.5, 1.25, 'it'), compute: (x) => Math.min(Math.max(x, -0.5), 1.25) },
    relu: { build: (g, x) => g.relu(x, 'it'), compute: (x) => Math.max(0, x) },
    prelu: { build: (g, x) => g.prelu(x, 0.25, 'it'), compute: (x) => (x < 0 ? x / 4 : x) },
    gelu: { build: (g, x) => g.gelu(x, 'it'), compute: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2 },
    'gelu by tanh': {
      build: (g, x) => g.gelu(x, 'it', { approximation: 'tanh' }),
      compute: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    },
    swish: { build: (g, x) => g.swish(x, 'it'), compute: (x) => x * sigmoid(x) },
    'swish with beta': { build: (g, x) => g.swish(x, 'it', { beta: 1.702 }), compute: (x) => x * sigmoid(1.702 * x) },
    hardSwish: { build: (g, x) => g.hardSwish(x, 'it'), compute: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6 },
    mish: { build: (g, x) => g.mish(x, 'it'), compute: (x) => x * Math.tanh(softPlus(x)) },
    softPlus: { build: (g, x) => g.softPlus(x, 'it'), compute: softPlus },
  };

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function softPlus(x: number): number {
  return Math.log1p(Math.exp(x));
}

function attention(name: string, [q, k, v, mask]: readonly Input[]): OpCase {
  return {
    name: `scaledDotProductAttention ${name}`,
    inputs: mask ? [q, k, v, mask] : [q, k, v],
    build: (g, [query, key, value, mask]) => g.scaledDotProductAttention({ query, key, value, mask }, 'it'),
    reference: ([query, key, value, m]) => {
      const [, , length, size] = query.shape;
      const batch = common(query.shape.slice(0, 2), key.shape.slice(0, 2));
      const scores = generate(
        [...batch, length, key.shape[2]],
        ([b, h, row, s]) =>
          sum(size, (d) => at(query, [b, h, row, d]) * at(key, [b, h, s, d])) / Math.sqrt(size) +
          (m ? at(m, [b, h, row, s]) : 0),
      );
      const shares = softmaxOf(scores);
      return generate([...batch, length, value.shape[3]], ([b, h, row, d]) =>
        sum(key.shape[2], (s) => at(shares, [b, h, row, s]) * at(value, [b, h, s, d])),
      );
    },
  };
}

function convolutionCase(name: string, input: Input, weight: Input, stride: number): OpCase {
  return {
    name: `convolution ${name}`,
    inputs: [input, weight],
    build: (g, [x, w]) => g.convolution(x, w, stride, 'it'),
    reference: ([x, w]) => {
      const [out, channels, kh, kw] = w.shape;
      const size = (dim: number, kernel: number): number => Math.floor((dim - kernel) / stride) + 1;
      return generate([x.shape[0], out, size(x.shape[2], kh), size(x.shape[3], kw)], ([n, o, row, column]) =>
        sum(channels, (c) =>
          sum(kh, (y) => sum(kw, (z) => at(x, [n, c, row * stride + y, column * stride + z]) * at(w, [o, c, y, z]))),
        ),
      );
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

export const CASES: readonly OpCase[] = [
  ...elementwise('add', (a, b) => a + b),
  ...elementwise('subtract', (a, b) => a - b),
  ...elementwise('multiply', (a, b) => a * b),
  ...elementwise('lessEqual', (a, b) => Number(a <= b)),
  ...(
    [
      [f([2, 3]), f([2, 3])],
      [f([-1, 1], [3, 1]), f([1, 5])],
      [f([7]), f([-1, 7], [2, 7])],
    ] as const
  ).map(
    ([a, b], n): OpCase => ({
      name: `select ${n}`,
      inputs: [a, b],
      build: (g, [x, y]) => g.select(g.lessEqual(x, y, 'which'), x, g.float('nine', 9), 'it'),
      reference: ([x, y]) =>
        generate(common(x.shape, y.shape), (index) => (at(x, index) <= at(y, index) ? at(x, index) : 9)),
    }),
  ),
  matmulCase('plain', f([3, 5]), f([5, 7]), false),
  matmulCase('transposed', f([3, 5]), f([7, 5]), true),
  matmulCase('batched', f([2, 1, 3, 5]), f([4, 5, 2]), false),
  matmulCase('free rows', f([-1, -1, 5], [2, 3, 5]), f([7, 5]), true),
  matmulCase('free inner size', f([2, -1], [2, 4]), f([4, 3]), false),
  matmulCase('free batches', f([-1, 3, 2], [4, 3, 2]), f([-1, 2, 3], [4, 2, 3]), false),
  ...(['i64', 'i32', 'f16', 'boolean'] as const).map(
    (type): OpCase => ({
      name: `convert to ${type} and back`,
      inputs: [f([-1, 3], [2, 3])],
      build: (g, [x]) => g.convert(g.convert(x, type, 'there'), 'f32', 'it'),
      reference: ([x]) =>
        generate(x.shape, (index) =>
          type === 'f16' ? at(x, index) : type === 'boolean' ? Number(at(x, index) !== 0) : Math.trunc(at(x, index)),
        ),
    }),
  ),
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
  ...([f([2, 9]), f([-1, -1, 5], [2, 3, 5])] as const).map(
    (input, n): OpCase => ({
      name: `mvn ${n}`,
      inputs: [input],
      build: (g, [x]) => g.mvn(x, 1e-5, 'it'),
      reference: ([x]) => {
        const last = x.shape.length - 1;
        const size = x.shape[last];
        return generate(x.shape, (index) => {
          const row = (k: number): number => at(x, [...index.slice(0, last), k]);
          const mean = sum(size, row) / size;
          return (at(x, index) - mean) / Math.sqrt(sum(size, (k) => (row(k) - mean) ** 2) / size + 1e-5);
        });
      },
    }),
  ),
  ...Object.entries(UNARY).map(
    ([name, { build, compute }]): OpCase => ({
      name,
      inputs: [f([-1, 7], [3, 7])],
      build: (g, [x]) => build(g, x),
      reference: ([x]) => generate(x.shape, (index) => compute(at(x, index))),
    }),
  ),
  convolutionCase('patches', f([2, 3, 9, 12]), f([5, 3, 3, 3]), 3),
  convolutionCase('with a rest', f([1, 2, 7, 8]), f([3, 2, 3, 2]), 2),
  convolutionCase('overlapping, free batch', f([-1, 2, 5, 6], [3, 2, 5, 6]), f([1, 2, 2, 2]), 1),
  convolutionCase('free image size', f([-1, 3, -1, -1], [1, 3, 11, 7]), f([2, 3, 4, 4]), 4),
  ...(
    [
      [f([2, 3, 4]), 1],
      [f([5]), 0],
      [f([-1, 3, -1], [2, 3, 4]), 2],
      [f([-1, 3], [4, 3]), 0],
      [f([2, 0, 3]), 1],
    ] as const
  ).map(
    ([input, axis], n): OpCase => ({
      name: `reduceSum ${n}`,
      inputs: [input],
      build: (g, [x]) => g.reduceSum(x, axis, 'it'),
      reference: ([x]) =>
        generate(
          x.shape.filter((_, place) => place !== axis),
          (index) => sum(x.shape[axis], (k) => at(x, [...index.slice(0, axis), k, ...index.slice(axis)])),
        ),
    }),
  ),
  ...([f([3, 5]), f([-1, 2, -1], [2, 2, 9])] as const).map(
    (input, n): OpCase => ({
      name: `softmax ${n}`,
      inputs: [input],
      build: (g, [x]) => g.softmax(x, 'it'),
      reference: ([x]) => softmaxOf(x),
    }),
  ),
  attention('plain', [f([2, 3, 5, 4]), f([2, 3, 7, 4]), f([2, 3, 7, 6])]),
  attention('free, masked', [
    f([-1, 3, -1, 4], [2, 3, 5, 4]),
    f([-1, 3, -1, 4], [2, 3, 7, 4]),
    f([-1, 3, -1, 4], [2, 3, 7, 4]),
    f([-1, 1, -1, -1], [2, 1, 5, 7]),
  ]),
  attention('a row mask', [
    f([-1, 1, 1, 5], [2, 1, 1, 5]),
    f([2, 1, -1, 5], [2, 1, 3, 5]),
    f([2, 1, -1, 5], [2, 1, 3, 5]),
    f([-1, 1, 1, -1], [2, 1, 1, 3]),
  ]),
];

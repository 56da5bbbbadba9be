// Cases of matrix products, convolution, attention, and of the operations along one axis.
import { at, common, generate, softmaxOf, sum } from './nd-array';
import { f, type Input, type OpCase } from './operation-case';

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

export const PRODUCT_CASES: readonly OpCase[] = [
  matmulCase('plain', f([3, 5]), f([5, 7]), false),
  matmulCase('transposed', f([3, 5]), f([7, 5]), true),
  matmulCase('batched', f([2, 1, 3, 5]), f([4, 5, 2]), false),
  matmulCase('free rows', f([-1, -1, 5], [2, 3, 5]), f([7, 5]), true),
  matmulCase('free inner size', f([2, -1], [2, 4]), f([4, 3]), false),
  matmulCase('free batches', f([-1, 3, 2], [4, 3, 2]), f([-1, 2, 3], [4, 2, 3]), false),
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
  ...([f([2, 9]), f([-1, 5], [3, 5])] as const).map(
    (input, n): OpCase => ({
      name: `normalizeL2 ${n}`,
      inputs: [input],
      build: (g, [x]) => g.normalizeL2(x, 'it'),
      reference: ([x]) =>
        generate(x.shape, ([row, column]) => {
          const squares = sum(x.shape[1], (k) => at(x, [row, k]) ** 2);
          return at(x, [row, column]) / Math.max(Math.sqrt(squares), 1e-12);
        }),
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

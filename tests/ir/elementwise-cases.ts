// Cases of the elementwise operations.
import type { GraphBuilder, Value } from '../../lib/ir';
import { at, common, erf, generate } from './nd-array';
import { f, type Input, type OpCase } from './operation-case';

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

export const ELEMENTWISE_CASES: readonly OpCase[] = [
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
  ...Object.entries(UNARY).map(
    ([name, { build, compute }]): OpCase => ({
      name,
      inputs: [f([-1, 7], [3, 7])],
      build: (g, [x]) => build(g, x),
      reference: ([x]) => generate(x.shape, (index) => compute(at(x, index))),
    }),
  ),
];

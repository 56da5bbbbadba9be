// Mistakes in a g are found where they are made: the error names the node, the operation, what it got from whom, and
// what was expected.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GraphBuilder, GraphError, type IRType, type Shape, type Value } from '../../lib/ir';

const g = new GraphBuilder('mistakes');
let count = 0;
const input = (shape: Shape, type: IRType = 'f32'): Value => g.parameter(`in${count++}`, type, shape);

/** What is built, the operation that the error must name, and what it must say was expected. */
const MISTAKES: readonly (readonly [() => unknown, string, RegExp])[] = [
  [() => g.add(input([2, 3]), input([2, 4]), 'here'), 'Add', /shapes that broadcast/],
  [() => g.add(input([2]), input([2], 'i64'), 'here'), 'Add', /one element type/],
  [() => g.multiply(input([2], 'boolean'), input([2], 'boolean'), 'here'), 'Multiply', /numbers/],
  [() => g.select(input([2]), input([2]), input([2]), 'here'), 'Select', /boolean condition/],
  [() => g.select(input([3], 'boolean'), input([2]), input([2]), 'here'), 'Select', /broadcast/],
  [() => g.matmul(input([3, 5]), input([7, 5]), 'here'), 'MatMul', /inner sizes agree/],
  [() => g.matmul(input([3, 5]), input([5, 7]), 'here', { transposeB: true }), 'MatMul', /\(b transposed\)/],
  [() => g.matmul(input([2, 3, 5]), input([3, 5, 7]), 'here'), 'MatMul', /batch axes/],
  [() => g.matmul(input([5]), input([5, 7]), 'here'), 'MatMul', /matrices/],
  [() => g.matmul(input([3, 5]), input([5, 7], 'f16'), 'here'), 'MatMul', /one type/],
  [() => g.gather(input([3]), input([2], 'i64'), 1, 'here'), 'Gather', /axis 1/],
  [() => g.gather(input([3]), input([2], 'i64'), -1, 'here'), 'Gather', /axis -1, counted from 0/],
  [() => g.gather(input([3]), input([2]), 0, 'here'), 'Gather', /integer indices/],
  [() => g.concat([input([2, 3]), input([2, 4])], 0, 'here'), 'Concat', /every axis but 0/],
  [() => g.concat([input([2, 3]), input([2])], 0, 'here'), 'Concat', /one rank/],
  [() => g.concat([input([2, 3]), input([2, 3])], -1, 'here'), 'Concat', /axis -1, counted from 0/],
  [() => g.concat([], 0, 'here'), 'Concat', /axis 0/],
  [() => g.padEnd(input([2, 3]), 2, 1, 'here'), 'Pad', /axis 2, counted from 0/],
  [() => g.padEnd(input([2, 3], 'i64'), 1, 1, 'here'), 'Pad', /an f32 input/],
  [() => g.padEnd(input([2, 3]), 1, -1, 'here'), 'Pad', /zeros instead of -1/],
  [() => g.reshape(input([2, 3]), [7], 'here'), 'Reshape', /\[7\]/],
  [() => g.reshape(input([2, 3]), [4, -1], 'here'), 'Reshape', /\[4, -1\]/],
  [() => g.reshape(input([2, 3]), [-1, -1], 'here'), 'Reshape', /at most one -1/],
  [() => g.reshape(input([6]), [0, 0], 'here'), 'Reshape', /an axis for every 0/],
  [() => g.reshape(input([-1, 6]), [0, 2, 4], 'here'), 'Reshape', /a size that fits/],
  [() => g.transpose(input([2, 3]), [0], 'here'), 'Transpose', /every axis once/],
  [() => g.transpose(input([2, 3]), [0, 0], 'here'), 'Transpose', /every axis once/],
  [() => g.split(input([2, 7]), 1, 3, 'here'), 'Split', /axis 1 divisible by 3/],
  [() => g.split(input([2]), 1, 2, 'here'), 'Split', /axis 1/],
  [() => g.squeeze(input([2, 3]), 1, 'here'), 'Squeeze', /size 1 on axis 1/],
  [() => g.unsqueeze(input([2]), [3], 'here'), 'Unsqueeze', /axes below 2/],
  [() => g.unsqueeze(input([2]), [0, 0], 'here'), 'Unsqueeze', /different axes/],
  [() => g.sizeOf(input([2]), 1, 'here'), 'ShapeOf', /axis 1/],
  [() => g.broadcast(input([3]), input([2], 'i64'), [3], 'here'), 'Broadcast', /1 integers/],
  [() => g.broadcast(input([3]), input([2], 'i64'), [-1, 4], 'here'), 'Broadcast', /broadcasts to \[\?, 4\]/],
  [() => g.range(input([1], 'i64'), input([], 'i64'), 'here'), 'Range', /scalars/],
  [() => g.mvn(input([2, 3], 'i64'), 1e-5, 'here'), 'MVN', /f32 or f16/],
  [() => g.normalizeL2(input([2, 3], 'i64'), 'here'), 'NormalizeL2', /f32 or f16/],
  [() => g.gelu(input([2], 'i64'), 'here'), 'Gelu', /f32 or f16/],
  [() => g.swish(input([2], 'boolean'), 'here', { beta: 2 }), 'Swish', /f32 or f16/],
  [() => g.convolution(input([1, 3, 8, 8]), input([5, 4, 2, 2]), 1, 'here'), 'Convolution', /\[n, in, h, w\]/],
  [
    () => g.convolution(input([1, 3, 8, 8]), input([5, 3, 9, 2]), 1, 'here'),
    'Convolution',
    /no smaller than the kernel/,
  ],
  [() => g.convolution(input([1, 3, 8, 8]), input([5, 3, 2, 2]), 0, 'here'), 'Convolution', /got 0/],
  [() => g.reduceSum(input([2, 3]), 2, 'here'), 'ReduceSum', /an axis 2/],
  [() => g.reduceSum(input([2, 3], 'i64'), 0, 'here'), 'ReduceSum', /f32 or f16/],
  [() => g.softmax(input([]), 'here'), 'SoftMax', /a last axis/],
  [
    () =>
      g.scaledDotProductAttention(
        { query: input([1, 2, 3, 4]), key: input([1, 2, 3, 5]), value: input([1, 2, 3, 5]) },
        'here',
      ),
    'ScaledDotProductAttention',
    /one head size/,
  ],
  [
    () =>
      g.scaledDotProductAttention(
        { query: input([1, 2, 3, 4]), key: input([1, 2, 3, 4]), value: input([1, 2, 7, 4]) },
        'here',
      ),
    'ScaledDotProductAttention',
    /one length/,
  ],
  [
    () =>
      g.scaledDotProductAttention(
        { query: input([1, 2, 3, 4]), key: input([1, 3, 3, 4]), value: input([1, 3, 3, 4]) },
        'here',
      ),
    'ScaledDotProductAttention',
    /batch and heads/,
  ],
  [
    () =>
      g.scaledDotProductAttention(
        { query: input([1, 2, 3, 4]), key: input([1, 2, 7, 4]), value: input([1, 2, 7, 4]), mask: input([1, 1, 3, 3]) },
        'here',
      ),
    'ScaledDotProductAttention',
    /broadcasts to \[1, 2, 3, 7\]/,
  ],
  [
    () =>
      g.scaledDotProductAttention({ query: input([2, 3, 4]), key: input([2, 3, 4]), value: input([2, 3, 4]) }, 'here'),
    'ScaledDotProductAttention',
    /rank 4/,
  ],
];

for (const [build, type, expected] of MISTAKES)
  test(`${type}: ${expected.source}`, () => {
    const before = g.nodes.length;
    assert.throws(build, (error: unknown) => {
      assert.ok(error instanceof GraphError, String(error));
      assert.match(error.message, expected);
      assert.match(error.message, new RegExp(`^here(/shape)? \\(${type}\\): got (.*; )?expected `));
      if (type !== 'Concat' || !/got ;/.test(error.message))
        assert.match(error.message, /from "in\d+"/, 'the node that the input came from');
      return true;
    });
    assert.ok(
      g.nodes.slice(before).every((node) => node.type === 'Parameter' || node.type === 'Const'),
      'the operation was not added',
    );
  });

test('inputs and outputs have names of their own; nodes of another g are refused', () => {
  const one = new GraphBuilder('one');
  const x = one.parameter('x', 'f32', [1]);
  one.result('y', x);
  assert.throws(() => one.parameter('x', 'f32', [1]), /x \(Parameter\): .*this name already/);
  assert.throws(() => one.result('y', x), /y \(Result\): .*this name already/);
  assert.throws(() => one.result('x', x), /x \(Result\): .*this name already/);
  assert.throws(() => one.add(x, input([1]), 'sum'), /sum \(Add\): its input "in\d+" belongs to another g/);
  assert.throws(() => one.integers('axes', [0.5]), /axes \(Const\): got \[0\.5\], expected whole numbers/);
});

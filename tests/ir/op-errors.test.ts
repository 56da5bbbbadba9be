// Mistakes in a graph are found where they are made: the error names the node, the operation, what it got from whom, and what was expected.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as op from '../../lib/ir';
import { Graph, GraphError, type IRType, type Shape, type Value } from '../../lib/ir';

const graph = new Graph('mistakes');
let count = 0;
const input = (shape: Shape, type: IRType = 'f32'): Value => graph.parameter(`in${count++}`, type, shape);

/** What is built, the operation that the error must name, and what it must say was expected. */
const MISTAKES: readonly (readonly [() => unknown, string, RegExp])[] = [
  [() => op.add(graph, input([2, 3]), input([2, 4]), 'here'), 'Add', /shapes that broadcast/],
  [() => op.add(graph, input([2]), input([2], 'i64'), 'here'), 'Add', /one element type/],
  [() => op.multiply(graph, input([2], 'boolean'), input([2], 'boolean'), 'here'), 'Multiply', /numbers/],
  [() => op.select(graph, input([2]), input([2]), input([2]), 'here'), 'Select', /boolean condition/],
  [() => op.select(graph, input([3], 'boolean'), input([2]), input([2]), 'here'), 'Select', /broadcast/],
  [() => op.matmul(graph, input([3, 5]), input([7, 5]), 'here'), 'MatMul', /inner sizes agree/],
  [() => op.matmul(graph, input([3, 5]), input([5, 7]), 'here', { transposeB: true }), 'MatMul', /\(b transposed\)/],
  [() => op.matmul(graph, input([2, 3, 5]), input([3, 5, 7]), 'here'), 'MatMul', /batch axes/],
  [() => op.matmul(graph, input([5]), input([5, 7]), 'here'), 'MatMul', /matrices/],
  [() => op.matmul(graph, input([3, 5]), input([5, 7], 'f16'), 'here'), 'MatMul', /one type/],
  [() => op.gather(graph, input([3]), input([2], 'i64'), 1, 'here'), 'Gather', /axis 1/],
  [() => op.gather(graph, input([3]), input([2], 'i64'), -1, 'here'), 'Gather', /axis -1, counted from 0/],
  [() => op.gather(graph, input([3]), input([2]), 0, 'here'), 'Gather', /integer indices/],
  [() => op.concat(graph, [input([2, 3]), input([2, 4])], 0, 'here'), 'Concat', /every axis but 0/],
  [() => op.concat(graph, [input([2, 3]), input([2])], 0, 'here'), 'Concat', /one rank/],
  [() => op.concat(graph, [input([2, 3]), input([2, 3])], -1, 'here'), 'Concat', /axis -1, counted from 0/],
  [() => op.concat(graph, [], 0, 'here'), 'Concat', /axis 0/],
  [() => op.padEnd(graph, input([2, 3]), 2, 1, 'here'), 'Pad', /axis 2, counted from 0/],
  [() => op.padEnd(graph, input([2, 3], 'i64'), 1, 1, 'here'), 'Pad', /an f32 input/],
  [() => op.padEnd(graph, input([2, 3]), 1, -1, 'here'), 'Pad', /zeros instead of -1/],
  [() => op.reshape(graph, input([2, 3]), [7], 'here'), 'Reshape', /\[7\]/],
  [() => op.reshape(graph, input([2, 3]), [4, -1], 'here'), 'Reshape', /\[4, -1\]/],
  [() => op.reshape(graph, input([2, 3]), [-1, -1], 'here'), 'Reshape', /at most one -1/],
  [() => op.reshape(graph, input([6]), [0, 0], 'here'), 'Reshape', /an axis for every 0/],
  [() => op.reshape(graph, input([-1, 6]), [0, 2, 4], 'here'), 'Reshape', /a size that fits/],
  [() => op.transpose(graph, input([2, 3]), [0], 'here'), 'Transpose', /every axis once/],
  [() => op.transpose(graph, input([2, 3]), [0, 0], 'here'), 'Transpose', /every axis once/],
  [() => op.split(graph, input([2, 7]), 1, 3, 'here'), 'Split', /axis 1 divisible by 3/],
  [() => op.split(graph, input([2]), 1, 2, 'here'), 'Split', /axis 1/],
  [() => op.squeeze(graph, input([2, 3]), 1, 'here'), 'Squeeze', /size 1 on axis 1/],
  [() => op.unsqueeze(graph, input([2]), [3], 'here'), 'Unsqueeze', /axes below 2/],
  [() => op.unsqueeze(graph, input([2]), [0, 0], 'here'), 'Unsqueeze', /different axes/],
  [() => op.sizeOf(graph, input([2]), 1, 'here'), 'ShapeOf', /axis 1/],
  [() => op.broadcast(graph, input([3]), input([2], 'i64'), [3], 'here'), 'Broadcast', /1 integers/],
  [() => op.broadcast(graph, input([3]), input([2], 'i64'), [-1, 4], 'here'), 'Broadcast', /repeats to \[\?, 4\]/],
  [() => op.range(graph, input([1], 'i64'), input([], 'i64'), 'here'), 'Range', /scalars/],
  [() => op.normalizeLast(graph, input([2, 3], 'i64'), 1e-5, 'here'), 'MVN', /f32 or f16/],
  [() => op.activation(graph, input([2], 'i64'), 'gelu', 'here'), 'gelu', /f32 or f16/],
  [() => op.convolution(graph, input([1, 3, 8, 8]), input([5, 4, 2, 2]), 1, 'here'), 'Convolution', /\[n, in, h, w\]/],
  [
    () => op.convolution(graph, input([1, 3, 8, 8]), input([5, 3, 9, 2]), 1, 'here'),
    'Convolution',
    /no smaller than the kernel/,
  ],
  [() => op.convolution(graph, input([1, 3, 8, 8]), input([5, 3, 2, 2]), 0, 'here'), 'Convolution', /got 0/],
  [() => op.sum(graph, input([2, 3]), 2, 'here'), 'ReduceSum', /an axis 2/],
  [() => op.sum(graph, input([2, 3], 'i64'), 0, 'here'), 'ReduceSum', /f32 or f16/],
  [() => op.softmax(graph, input([]), 'here'), 'SoftMax', /a last axis/],
  [
    () =>
      op.scaledDotProductAttention(
        graph,
        input([1, 2, 3, 4]),
        input([1, 2, 3, 5]),
        input([1, 2, 3, 5]),
        undefined,
        'here',
      ),
    'ScaledDotProductAttention',
    /one head size/,
  ],
  [
    () =>
      op.scaledDotProductAttention(
        graph,
        input([1, 2, 3, 4]),
        input([1, 2, 3, 4]),
        input([1, 2, 7, 4]),
        undefined,
        'here',
      ),
    'ScaledDotProductAttention',
    /one length/,
  ],
  [
    () =>
      op.scaledDotProductAttention(
        graph,
        input([1, 2, 3, 4]),
        input([1, 3, 3, 4]),
        input([1, 3, 3, 4]),
        undefined,
        'here',
      ),
    'ScaledDotProductAttention',
    /batch and heads/,
  ],
  [
    () =>
      op.scaledDotProductAttention(
        graph,
        input([1, 2, 3, 4]),
        input([1, 2, 7, 4]),
        input([1, 2, 7, 4]),
        input([1, 1, 3, 3]),
        'here',
      ),
    'ScaledDotProductAttention',
    /broadcasts to \[1, 2, 3, 7\]/,
  ],
  [
    () => op.scaledDotProductAttention(graph, input([2, 3, 4]), input([2, 3, 4]), input([2, 3, 4]), undefined, 'here'),
    'ScaledDotProductAttention',
    /rank 4/,
  ],
];

for (const [build, type, expected] of MISTAKES)
  test(`${type}: ${expected.source}`, () => {
    const before = graph.nodes.length;
    assert.throws(build, (error: unknown) => {
      assert.ok(error instanceof GraphError, String(error));
      assert.match(error.message, expected);
      assert.match(error.message, new RegExp(`^here(/shape)? \\(${type}\\): got (.*; )?expected `));
      if (type !== 'Concat' || !/got ;/.test(error.message))
        assert.match(error.message, /from "in\d+"/, 'the node that the input came from');
      return true;
    });
    assert.ok(
      graph.nodes.slice(before).every((node) => node.type === 'Parameter' || node.type === 'Const'),
      'the operation was not added',
    );
  });

test('inputs and outputs have names of their own; nodes of another graph are refused', () => {
  const one = new Graph('one');
  const x = one.parameter('x', 'f32', [1]);
  one.result('y', x);
  assert.throws(() => one.parameter('x', 'f32', [1]), /x \(Parameter\): .*this name already/);
  assert.throws(() => one.result('y', x), /y \(Result\): .*this name already/);
  assert.throws(() => one.result('x', x), /x \(Result\): .*this name already/);
  assert.throws(() => op.add(one, x, input([1]), 'sum'), /sum \(Add\): its input "in\d+" belongs to another graph/);
  assert.throws(() => one.integers('axes', [0.5]), /axes \(Const\): got \[0\.5\], expected whole numbers/);
});

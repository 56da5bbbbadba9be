// Tensors compared piece by piece: equal whatever the length of their pieces, different at the first and at the last
// value.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CheckpointTensor } from '../../lib/checkpoint';
import { sameValues } from '../../lib/convert/same-values';

function tensorOf(values: Float32Array, pieceLength: number, shape = [values.length]): CheckpointTensor {
  const unused = (): never => assert.fail('only pieces are read');
  return {
    name: 'a',
    path: 'a.bin',
    dtype: 'F32',
    shape,
    byteLength: values.byteLength,
    bytes: unused,
    toFloat32: unused,
    *floatPieces() {
      for (let at = 0; at < values.length; at += pieceLength) yield values.slice(at, at + pieceLength);
    },
  };
}

describe('sameValues', () => {
  const values = Float32Array.from({ length: 1000 }, (_, i) => (i === 500 ? Number.NaN : i / 7));
  it('is true for equal values in pieces of other lengths', () => {
    for (const length of [1, 7, 999, 1000, 5000])
      assert.ok(sameValues(tensorOf(values, 300), tensorOf(values, length)), `${length}`);
  });
  it('sees one value that differs', () => {
    for (const index of [0, 299, 300, 999]) {
      const other = values.slice();
      other[index] += 1;
      assert.ok(!sameValues(tensorOf(values, 300), tensorOf(other, 77)), `${index}`);
    }
  });
  it('sees another shape', () => assert.ok(!sameValues(tensorOf(values, 300), tensorOf(values, 300, [10, 100]))));
  it('tensors of no values are equal', () =>
    assert.ok(sameValues(tensorOf(new Float32Array(0), 1), tensorOf(new Float32Array(0), 2))));
});

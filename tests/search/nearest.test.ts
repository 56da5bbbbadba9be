// The flat search against a plain sort in double precision, with and without vector instructions.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nearest } from '../../lib/search/nearest';

function rowsOf(count: number, width: number): Float32Array {
  return Float32Array.from({ length: count * width }, (_, i) => Math.sin(i * 12.9898) * Math.cos(i * 0.37));
}

function reference(vector: Float32Array, rows: Float32Array): number[] {
  return Array.from({ length: rows.length / vector.length }, (_, row) =>
    vector.reduce((sum, value, i) => sum + value * rows[row * vector.length + i], 0),
  );
}

describe('nearest', () => {
  // 256 and 8: vectors; 7 and 5000: none; 1000 rows of 256: several pieces
  for (const [count, width] of [
    [1000, 256],
    [5000, 8],
    [33, 7],
    [3, 5000],
    [1, 4096],
    [9000, 32],
  ])
    it(`${count} rows of ${width} numbers`, () => {
      const rows = rowsOf(count, width);
      const vector = rowsOf(7, width).slice(6 * width);
      const exact = reference(vector, rows);
      const order = exact.map((_, row) => row).sort((a, b) => exact[b] - exact[a] || a - b);
      for (const k of [1, 3, 128, count + 5]) {
        const found = nearest(vector, rows, k);
        assert.equal(found.length, Math.min(k, count));
        for (const [i, { row, cosine }] of found.entries()) {
          // f32 sums differ in the last digits: neighbours that close may change places
          assert.ok(Math.abs(cosine - exact[row]) < 1e-3, `${cosine}, exactly ${exact[row]}`);
          assert.ok(Math.abs(exact[row] - exact[order[i]]) < 1e-3, `place ${i}: row ${row}, exactly ${order[i]}`);
        }
        assert.equal(new Set(found.map(({ row }) => row)).size, found.length);
      }
    });

  it('of equal rows the first, and nothing of nothing', () => {
    const rows = new Float32Array(16 * 20).fill(0.25);
    assert.deepEqual(
      nearest(rows.slice(0, 16), rows, 4).map(({ row }) => row),
      [0, 1, 2, 3],
    );
    assert.deepEqual(nearest(new Float32Array(16), new Float32Array(0), 4), []);
    assert.deepEqual(nearest(new Float32Array(16), rows, 0), []);
  });
});

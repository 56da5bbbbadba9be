// Rounding of weights: NNCF's integers for the same rows (int8_asym, of the bundled model's decoder), and odd rows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArgumentError } from '../../lib/core/check-arguments';
import { roundWeights } from '../../lib/optimize';

test('integers stand for the nearest values that can be stored', () => {
  const weights = Array.from({ length: 200 }, (_, i) => Math.sin(i * 1.7) * 0.3 + 0.05);
  for (const bits of [8, 4, 1]) {
    const { integers, scale, zero_point, values, largest_error } = roundWeights(weights, { bits });
    assert.ok(integers.every((each) => Number.isInteger(each) && each >= 0 && each < 2 ** bits));
    assert.ok(zero_point >= 0 && zero_point < 2 ** bits);
    integers.forEach((each, i) => assert.ok(Math.abs((each - zero_point) * scale - values[i]) < 1e-6));
    assert.ok(largest_error <= scale * (0.5 + 0.5) + 1e-9, `${bits} bits: ${largest_error} of ${scale}`);
    if (bits === 8) assert.ok(largest_error > 0.3 * scale, 'the row has values between the steps');
  }
});

test('0 stays 0, whatever the row', () => {
  for (const row of [[0], [0.5, 1], [-3, -1], [0, 0, 0], [-1e-30, 1e30]]) {
    const { values, scale } = roundWeights([...row, 0]);
    assert.equal(Math.abs(values[row.length]), 0, String(row));
    assert.ok(scale > 0);
  }
  assert.deepEqual(roundWeights(Float32Array.of(-0.5, 0, 1), { bits: 2 }).integers, [0, 1, 3]);
});

// Extremes, scale and zero point of the first rows of a weight, as NNCF 3 wrote them for INT8_ASYM.
test("scale and zero point are NNCF's", () => {
  for (const [low, high, scale, zero_point] of [
    [-0.151123046875, 0.13916015625, 0.0011386871337890625, 133],
    [-0.10888671875, 0.13525390625, 0.000957489013671875, 114],
    [-0.11114501953125, 0.11444091796875, 0.0008845329284667969, 126],
    [-0.1534423828125, 0.1282958984375, 0.0011053085327148438, 139],
  ]) {
    const rounded = roundWeights([low, 0.01, high]);
    assert.equal(rounded.zero_point, zero_point);
    assert.ok(Math.abs(rounded.scale / scale - 1) < 2 ** -10, 'NNCF stores it in FP16');
  }
});

test('nothing, values that are not finite and other numbers of bits are refused', () => {
  for (const weights of [[], [NaN], [Infinity, 1]]) assert.throws(() => roundWeights(weights), ArgumentError);
  for (const bits of [0, 9, 1.5, NaN]) assert.throws(() => roundWeights([1], { bits }), /bits is .*from 1 to 8/);
});

// Rounding to half precision: every boundary between two neighbours, at every alignment and length.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { floatToHalf, halfToFloat } from '../../lib/core/float16';

const INFINITY = 0x7c00;

/** The float32 that lies so many steps above a positive one. */
function step(value: number, steps: number): number {
  const words = new Int32Array(Float32Array.of(value).buffer);
  words[0] += steps;
  return new Float32Array(words.buffer)[0];
}

/** Values and their halves: each half, and the places where rounding turns from it to the next, of both signs. */
function boundaries(): { values: Float32Array; halves: Uint16Array } {
  const exact = halfToFloat(Uint16Array.from({ length: INFINITY }, (_, bits) => bits));
  const pairs: [number, number][] = [];
  for (let bits = 0; bits < INFINITY; bits++) {
    const next = bits + 1 === INFINITY ? 2 ** 16 : exact[bits + 1]; // infinity takes the place of the power of two
    const middle = (exact[bits] + next) / 2;
    pairs.push([exact[bits], bits], [step(middle, -1), bits], [middle, bits + (bits % 2)], [step(middle, 1), bits + 1]);
  }
  pairs.push([2 ** 16, INFINITY], [3e38, INFINITY], [Infinity, INFINITY], [step(0, 1), 0], [2 ** -30, 0]);
  return {
    values: Float32Array.from(pairs.flatMap(([value]) => [value, -value])),
    halves: Uint16Array.from(pairs.flatMap(([, half]) => [half, half | 0x8000])),
  };
}

test('every half, and both sides of every middle between two, round to the nearest, ties to even', () => {
  const { values, halves } = boundaries();
  assert.deepEqual(floatToHalf(values), halves);
  for (let i = 0; i < values.length; i++)
    assert.equal(floatToHalf(values.subarray(i, i + 1))[0], halves[i], `${values[i]} alone`); // without vectors
});

test('NaN stays NaN', () => {
  const nans = new Float32Array(Int32Array.of(0x7f800001, -1, 0x7fffffff, -0x7fffff, -1).buffer);
  assert.deepEqual([...floatToHalf(nans)], [0x7e00, 0xfe00, 0x7e00, 0xfe00, 0xfe00]);
});

test('any length, from any place to any place: the same halves, and nothing beside them is touched', () => {
  const { values, halves } = boundaries();
  const at = 4 * 2 * 0x37ff; // around 0.5
  for (let length = 0; length < 14; length++)
    for (let from = 0; from < 4; from++)
      for (let to = 0; to < 4; to++) {
        const memory = new Uint16Array(24).fill(0xabcd);
        const out = memory.subarray(to, to + length);
        assert.equal(floatToHalf(values.subarray(at + from, at + from + length), out), out);
        const expected = new Uint16Array(24).fill(0xabcd);
        expected.set(halves.subarray(at + from, at + from + length), to);
        assert.deepEqual(memory, expected, `${length} from ${from} to ${to}`);
      }
});

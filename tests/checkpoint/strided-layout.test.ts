// Views of a storage, collected whole and in pieces of every size, against indexing each value by itself.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  collect,
  countOf,
  isContiguous,
  partOf,
  type ReadValues,
  type StridedLayout,
} from '../../lib/checkpoint/strided-layout';

/** Every value's place in the storage, in row-major order of the shape. */
function placesOf({ offset, shape, strides }: StridedLayout): number[] {
  let places = [offset];
  shape.forEach((size, axis) => {
    places = places.flatMap((place) => Array.from({ length: size }, (_, i) => place + i * strides[axis]));
  });
  return places;
}

/**
 * Collects in parts of at most `most` values. Returns them with how many reads it took and how long the longest was.
 */
function collectAll(layout: StridedLayout, valueBytes: number, most: number, storage: Uint8Array) {
  const out = new Uint8Array(countOf(layout.shape) * valueBytes);
  let reads = 0;
  let longest = 0;
  const read: ReadValues = (position, count) => {
    reads++;
    longest = Math.max(longest, count * valueBytes);
    assert.ok(position >= 0 && (position + count) * valueBytes <= storage.length, 'reads inside the storage');
    return storage.slice(position * valueBytes, (position + count) * valueBytes);
  };
  for (let done = 0; done < countOf(layout.shape); ) {
    const part = partOf(layout, done, most);
    const count = countOf(part.shape);
    assert.ok(count >= 1 && count <= most);
    const piece = new Uint8Array(count * valueBytes);
    collect(part, valueBytes, read, piece);
    out.set(piece, done * valueBytes);
    done += count;
  }
  return { out, reads, longest };
}

function expectedBytes(layout: StridedLayout, valueBytes: number, storage: Uint8Array): Uint8Array {
  return Uint8Array.from(
    placesOf(layout).flatMap((place) => [...storage.subarray(place * valueBytes, (place + 1) * valueBytes)]),
  );
}

/** Numerical Recipes' generator: the same layouts in every run. */
function* randomNumbers(seed: number): Generator<number> {
  for (let state = seed; ; ) yield (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

describe('strided layouts', () => {
  it('300 random views, in parts of many sizes', () => {
    const random = randomNumbers(7);
    const below = (limit: number): number => Math.floor(random.next().value * limit);
    for (let round = 0; round < 300; round++) {
      const shape = Array.from({ length: below(5) }, () => 1 + below(6));
      const strides = shape.map(() => below(40)); // overlapping and repeated values among them
      const layout = { offset: below(9), shape, strides };
      const reach = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis], 1 + layout.offset);
      const valueBytes = [1, 2, 4, 8][below(4)];
      const storage = Uint8Array.from({ length: reach * valueBytes }, () => below(256));
      const { out } = collectAll(layout, valueBytes, 1 + below(countOf(shape) + 3), storage);
      assert.deepEqual(out, expectedBytes(layout, valueBytes, storage), JSON.stringify(layout));
    }
  });

  it('a large transposed matrix takes few reads, none of them long', () => {
    const [rows, columns] = [2000, 300];
    const storage = Uint8Array.from({ length: rows * columns * 4 }, (_, i) => (i * 31) >> 3);
    const layout = { offset: 0, shape: [rows, columns], strides: [1, rows] };
    const { out, reads, longest } = collectAll(layout, 4, 1 << 16, storage);
    assert.deepEqual(Buffer.compare(out, expectedBytes(layout, 4, storage)), 0);
    assert.ok(reads <= 10 * columns, `${reads} reads`);
    assert.ok(longest <= 1 << 20, `${longest} bytes`);
  });

  it('a channels-last convolution is read in stretches', () => {
    const layout = { offset: 0, shape: [64, 3, 16, 16], strides: [768, 1, 48, 3] };
    const storage = Uint8Array.from({ length: 64 * 768 * 4 }, (_, i) => (i * 7) >> 2);
    const { out, reads } = collectAll(layout, 4, 1 << 18, storage);
    assert.equal(Buffer.compare(out, expectedBytes(layout, 4, storage)), 0);
    assert.equal(reads, 1);
  });

  it('never takes more reads than there are values, however far apart these lie', () => {
    const layout = { offset: 5, shape: [3, 4], strides: [40_000, 9_000] };
    const storage = new Uint8Array(120_000 * 8).map((_, i) => i);
    const { out, reads, longest } = collectAll(layout, 8, 12, storage);
    assert.deepEqual(out, expectedBytes(layout, 8, storage));
    assert.ok(reads <= 12 && longest <= 4096, `${reads} reads, ${longest} bytes`);
  });

  it('tells a contiguous layout: axes of one, and none at all, do not matter', () => {
    const contiguous = (shape: number[], strides: number[]): boolean => isContiguous({ offset: 3, shape, strides });
    assert.ok(contiguous([], []));
    assert.ok(contiguous([2, 3], [3, 1]));
    assert.ok(contiguous([2, 1, 3], [3, 77, 1]));
    assert.ok(contiguous([4, 0], [9, 9]));
    assert.ok(!contiguous([2, 3], [1, 2]));
    assert.ok(!contiguous([2, 3], [6, 2]));
    assert.ok(!contiguous([2, 3], [0, 1]));
  });
});

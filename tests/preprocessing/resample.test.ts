// Resizing by vector instructions against plain loops, which tests/preprocessing/image.test.ts holds against Pillow:
// equal to the bit.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resampleColumnsByLoops, resampleRowsByLoops } from '../../lib/preprocessing/resample-loops';
import { resampleColumnsByVectors, resampleRowsByVectors } from '../../lib/preprocessing/resample-vectors';
import { computeWeights } from '../../lib/preprocessing/resample-weights';
import type { RgbImage } from '../../lib/preprocessing/rgb-image';
import { noise, randomNumbers } from './noise';

const FILTERS = ['lanczos', 'bilinear', 'bicubic', 'box', 'hamming'] as const;

const random = randomNumbers(1);

function assertSame(image: RgbImage, size: number, filter: (typeof FILTERS)[number]): void {
  const what = `${image.width} x ${image.height} to ${size}, ${filter}`;
  const [rows, columns] = [computeWeights(image.width, size, filter), computeWeights(image.height, size, filter)];
  const [byRows, byColumns] = [
    resampleRowsByVectors(image, size, rows),
    resampleColumnsByVectors(image, size, columns),
  ];
  assert.ok(byRows && byColumns, what);
  assert.ok(Buffer.from(byRows).equals(resampleRowsByLoops(image, size, rows)), `rows, ${what}`);
  assert.ok(Buffer.from(byColumns).equals(resampleColumnsByLoops(image, size, columns)), `columns, ${what}`);
}

describe('resize by vectors', () => {
  it('any size to any size, every filter', () => {
    for (let i = 0; i < 200; i++)
      assertSame(noise(1 + random(70), 1 + random(70), random), 1 + random(90), FILTERS[i % FILTERS.length]);
  });

  it('pictures of many strips, and windows of many rows', () => {
    for (const [width, height, size] of [
      [2000, 700, 384],
      [700, 2000, 100],
      [30, 8000, 7],
      [9000, 5, 384],
      [300, 300, 1200],
    ])
      assertSame(noise(width, height, random), size, 'bicubic');
  });

  it('what is too long for a strip is left to the loops', () => {
    const wide = noise(400_000, 1, random);
    assert.equal(resampleRowsByVectors(wide, 10, computeWeights(wide.width, 10, 'bicubic')), undefined);
    assert.equal(
      resampleColumnsByVectors({ ...wide, width: 200, height: 2000 }, 1, computeWeights(2000, 1, 'box')),
      undefined,
    );
  });
});

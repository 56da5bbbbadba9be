// Resizing in strips against resizing the whole, upright image: equal to the bit.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OpenedImage } from '../../lib/preprocessing/decode/opened-image';
import { orientImage, toOrientation } from '../../lib/preprocessing/decode/orientation';
import { resample } from '../../lib/preprocessing/resample';
import { resampleStrips } from '../../lib/preprocessing/resample-strips';
import type { RgbImage } from '../../lib/preprocessing/rgb-image';
import { noise, randomNumbers } from './noise';

const FILTERS = ['lanczos', 'bilinear', 'bicubic', 'box', 'hamming', 'nearest'] as const;

const random = randomNumbers(7);

interface Case {
  image: RgbImage;
  orientation: number;
  stripRows: number;
  width: number;
  height: number;
  filter: (typeof FILTERS)[number];
}

/** @returns the largest number of rows that were read at once */
async function check({ image, orientation, stripRows, width, height, filter }: Case): Promise<number> {
  let most = 0;
  const opened: OpenedImage = {
    ...image,
    orientation: toOrientation(orientation),
    stripRows,
    readRows(top, count) {
      assert.ok(top >= 0 && count > 0 && top + count <= image.height, `rows ${top} to ${top + count}`);
      most = Math.max(most, count);
      return image.data.slice(top * image.width * 3, (top + count) * image.width * 3);
    },
  };
  const expected = resample(orientImage(image, opened.orientation), width, height, filter);
  const actual = await resampleStrips(opened, { width, height, filter });
  const what =
    `${image.width} x ${image.height}, orientation ${orientation}, ${stripRows} rows, to ${width} ` +
    `x ${height}, ${filter}`;
  assert.deepEqual([actual.width, actual.height], [width, height], what);
  assert.ok(Buffer.from(actual.data).equals(Buffer.from(expected.data)), what);
  return most;
}

describe('resize in strips', () => {
  it('any size to any size, every filter and orientation', async () => {
    for (let i = 0; i < 600; i++)
      await check({
        image: noise(1 + random(60), 1 + random(60), random),
        orientation: 1 + (i % 8),
        stripRows: 1 + random(20),
        width: 1 + random(70),
        height: 1 + random(70),
        filter: FILTERS[i % FILTERS.length],
      });
  });

  it('sides that keep their size', async () => {
    for (const [width, height] of [
      [30, 40],
      [30, 17],
      [12, 40],
    ])
      for (let orientation = 1; orientation <= 4; orientation++)
        await check({ image: noise(30, 40, random), orientation, stripRows: 7, width, height, filter: 'bicubic' });
  });

  it('tall images take their columns first, and no more rows than a strip and a window have', async () => {
    for (const orientation of [1, 3, 6, 8]) {
      const most = await check({
        image: noise(20, 3000, random),
        orientation,
        stripRows: 300,
        width: 24,
        height: 24,
        filter: 'bicubic',
      });
      assert.ok(most <= 600, `${most} rows at once`); // a window has 4 * 3000 / 24 = 500
    }
  });
});

describe('orientation', () => {
  it('EXIF numbers turn as the standard draws them', () => {
    const stored: RgbImage = {
      width: 3,
      height: 2,
      data: Uint8Array.from([1, 2, 3, 4, 5, 6].flatMap((v) => [v, v, v])),
    };
    const turned = (orientation: number): string => {
      const { data, width, height } = orientImage(stored, toOrientation(orientation));
      const values = Array.from({ length: data.length / 3 }, (_, pixel) => data[pixel * 3]).join('');
      return `${width}x${height} ${values}`;
    };
    assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map(turned), [
      '3x2 123456',
      '3x2 321654',
      '3x2 654321',
      '3x2 456123',
      '2x3 142536',
      '2x3 415263',
      '2x3 635241',
      '2x3 362514',
      '3x2 123456',
    ]);
  });
});

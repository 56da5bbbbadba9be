// Images of every kind against Pillow 13 (tests/fixtures/make_images.py): the same bytes, or an error where PIL has
// one.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { ImageError, loadRgb, type RgbImage } from '../../lib/preprocessing';

const FOLDER = path.join(__dirname, '..', 'fixtures', 'images');
const read = (name: string): Buffer => fs.readFileSync(path.join(FOLDER, name));

interface Verdict {
  file: string;
  error?: string;
  size?: [number, number];
  sha256?: string;
}
interface Expected {
  images: (Verdict & { drop?: string; rgb?: string })[];
  cuts: (Verdict & { length: number })[];
  mutations: (Verdict & { changes: [number, number][] })[];
}
const expected: Expected = JSON.parse(fs.readFileSync(path.join(FOLDER, 'expected.json'), 'utf8'));

const sha256 = ({ data }: RgbImage): string => createHash('sha256').update(data).digest('hex');

/** What is made of an image, in the form in which PIL's verdict stands. */
async function judge(bytes: Uint8Array): Promise<Pick<Verdict, 'error' | 'size' | 'sha256'>> {
  try {
    const image = await loadRgb(bytes);
    return { size: [image.width, image.height], sha256: sha256(image) };
  } catch (error) {
    assert.ok(error instanceof ImageError, `expected an ImageError, got ${error}`);
    return { error: error.message };
  }
}

/** Where conversions round otherwise, on the 0..255 scale: LittleCMS's table of colors, and YCbCr's factors. */
const NEARLY: ReadonlyMap<string, { max: number; mean: number }> = new Map([
  ['tif-lab.tif', { max: 1, mean: 0.05 }],
  ['tif-ycbcr-le.tif', { max: 1, mean: 0.05 }],
  ['tif-ycbcr-be.tif', { max: 1, mean: 0.05 }],
]);
/** What PIL reads and sharp's prebuilt libtiff does not. */
const NOT_READ = ['tif-zstd.tif'];
/** What PIL refuses, though nothing about it is damaged. */
const READ_ALL_THE_SAME = ['tif-white16-be.tif'];

describe('every kind of image', () => {
  for (const { file, size, rgb, sha256: white, drop, error } of expected.images)
    it(file, async (context) => {
      const loading = loadRgb(path.join(FOLDER, file));
      if (NOT_READ.includes(file) || (error !== undefined && !READ_ALL_THE_SAME.includes(file))) {
        await assert.rejects(loading, (thrown) => {
          assert.ok(thrown instanceof ImageError);
          assert.ok(thrown.message.includes(file), `"${thrown.message}" should name the file`);
          return true;
        });
        return;
      }
      const image = await loading;
      if (error !== undefined) return;
      assert.deepEqual([image.width, image.height], size);
      const tolerance = NEARLY.get(file);
      if (!tolerance) {
        assert.equal(sha256(image), white, 'laid on white');
        assert.equal(sha256(await loadRgb(path.join(FOLDER, file), { alpha: 'drop' })), drop ?? white, 'without alpha');
        return;
      }
      const reference = Buffer.from(rgb ?? '', 'base64');
      assert.equal(image.data.length, reference.length);
      const differences = Array.from(image.data, (value, i) => Math.abs(value - reference[i]));
      const largest = Math.max(...differences);
      const mean = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
      context.diagnostic(`largest ${largest}, mean ${mean.toFixed(3)}`);
      assert.ok(largest <= tolerance.max && mean <= tolerance.mean, `largest ${largest}, mean ${mean}`);
    });
});

describe('truncated images', () => {
  for (const { file, length, ...verdict } of expected.cuts)
    it(`${file}, ${length} bytes`, async () => {
      const ours = await judge(read(file).subarray(0, length));
      if (verdict.error !== undefined) assert.ok(ours.error, 'PIL refuses it');
      else if (ours.error === undefined) assert.deepEqual(ours, verdict);
    });
});

describe('damaged images', () => {
  it('no pixels that PIL does not have, nothing that PIL refuses but for what follows the pixels', async (context) => {
    const counts: Record<string, number> = { same: 0, refused: 0, 'refused here only': 0, 'refused by PIL only': 0 };
    for (const { file, changes, ...verdict } of expected.mutations) {
      const bytes = read(file);
      for (const [at, value] of changes) bytes[at] = value;
      const ours = await judge(bytes);
      const what = `${file} with ${JSON.stringify(changes)}`;
      if (verdict.error !== undefined) {
        counts[ours.error === undefined ? 'refused by PIL only' : 'refused']++;
        assert.ok(ours.error !== undefined || /\.(tif|jpg|avif)$/.test(file), `${what}: PIL refuses it`);
      } else if (ours.error !== undefined) counts['refused here only']++;
      else {
        assert.deepEqual(ours, verdict, what);
        counts.same++;
      }
    }
    context.diagnostic(JSON.stringify(counts));
    assert.ok(counts.same > 100 && counts.refused > 200, JSON.stringify(counts));
  });
});

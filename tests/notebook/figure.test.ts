// Figures: their size, upright pictures, lines that stay inside.
import assert from 'node:assert/strict';
import * as path from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { figures } from '../../lib/notebook/figure';

const image = (name: string): string => path.join(__dirname, '..', 'fixtures', 'preprocessing', 'images', name);
const MARGIN = 24,
  WIDTH = 720; // as drawn: twice the size shown

/** Pixels [height, width, 3] of a figure. */
async function draw(...list: Parameters<typeof figures>[0]): Promise<{ data: Buffer; width: number; height: number }> {
  const { data, info } = await sharp(await figures(list))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** How many pixels of columns [from, to) are not white. */
function inked(
  { data, width, height }: { data: Buffer; width: number; height: number },
  from: number,
  to: number,
): number {
  let count = 0;
  for (let y = 0; y < height; y++) for (let x = from; x < to; x++) if (data[(y * width + x) * 3] < 250) count++;
  return count;
}

test('pictures stand side by side with white around them', async () => {
  const one = { image: image('photo.jpg'), question: 'how many?', answer: '2' };
  const drawn = await draw(one, one);
  assert.equal(drawn.width, 2 * WIDTH + 3 * MARGIN);
  for (const x of [0, WIDTH + MARGIN, 2 * (WIDTH + MARGIN)])
    assert.equal(inked(drawn, x, x + MARGIN), 0, `margin at ${x}`);
  assert.ok(inked(drawn, MARGIN, MARGIN + WIDTH) > 0);
});

test('a picture that EXIF turns is shown upright: higher than wide', async () => {
  const lying = await draw({ image: image('exif-1.jpg') }); // 40 x 24
  const turned = await draw({ image: image('exif-6.jpg') }); // the same, a quarter turn
  assert.equal(lying.height - 3 * MARGIN, Math.round((WIDTH * 24) / 40));
  assert.equal(turned.height - 3 * MARGIN, Math.round((WIDTH * 40) / 24));
});

test('long lines wrap inside the figure, letters without a glyph included', async () => {
  const short = await draw({ image: image('rgb.png'), caption: 'a dog' });
  const long = await draw({
    image: image('rgb.png'),
    caption: 'what does the sign “图片里有几只狗” beside the small house on the left side of the street say – really?',
  });
  assert.ok(long.height > short.height, 'a second line');
  assert.equal(inked(long, long.width - MARGIN, long.width), 0, 'right margin');
});

// Figures of attention, of likely tokens and of patches: what is drawn, what screen readers are told, and that any
// token and any shape of image fits.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { JSDOM } from 'jsdom';
import sharp from 'sharp';
import { attentionFigure, strongestPatch } from '../../lib/notebook/attention-figure';
import { likeliestFigure } from '../../lib/notebook/likeliest-figure';
import { patchFigure } from '../../lib/notebook/patch-figure';
import { tracedWords } from '../../lib/notebook/traced-words';
import { BlipProcessor } from '../../lib/preprocessing';
import { projectRoot } from '../project-root';

const IMAGES = path.join(__dirname, '..', 'fixtures', 'preprocessing', 'images');
const PHOTO = path.join(IMAGES, 'photo.jpg');
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'attention-figures-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

/** 2 x 3 patches, of which `at` has half of the attention. */
function grid(at: number, class_token = 0) {
  const data = Float32Array.from({ length: 6 }, (_, i) => (i === at ? 0.5 : 0.1) * (1 - class_token));
  return { data, rows: 2, columns: 3, class_token };
}

function token(name: string, at: number, probability = 0.5) {
  const likeliest = [
    { token: name, token_id: 1, probability },
    { token: 'other', token_id: 2, probability: 0.001 },
  ];
  return { token: name, token_id: 1, probability, likeliest, attention: grid(at) };
}

/** Parsed strictly: not well-formed XML is an error. */
function parse(svg: string): Document {
  return new JSDOM(svg, { contentType: 'image/svg+xml' }).window.document;
}

const texts = (svg: string): string[] => [...parse(svg).querySelectorAll('text')].map((each) => each.textContent ?? '');

test('word pieces are joined, special tokens are left out', () => {
  const words = tracedWords([token('a', 0), token('snow', 1, 0.5), token('##man', 3, 0.4), token('[SEP]', 0)]);
  assert.deepEqual(
    words.map(({ word }) => word),
    ['a', 'snowman'],
  );
  assert.equal(words[1].probability, 0.2);
  assert.ok(Math.abs(words[1].attention.data[1] - 0.3) < 1e-6, 'the mean of 0.5 and 0.1');
  assert.deepEqual(tracedWords([]), []);
  const question = { token: 'dogs', attention: grid(2, 0.25) };
  assert.equal(tracedWords([question])[0].probability, undefined);
});

test('the strongest patch is counted from the top left, from 1', () => {
  assert.deepEqual(strongestPatch(grid(0)), { row: 1, column: 1, share: 0.5 });
  assert.deepEqual(strongestPatch(grid(5)), { row: 2, column: 3, share: 0.5 });
});

test('the image stands once for each word, its strongest patch darkest, and in words for screen readers', async () => {
  const { svg, width, alt } = await attentionFigure({
    image: PHOTO,
    tokens: [token('two', 0), token('dogs', 4), token('[SEP]', 1)],
    title: 'Where?',
  });
  const page = parse(svg);
  assert.equal(page.querySelectorAll('use').length, 2);
  assert.equal(page.documentElement.getAttribute('role'), 'img');
  assert.equal(page.documentElement.getAttribute('aria-label'), alt.replaceAll('\n', ' '));
  assert.match(alt, /dogs: most at patch row 2 of 2, column 2 of 3 \(50\.0 %/);
  const darkest = [...page.querySelectorAll('path[fill="rgb(142 0 0)"]')];
  assert.equal(darkest.length, 2);
  assert.match(darkest[0].getAttribute('d') ?? '', /^M0 0h/);
  assert.match(darkest[1].getAttribute('d') ?? '', /^M[1-9][\d.]* [1-9][\d.]*h[\d.]+v[\d.]+h-[\d.]+z$/);
  const drawn = await sharp(Buffer.from(svg)).metadata();
  assert.equal(drawn.width, width);
  const only = await attentionFigure({ image: PHOTO, tokens: [token('two', 0), token('dogs', 4)], words: ['dogs'] });
  assert.equal(parse(only.svg).querySelectorAll('use').length, 1);
});

test('any number of words, any shape of image and any token can be drawn', async () => {
  const strip = path.join(work, 'strip.png');
  await sharp({ create: { width: 300, height: 2, channels: 3, background: 'red' } }).toFile(strip);
  const odd = ['<b>&"\'', '狗', '\u0000\u0007', 'x'.repeat(300), '🐕'];
  for (const count of [0, 1, 7, 40]) {
    const tokens = Array.from({ length: count }, (_, i) => token(odd[i % odd.length], i % 6));
    for (const image of [strip, PHOTO]) {
      const { svg } = await attentionFigure({ image, tokens });
      assert.equal(parse(svg).querySelectorAll('use').length, count);
      await sharp(Buffer.from(svg)).png().toBuffer();
    }
    const { svg } = likeliestFigure(tokens);
    parse(svg);
    await sharp(Buffer.from(svg)).png().toBuffer();
  }
  const nothing = { ...grid(0), data: new Float32Array(6), class_token: 1 };
  const { alt } = await attentionFigure({ image: PHOTO, tokens: [{ token: 'a', attention: nothing }] });
  assert.match(alt, /0\.0 %/);
});

test('bars: a step has a bar and a number for each likely token, and the written one stands out', () => {
  const { svg, alt } = likeliestFigure([token('two', 0, 0.98), token('dogs', 1, 0.4)], 'Steps');
  const bars = [...parse(svg).querySelectorAll('g rect')];
  assert.equal(bars.length, 4);
  assert.ok(Number(bars[0].getAttribute('width')) > Number(bars[2].getAttribute('width')));
  assert.notEqual(bars[0].getAttribute('fill'), bars[1].getAttribute('fill'));
  for (const label of ['Steps', '1. two', '2. dogs', '0.98', '0.40', '<0.01', 'other'])
    assert.ok(texts(svg).includes(label), label);
  assert.match(alt, /1\. two: two 0\.98, other <0\.01/);
});

test("patches: the processor's own pixels, as many lines as patches and one more", async () => {
  const folder = path.join(projectRoot(), 'models', 'blip-scenes');
  const processor = await BlipProcessor.fromCheckpoint(folder);
  const red = path.join(work, 'red.png');
  await sharp({ create: { width: 90, height: 30, channels: 3, background: '#ff0000' } }).toFile(red);
  const pixel_values = await processor.image(red);
  const size = pixel_values.dims[3];
  const { svg, alt } = await patchFigure(processor, { image: red, pixel_values, patch_size: 16 });
  assert.ok(alt.includes(`90 x 30 pixels, is squashed to ${size} x ${size}`), alt);
  for (const patch_size of [0, -1, 1.5, Number.NaN])
    await assert.rejects(patchFigure(processor, { image: red, pixel_values, patch_size }), /patch_size is .*expected/);
  const page = parse(svg);
  const [, right] = [...page.querySelectorAll('image')].map((each) => each.getAttribute('href') ?? '');
  const { data } = await sharp(Buffer.from(right.split(',')[1], 'base64'))
    .raw()
    .toBuffer({ resolveWithObject: true });
  assert.ok(data[0] > 250 && data[1] < 5 && data[2] < 5, `${data.subarray(0, 3).join()} is not red`);
  const lines = page.querySelector('path[stroke="black"]')?.getAttribute('d')?.match(/M/g) ?? [];
  assert.equal(lines.length, 2 * (Math.floor(size / 16) + 1));
});

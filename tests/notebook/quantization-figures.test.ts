// Figures of graphs and of quantization: what is drawn, what screen readers are told, and odd values.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JSDOM } from 'jsdom';
import sharp from 'sharp';
import { GraphBuilder } from '../../lib/ir';
import { fakeQuantizeFigure, graphFigure, roundingFigure, smoothingFigure } from '../../lib/notebook';
import type { Drawing } from '../../lib/notebook';

/** Parsed strictly, drawn, and as wide as it says. */
async function draw({ svg, width, alt }: Drawing): Promise<Document> {
  const page = new JSDOM(svg, { contentType: 'image/svg+xml' }).window.document;
  assert.equal(page.documentElement.getAttribute('aria-label'), alt.replaceAll('\n', ' '));
  assert.equal((await sharp(Buffer.from(svg)).metadata()).width, width);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
  return page;
}

/** A chain of `length` additions, with a line from the input to the last one. */
function chain(length: number): GraphBuilder {
  const g = new GraphBuilder('chain');
  const x = g.parameter('x', 'f32', [-1, 4]);
  let y = x;
  for (let i = 0; i < length; i++) y = g.multiply(y, g.float(`factor.${i}`, i), `step ${i}`);
  g.result('y', g.add(y, x, 'sum'));
  return g;
}

test('a graph: a box for each operation, a line for each tensor, no constants', async () => {
  const { svg, alt } = graphFigure(chain(3));
  const page = await draw(graphFigure(chain(3)));
  assert.match(alt, /6 operations and 3 constants\. In order: Parameter, Multiply, Multiply, Multiply, Add, Result/);
  assert.equal(page.querySelectorAll('polyline').length, 6, 'four in the chain, one around it, one to the result');
  assert.match(svg, /x \[\?, 4\]/);
  assert.doesNotMatch(svg, /Const/);
});

test('a long graph stands in columns, and repeats what the next column reads', async () => {
  const short = await draw(graphFigure(chain(3)));
  const long = await draw(graphFigure(chain(40)));
  const width = (page: Document): number => Number(page.documentElement.getAttribute('width'));
  assert.ok(width(long) > 2 * width(short));
  assert.equal(long.querySelectorAll('text').length, 1 + 43 + 3, 'the second column repeats one, the third also x');
  assert.equal(long.querySelectorAll('rect[stroke-dasharray]').length, 3);
  await draw(graphFigure(new GraphBuilder('empty & <odd>')));
});

test('rounding: a histogram before, and one for each number of bits', async () => {
  const weights = Array.from({ length: 300 }, (_, i) => Math.sin(i) / 8);
  const { alt } = roundingFigure(weights, [8, 4]);
  assert.match(alt, /300 weights, 300 different values/);
  assert.match(alt, /4 bits: 1[56] different values, scale 0\.0167/);
  for (const row of [weights, [0], [0, 0], [5], [-1e-38, 1e38]]) await draw(roundingFigure(row));
});

const outputs = [Float32Array.of(8, 0.5, -1, 0.25), Float32Array.of(-2, 1, 0, -0.5)].map((data) => ({
  data,
  dims: [1, 2, 2],
}));
const place = { node: 'layer_norm', low: -1, high: 1, levels: 5, smoothing: Float32Array.of(0.125, 1) };

test('smoothing: the largest value of each channel, before and after', async () => {
  const figure = smoothingFigure(place, outputs);
  assert.match(figure.alt, /2 channels, 2 images/);
  assert.match(figure.alt, /before: largest 8\.00, middle channel 1\.00, 8\.0 times/);
  assert.match(figure.alt, /after smoothing: largest 1\.00, middle channel 1\.00, 1\.0 times/);
  const page = await draw(figure);
  const scales = [...page.querySelectorAll('text[text-anchor="end"]')].map(({ textContent }) => textContent);
  assert.deepEqual(scales, ['0', '5', '0', '0.5', '1'], 'a scale for each row, of its own height');
  await draw(smoothingFigure(place, []));
  for (const value of [1e-30, 3e38, Number.POSITIVE_INFINITY, Number.NaN])
    assert.ok(smoothingFigure(place, [{ data: Float32Array.of(value, 1), dims: [1, 1, 2] }]).svg.length < 20_000);
  assert.throws(() => smoothingFigure({ ...place, smoothing: new Float32Array(3) }, outputs), /number of channels/);
});

test('FakeQuantize: its range, its step, and what is cut off', async () => {
  const figure = fakeQuantizeFigure({ ...place, smoothing: Float32Array.of(1, 1) }, outputs);
  assert.match(figure.alt, /5 levels from -1\.000 to 1\.000, step 0\.500/);
  assert.match(figure.alt, /25\.000 % of 8 activations are beyond/);
  await draw(figure);
  await draw(fakeQuantizeFigure({ node: 'a', low: 0, high: 0, levels: 256 }, []));
});

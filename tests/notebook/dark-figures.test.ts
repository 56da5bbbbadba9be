// Figures on dark pages: in a browser, as JupyterLab's dark theme shows them; in PNG they stay light.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { GraphBuilder } from '../../lib/ir';
import { barFigure, graphFigure, likeliestFigure, roundingFigure } from '../../lib/notebook';
import { withDarkChart } from '../../lib/notebook/dark-colors';
import { plotlySVG } from '../../lib/notebook/plotly-svg';
import { drawingPNG } from '../../lib/notebook/show-svg';
import { openBrowser, skipWithoutBrowser } from '../demo/open-browser';

const SIZE = { width: 640, height: 360 };
const TIMEOUT_MS = 120_000;
/** WCAG's for text of usual size. */
const LEGIBLE = 4.5;

const g = new GraphBuilder('a graph');
const x = g.parameter('x', 'f32', [-1, 4]);
g.result('y', g.add(x, g.float('bias', 1), 'sum'));
const step = {
  token: 'two',
  token_id: 1,
  probability: 0.8,
  likeliest: [{ token: 'two', token_id: 1, probability: 0.8 }],
};
const chart = { title: 'Sizes', y_title: 'KB', x: ['a'], series: [{ name: 'n', values: [2], low: [1], high: [3] }] };
const drawings: Readonly<Record<string, () => string | Promise<string>>> = {
  'a graph': () => graphFigure(g).svg,
  histograms: () => roundingFigure([0.1, 0.2, 0.3]).svg,
  'likeliest tokens': () => likeliestFigure([step]).svg,
  'a chart': async () => withDarkChart(await plotlySVG(barFigure(chart), SIZE.width, SIZE.height)),
};

/** WCAG's relative luminance of [red, green, blue]. */
function luminance(rgb: readonly number[]): number {
  const [r, g, b] = rgb
    .map((value) => value / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

interface Seen {
  /** Luminance of most of the image. */
  readonly ground: number;
  /** Of what stands out most from it. */
  readonly ink: number;
}

async function see(png: Buffer): Promise<Seen> {
  const { data } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const all = Array.from({ length: data.length / 3 }, (_, i) => luminance([...data.subarray(3 * i, 3 * i + 3)]));
  const sorted = Float64Array.from(all).sort();
  const ground = sorted[sorted.length >> 1];
  const ends = [sorted[0], sorted[sorted.length - 1]];
  return { ground, ink: ends.sort((a, b) => Math.abs(b - ground) - Math.abs(a - ground))[0] };
}

const contrast = ({ ground, ink }: Seen): number => (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);

describe('figures', { skip: skipWithoutBrowser }, () => {
  let browser: Browser;
  before(async () => {
    browser = await openBrowser();
  });
  after(() => browser?.close());

  async function shown(svg: string, scheme: 'dark' | 'normal'): Promise<Seen> {
    const page = await browser.newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
    await page.setContent(`<img style="color-scheme:${scheme}" src="${source}">`);
    await page.evaluate('document.images[0].decode()');
    const png = await page.locator('img').screenshot();
    await page.close();
    return see(png);
  }

  for (const [name, draw] of Object.entries(drawings))
    test(`${name}: dark where the color scheme is, else light; legible both times`, {
      timeout: TIMEOUT_MS,
    }, async () => {
      const svg = await draw();
      const [dark, light] = [await shown(svg, 'dark'), await shown(svg, 'normal')];
      assert.ok(dark.ground < 0.05, `dark ground ${dark.ground}`);
      assert.ok(light.ground > 0.95, `light ground ${light.ground}`);
      for (const seen of [dark, light]) assert.ok(contrast(seen) > LEGIBLE, `contrast ${contrast(seen)}`);
    });
});

test('PNG stay light', async () => {
  for (const name of ['a graph', 'histograms', 'likeliest tokens'])
    assert.ok((await see(await drawingPNG({ svg: await drawings[name]() }))).ground > 0.95, name);
});

// Charts: what is drawn (bars, error bars, numbers, labels) and that nothing refers to another host.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barFigure } from '../../lib/notebook/charts';
import { plotlySVG } from '../../lib/notebook/plotly-svg';

const count = (text: string, part: RegExp): number => [...text.matchAll(part)].length;

test('grouped bars: a bar and a number for every value, an error bar where a spread is given, each label', async () => {
  const svg = await plotlySVG(
    barFigure({
      title: 'Time per stage',
      y_title: 'milliseconds',
      x: ['vision model', 'text encoder', 'a token'],
      series: [
        { name: 'FP16', values: [262.44, 3.1, 17.5], low: [250, 3, 17], high: [290, 3.3, 18] },
        { name: 'INT8', values: [150, 1.15, 12.5] },
      ],
    }),
    640,
    360,
  );
  assert.match(svg, /^<svg [^>]*width="640" height="360"/);
  assert.equal(count(svg, /<g class="point"/g), 6);
  assert.equal(count(svg, /class="yerror"/g), 3);
  for (const label of [
    'Time per stage',
    'milliseconds',
    'vision model',
    'text encoder',
    'a token',
    'FP16',
    'INT8',
    '262.4',
    '3.1',
    '17.5',
    '150.0',
    '12.5',
  ]) {
    assert.ok(svg.includes(`>${label}<`), label);
  }
  const hosts = [...svg.matchAll(/https?:\/\/[^/"]+/g)].map(([host]) => host);
  assert.deepEqual([...new Set(hosts)], ['http://www.w3.org'], 'only the names of SVG itself');
});

test('one series needs no legend; digits are kept', async () => {
  const svg = await plotlySVG(
    barFigure({
      title: 'Size',
      y_title: 'MB',
      x: ['a', 'b'],
      series: [{ name: 'alone', values: [1, 2.345] }],
      digits: 2,
    }),
    400,
    300,
  );
  assert.equal(count(svg, /class="point"/g), 2);
  assert.ok(svg.includes('>2.35<') || svg.includes('>2.34<'));
  assert.ok(!svg.includes('>alone<'));
});

test('a number stands at the end of its bar, beside the error bar', () => {
  const x = ['vision_model', 'text_encoder', 'decoder_step', 'image-to-text', 'question-answering'];
  const values = x.map((_, i) => 10.55 + i);
  const series = { values, low: values.map((v) => v - 1), high: values.map((v) => v + 3) };
  const { data } = barFigure({
    title: '',
    y_title: '',
    digits: 2,
    x,
    series: [
      { name: 'FP16', ...series },
      { name: 'INT8', ...series },
    ],
  });
  const places = (kind: (trace: (typeof data)[number]) => boolean): number[][] =>
    data.filter(kind).map(({ x: at }) => (Array.isArray(at) ? at.map(Number) : []));
  const numbers = places(({ mode }) => mode === 'text');
  const spreads = places(({ error_y }) => error_y !== undefined);
  assert.equal(spreads.length, 2);
  const pixels = 560 / x.length; // between two labels, in a chart of 640 pixels
  const half = 15; // of "10.55" in 11 pixels
  const cap = 4;
  const errors = spreads.flat().sort((a, b) => a - b);
  for (const middle of numbers.flat())
    for (const error of errors) assert.ok(Math.abs(middle - error) * pixels > half + cap, `${middle} and ${error}`);
  for (const { mode, y } of data) if (mode === 'text') assert.deepEqual(y, values, 'at the end of the bar');
});

test('numbers are short: a longer one loses decimals', () => {
  const { data } = barFigure({
    title: '',
    y_title: '',
    digits: 2,
    x: ['a', 'b', 'c'],
    series: [{ name: 'p', values: [0.5, 123.456, 12345.678] }],
  });
  assert.deepEqual(data.find(({ mode }) => mode === 'text')?.text, ['0.50', '123.5', '12346']);
});

test('bars of a group stand side by side, in the middle of their label', () => {
  const { data } = barFigure({
    title: '',
    y_title: '',
    x: ['a', 'b'],
    series: [
      { name: 'p', values: [1, 2] },
      { name: 'q', values: [3, 4] },
    ],
  });
  assert.deepEqual(
    data.filter(({ type }) => type === 'bar').map(({ x, width }) => [x, width]),
    [
      [[-0.2, 0.8], 0.4],
      [[0.2, 1.2], 0.4],
    ],
  );
});

test('the pointer over a bar shows label, series, value and spread with the digits of the chart', () => {
  const { data } = barFigure({
    title: '',
    y_title: 'ms',
    x: ['vision model', 'a token'],
    digits: 2,
    series: [
      { name: 'FP16', values: [22.45714, 1], low: [15.6, 0.5], high: [72.487, 2] },
      { name: 'INT8', values: [3, 4] },
    ],
  });
  const bars = data.filter(({ type }) => type === 'bar');
  assert.deepEqual(
    bars.map(({ hovertext }) => hovertext),
    [
      ['vision model<br>FP16: 22.46 (15.60 to 72.49)', 'a token<br>FP16: 1.00 (0.50 to 2.00)'],
      ['vision model<br>INT8: 3.00', 'a token<br>INT8: 4.00'],
    ],
  );
  assert.deepEqual(
    bars.map(({ hovertemplate }) => hovertemplate),
    Array(2).fill('%{hovertext}<extra></extra>'),
  );
});

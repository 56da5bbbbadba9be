// What SmoothQuant does with outliers: the largest activation of each channel before and after the scale moved into the
// weights.
import { ArgumentError, checkArguments } from '../core/check-arguments';
import type { NodeOutput } from '../evaluation';
import type { QuantizedInput } from '../optimize';
import { diagram, text } from './diagram';
import { showSVG, type Drawing } from './show-svg';

const WIDTH = 720;
const MARGIN = 16;
const TITLE_HEIGHT = 26;
const PANEL = 130;
const LABEL = 30;
/** Left of the bars, for the numbers of their scale. */
const SCALE_WIDTH = 34;
/** Lines of the scale, at most. */
const MAX_STEPS = 3;
const BEFORE = '#64748b';
const AFTER = '#c2410c';

/** The largest magnitude of each channel, the last axis. */
function channelMaxima(outputs: readonly NodeOutput[], channels: number): number[] {
  const maxima = new Array<number>(channels).fill(0);
  for (const { data } of outputs)
    for (let i = 0; i < data.length; i++) maxima[i % channels] = Math.max(maxima[i % channels], Math.abs(data[i]));
  return maxima;
}

/** @throws {ArgumentError} for other things than a smoothed place and the activations there */
export function checkSeen(call: string, place: QuantizedInput, outputs: readonly NodeOutput[]): void {
  checkArguments(call, { place: [place, ['node', 'low', 'high', 'levels']], outputs: [outputs, 'list'] });
  checkArguments(call, {
    'place.node': [place.node, 'text'],
    'place.low': [place.low, 'number'],
    'place.high': [place.high, 'number'],
    'place.levels': [place.levels, 'number'],
  });
  for (const each of outputs) checkArguments(call, { 'each of outputs': [each, ['data', 'dims']] });
  const channels = place.smoothing?.length ?? 1;
  if (!outputs.every(({ data }) => data instanceof Float32Array && data.length % channels === 0))
    throw new ArgumentError(
      `${call}: outputs have another number of channels than ${channels}: take those of place.node.`,
    );
}

/** Draws one bar per channel, the largest activations first, before and after smoothing. */
export function smoothingFigure(place: QuantizedInput, outputs: readonly NodeOutput[]): Drawing {
  checkSeen('smoothingFigure', place, outputs);
  const smoothing = place.smoothing ?? Float32Array.of(1);
  const before = channelMaxima(outputs, smoothing.length);
  const order = before.map((_, i) => i).sort((a, b) => before[b] - before[a]);
  const panels = [
    { name: 'before', maxima: order.map((i) => before[i]), color: BEFORE },
    { name: 'after smoothing', maxima: order.map((i) => before[i] * smoothing[i]), color: AFTER },
  ].map((panel) => {
    const sorted = [...panel.maxima].sort((a, b) => b - a);
    const [largest, middle] = [sorted[0] ?? 0, sorted[Math.floor(sorted.length / 2)] ?? 0];
    const ratio = middle > 0 ? (largest / middle).toFixed(1) : 'many';
    const label =
      `${panel.name}: largest ${largest.toPrecision(3)}, middle ` +
      `channel ${middle.toPrecision(3)}, ${ratio} times as much`;
    return { ...panel, largest, label };
  });
  const title = `Largest activation in each of ${smoothing.length} channels, ${outputs.length} images`;
  const left = MARGIN + SCALE_WIDTH;
  const width = WIDTH - MARGIN - left;
  const parts = panels.flatMap(({ maxima, largest, label, color }, index) => {
    const y = MARGIN + TITLE_HEIGHT + 22 + index * (PANEL + LABEL);
    const bottom = y + PANEL - 24;
    const heightOf = (value: number): number => (largest > 0 ? ((PANEL - 24) * value) / largest : 0);
    const bar = width / maxima.length;
    const path = maxima.map((value, i) => {
      const height = heightOf(value).toFixed(2);
      const start = `M${(left + i * bar).toFixed(2)} ${bottom.toFixed(2)}`;
      return `${start}v-${height}h${(0.8 * bar).toFixed(2)}v${height}z`;
    });
    const lines = scaleOf(largest).flatMap((value) => {
      const at = bottom - heightOf(value) + 0.5;
      return [
        `<path d="M${left} ${at.toFixed(2)}h${width}" stroke="${value === 0 ? '#64748b' : '#e2e8f0'}" fill="none"/>`,
        text(left - 6, at + 4, String(value), { size: 11.5, muted: true, anchor: 'end' }),
      ];
    });
    return [
      text(left, y - 6, label, { size: 13, anchor: 'start' }),
      ...lines,
      `<path d="${path.join('')}" fill="${color}"/>`,
    ];
  });
  const under = text(MARGIN, MARGIN + TITLE_HEIGHT + 2 * (PANEL + LABEL) + 6, place.node, {
    size: 12,
    mono: true,
    muted: true,
    anchor: 'start',
  });
  const alt = [title, place.node, ...panels.map(({ label }) => label)].join('\n');
  const heading = text(MARGIN, MARGIN + 12, title, { size: 15, bold: true, anchor: 'start' });
  const height = MARGIN + TITLE_HEIGHT + 2 * (PANEL + LABEL) + 20;
  return { svg: diagram(WIDTH, height, alt, [heading, ...parts, under]), width: WIDTH, alt };
}

/**
 * Round numbers from 0 up to the largest: each row of bars has a scale of its own.
 * @example scaleOf(5.68) // [0, 2, 4]
 */
function scaleOf(largest: number): number[] {
  if (!(largest > 0 && largest < Number.MAX_VALUE)) return [0];
  const power = 10 ** Math.floor(Math.log10(largest / MAX_STEPS));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => largest / each < MAX_STEPS + 1) ?? largest;
  const count = Math.floor(largest / step);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(3)));
}

/**
 * Shows what SmoothQuant does at one place.
 *
 * @example
 * const place = blip.mostSmoothed(blip.quantizedInputs(int8Xml));
 * const [outputs] = await blip.nodeOutputs(fp16Xml, [{ pixel_values }], [place.node]);
 * await nb.showSmoothing(place, outputs);
 */
export async function showSmoothing(place: QuantizedInput, outputs: readonly NodeOutput[]): Promise<void> {
  await showSVG(smoothingFigure(place, outputs));
}

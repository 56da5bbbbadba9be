// FakeQuantize as a function: the stairs between its two ends, magnified where they are seen, over the activations that
// it meets.
import type { NodeOutput } from '../evaluation';
import type { QuantizedInput } from '../optimize';
import { diagram, text } from './diagram';
import { baseline, countBins, histogram, placeOf, type Frame } from './histogram';
import { showSVG, type Drawing } from './show-svg';
import { checkSeen } from './smoothing-figure';

const WIDTH = 720;
const MARGIN = 16;
const TOP = 50;
const SIDE = 290;
const BARS = 90;
const BINS = 128;
/** Steps in the magnified part. */
const STEPS = 8;
/** Part of the range that is drawn beyond each end. */
const BEYOND = 0.15;
const LINE = '#c2410c';
const BAR = '#64748b';

/** Draws the function, a part of it magnified, and how often the activations take each value. */
export function fakeQuantizeFigure(place: QuantizedInput, outputs: readonly NodeOutput[]): Drawing {
  checkSeen('fakeQuantizeFigure', place, outputs);
  const { node, low, high, levels, smoothing = Float32Array.of(1) } = place;
  const step = (high - low) / (levels - 1);
  const seen = outputs.flatMap(({ data }) => Array.from(data, (value, i) => value * smoothing[i % smoothing.length]));
  const outside = seen.filter((value) => value < low || value > high).length;
  const round = (x: number): number => low + Math.round((Math.min(high, Math.max(low, x)) - low) / step) * step;
  const beyond = BEYOND * (high - low);
  const left: Frame = { x: MARGIN, y: TOP, width: SIDE, height: SIDE - BARS, low: low - beyond, high: high + beyond };
  const right: Frame = { ...left, x: WIDTH - MARGIN - SIDE, low: -(STEPS / 2) * step, high: (STEPS / 2) * step };
  const under: Frame = { ...left, y: TOP + SIDE - BARS + 24, height: BARS - 20 };
  const range = `from ${low.toPrecision(4)} to ${high.toPrecision(4)}`;
  const title = `FakeQuantize: ${levels} levels ${range}, step ${step.toPrecision(3)}`;
  const share = seen.length > 0 ? `${((100 * outside) / seen.length).toFixed(3)} %` : 'none';
  const note = `${share} of ${seen.length} activations are beyond the ends and cut off`;
  const alt = [title, node, note].join('\n');
  const parts = [
    text(MARGIN, MARGIN + 12, title, { size: 15, bold: true, anchor: 'start' }),
    stairs(left, round, 600),
    text(left.x + SIDE / 2, TOP - 6, 'in, from left to right; out, from bottom to top', { size: 12, muted: true }),
    stairs(right, round, 600),
    text(right.x + SIDE / 2, TOP - 6, `${STEPS} steps around 0, magnified`, { size: 12, muted: true }),
    histogram(under, countBins(under, seen, BINS), BAR),
    baseline(under),
    ...[low, high].map((end) => dashed(placeOf(left, end), TOP, under.y + under.height)),
    text(right.x, under.y + 20, 'At the left: how often the activations', { size: 12.5, anchor: 'start' }),
    text(right.x, under.y + 38, 'of the calibration images take each value.', { size: 12.5, anchor: 'start' }),
    text(right.x, under.y + 60, `${share} of them are cut off.`, { size: 12.5, anchor: 'start' }),
    text(MARGIN, TOP + SIDE + 24, node, { size: 12, mono: true, muted: true, anchor: 'start' }),
  ];
  return { svg: diagram(WIDTH, TOP + SIDE + 40, alt, parts), width: WIDTH, alt };
}

/**
 * Shows how one place of a quantized model rounds: see `showSmoothing` for where its arguments come from.
 *
 * @example
 * await nb.showFakeQuantize(place, outputs);
 */
export async function showFakeQuantize(place: QuantizedInput, outputs: readonly NodeOutput[]): Promise<void> {
  await showSVG(fakeQuantizeFigure(place, outputs));
}

function stairs(frame: Frame, f: (x: number) => number, points: number): string {
  const { x, y, width, height, low, high } = frame;
  const path = Array.from({ length: points + 1 }, (_, i) => {
    const value = f(low + ((high - low) * i) / points);
    const share = high > low ? (value - low) / (high - low) : 0.5;
    const below = height * (1 - Math.min(1, Math.max(0, share)));
    return `${(x + (width * i) / points).toFixed(1)} ${(y + below).toFixed(1)}`;
  });
  return (
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="#f8fafc" stroke="#e2e8f0"/>` +
    `<path d="M${path.join('L')}" fill="none" stroke="${LINE}" stroke-width="1.8"/>`
  );
}

function dashed(x: number, top: number, bottom: number): string {
  return `<path d="M${x.toFixed(1)} ${top}V${bottom}" stroke="#64748b" stroke-dasharray="4 3" fill="none"/>`;
}

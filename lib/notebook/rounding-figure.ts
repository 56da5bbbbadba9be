// Weights before and after rounding: how often each value occurs, in full precision and with few bits.
import { checkArguments } from '../core/check-arguments';
import { roundWeights } from '../optimize';
import { diagram, text } from './diagram';
import { baseline, countBins, histogram, type Frame } from './histogram';
import { showSVG, type Drawing } from './show-svg';

const WIDTH = 720;
const MARGIN = 16;
const TITLE_HEIGHT = 26;
const PANEL = 92;
const LABEL = 34;
/** One bar for each value that 8 bits can hold. */
const BINS = 256;
const BEFORE = '#64748b';
const AFTER = '#c2410c';

/** Draws one histogram of the weights, and one for each number of bits that they are rounded to. */
export function roundingFigure(weights: ArrayLike<number>, bits: readonly number[] = [8, 4]): Drawing {
  checkArguments('roundingFigure', { bits: [bits, 'numbers'] });
  const rounded = bits.map((each) => ({ bits: each, ...roundWeights(weights, { bits: each }) }));
  const values = Array.from(weights);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const panels = [
    {
      label: `as stored in FP16: ${values.length} weights, ${new Set(values).size} different values`,
      values,
      color: BEFORE,
    },
    ...rounded.map((each) => ({
      label:
        `${each.bits} bits: ${new Set(each.integers).size} different values, scale ${each.scale.toPrecision(3)}, ` +
        `zero point ${each.zero_point}, error at most ${each.largest_error.toPrecision(2)}`,
      values: Array.from(each.values),
      color: AFTER,
    })),
  ];
  const title = `One row of weights, from ${low.toFixed(3)} to ${high.toFixed(3)}`;
  const parts = panels.flatMap(({ label, values: list, color }, i) => {
    const y = MARGIN + TITLE_HEIGHT + i * (PANEL + LABEL);
    const frame: Frame = { x: MARGIN, y: y + 22, width: WIDTH - 2 * MARGIN, height: PANEL - 20, low, high };
    return [
      text(MARGIN, y + 12, label, { size: 13, anchor: 'start' }),
      histogram(frame, countBins(frame, list, BINS), color),
      baseline(frame),
    ];
  });
  const alt = [title, ...panels.map(({ label }) => label)].join('\n');
  const heading = text(MARGIN, MARGIN + 12, title, { size: 15, bold: true, anchor: 'start' });
  const height = 2 * MARGIN + TITLE_HEIGHT + panels.length * (PANEL + LABEL) - LABEL + 12;
  return { svg: diagram(WIDTH, height, alt, [heading, ...parts]), width: WIDTH, alt };
}

/**
 * Shows what rounding does to weights that share a scale.
 *
 * @example
 * await nb.showRounding(row, [8, 4]);
 */
export async function showRounding(weights: ArrayLike<number>, bits?: readonly number[]): Promise<void> {
  await showSVG(roundingFigure(weights, bits));
}

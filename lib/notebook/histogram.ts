// Bars of a histogram and lines of a curve as SVG paths, for the figures of quantization.

/** A rectangle in a drawing, and the range of numbers that its width stands for. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly low: number;
  readonly high: number;
}

/** The horizontal place of a number, not beyond the frame. */
export function placeOf({ x, width, low, high }: Frame, value: number): number {
  const share = high > low ? (value - low) / (high - low) : 0.5;
  return x + width * Math.min(1, Math.max(0, share));
}

/** How often numbers fall into each of `bins` equal parts of the frame's range. */
export function countBins({ low, high }: Frame, values: ArrayLike<number>, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  const width = (high - low) / bins || 1;
  for (let i = 0; i < values.length; i++)
    counts[Math.min(bins - 1, Math.max(0, Math.floor((values[i] - low) / width)))]++;
  return counts;
}

/** Bars, the highest as high as the frame; empty bins have none. */
export function histogram(frame: Frame, counts: readonly number[], color: string): string {
  const top = Math.max(1, ...counts);
  const width = frame.width / counts.length;
  const path = counts
    .map((count, i) => {
      const height = (frame.height * count) / top;
      const [x, y] = [frame.x + i * width, frame.y + frame.height - height];
      return count > 0
        ? `M${x.toFixed(2)} ${y.toFixed(2)}h${Math.max(0.6, width).toFixed(2)}v${height.toFixed(2)}H${x.toFixed(2)}z`
        : '';
    })
    .join('');
  return `<path d="${path}" fill="${color}"/>`;
}

/** The line below the bars, with its ends' numbers. */
export function baseline({ x, y, width, height }: Frame): string {
  return `<path d="M${x} ${y + height + 0.5}h${width}" stroke="#64748b" fill="none"/>`;
}

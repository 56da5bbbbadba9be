// Draws a Plotly figure to SVG in this process, through jsdom: no browser, no network.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { BlipError } from '../core/errors';
import { loadPackage, packageFolder } from './load-package';

export class ChartError extends BlipError {}

/** Plotly's own figure format: https://plotly.com/javascript/reference */
export interface PlotlyFigure {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly layout: Readonly<Record<string, unknown>>;
}

/** The chart library's file. @throws {NotebookPackageError} when it is not installed */
export function plotlyFile(): string {
  return path.join(packageFolder('plotly.js-dist'), 'plotly.js');
}

/** jsdom measures no text; an average glyph is this part of its font size wide. Good enough for margins and legends. */
const GLYPH_WIDTH = 0.55;
const LINE_HEIGHT = 1.2;
const DEFAULT_FONT_SIZE = 12;

interface PlotlyWindow {
  eval(code: string): unknown;
  Plotly?: {
    toImage(figure: PlotlyFigure, options: { format: 'svg'; width: number; height: number }): Promise<string>;
  };
}

/**
 * @returns the chart as an SVG document
 * @throws {ChartError} when Plotly cannot draw it
 * @throws {NotebookPackageError} when Plotly or jsdom is not installed
 */
export async function plotlySVG(figure: PlotlyFigure, width: number, height: number): Promise<string> {
  const file = plotlyFile();
  const { JSDOM } = loadPackage('jsdom', (require): typeof import('jsdom') => require('jsdom'));
  const dom = new JSDOM('<!doctype html><body></body>', { runScripts: 'outside-only', pretendToBeVisual: true });
  const { window } = dom;
  const box = function measure(this: { style?: { fontSize?: string }; textContent: string | null }): Record<
    string,
    number
  > {
    const size = Number.parseFloat(this.style?.fontSize ?? '') || DEFAULT_FONT_SIZE;
    const right = (this.textContent ?? '').length * size * GLYPH_WIDTH;
    const bottom = size * LINE_HEIGHT;
    return { x: 0, y: 0, left: 0, top: 0, right, bottom, width: right, height: bottom };
  };
  Object.assign(window, { TextDecoder, TextEncoder });
  Object.assign(window.URL, { createObjectURL: () => '' });
  Object.assign(window.HTMLCanvasElement.prototype, { getContext: () => null });
  Object.assign(window.SVGElement.prototype, { getBBox: box });
  Object.assign(window.Element.prototype, { getBoundingClientRect: box });
  try {
    const page = window as unknown as PlotlyWindow;
    page.eval(fs.readFileSync(file, 'utf8'));
    if (!page.Plotly)
      throw new ChartError(`${file} did not define Plotly. Install it again: npm install plotly.js-dist`);
    const url = await page.Plotly.toImage(
      { data: figure.data, layout: { ...figure.layout, width, height } },
      { format: 'svg', width, height },
    );
    return decodeURIComponent(url.replace(/^data:image\/svg\+xml,/, ''));
  } finally {
    window.close();
  }
}

// Charts that are interactive in a trusted notebook and static images everywhere else.
// One output in three formats: HTML (the drawn chart, and a script that swaps in Plotly from the Jupyter server's own
// files), PNG for front ends that show no HTML of others, and the numbers as text. Nothing is loaded from other hosts.
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { loadSharp } from '../core/load-sharp';
import { withDarkChart } from './dark-colors';
import { display, escapeHTML } from './notebook';
import { plotlyFile, plotlySVG, type PlotlyFigure } from './plotly-svg';

const WIDTH = 640;
const HEIGHT = 360;
/** The PNG is drawn at twice its size, for dense screens. */
const PNG_DENSITY = 144;
const ERROR_COLOR = '#444';
const COLORS = ['#4c72b0', '#dd8452', '#55a868', '#8172b3'];

let charts = 0;

export interface BarSeries {
  readonly name: string;
  readonly values: readonly number[];
  /** Ends of the error bars, in the unit of the values. */
  readonly low?: readonly number[];
  readonly high?: readonly number[];
}

export interface BarChart {
  readonly title: string;
  readonly y_title: string;
  /** One label per group of bars. */
  readonly x: readonly string[];
  readonly series: readonly BarSeries[];
  /** Decimals of the numbers on the bars; 1 by default. */
  readonly digits?: number;
}

/** Part of the room between two labels that a group of bars takes. */
const GROUP_WIDTH = 0.8;
/** Room above the highest bar, for its number. */
const HEADROOM = 1.12;
/**
 * Where a bar's number and its error bar stand, in widths of the bar from its middle: side by side, so that the line
 * does not go through the number and the number stands at the end of its bar.
 */
const NUMBER_PLACE = -0.12;
const ERROR_PLACE = 0.38;
/** Pixels: as long as the ends of an error bar are. */
const ERROR_CAP = 3;
/** Digits that fit above a bar; a longer number loses decimals. */
const NUMBER_DIGITS = 4;

/**
 * The title is at the left, as a fraction of the width, so that the buttons that appear at the right under the pointer
 * do not cover it.
 */
const TITLE_LEFT = 0.02;
/** Without Plotly's logo, and without those of its buttons that are of no use for a few bars. */
const LIVE_CONFIG = {
  displaylogo: false,
  showSendToCloud: false,
  modeBarButtonsToRemove: ['zoom2d', 'pan2d', 'select2d', 'lasso2d', 'autoScale2d'],
};

/** Labels are side by side: break them after a comma, so that they stay horizontal. */
function wrapLabel(label: string): string {
  return label.replace(/, /g, ',<br>');
}

/** With as many decimals as asked for, as long as it is short. @example numberLabel(12345.678, 2) // '12346' */
function numberLabel(value: number, digits: number): string {
  const whole = Math.trunc(Math.abs(value)).toString().length;
  return value.toFixed(Math.max(0, Math.min(digits, NUMBER_DIGITS - whole)));
}

function checkChart(call: string, chart: BarChart): void {
  checkArguments(call, { chart: [chart, ['title', 'y_title', 'x', 'series']] });
  checkOptions(call, chart, ['title', 'y_title', 'x', 'series', 'digits']);
  const { x, series, digits = 1 } = chart;
  checkArguments(call, {
    'chart.x': [x, 'texts'],
    'chart.series': [series, 'list'],
    'chart.digits': [digits, 'number'],
  });
  for (const each of series) {
    checkArguments(call, { 'each of chart.series': [each, ['name', 'values']] });
    for (const [name, list = []] of Object.entries({ values: each.values, low: each.low, high: each.high }))
      checkArguments(call, { [`${name} of chart.series`]: [list, 'numbers'] });
  }
}

/**
 * The Plotly figure of grouped bars, each with its number above its end: bars may be too low or too narrow to hold it.
 * Error bars stand beside the numbers, at the right of their bars.
 */
export function barFigure(chart: BarChart): PlotlyFigure {
  checkChart('barFigure', chart);
  const { series } = chart;
  const width = GROUP_WIDTH / series.length;
  const placed = series.map((each, index) => ({
    ...each,
    width,
    color: COLORS[index % COLORS.length],
    centers: each.values.map((_, group) => group + (index - (series.length - 1) / 2) * width),
  }));
  return {
    data: [
      ...placed.map((each) => barTrace(each, chart)),
      ...placed.flatMap(spreadTrace),
      ...placed.map((each) => numberTrace(each, chart)),
    ],
    layout: layoutOf(chart),
  };
}

/** Bars of one series, with the middle of each on the x axis, where groups are 1 apart. */
interface PlacedSeries extends BarSeries {
  readonly width: number;
  readonly color: string;
  readonly centers: readonly number[];
}

type Trace = PlotlyFigure['data'][number];

function barTrace({ name, values, low, high, width, color, centers }: PlacedSeries, chart: BarChart): Trace {
  const { x, digits = 1 } = chart;
  return {
    type: 'bar',
    name,
    x: centers,
    y: values,
    width,
    hovertext: values.map((value, group) => {
      const spread = low && high ? ` (${low[group].toFixed(digits)} to ${high[group].toFixed(digits)})` : '';
      return `${x[group]}<br>${name}: ${value.toFixed(digits)}${spread}`;
    }),
    hovertemplate: '%{hovertext}<extra></extra>',
    marker: { color },
  };
}

/** Error bars, of a series that has them. */
function spreadTrace({ values, low, high, width, centers }: PlacedSeries): Trace[] {
  if (!low || !high) return [];
  return [
    {
      type: 'scatter',
      mode: 'markers',
      x: centers.map((center) => center + ERROR_PLACE * width),
      y: values,
      marker: { size: 1, opacity: 0 },
      error_y: {
        type: 'data',
        symmetric: false,
        array: high.map((value, i) => value - values[i]),
        arrayminus: values.map((value, i) => value - low[i]),
        color: ERROR_COLOR,
        thickness: 1.5,
        width: ERROR_CAP,
      },
      showlegend: false,
      hoverinfo: 'skip',
    },
  ];
}

function numberTrace({ values, low, high, width, centers }: PlacedSeries, { digits = 1 }: BarChart): Trace {
  return {
    type: 'scatter',
    mode: 'text',
    x: centers.map((center) => center + (low && high ? NUMBER_PLACE * width : 0)),
    y: values,
    text: values.map((value) => numberLabel(value, digits)),
    textposition: 'top center',
    textfont: { size: 11 },
    showlegend: false,
    hoverinfo: 'skip',
  };
}

function layoutOf({ title, y_title, x, series }: BarChart): PlotlyFigure['layout'] {
  const top = Math.max(...series.flatMap(({ values, high }) => [...values, ...(high ?? [])]));
  return {
    title: { text: title, font: { size: 15 }, x: TITLE_LEFT, xanchor: 'left' },
    barmode: 'overlay',
    showlegend: series.length > 1,
    paper_bgcolor: 'white',
    plot_bgcolor: 'white',
    margin: { l: 64, r: 16, t: 48, b: 64 },
    legend: { orientation: 'h', y: -0.18 },
    font: { family: 'sans-serif' },
    xaxis: {
      tickfont: { size: 12 },
      tickvals: x.map((_, group) => group),
      ticktext: x.map(wrapLabel),
      tickangle: 0,
      range: [-0.5, x.length - 0.5],
      showgrid: false,
      zeroline: false,
    },
    yaxis: {
      title: { text: y_title },
      range: [0, top > 0 ? top * HEADROOM : 1],
      gridcolor: '#ddd',
      exponentformat: 'none',
    },
  };
}

/**
 * Shows grouped bars.
 *
 * @example
 * const series = [{ name: 'FP16', values: [168] }, { name: 'INT8', values: [85] }];
 * await barChart({ title: 'Size', y_title: 'MB', x: ['vision'], series });
 */
export async function barChart(chart: BarChart): Promise<void> {
  checkChart('barChart', chart);
  const text = chart.series
    .map(
      ({ name, values }) =>
        `${name}: ${values.map((value, i) => `${chart.x[i]} ${value.toFixed(chart.digits ?? 1)}`).join(', ')}`,
    )
    .join('\n');
  await showChart(barFigure(chart), { alt: `${chart.title} (${chart.y_title})\n${text}` });
}

/** Shows any Plotly figure. `alt` is shown where images are not. */
export async function showChart(
  figure: PlotlyFigure,
  options: { readonly width?: number; readonly height?: number; readonly alt: string },
): Promise<void> {
  checkArguments('showChart', { figure: [figure, ['data', 'layout']], options: [options, ['alt']] });
  checkOptions('showChart', options, ['width', 'height', 'alt']);
  const { width = WIDTH, height = HEIGHT, alt } = options;
  checkArguments('showChart', { width: [width, 'number'], height: [height, 'number'], alt: [alt, 'text'] });
  const svg = await plotlySVG(figure, width, height);
  const png = await loadSharp()(Buffer.from(svg), { density: PNG_DENSITY })
    .flatten({ background: 'white' })
    .png()
    .toBuffer();
  display(
    { 'text/plain': alt, 'text/html': chartHTML(figure, svg, width, height, alt), 'image/png': png.toString('base64') },
    { width },
  );
}

function chartHTML(figure: PlotlyFigure, svg: string, width: number, height: number, alt: string): string {
  const id = `blip-chart-${++charts}`;
  const source = `data:image/svg+xml;base64,${Buffer.from(withDarkChart(svg)).toString('base64')}`;
  const json = JSON.stringify({ data: figure.data, layout: { ...figure.layout, width, height } }).replace(
    /</g,
    '\\u003c',
  );
  const style = `max-width:100%;width:${width}px;border-radius:12px`;
  const image = `<div id="${id}"><img alt="${escapeHTML(alt)}" style="${style}" src="${source}"></div>`;
  const address = plotlyAddress();
  return address === undefined ? image : `${image}\n<script>${liveScript(id, json, address)}</script>`;
}

/**
 * Plotly's address below that of a Jupyter server that was started in the working folder; undefined where it is
 * elsewhere.
 */
function plotlyAddress(): string | undefined {
  const parts = path.relative('', plotlyFile()).split(path.sep);
  return parts[0] === '..' || path.isAbsolute(parts.join('/'))
    ? undefined
    : `files/${parts.map(encodeURIComponent).join('/')}`;
}

/**
 * Runs in the page. Leaves the image alone unless it is in JupyterLab and the server has the library. The chart takes
 * the theme's colors, and those of another theme when that is chosen.
 */
function liveScript(id: string, json: string, address: string): string {
  return `(function () {
  var config = document.getElementById('jupyter-config-data');
  if (!config) return;
  var draw = function () {
    var place = document.getElementById('${id}'), figure = ${json};
    if (!place || !window.Plotly) return;
    place.textContent = '';
    var theme = getComputedStyle(document.body);
    var color = function (name) { return theme.getPropertyValue(name).trim(); };
    var ground = color('--jp-layout-color0');
    var ink = color('--jp-content-font-color1');
    var line = color('--jp-border-color2');
    if (ground && ink && line) {
      var layout = figure.layout;
      layout.paper_bgcolor = layout.plot_bgcolor = ground;
      layout.font = Object.assign({}, layout.font, { color: ink });
      if (layout.yaxis) layout.yaxis.gridcolor = line;
      figure.data.forEach(function (trace) { if (trace.error_y) trace.error_y.color = ink; });
    }
    window.Plotly.newPlot(place, figure.data, figure.layout, ${JSON.stringify(LIVE_CONFIG)});
  };
  window.blipPlotly = window.blipPlotly || new Promise(function (resolve, reject) {
    var script = document.createElement('script');
    script.src = JSON.parse(config.textContent).baseUrl + '${address}';
    script.onload = resolve;
    script.onerror = reject;
    document.head.appendChild(script);
  });
  window.blipPlotly.then(function () {
    draw();
    new MutationObserver(draw).observe(document.body, { attributes: true, attributeFilter: ['data-jp-theme-name'] });
  }, function () {});
})();`;
}

// Colors of drawings on a dark page. A drawing names its light colors; the style below puts the dark ones in their
// place where the page, or the image in it, asks for a dark color scheme. Elsewhere, and in PNG, it stays light.

/** Light to dark. Colors that are in no pair are legible on both grounds, or belong to an image. */
const PAIRS: Readonly<Record<string, string>> = {
  '#ffffff': '#1f2430', // ground
  '#cbd5e1': '#3f4859', // its edge
  '#1e293b': '#e5e9f0', // text
  '#475569': '#aab4c3', // text that stands back, arrows
  '#64748b': '#8b9bb4', // lines, bars
  '#f8fafc': '#272d3a',
  '#e2e8f0': '#3b4454',
  '#f1f5f9': '#2b3240',
  '#dbeafe': '#1e3a5f',
  '#2563eb': '#60a5fa',
  '#dcfce7': '#1d4030',
  '#15803d': '#4ade80',
  '#ffedd5': '#4d2d17',
  '#c2410c': '#fb923c',
  '#f3e8ff': '#3d2659',
  '#7e22ce': '#c084fc',
};
const PAINTS = ['fill', 'stroke'] as const;

/** Of a chart that Plotly drew, which sets colors in style attributes: they give way to `!important` alone. */
const CHART_STYLE = [
  `rect[style*="fill: rgb(255, 255, 255)"]{fill:${PAIRS['#ffffff']}!important}`,
  `text{fill:${PAIRS['#1e293b']}!important}`,
  `.gridlayer path{stroke:${PAIRS['#cbd5e1']}!important}`,
  `.errorbars path{stroke:${PAIRS['#1e293b']}!important}`,
].join('');

/**
 * @example
 * darkStyle('<rect fill="#ffffff"/>') // '<style>@media (prefers-color-scheme:dark){[fill="#ffffff"]{…}}</style>'
 */
export function darkStyle(drawing: string): string {
  const rules = Object.entries(PAIRS).flatMap(([light, dark]) =>
    PAINTS.filter((paint) => drawing.includes(`${paint}="${light}"`)).map(
      (paint) => `[${paint}="${light}"]{${paint}:${dark}}`,
    ),
  );
  return styleOf(rules.join(''));
}

/** A chart of Plotly, an SVG document, that is dark on dark pages. */
export function withDarkChart(svg: string): string {
  return svg.replace(/^<svg [^>]*>/, (start) => `${start}${styleOf(CHART_STYLE)}`);
}

function styleOf(rules: string): string {
  return rules === '' ? '' : `<style>@media (prefers-color-scheme:dark){${rules}}</style>`;
}

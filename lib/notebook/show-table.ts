// Rows as a table: HTML in a notebook, aligned text elsewhere.
import { checkArguments } from '../core/check-arguments';
import { display, escapeHTML } from './notebook';

export type TableRow = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * Shows rows under the names of their fields. Columns of numbers are right-aligned. Without rows, nothing is shown.
 *
 * @example
 * showTable([{ part: 'vision', layers: 12 }, { part: 'text', layers: 12 }]);
 */
export function showTable(rows: readonly object[]): void {
  checkArguments('showTable', { rows: [rows, 'list'] });
  for (const row of rows) checkArguments('showTable', { 'a row': [row, 'object'] });
  if (rows.length === 0) return;
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) =>
    columns.map((column) => text(Object.entries(row).find(([name]) => name === column)?.[1])),
  );
  const right = columns.map((_, i) =>
    cells.every((row) => row[i] === '' || /^[-+]?[\d.,]+( ?(%|x|ms|s|KB|MB))?$/.test(row[i])),
  );
  display({ 'text/plain': plain(columns, cells, right), 'text/html': html(columns, cells, right) });
}

function text(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'number' && !Number.isInteger(value) ? String(Number(value.toPrecision(6))) : String(value);
}

function html(columns: readonly string[], cells: readonly (readonly string[])[], right: readonly boolean[]): string {
  const align = (i: number): string => ` style="text-align:${right[i] ? 'right' : 'left'}"`;
  const head = columns.map((name, i) => `<th${align(i)}>${escapeHTML(name)}</th>`).join('');
  const body = cells
    .map((row) => `<tr>${row.map((cell, i) => `<td${align(i)}>${escapeHTML(cell)}</td>`).join('')}</tr>`)
    .join('\n');
  return `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table>`;
}

function plain(columns: readonly string[], cells: readonly (readonly string[])[], right: readonly boolean[]): string {
  const widths = columns.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i].length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (right[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd();
  return [line(columns), widths.map((width) => '-'.repeat(width)).join('  '), ...cells.map(line)].join('\n');
}

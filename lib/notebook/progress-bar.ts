// A progress bar for `progress_callback`: in place in a notebook, on one line of a terminal.
import type { Progress, ProgressCallback } from '../core/progress';
import { escapeHTML, updatableDisplay } from './notebook';

/** Redrawing more often than this is not seen, and floods a notebook's connection. */
const REDRAW_MS = 100;

/**
 * Makes a callback that draws a bar. It appears with the first report.
 *
 * @param label what is going on
 * @example
 * await convertBlip(checkpoint, folder, { progress_callback: progressBar('Convert') });
 */
export function progressBar(label: string): ProgressCallback {
  const start = performance.now();
  let show: ReturnType<typeof updatableDisplay>;
  let last = -Infinity;
  return (progress) => {
    const { loaded = 0, total = 0 } = progress;
    const complete = total > 0 && loaded >= total;
    const now = performance.now();
    if (!complete && now - last < REDRAW_MS) return;
    last = now;
    const line = `${describe(label, progress)}: ${amount(progress)}, ${((now - start) / 1000).toFixed(1)} s`;
    show ??= updatableDisplay();
    if (show) show({ 'text/plain': line, 'text/html': bar(line, total > 0 ? loaded / total : 0) });
    else if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}${complete ? '\n' : ''}`);
  };
}

/** "NNCF vision_model, statistics"; a status that the label says already is left out. */
function describe(label: string, { file, status }: Progress): string {
  const said = label.toLowerCase().includes(status.toLowerCase());
  return [file ? `${label} ${file}` : label, ...(said ? [] : [status])].join(', ');
}

function amount({ loaded = 0, total = 0, status }: Progress): string {
  const bytes = /download|convert|read/.test(status);
  const format = (n: number): string => (bytes ? `${(n / 2 ** 20).toFixed(1)} MiB` : String(n));
  return total > 0 ? `${format(loaded)} of ${format(total)}` : format(loaded);
}

function bar(line: string, fraction: number): string {
  const width = (100 * Math.min(1, fraction)).toFixed(1);
  return (
    `<div style="font:13px sans-serif">${escapeHTML(line)}<div style="width:320px;height:8px;background:#8884;border-radius:4px">` +
    `<div style="width:${width}%;height:8px;background:#1a7f64;border-radius:4px"></div></div></div>`
  );
}

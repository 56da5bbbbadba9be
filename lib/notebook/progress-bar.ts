// A progress bar for `progress_callback`: in place in a notebook, on one line of a terminal.
import type { Progress, ProgressCallback } from '../core/progress';
import { escapeHTML, updatableDisplay } from './notebook';

/** Redrawing more often is not visible, and floods a notebook's connection. */
const REDRAW_MS = 100;
/** Estimates from shorter times are too noisy. */
const ESTIMATE_AFTER_MS = 2000;

/**
 * Makes a callback that draws a bar, with the time left in the present phase. It appears with the first report.
 *
 * @param label the name of the operation
 * @example
 * await convertBlip(checkpoint, folder, { progress_callback: progressBar('Convert') });
 * // Convert blip_text_encoder.xml: 168.3 MiB of 691.2 MiB, 4.1 s, about 13 s left
 */
export function progressBar(label: string): ProgressCallback {
  const start = performance.now();
  let show: ReturnType<typeof updatableDisplay>;
  let last = -Infinity;
  let phase: { readonly of: string; readonly since: number; readonly from: number } | undefined;
  return (progress) => {
    const { loaded = 0, total = 0, status, file, message } = progress;
    const complete = total > 0 && loaded >= total;
    const now = performance.now();
    if (phase?.of !== `${file} ${status}` || loaded < phase.from)
      phase = { of: `${file} ${status}`, since: now, from: loaded };
    if (!complete && now - last < REDRAW_MS) return;
    last = now;
    const line = [
      `${describe(label, progress)}: ${amount(progress)}`,
      ...(message ? [message] : []),
      `${((now - start) / 1000).toFixed(1)} s`,
      ...timeLeft(now - phase.since, loaded - phase.from, total - loaded),
    ].join(', ');
    show ??= updatableDisplay();
    if (show) show({ 'text/plain': line, 'text/html': bar(line, total > 0 ? loaded / total : 0) });
    else if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}${complete ? '\n' : ''}`);
  };
}

/** From the speed of the present phase; nothing where that is not known yet, or nothing is left. */
function timeLeft(elapsed: number, done: number, left: number): string[] {
  if (elapsed < ESTIMATE_AFTER_MS || done <= 0 || left <= 0) return [];
  return [`about ${duration((elapsed / done) * left)} left`];
}

/** @example duration(4_000_000) // '1 h 7 min' */
export function duration(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "NNCF vision_model, statistics"; a status that repeats the label is left out. */
function describe(label: string, { file, status }: Progress): string {
  const said = label.toLowerCase().includes(status.toLowerCase());
  return [file ? `${label} ${file}` : label, ...(said ? [] : [status])].join(', ');
}

function amount({ loaded = 0, total = 0, status }: Progress): string {
  const bytes = /download|convert|read/.test(status);
  const unit = status === 'wait' ? ' s' : '';
  const format = (n: number): string => (bytes ? `${(n / 2 ** 20).toFixed(1)} MiB` : `${n}${unit}`);
  return total > 0 ? `${format(loaded)} of ${format(total)}` : format(loaded);
}

function bar(line: string, fraction: number): string {
  const width = (100 * Math.min(1, fraction)).toFixed(1);
  return (
    `<div style="font:13px sans-serif">${escapeHTML(line)}<div ` +
    'style="width:320px;height:8px;background:#8884;border-radius:4px">' +
    `<div style="width:${width}%;height:8px;background:#1a7f64;border-radius:4px"></div></div></div>`
  );
}

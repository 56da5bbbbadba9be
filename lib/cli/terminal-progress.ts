// Progress on stderr: one line that is redrawn on a terminal, plain lines from time to time elsewhere (a log, a pipe).
import type { Progress, ProgressCallback } from '../core/progress';

/** Redrawing more often than this is not seen. */
const REDRAW_MS = 100;
/** What is over sooner than this needs no line in a log. */
const FIRST_LINE_MS = 2_000;
/** Between two lines of a log. */
const LINE_MS = 10_000;
const CLEAR_LINE = '\r\x1b[K';

export interface TerminalProgress {
  start(label: string): ProgressCallback;
  clear(): void;
  silence(): void;
}

export function terminalProgress(stream: NodeJS.WriteStream): TerminalProgress {
  let isSilent = false;
  let isDrawn = false;
  const clear = (): void => {
    if (isDrawn) stream.write(CLEAR_LINE);
    isDrawn = false;
  };
  const draw = (line: string): void => {
    const width = stream.columns || 80;
    stream.write(`${CLEAR_LINE}${line.length < width ? line : `${line.slice(0, width - 2)}…`}`);
    isDrawn = true;
  };
  return {
    start(label) {
      let step = '';
      let started = performance.now();
      let last = started + FIRST_LINE_MS - LINE_MS;
      return (progress) => {
        if (isSilent) return;
        const now = performance.now();
        const isNew = step !== `${progress.status} ${progress.file}`;
        if (isNew) {
          step = `${progress.status} ${progress.file}`;
          started = now;
        }
        if (now - last < (stream.isTTY ? REDRAW_MS : LINE_MS) && !(isNew && stream.isTTY)) return;
        last = now;
        const line = describe(label, progress, now - started);
        if (stream.isTTY) draw(line);
        else stream.write(`${line}\n`);
      };
    },
    clear,
    silence() {
      clear();
      isSilent = true;
    },
  };
}

function describe(label: string, progress: Progress, elapsed_ms: number): string {
  const { status, file, loaded, total = 0, message } = progress;
  const isSaid = label.toLowerCase().includes(status.toLowerCase());
  const parts = [`${label}${isSaid ? '' : `: ${status}`}${file === undefined ? '' : ` ${file}`}`];
  if (loaded !== undefined) parts.push(amount(progress));
  if (loaded && total > loaded && elapsed_ms > FIRST_LINE_MS)
    parts.push(`${formatSeconds(((elapsed_ms / loaded) * (total - loaded)) / 1000)} left`);
  if (message !== undefined) parts.push(message);
  return parts.join(', ');
}

function amount({ loaded = 0, total = 0, status }: Progress): string {
  const isBytes = /download|convert|read/.test(status);
  const format = (n: number): string => (isBytes ? `${(n / 2 ** 20).toFixed(1)} MiB` : String(Math.round(n)));
  return total > 0 ? `${format(loaded)} of ${format(total)} (${Math.floor((100 * loaded) / total)} %)` : format(loaded);
}

function formatSeconds(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 90 ? `${whole} s` : `${Math.round(whole / 60)} min`;
}

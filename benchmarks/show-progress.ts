// Says what is measured now: each step when it begins, and again every few seconds while it goes on.
const INTERVAL_MS = 5000;

let shown = 0;

/** A line that is always printed. */
export function step(text: string): void {
  shown = performance.now();
  console.log(`  ${text}`);
}

/** A line that is left out when another was printed a moment ago. */
export function progress(text: string): void {
  if (performance.now() - shown > INTERVAL_MS) step(text);
}

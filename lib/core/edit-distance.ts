// How far two names are apart: for "did you mean" behind a name that stands for nothing.

/** Share of a name's letters that may be wrong in a slip. */
const SLIP = 0.34;

/** Letters to insert, remove or replace, in the fewest steps (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1])));
    row = next;
  }
  return row[b.length];
}

/**
 * The known name that was most likely meant; undefined when none is near.
 *
 * @example
 * closestName('num-beam', ['num-beams', 'prompt']) // 'num-beams'
 */
export function closestName(given: string, known: readonly string[]): string | undefined {
  const wanted = given.toLowerCase();
  if (wanted.length > 100) return undefined; // no slip of the fingers, and slow to compare
  let best: { name: string; distance: number } | undefined;
  for (const name of known) {
    const isBeginning = wanted.length >= 3 && name.startsWith(wanted);
    const distance = isBeginning ? 0.5 : editDistance(wanted, name.toLowerCase());
    if (distance <= Math.max(1, Math.ceil(name.length * SLIP)) && (!best || distance < best.distance))
      best = { name, distance };
  }
  return best?.name;
}

// Exponentials and their sums over a vocabulary, with nothing but IEEE additions and multiplications: the same bits in
// every JavaScript engine, so that a seed draws the same tokens everywhere.

/** 2 ** (i / STEPS) are looked up, the rest is a polynomial. */
const STEPS = 32;
const STEP = Math.LN2 / STEPS;
/** e ** x is taken as 0 below: double precision has subnormal numbers there. */
const LOWEST = -700;

/** 2 ** (i / 32): repeated square roots are rounded correctly everywhere, powers are not. */
const ROOTS = Float64Array.from({ length: STEPS }, (_, i) => {
  let root = 2;
  let product = 1;
  for (let bit = STEPS / 2; bit >= 1; bit /= 2) {
    root = Math.sqrt(root);
    if (i & bit) product *= root;
  }
  return product;
});
const HALVES = new Float64Array(1 - Math.floor(LOWEST / Math.LN2)).fill(1);
for (let i = 1; i < HALVES.length; i++) HALVES[i] = HALVES[i - 1] / 2;

/** e ** x for x of at most 0, to about 12 digits. */
export function exponential(x: number): number {
  if (!(x > LOWEST)) return 0;
  const k = -((0.5 - x / STEP) | 0);
  const r = x - k * STEP;
  return ROOTS[k & (STEPS - 1)] * HALVES[-(k >> 5)] * (1 + r * (1 + r * (0.5 + r * (1 / 6 + r * (1 / 24)))));
}

/** The logarithm of the sum of e ** score; -Infinity where all scores are. */
export function logSumExp(scores: Float32Array): number {
  let largest = -Infinity;
  for (let i = 0; i < scores.length; i++) if (scores[i] > largest) largest = scores[i];
  if (largest === -Infinity) return -Infinity;
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += exponential(scores[i] - largest);
  return largest + Math.log(sum);
}

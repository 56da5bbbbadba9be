// Hugging Face's logits warpers: changes to a row of scores before a token is drawn, in place.
import { exponential } from './log-sum-exp';

export interface WarperSettings {
  readonly temperature: number;
  /** 0: all tokens. */
  readonly top_k: number;
  /** 1: all tokens. */
  readonly top_p: number;
}

/**
 * Temperature, top_k, then top_p, in Hugging Face's order. What must not be drawn becomes -Infinity.
 *
 * @param scores [vocab_size] of one row
 */
export function warpScores(scores: Float32Array, { temperature, top_k, top_p }: WarperSettings): void {
  if (temperature !== 1) divide(scores, temperature);
  if (top_k > 0 && top_k < scores.length) keepAtLeast(scores, kthLargest(scores, top_k));
  if (top_p < 1) keepNucleus(scores, top_p);
}

function divide(scores: Float32Array, temperature: number): void {
  let largest = -Infinity;
  for (let i = 0; i < scores.length; i++) if (scores[i] > largest) largest = scores[i];
  // A temperature near 0 would make infinity of all: only differences count
  const shift = Number.isFinite(Math.fround(largest / temperature)) || largest === -Infinity ? 0 : largest;
  for (let i = 0; i < scores.length; i++) scores[i] = (scores[i] - shift) / temperature;
}

/** Scores that equal the least stay, as in Hugging Face. */
function keepAtLeast(scores: Float32Array, least: number): void {
  for (let i = 0; i < scores.length; i++) if (scores[i] < least) scores[i] = -Infinity;
}

/** By a heap of the k largest so far, whose root is the smallest of them. */
function kthLargest(scores: Float32Array, k: number): number {
  const heap = scores.slice(0, k).sort(); // an ascending list is a heap
  for (let i = k; i < scores.length; i++) {
    const score = scores[i];
    if (!(score > heap[0])) continue;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= k) break;
      if (child + 1 < k && heap[child + 1] < heap[child]) child++;
      if (heap[child] >= score) break;
      heap[hole] = heap[child];
      hole = child;
    }
    heap[hole] = score;
  }
  return heap[0];
}

/**
 * Keeps the most likely tokens whose probabilities add up to top_p, at least one. Of equal scores at the border the
 * lower ids stay; PyTorch leaves open which.
 */
function keepNucleus(scores: Float32Array, top_p: number): void {
  const order: number[] = [];
  for (let i = 0; i < scores.length; i++) if (scores[i] > -Infinity) order.push(i);
  if (order.length === 0) return;
  order.sort((a, b) => scores[a] - scores[b] || b - a); // ascending
  const largest = scores[order[order.length - 1]];
  const weights = order.map((id) => exponential(scores[id] - largest));
  const removable = (1 - top_p) * weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  for (let i = 0; i < order.length - 1; i++) {
    sum += weights[i];
    if (sum > removable) return;
    scores[order[i]] = -Infinity;
  }
}

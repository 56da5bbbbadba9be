// The beams of one row of the batch: hypotheses that are still running, and the best ones that are finished.
// Equal to the inner part of transformers 5's `_beam_search`.
import type { SearchSettings } from './generation-options';
import { logSumExp } from './log-sum-exp';
import { changesScores, processScores } from './score-processors';

/**
 * A running hypothesis (score: sum of log probabilities) or a finished one (score: that sum / length **
 * length_penalty).
 */
export interface Hypothesis {
  readonly ids: readonly number[];
  /** The model's log probability of each token after the prompt, with `output_probabilities`. */
  readonly logs: readonly number[];
  readonly score: number;
  readonly finished: boolean;
}

/** Beam `beam` of the running ones with one more token. */
interface Candidate {
  readonly beam: number;
  readonly ids: readonly number[];
  readonly logs: readonly number[];
  readonly score: number;
  readonly stopped: boolean;
}

/**
 * What Hugging Face adds to scores that must not win. Added instead of assigned, so that their order among each other
 * stays.
 */
const EXCLUDED = -1e9;

export class BeamGroup {
  readonly #settings: SearchSettings;
  readonly #promptLength: number;
  #running: readonly Hypothesis[];
  #finished: readonly Hypothesis[];
  #canImprove = true;
  #allStopped = false;

  constructor(prompt: readonly number[], settings: SearchSettings) {
    const beams = Array.from({ length: settings.num_beams }, (_, beam) => beam);
    this.#settings = settings;
    this.#promptLength = prompt.length;
    // All beams begin with the same text: only the first one counts, or the best candidates would be num_beams times
    // the same.
    this.#running = beams.map((beam) => ({
      ids: prompt,
      logs: [],
      score: beam === 0 ? 0 : EXCLUDED,
      finished: false,
    }));
    this.#finished = beams.map(() => ({ ids: prompt, logs: [], score: EXCLUDED, finished: false }));
  }

  /** Token ids of the running hypotheses. */
  get running(): readonly (readonly number[])[] {
    return this.#running.map(({ ids }) => ids);
  }

  /** The best finished hypotheses, best first: num_beams, of which the last may be no more than the prompt. */
  get best(): readonly Hypothesis[] {
    return this.#finished;
  }

  /** Its score: the sum of log probabilities / length ** length_penalty. */
  get bestScore(): number {
    return this.#finished[0].score;
  }

  /** Whether num_beams hypotheses are finished. */
  get isFull(): boolean {
    return this.#finished.every(({ finished }) => finished);
  }

  /** Whether a running hypothesis may still become better than the worst finished one. */
  get canImprove(): boolean {
    return this.#canImprove;
  }

  /** Whether every candidate of the last step was complete. */
  get allStopped(): boolean {
    return this.#allStopped;
  }

  /**
   * One step of the search.
   *
   * @param logits [num_beams * vocab_size] of the running hypotheses; they are overwritten
   * @returns for each beam, which of the previous beams it continues
   */
  advance(logits: Float32Array): number[] {
    const { num_beams, early_stopping } = this.#settings;
    const candidates = this.#bestCandidates(logits);
    const length = candidates[0].ids.length;
    this.#allStopped = candidates.every(({ stopped }) => stopped);

    const continued = topBy(
      candidates.map((candidate) => ({ ...candidate, score: candidate.score + (candidate.stopped ? EXCLUDED : 0) })),
      num_beams,
    );
    this.#running = continued.map(({ ids, logs, score }) => ({ ids, logs, score, finished: false }));

    const closed = (early_stopping === true && this.isFull ? EXCLUDED : 0) + (this.#canImprove ? 0 : EXCLUDED);
    const ended = candidates.map(({ ids, logs, score, stopped }, rank): Hypothesis => {
      const finished = stopped && rank < num_beams; // only the num_beams best candidates can finish
      return { ids, logs, finished, score: this.#normalize(score, length) + closed + (finished ? 0 : EXCLUDED) };
    });
    this.#finished = topBy([...this.#finished, ...ended], num_beams);
    this.#canImprove &&= this.#canStillImprove(length);
    return continued.map(({ beam }) => beam);
  }

  /** The 2 * num_beams best candidates: enough for num_beams to continue even if as many stop. */
  #bestCandidates(logits: Float32Array): Candidate[] {
    const { num_beams, eos_token_id, max_length, output_probabilities } = this.#settings;
    const isChanged = output_probabilities && changesScores(this.#settings);
    const vocab_size = logits.length / num_beams;
    const keep = 2 * num_beams;
    const best: { beam: number; id: number; score: number; log: number }[] = [];
    this.#running.forEach((hypothesis, beam) => {
      const scores = logits.subarray(beam * vocab_size, (beam + 1) * vocab_size);
      logSoftmax(scores);
      const logs = isChanged ? scores.slice() : scores;
      processScores(scores, hypothesis.ids, this.#settings);
      for (let id = 0; id < vocab_size; id++) {
        const score = Math.fround(scores[id] + hypothesis.score);
        if (best.length === keep && score <= best[keep - 1].score) continue;
        let place = best.length;
        while (place > 0 && best[place - 1].score < score) place--;
        best.splice(place, 0, { beam, id, score, log: logs[id] });
        if (best.length > keep) best.pop();
      }
    });
    return best.map(({ beam, id, score, log }) => {
      const ids = [...this.#running[beam].ids, id];
      const logs = output_probabilities ? [...this.#running[beam].logs, log] : [];
      return { beam, ids, logs, score, stopped: id === eos_token_id || ids.length >= max_length };
    });
  }

  #canStillImprove(length: number): boolean {
    const { early_stopping, length_penalty, max_length } = this.#settings;
    const bestLength = early_stopping === 'never' && length_penalty > 0 ? max_length : length;
    const possible = this.#normalize(this.#running[0].score, bestLength);
    const worst = Math.min(...this.#finished.map(({ score }) => score));
    return this.#finished.some(({ finished }) => possible > (finished ? worst : EXCLUDED));
  }

  #normalize(score: number, length: number): number {
    return score / (length - this.#promptLength) ** this.#settings.length_penalty;
  }
}

/** In place, in double precision, rounded once. */
function logSoftmax(scores: Float32Array): void {
  const shift = logSumExp(scores);
  for (let i = 0; i < scores.length; i++) scores[i] -= shift;
}

/** The `count` best, best first; equal scores keep their order. */
function topBy<T extends { readonly score: number }>(list: readonly T[], count: number): T[] {
  return [...list].sort((a, b) => b.score - a.score).slice(0, count);
}

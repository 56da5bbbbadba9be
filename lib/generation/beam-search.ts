// Beam search: keeps the best few beginnings. Equal to Hugging Face's `generate` (transformers 5) with num_beams > 1.
import type { DecoderStep } from './decoder-step';
import type { SearchSettings } from './generation-options';
import { processScores } from './score-processors';

/** A beginning that goes on (score: sum of log probabilities) or a complete text (score: that sum over length ** penalty). */
interface Beam {
  readonly ids: readonly number[];
  readonly score: number;
  readonly finished: boolean;
}

/** A continuation of beam `from` that is under consideration. */
interface Candidate {
  readonly from: number;
  readonly ids: readonly number[];
  readonly score: number;
  readonly stopped: boolean;
}

/** What Hugging Face adds to scores that must not win. Added, not assigned, so that order among them stays. */
const EXCLUDED = -1e9;

/** The beams of one picture or question. */
interface Group {
  running: Beam[];
  complete: Beam[];
  canImprove: boolean;
  lastStopped: boolean;
}

/**
 * @param prompts token ids that each row begins with, all of one length
 * @returns the best text per row, prompt included; shorter rows are filled up
 */
export async function beamSearch(
  decoder: DecoderStep,
  prompts: readonly (readonly number[])[],
  settings: SearchSettings,
): Promise<number[][]> {
  const { num_beams, max_length, early_stopping } = settings;
  const promptLength = prompts[0].length;
  const groups: Group[] = prompts.map((ids) => ({
    running: Array.from({ length: num_beams }, (_, beam) => ({
      ids: [...ids],
      score: beam === 0 ? 0 : EXCLUDED,
      finished: false,
    })),
    complete: Array.from({ length: num_beams }, () => ({ ids: [...ids], score: EXCLUDED, finished: false })),
    canImprove: true,
    lastStopped: false,
  }));
  const rows = groups.length * num_beams;
  let beam_idx = Int32Array.from({ length: rows }, (_, row) => row);
  for (let length = promptLength; ; length++) {
    settings.signal?.throwIfAborted();
    const running = groups.flatMap((group) => group.running);
    const first = length === promptLength;
    const input = first ? running.flatMap(({ ids }) => ids) : running.map(({ ids }) => ids[ids.length - 1]);
    const logits = await decoder.step(input, rows, first ? promptLength : 1, beam_idx);
    const parents: number[] = [];
    groups.forEach((group, index) => {
      const chosen = advance(group, index, logits, decoder.vocab_size, length, promptLength, settings);
      parents.push(...chosen.map((from) => index * num_beams + from));
    });
    beam_idx = Int32Array.from(parents);
    for (const group of groups) group.canImprove &&= canStillImprove(group, length + 1, promptLength, settings);
    const open = !(
      early_stopping === true && groups.every((group) => group.complete.every(({ finished }) => finished))
    );
    if (
      !groups.some((group) => group.canImprove) ||
      !open ||
      groups.every((group) => group.lastStopped) ||
      length + 1 >= max_length
    )
      break;
  }
  return fill(
    groups.map((group) => group.complete[0].ids),
    settings,
  );
}

/** One step of one group. Returns, for each beam that goes on, which beam it continues. */
function advance(
  group: Group,
  index: number,
  logits: Float32Array,
  vocabulary: number,
  length: number,
  promptLength: number,
  settings: SearchSettings,
): number[] {
  const { num_beams, eos_token_id, max_length, early_stopping, length_penalty } = settings;
  const candidates = bestContinuations(group, index, logits, vocabulary, settings).map(
    ({ from, id, score }): Candidate => ({
      from,
      score,
      ids: [...group.running[from].ids, id],
      stopped: id === eos_token_id || length + 1 >= max_length,
    }),
  );
  group.lastStopped = candidates.every(({ stopped }) => stopped);

  const next = topBy(
    candidates.map((candidate) => ({ ...candidate, score: candidate.score + (candidate.stopped ? EXCLUDED : 0) })),
    num_beams,
  );
  group.running = next.map(({ ids, score }) => ({ ids, score, finished: false }));

  const full = early_stopping === true && group.complete.every(({ finished }) => finished);
  const ended = candidates.map(({ ids, score, stopped }, rank): Beam => {
    const finished = stopped && rank < num_beams; // only those among the best num_beams count
    const ranked = score / (length + 1 - promptLength) ** length_penalty;
    return {
      ids,
      finished,
      score: ranked + (full ? EXCLUDED : 0) + (group.canImprove ? 0 : EXCLUDED) + (finished ? 0 : EXCLUDED),
    };
  });
  group.complete = topBy([...group.complete, ...ended], num_beams);
  return next.map(({ from }) => from);
}

/** The 2 * num_beams best continuations of a group: enough for num_beams to go on even if as many end. */
function bestContinuations(
  group: Group,
  index: number,
  logits: Float32Array,
  vocabulary: number,
  settings: SearchSettings,
): { from: number; id: number; score: number }[] {
  const keep = 2 * settings.num_beams;
  const best: { from: number; id: number; score: number }[] = [];
  group.running.forEach(({ ids, score: sum }, from) => {
    const row = (index * settings.num_beams + from) * vocabulary;
    const scores = logits.subarray(row, row + vocabulary);
    logSoftmax(scores);
    processScores(scores, ids, settings);
    for (let id = 0; id < vocabulary; id++) {
      const score = Math.fround(scores[id] + sum);
      if (best.length === keep && score <= best[keep - 1].score) continue;
      let at = best.length;
      while (at > 0 && best[at - 1].score < score) at--;
      best.splice(at, 0, { from, id, score });
      if (best.length > keep) best.pop();
    }
  });
  return best;
}

/** Could a running beam still beat the worst complete text? */
function canStillImprove(
  { running, complete }: Group,
  length: number,
  promptLength: number,
  { early_stopping, length_penalty, max_length }: SearchSettings,
): boolean {
  const hypothetical =
    early_stopping === 'never' && length_penalty > 0 ? max_length - promptLength : length - promptLength;
  const possible = running[0].score / hypothetical ** length_penalty;
  const worst = Math.min(...complete.map(({ score }) => score));
  return complete.some(({ finished }) => possible > (finished ? worst : EXCLUDED));
}

/** In place, in double precision, rounded once. */
function logSoftmax(scores: Float32Array): void {
  let largest = -Infinity;
  for (const score of scores) if (score > largest) largest = score;
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += Math.exp(scores[i] - largest);
  const shift = largest + Math.log(sum);
  for (let i = 0; i < scores.length; i++) scores[i] -= shift;
}

/** The best `count`, best first; equal scores keep their order. */
function topBy<T extends { readonly score: number }>(list: readonly T[], count: number): T[] {
  return [...list].sort((a, b) => b.score - a.score).slice(0, count);
}

/** Hugging Face fills with the pad token, or with the end token where the pad token is 0. */
function fill(rows: readonly (readonly number[])[], { pad_token_id, eos_token_id }: SearchSettings): number[][] {
  const longest = Math.max(...rows.map((ids) => ids.length));
  return rows.map((ids) => [...ids, ...Array<number>(longest - ids.length).fill(pad_token_id || eos_token_id)]);
}

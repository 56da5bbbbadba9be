// Beam search: keeps the num_beams best partial hypotheses. Equal to Hugging Face's `generate` (transformers 5) with
// num_beams > 1. Finished rows leave the batch, unless the scores of all steps are asked for.
import { BeamGroup } from './beam-group';
import type { DecoderStep } from './decoder-step';
import type { SearchSettings } from './generation-options';
import type { SearchResult } from './search-result';

/**
 * @param prompts token ids that each row begins with, all of one length
 * @returns the num_return_sequences best texts per row, prompt included; shorter ones are padded
 */
export async function beamSearch(
  decoder: DecoderStep,
  prompts: readonly (readonly number[])[],
  settings: SearchSettings,
): Promise<SearchResult> {
  const { num_beams, max_length, early_stopping, num_return_sequences, output_scores } = settings;
  const scores: Float32Array[] = [];
  const groups = prompts.map((prompt) => new BeamGroup(prompt, settings));
  const groupSize = num_beams * decoder.vocab_size;
  let live = groups;
  let beam_idx = Int32Array.from({ length: groups.length * num_beams }, (_, row) => row);
  let newTokens = prompts[0].length;
  for (let length = prompts[0].length; length < max_length; length++) {
    settings.signal?.throwIfAborted();
    const input_ids = live.flatMap((group) => group.running.flatMap((ids) => ids.slice(-newTokens)));
    const logits = await decoder.step(input_ids, live.length * num_beams, newTokens, beam_idx);
    newTokens = 1;
    const parents = live.map((group, index) =>
      group
        .advance(logits.subarray(index * groupSize, (index + 1) * groupSize))
        .map((beam) => index * num_beams + beam),
    );
    // The groups have turned the logits into processed log probabilities
    if (output_scores) scores.push(logits.slice());
    if (!live.some((group) => group.canImprove)) break;
    if (early_stopping === true && live.every((group) => group.isFull)) break;
    if (live.every((group) => group.allStopped)) break;
    // Nothing that comes later can take a place among the finished texts of such a group
    const isClosed = ({ canImprove, isFull }: BeamGroup): boolean => !canImprove || (early_stopping === true && isFull);
    const kept = Array.from(live.keys()).filter((index) => output_scores || !isClosed(live[index]));
    if (kept.length === 0) break;
    if (kept.length < live.length)
      decoder.keepRows(kept.flatMap((index) => parents[index].map((_, beam) => index * num_beams + beam)));
    beam_idx = Int32Array.from(kept.flatMap((index) => parents[index]));
    live = kept.map((index) => live[index]);
  }
  const best = groups.flatMap((group) => group.best.slice(0, num_return_sequences));
  const sequences = padRows(
    best.map(({ ids }) => ids),
    settings,
  );
  return {
    sequences,
    steps: sequences[0].length - prompts[0].length,
    token_log_probabilities: best.map(({ logs }) => [...logs]),
    sequences_scores: best.map(({ score }) => score),
    scores,
  };
}

/** Hugging Face pads with the pad token, or with the end token where the pad token is 0. */
function padRows(rows: readonly (readonly number[])[], { pad_token_id, eos_token_id }: SearchSettings): number[][] {
  const longest = Math.max(...rows.map((ids) => ids.length));
  return rows.map((ids) => [...ids, ...Array<number>(longest - ids.length).fill(pad_token_id || eos_token_id)]);
}

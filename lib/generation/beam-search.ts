// Beam search: keeps the num_beams best partial hypotheses. Equal to Hugging Face's `generate` (transformers 5) with
// num_beams > 1.
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
  const rows = groups.length * num_beams;
  const groupSize = num_beams * decoder.vocab_size;
  let beam_idx = Int32Array.from({ length: rows }, (_, row) => row);
  let newTokens = prompts[0].length;
  for (let length = prompts[0].length; length < max_length; length++) {
    settings.signal?.throwIfAborted();
    const input_ids = groups.flatMap((group) => group.running.flatMap((ids) => ids.slice(-newTokens)));
    const logits = await decoder.step(input_ids, rows, newTokens, beam_idx);
    newTokens = 1;
    const parents = groups.map((group, index) =>
      group
        .advance(logits.subarray(index * groupSize, (index + 1) * groupSize))
        .map((beam) => index * num_beams + beam),
    );
    // The groups have turned the logits into processed log probabilities
    if (output_scores) scores.push(logits.slice());
    beam_idx = Int32Array.from(parents.flat());
    if (!groups.some((group) => group.canImprove)) break;
    if (early_stopping === true && groups.every((group) => group.isFull)) break;
    if (groups.every((group) => group.allStopped)) break;
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

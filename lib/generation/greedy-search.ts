// Greedy search: the most likely token at every step. Equal to Hugging Face's `generate` with num_beams=1.
import { isPromiseLike } from '../core/is-promise-like';
import { untilAborted } from '../core/until-aborted';
import type { DecoderStep } from './decoder-step';
import type { SearchSettings } from './generation-options';
import { processScores } from './score-processors';

/**
 * @param prompts token ids that each row begins with, all of one length
 * @returns prompt and new tokens per row; rows that ended early are padded with pad_token_id
 */
export async function greedySearch(
  decoder: DecoderStep,
  prompts: readonly (readonly number[])[],
  settings: SearchSettings,
): Promise<number[][]> {
  const { max_length, eos_token_id, pad_token_id, on_token, signal } = settings;
  const rows = prompts.map((prompt) => [...prompt]);
  const finished = rows.map(() => false);
  const beam_idx = Int32Array.from(rows, (_, row) => row);
  let input_ids: number[] = rows.flat();
  let newTokens = rows[0].length;
  while (rows[0].length < max_length && !finished.every(Boolean)) {
    signal?.throwIfAborted();
    const logits = await decoder.step(input_ids, rows.length, newTokens, beam_idx);
    input_ids = rows.map((ids, row) => {
      if (finished[row]) return pad_token_id;
      const scores = logits.subarray(row * decoder.vocab_size, (row + 1) * decoder.vocab_size);
      processScores(scores, ids, settings);
      return argmax(scores);
    });
    newTokens = 1;
    input_ids.forEach((id, row) => {
      rows[row].push(id);
      finished[row] ||= id === eos_token_id;
    });
    const returned: unknown = on_token?.([...input_ids]);
    if (isPromiseLike(returned)) await untilAborted(returned, signal);
  }
  return rows;
}

/** The first of the largest, as PyTorch takes it. */
export function argmax(scores: Float32Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
  return best;
}

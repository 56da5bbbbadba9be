// Greedy search: the likeliest token at every step. Equal to Hugging Face's `generate` with num_beams=1.
import type { DecoderStep } from './decoder-step';
import type { SearchSettings } from './generation-options';
import { processScores } from './score-processors';

/**
 * @param prompts token ids that each row begins with, all of one length
 * @returns prompt and new tokens per row; rows that ended early are filled with pad_token_id
 */
export async function greedySearch(
  decoder: DecoderStep,
  prompts: readonly (readonly number[])[],
  settings: SearchSettings,
): Promise<number[][]> {
  const rows = prompts.map((prompt) => [...prompt]);
  const finished = rows.map(() => false);
  const beam_idx = Int32Array.from(rows, (_, row) => row);
  let input: number[] = rows.flat();
  let length = rows[0].length;
  while (rows[0].length < settings.max_length) {
    settings.signal?.throwIfAborted();
    const logits = await decoder.step(input, rows.length, length, beam_idx);
    input = rows.map((ids, row) => {
      if (finished[row]) return settings.pad_token_id;
      const scores = logits.subarray(row * decoder.vocab_size, (row + 1) * decoder.vocab_size);
      processScores(scores, ids, settings);
      return argmax(scores);
    });
    length = 1;
    input.forEach((id, row) => {
      rows[row].push(id);
      finished[row] ||= id === settings.eos_token_id;
    });
    settings.on_token?.([...input]);
    if (finished.every(Boolean)) break;
  }
  return rows;
}

/** The first of the largest, as PyTorch takes it. */
export function argmax(scores: Float32Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
  return best;
}

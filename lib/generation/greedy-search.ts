// Greedy search, the most likely token at every step, and sampling, a drawn one. Equal to Hugging Face's `generate`
// with num_beams=1. Finished texts leave the batch, unless the scores of all steps are asked for.
import { isPromiseLike } from '../core/is-promise-like';
import { untilAborted } from '../core/until-aborted';
import type { DecoderStep } from './decoder-step';
import { drawToken } from './draw-token';
import type { SearchSettings } from './generation-options';
import type { SamplingSettings } from './sampling-options';
import { logSumExp } from './log-sum-exp';
import { RandomStream } from './random-stream';
import { changesScores, processScores } from './score-processors';
import { warpScores } from './score-warpers';
import type { SearchResult } from './search-result';

/** Chooses the next token of a row from its processed scores, which it may change. */
type Choose = (scores: Float32Array, row: number) => number;

/**
 * @param prompts token ids that each row begins with, all of one length
 * @returns prompt and new tokens per text; texts that ended early are padded with pad_token_id
 */
export async function greedySearch(
  decoder: DecoderStep,
  prompts: readonly (readonly number[])[],
  settings: SearchSettings,
): Promise<SearchResult> {
  const { max_length, eos_token_id, pad_token_id, num_return_sequences, on_token, signal } = settings;
  const { output_probabilities, output_scores } = settings;
  const rows = prompts.flatMap((prompt) => Array.from({ length: num_return_sequences }, () => [...prompt]));
  const { sampling } = settings;
  const choose: Choose = sampling ? sampler(sampling, settings, rows.length) : argmax;
  /** Texts that the decoder goes on with, in the order of its rows. */
  let live = rows.map((_, row) => row);
  const finished = new Set<number>();
  let beam_idx = Int32Array.from(live);
  const token_log_probabilities: number[][] = rows.map(() => []);
  const allScores: Float32Array[] = [];
  const isChanged = sampling !== undefined || changesScores(settings);
  let input_ids: number[] = rows.flat();
  let newTokens = rows[0].length;
  while (rows[0].length < max_length && finished.size < rows.length) {
    signal?.throwIfAborted();
    const logits = await decoder.step(input_ids, live.length, newTokens, beam_idx);
    const chosen: number[] = rows.map(() => pad_token_id);
    for (const [place, row] of live.entries()) {
      if (finished.has(row)) continue;
      const scores = logits.subarray(place * decoder.vocab_size, (place + 1) * decoder.vocab_size);
      const raw = output_probabilities && isChanged ? scores.slice() : scores;
      processScores(scores, rows[row], settings);
      const id = choose(scores, row);
      if (output_probabilities) token_log_probabilities[row].push(raw[id] - logSumExp(raw));
      chosen[row] = id;
      if (id === eos_token_id) finished.add(row);
    }
    if (output_scores) allScores.push(logits.slice());
    newTokens = 1;
    chosen.forEach((id, row) => rows[row].push(id));
    const kept = Array.from(live.keys()).filter((place) => output_scores || !finished.has(live[place]));
    if (kept.length < live.length && kept.length > 0) decoder.keepRows(kept);
    live = kept.map((place) => live[place]);
    beam_idx = Int32Array.from(kept);
    input_ids = live.map((row) => chosen[row]);
    const returned: unknown = on_token?.([...chosen]);
    if (isPromiseLike(returned)) await untilAborted(returned, signal);
  }
  return { sequences: rows, steps: rows[0].length - prompts[0].length, token_log_probabilities, scores: allScores };
}

/** The first of the largest, as PyTorch takes it. */
export function argmax(scores: Float32Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
  return best;
}

/** Each text draws from a stream of its own. */
function sampler(sampling: SamplingSettings, { num_return_sequences, rows }: SearchSettings, texts: number): Choose {
  const { seed } = sampling;
  const streams = Array.from({ length: texts }, (_, text) => {
    const row = Math.floor(text / num_return_sequences);
    const place = rows?.[row] ?? row;
    const sequence = text % num_return_sequences;
    return typeof seed === 'number'
      ? new RandomStream(seed, place, sequence)
      : new RandomStream(seed[place], 0, sequence);
  });
  return (scores, text) => {
    warpScores(scores, sampling);
    return drawToken(scores, streams[text]);
  };
}

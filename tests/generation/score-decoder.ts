// A decoder without a network: a function from a row's tokens so far to the scores of the next one. It keeps its own
// record of every row, reordered by beam_idx as the real one's caches are, and refuses calls that the real one could
// not serve.
import assert from 'node:assert/strict';
import type { DecoderStep } from '../../lib/generation/decoder-step';
import {
  resolveGenerationOptions,
  type GenerationOptions,
  type OutputOptions,
  type SearchSettings,
} from '../../lib/generation/generation-options';

export class ScoreDecoder implements DecoderStep {
  /** Tokens of every row, as the decoder was fed. */
  rows: number[][] = [];
  steps = 0;
  /** Rows of each step. */
  readonly widths: number[] = [];
  #kept: readonly number[] | undefined;
  readonly #logits: Float32Array[] = [];

  /** @param scores of the token after a row's tokens so far @param before called with the number of each step */
  constructor(
    readonly vocab_size: number,
    private readonly scores: (ids: readonly number[]) => readonly number[],
    private readonly before: (step: number) => void = () => {},
  ) {}

  async step(input_ids: readonly number[], rows: number, length: number, beam_idx: Int32Array): Promise<Float32Array> {
    this.before(this.steps);
    assert.equal(input_ids.length, rows * length, 'tokens per step');
    assert.equal(beam_idx.length, rows);
    const left = this.#kept ?? Array.from(this.rows.keys());
    assert.ok(this.steps === 0 || (length === 1 && rows === left.length), 'one token per row after the prompt');
    this.#kept = undefined;
    this.widths.push(rows);
    assert.ok(
      input_ids.every((id) => Number.isInteger(id) && id >= 0 && id < this.vocab_size),
      'token ids of the vocabulary',
    );
    const past = this.rows;
    this.rows = Array.from({ length: rows }, (_, row) => {
      const fed = input_ids.slice(row * length, (row + 1) * length);
      return this.steps === 0 ? fed : [...past[beam_idx[row]], ...fed];
    });
    this.steps++;
    this.#logits.forEach((array) => array.fill(NaN)); // the last step's scores are no longer valid
    const logits = Float32Array.from(this.rows.flatMap((ids) => this.scores(ids)));
    assert.equal(logits.length, rows * this.vocab_size);
    this.#logits.push(logits);
    return logits;
  }

  keepRows(rows: readonly number[]): void {
    assert.ok(rows.length > 0 && rows.length < this.rows.length, 'some rows leave, some stay');
    assert.ok(
      rows.every((row, i) => Number.isInteger(row) && row < this.rows.length && (i === 0 || row > rows[i - 1])),
      'rows of the batch, in ascending order',
    );
    this.#kept = rows;
  }
}

export const BOS = 1;
export const EOS = 2;
export const PAD = 3;

/** Options as the searches get them, for a vocabulary of this size. */
export function settingsOf(
  options: GenerationOptions & OutputOptions,
  promptLength: number,
  vocab_size: number,
): SearchSettings {
  const limits = { vocab_size, max_position_embeddings: 64, bos_token_id: BOS, sep_token_id: EOS, pad_token_id: PAD };
  return resolveGenerationOptions(options, promptLength, limits);
}

/** Log of the softmax, for references. */
export function logProbabilities(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const shift = largest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - largest), 0));
  return scores.map((score) => score - shift);
}

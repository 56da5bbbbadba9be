// Rows leave a batch when they are finished: what they get is what they get in a batch that keeps them, and alone. The
// scores of all steps, which transformers returns of finished rows, too, keep a batch whole.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { beamSearch } from '../../lib/generation/beam-search';
import type { GenerationOptions, OutputOptions } from '../../lib/generation/generation-options';
import { greedySearch } from '../../lib/generation/greedy-search';
import { RandomStream } from '../../lib/generation/random-stream';
import type { SearchResult } from '../../lib/generation/search-result';
import { BOS, EOS, PAD, ScoreDecoder, settingsOf } from './score-decoder';

const VOCABULARY = 12;
const PROMPTS = [4, 5, 6, 7, 8].map((id) => [BOS, id]);

/** Scores that depend on all tokens so far, those of finished rows included; the end token is likely. */
function scoresOf(table: number): (ids: readonly number[]) => readonly number[] {
  return (ids) => {
    const random = new RandomStream(
      ids.reduce((hash, id) => (hash * 31 + id) % 1_000_003, table),
      0,
      0,
    );
    return Array.from({ length: VOCABULARY }, (_, id) => 4 * random.next() + (id === EOS ? 1.5 : 0));
  };
}

interface Run extends SearchResult {
  readonly widths: readonly number[];
}

async function run(table: number, prompts: number[][], options: GenerationOptions & OutputOptions): Promise<Run> {
  const decoder = new ScoreDecoder(VOCABULARY, scoresOf(table));
  const settings = settingsOf({ max_length: 14, ...options }, 2, VOCABULARY);
  const result = await (settings.num_beams === 1 ? greedySearch : beamSearch)(decoder, prompts, settings);
  return { ...result, widths: decoder.widths };
}

const SEARCHES: Readonly<Record<string, GenerationOptions>> = {
  greedy: {},
  'greedy with penalties': { repetition_penalty: 1.3, no_repeat_ngram_size: 2, min_new_tokens: 2 },
  'two drawn texts per row': { do_sample: true, num_return_sequences: 2, top_k: 5, seed: 3 },
  'three beams': { num_beams: 3, num_return_sequences: 2 },
  'two beams, stopping early': { num_beams: 2, early_stopping: true },
  'two beams, never stopping early': { num_beams: 2, early_stopping: 'never', length_penalty: -1 },
  'three beams, short texts favored': { num_beams: 3, length_penalty: -2, early_stopping: true },
};

describe('finished rows leave the batch', () => {
  for (const [name, options] of Object.entries(SEARCHES))
    it(`and nothing else changes: ${name}`, async () => {
      let fewer = 0;
      for (let table = 0; table < 40; table++) {
        const probabilities = { ...options, return_dict_in_generate: true, output_probabilities: true };
        const leaving = await run(table, PROMPTS, probabilities);
        const staying = await run(table, PROMPTS, { ...probabilities, output_scores: true });
        assert.deepEqual(leaving.sequences, staying.sequences);
        assert.deepEqual(leaving.token_log_probabilities, staying.token_log_probabilities);
        assert.deepEqual(leaving.sequences_scores, staying.sequences_scores);
        assert.ok(staying.widths.every((width) => width === staying.widths[0]));
        assert.equal(staying.scores.length, staying.widths.length);
        assert.ok(leaving.widths.length <= staying.widths.length);
        assert.deepEqual(
          leaving.widths,
          [...leaving.widths].sort((a, b) => b - a),
        );
        fewer += Number(leaving.widths.at(-1) !== leaving.widths[0]);
      }
      assert.ok(fewer > 20, `rows left in ${fewer} of 40 batches`);
    });

  it('each with what it gets alone', async () => {
    for (const options of [{}, { num_beams: 3 }])
      for (let table = 0; table < 20; table++) {
        const together = await run(table, PROMPTS, options);
        for (const [row, prompt] of PROMPTS.entries()) {
          const [alone] = (await run(table, [prompt], options)).sequences;
          const padding = together.sequences[row].slice(alone.length);
          assert.deepEqual(together.sequences[row].slice(0, alone.length), alone);
          assert.ok(padding.every((id) => id === PAD));
        }
      }
  });

  it('and a stream still has one token per row, the pad token of those that left', async () => {
    const columns: number[][] = [];
    const { sequences } = await run(1, PROMPTS, { on_token: (ids) => void columns.push(ids) });
    assert.deepEqual(
      sequences.map((ids) => ids.slice(2)),
      sequences.map((_, row) => columns.map((ids) => ids[row])),
    );
  });
});

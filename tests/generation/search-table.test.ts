// Greedy and beam search against Hugging Face's `generate` (transformers 5.24) over tables of scores
// (tests/fixtures/make_searches.py): every option alone and some together, three rows at once that end at different
// steps, some at the first. Ids must be equal.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { beamSearch } from '../../lib/generation/beam-search';
import type { GenerationOptions } from '../../lib/generation/generation-options';
import { greedySearch } from '../../lib/generation/greedy-search';
import type { SearchResult } from '../../lib/generation/search-result';
import { BOS, EOS, PAD, ScoreDecoder, settingsOf } from './score-decoder';

interface Search {
  readonly options: GenerationOptions;
  readonly ids: number[][];
  /** The model's log probability of each new token, from the raw logits. */
  readonly logs: number[][];
  readonly sequences_scores?: number[];
}
interface Table {
  readonly name: string;
  readonly scores: number[][];
  readonly searches: Search[];
}
interface Fixture {
  readonly bos: number;
  readonly eos: number;
  readonly pad: number;
  readonly prompts: number[][];
  readonly tables: Table[];
}

const fixture: Fixture = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'generation', 'searches.json'), 'utf8'),
);
assert.deepEqual([fixture.bos, fixture.eos, fixture.pad], [BOS, EOS, PAD]);

/** f32 of both sides, five decimals in the file. */
function close(values: readonly number[], expected: readonly number[]): void {
  assert.equal(values.length, expected.length);
  for (const [i, value] of values.entries())
    assert.ok(
      value === expected[i] || Math.abs(value - expected[i]) < 2e-5 * Math.max(1, Math.abs(expected[i])),
      `${i}: ${value}, expected ${expected[i]}`,
    );
}

for (const { name, scores, searches } of fixture.tables) {
  const vocabulary = scores[0].length;
  const scoresAfter = (ids: readonly number[]): number[] =>
    scores[(3 * ids[ids.length - 1] + 5 * ids[ids.length - 2] + ids.length) % scores.length];
  const decoder = (): ScoreDecoder => new ScoreDecoder(vocabulary, scoresAfter);
  const search = async (prompts: number[][], options: GenerationOptions): Promise<SearchResult> => {
    const settings = settingsOf(options, prompts[0].length, vocabulary);
    const run = settings.num_beams === 1 ? greedySearch : beamSearch;
    return run(decoder(), prompts, { ...settings, output_probabilities: true, output_scores: true });
  };
  describe(`table "${name}": ids equal Hugging Face`, () => {
    for (const { options, ids, logs, sequences_scores } of searches)
      it(JSON.stringify(options), async () => {
        const result = await search(fixture.prompts, options);
        assert.deepEqual(result.sequences, ids);
        close(result.token_log_probabilities.flat(), logs.flat());
        assert.deepEqual(
          result.token_log_probabilities.map(({ length }) => length),
          logs.map(({ length }) => length),
        );
        if (sequences_scores) close(result.sequences_scores ?? [], sequences_scores);
        assert.ok(
          result.scores.length >= result.steps && result.scores.every((each) => each.length % vocabulary === 0),
        );
      });

    it('a row alone gets what it gets among others, up to the filling', async () => {
      for (const { options } of searches) {
        if (options.early_stopping === true) continue; // rows go on until the last is full, and may improve on the way
        if ((options.num_return_sequences ?? 1) > 1) continue;
        const { sequences: together } = await search(fixture.prompts, options);
        for (const [row, prompt] of fixture.prompts.entries()) {
          const {
            sequences: [alone],
          } = await search([prompt], options);
          assert.deepEqual(together[row].slice(0, alone.length), alone, JSON.stringify(options));
          assert.ok(together[row].slice(alone.length).every((id) => id === PAD));
        }
      }
    });
  });
}

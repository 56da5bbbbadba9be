// Greedy and beam search against Hugging Face's `generate` (transformers 5.23) over tables of scores
// (tests/fixtures/make_searches.py): every option alone and some together, three rows at once that end at different
// steps, some at the first. Ids must be equal.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import { beamSearch } from '../../lib/generation/beam-search';
import type { GenerationOptions } from '../../lib/generation/generation-options';
import { greedySearch } from '../../lib/generation/greedy-search';
import { BOS, EOS, PAD, ScoreDecoder, settingsOf } from './score-decoder';

interface Search {
  readonly options: GenerationOptions;
  readonly ids: number[][];
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

for (const { name, scores, searches } of fixture.tables) {
  const vocabulary = scores[0].length;
  const scoresAfter = (ids: readonly number[]): number[] =>
    scores[(3 * ids[ids.length - 1] + 5 * ids[ids.length - 2] + ids.length) % scores.length];
  const decoder = (): ScoreDecoder => new ScoreDecoder(vocabulary, scoresAfter);
  const search = (prompts: number[][], options: GenerationOptions): Promise<number[][]> => {
    const settings = settingsOf(options, prompts[0].length, vocabulary);
    return settings.num_beams === 1
      ? greedySearch(decoder(), prompts, settings)
      : beamSearch(decoder(), prompts, settings);
  };
  describe(`table "${name}": ids equal Hugging Face`, () => {
    for (const { options, ids } of searches)
      it(JSON.stringify(options), async () => assert.deepEqual(await search(fixture.prompts, options), ids));

    it('a row alone gets what it gets among others, up to the filling', async () => {
      for (const { options } of searches) {
        if (options.early_stopping === true) continue; // rows go on until the last is full, and may improve on the way
        const together = await search(fixture.prompts, options);
        for (const [row, prompt] of fixture.prompts.entries()) {
          const [alone] = await search([prompt], options);
          assert.deepEqual(together[row].slice(0, alone.length), alone, JSON.stringify(options));
          assert.ok(together[row].slice(alone.length).every((id) => id === PAD));
        }
      }
    });
  });
}

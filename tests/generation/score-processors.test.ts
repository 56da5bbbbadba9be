// Logits processors and warpers against transformers' own on the same scores (tests/fixtures/make_processors.py).
// The same tokens must be forbidden; the others may differ by rounding to f32.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, it } from 'node:test';
import type { GenerationOptions } from '../../lib/generation/generation-options';
import { processScores } from '../../lib/generation/score-processors';
import { warpScores } from '../../lib/generation/score-warpers';
import { settingsOf } from './score-decoder';

interface Case {
  readonly options: GenerationOptions;
  readonly ids: number[];
  readonly scores: number[];
  readonly after: (number | null)[];
}

const cases: Case[] = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'generation', 'processors.json'), 'utf8'),
);

describe('logits processors and warpers equal transformers', () => {
  for (const { options, ids, scores, after } of cases)
    it(`${JSON.stringify(options)} after ${ids.join(' ')}`, () => {
      const { temperature = 1, top_k = 0, top_p = 1, ...rest } = options;
      const changed = Float32Array.from(scores);
      processScores(changed, ids, settingsOf({ max_length: 60, ...rest }, ids.length, scores.length));
      warpScores(changed, { temperature, top_k, top_p });
      for (const [id, expected] of after.entries())
        if (expected === null) assert.equal(changed[id], -Infinity, `token ${id}`);
        else
          assert.ok(
            Math.abs(changed[id] - expected) <= 1e-6 * Math.max(1, Math.abs(expected)),
            `token ${id}: ${changed[id]}, ${expected}`,
          );
    });
});

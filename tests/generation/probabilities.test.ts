// Probabilities of captions and answers of the bundled checkpoint, from the image file on, against PyTorch's
// (tests/fixtures/make_probabilities.py). Tolerance: 2e-3, computed in f32 from FP16 weights; images are decoded and
// resized by another library, which alone moves a probability by up to 1e-3.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { GenerationOptions } from '../../lib';
import { projectRoot } from '../project-root';
import { loadBundledModel, type BundledModel } from './bundled-model';

interface Case {
  readonly image: string;
  readonly search: string;
  readonly options: GenerationOptions;
  readonly question?: string;
  readonly texts: readonly {
    readonly ids: readonly number[];
    readonly token_probabilities: readonly number[];
    readonly probability: number;
  }[];
}

const TOLERANCE = 2e-3;
const CASES: readonly Case[] = JSON.parse(
  fs.readFileSync(path.join(projectRoot(), 'tests', 'fixtures', 'generation', 'probabilities.json'), 'utf8'),
);

describe("probabilities are the model's own, whatever the search does", () => {
  let bundled: BundledModel;
  before(async () => {
    bundled = await loadBundledModel();
  });
  after(() => bundled.dispose());

  for (const { image, search, options, question, texts } of CASES)
    it(`${image}, ${question ?? 'caption'}: ${search}`, async () => {
      const { model, processor } = bundled;
      const pixel_values = await processor.image(path.join(projectRoot(), 'data', 'pictures', image));
      const full = { ...options, return_dict_in_generate: true, output_probabilities: true } as const;
      const got = await (question === undefined
        ? model.generateCaption({ pixel_values }, full)
        : model.generateAnswer({ pixel_values, ...processor.text(question) }, full));
      assert.equal(got.sequences.length, texts.length);
      for (const [row, { ids, token_probabilities, probability }] of texts.entries()) {
        assert.deepEqual(got.sequences[row].slice(0, ids.length), ids);
        const each = got.token_probabilities?.[row] ?? [];
        assert.equal(each.length, token_probabilities.length);
        for (const [place, expected] of token_probabilities.entries())
          assert.ok(
            Math.abs(each[place] - expected) < TOLERANCE,
            `token ${place}: ${each[place]}, expected ${expected}`,
          );
        const whole = got.probabilities?.[row] ?? Number.NaN;
        assert.ok(Math.abs(whole - probability) < TOLERANCE, `${whole}, expected ${probability}`);
      }
    });
});

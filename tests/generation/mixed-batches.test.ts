// Several texts of one row, and rows of different lengths in one call, with the bundled model: each equals the call for
// it alone.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { GenerationOptions, OVBlipModel, PixelInput } from '../../lib/generation';
import type { BlipProcessor } from '../../lib/preprocessing';
import { loadBundledModel, stack, type BundledModel } from './bundled-model';

let bundled: BundledModel;
let model: OVBlipModel;
let processor: BlipProcessor;
let images: PixelInput[];

before(async () => {
  bundled = await loadBundledModel();
  ({ model, processor } = bundled);
  images = bundled.images.map(({ pixel_values }) => pixel_values);
});
after(() => bundled.dispose());

const PROMPTS = ['two dogs', 'a', 'a red ball on the beach', 'two dogs'];

const full = { return_dict_in_generate: true, output_probabilities: true } as const;

/** Sequences without their padding, and probabilities. */
async function captions(pixel_values: PixelInput, prompts: string | readonly string[], options: GenerationOptions) {
  const output = await model.generateCaption({ pixel_values, ...processor.text(prompts) }, { ...options, ...full });
  return output.sequences.map((ids, text) => ({
    text: processor.decode(ids),
    probability: output.probabilities?.[text] ?? NaN,
  }));
}

describe('prompts of different lengths', () => {
  const cases: GenerationOptions[] = [
    {},
    { num_beams: 3 },
    { num_beams: 3, num_return_sequences: 2, no_repeat_ngram_size: 2 },
    { min_new_tokens: 4, max_new_tokens: 6, repetition_penalty: 1.4, bad_words_ids: [[5], [7, 8]] },
    { do_sample: true, top_k: 0, temperature: 2, seed: [4, 3, 2, 1] },
    { do_sample: true, num_return_sequences: 2, seed: [4, 3, 2, 1] },
  ];
  for (const options of cases)
    it(`give what each gives alone: ${JSON.stringify(options)}`, async () => {
      const together = await captions(stack(images.slice(0, 4)), PROMPTS, options);
      const oneImage = await captions(images[1], PROMPTS, options);
      const texts = options.num_return_sequences ?? 1;
      for (const [row, prompt] of PROMPTS.entries()) {
        const seed = Array.isArray(options.seed) ? { seed: options.seed[row] as number } : {};
        for (const [batch, image] of [
          [together, images[row]],
          [oneImage, images[1]],
        ] as const) {
          const alone = await captions(image, prompt, { ...options, ...seed });
          const rows = batch.slice(row * texts, (row + 1) * texts);
          assert.deepEqual(
            rows.map(({ text }) => text),
            alone.map(({ text }) => text),
          );
          // A batch is computed in another order: f32
          for (const [i, { probability }] of rows.entries())
            assert.ok(
              Math.abs(probability - alone[i].probability) < 1e-4 * Math.max(probability, 1e-3),
              `${probability}`,
            );
        }
      }
    });

  it('draw the same with one seed, however the batch is divided', async () => {
    const options = { do_sample: true, top_k: 0, temperature: 2, seed: 5 };
    const [first, , third] = await captions(stack(images.slice(0, 4)), PROMPTS, options);
    const [alone] = await captions(images[0], PROMPTS[0], options);
    assert.equal(first.text, alone.text);
    const equal = await captions(
      stack([images[1], images[1], images[2]]),
      [PROMPTS[2], PROMPTS[2], PROMPTS[2]],
      options,
    );
    assert.equal(equal[2].text, third.text);
  });

  it('cannot be followed step by step', async () => {
    const inputs = { pixel_values: images[0], ...processor.text(PROMPTS) };
    const name = 'GenerationOptionsError';
    await assert.rejects(model.generateCaption(inputs, { on_token: () => {} }), {
      name,
      message: /on_token.*one length/,
    });
    await assert.rejects(model.generateCaption(inputs, { return_dict_in_generate: true, output_scores: true }), {
      name,
      message: /output_scores.*one length/,
    });
  });

  it('count their own steps', async () => {
    const inputs = { pixel_values: images[0], ...processor.text(PROMPTS) };
    const { timings } = await model.generateCaption(inputs, { ...full, max_new_tokens: 3, min_new_tokens: 3 });
    assert.equal(timings.decoder_steps, 3);
  });
});

describe('sampling with the model', () => {
  it('gives several texts, the same with the same seed, and tells the seed', async () => {
    const options = { do_sample: true, num_return_sequences: 5, temperature: 2.5, ...full } as const;
    const first = await model.generateCaption({ pixel_values: images[0] }, options);
    assert.equal(first.sequences.length, 5);
    assert.ok(new Set(first.sequences.map(String)).size > 1);
    const again = await model.generateCaption({ pixel_values: images[0] }, { ...options, seed: first.seed });
    assert.deepEqual(again.sequences, first.sequences);
    assert.deepEqual(again.probabilities, first.probabilities);
  });

  it('streams what it returns', async () => {
    const options = { do_sample: true, num_return_sequences: 2, seed: 9, top_k: 10 };
    const columns: number[][] = [];
    const on_token = (ids: number[]): void => void columns.push(ids);
    const sequences = await model.generateCaption({ pixel_values: images[0] }, { ...options, on_token });
    assert.deepEqual(
      sequences.map((ids) => ids.slice(1)),
      sequences.map((_, text) => columns.map((ids) => ids[text])),
    );
    const stream = model.streamCaption({ pixel_values: images[0] }, options);
    const seen: number[][] = [];
    for await (const ids of stream) seen.push(ids);
    assert.deepEqual(seen, columns);
  });

  it('needs as many seeds as rows', async () => {
    const call = model.generateCaption({ pixel_values: images[0] }, { do_sample: true, seed: [1, 2] });
    await assert.rejects(call, { name: 'GenerationOptionsError', message: /list of 2.*1 rows/ });
  });
});

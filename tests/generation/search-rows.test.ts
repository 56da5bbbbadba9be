// Batches whose finished rows leave: every row gets the ids that its image gets alone, and is handed over when it is
// finished.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BlipProcessor, OVBlipModel, type GenerationOptions } from '../../lib';
import { answerRows, captionRows } from '../../lib/generation/generate-rows';

const PICTURES = path.resolve('data', 'pictures');
const SCENES = path.resolve('data', 'vqa-scenes', 'val');
const listImages = (folder: string): string[] =>
  fs
    .readdirSync(folder)
    .filter((name) => /\.(jpg|png|webp)$/.test(name))
    .map((name) => path.join(folder, name));
const files = [...listImages(PICTURES), ...listImages(SCENES).slice(0, 12)];

let model: OVBlipModel;
let processor: BlipProcessor;
before(async () => {
  const folder = path.resolve('models', 'blip-scenes');
  model = await OVBlipModel.fromPretrained(folder, { properties: { INFERENCE_PRECISION_HINT: 'f32' } });
  processor = await BlipProcessor.fromPretrained(folder);
});
after(() => model.dispose());

const searches: Readonly<Record<string, GenerationOptions>> = {
  greedy: {},
  'greedy, no word twice': { no_repeat_ngram_size: 1, min_new_tokens: 5 },
  'three beams': { num_beams: 3 },
  'two beams that stop early': { num_beams: 2, early_stopping: true, length_penalty: 2 },
  'five tokens': { max_new_tokens: 5 },
};

describe('captions and answers of a batch are those of single images', () => {
  for (const [name, options] of Object.entries(searches))
    test(name, async () => {
      const image_embeds = await model.encodeImage({ pixel_values: await processor.images(files) });
      const question = processor.text('how many dogs are there?');
      const captions: (readonly number[])[] = [];
      const answers: (readonly number[])[] = [];
      const order: number[] = [];
      const own = { ...image_embeds, data: image_embeds.data.slice() }; // overwritten
      await captionRows(model, { image_embeds: own }, options, ({ row, ids, score }) => {
        assert.ok(captions[row] === undefined && score > 0 && score <= 1);
        captions[row] = ids;
        order.push(ids.length);
      });
      await answerRows(model, { image_embeds, text: question }, options, ({ row, ids }) => (answers[row] = ids));
      for (const [row, file] of files.entries()) {
        const pixel_values = await processor.image(file);
        assert.deepEqual(captions[row], (await model.generateCaption({ pixel_values }, options))[0], file);
        assert.deepEqual(answers[row], (await model.generateAnswer({ pixel_values, ...question }, options))[0], file);
      }
      assert.deepEqual(order.length, files.length);
      if (options.num_beams === undefined)
        // the shorter a caption, the earlier it is handed over
        assert.deepEqual(
          order,
          [...order].sort((a, b) => a - b),
        );
    });

  test('a prompt begins every caption', async () => {
    const image_embeds = await model.encodeImage({ pixel_values: await processor.images(files.slice(0, 3)) });
    const texts: string[] = [];
    await captionRows(model, { image_embeds, text: processor.text('two gray') }, {}, ({ row, ids }) => {
      texts[row] = processor.decode(ids);
    });
    for (const text of texts) assert.match(text, /^two gray /);
  });

  test('sampling and several texts per image are refused', async () => {
    const image_embeds = await model.encodeImage({ pixel_values: await processor.image(files[0]) });
    for (const options of [{ do_sample: true }, { num_beams: 2, num_return_sequences: 2 }])
      await assert.rejects(
        captionRows(model, { image_embeds }, options, () => {}),
        /is not for batches/,
      );
  });
});

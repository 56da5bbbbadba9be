// OVBlipModel refuses wrong inputs and options before anything runs, and names what was got and expected.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  BlipModelError,
  GenerationOptionsError,
  type ImageEmbeds,
  type OVBlipModel,
  type PixelInput,
} from '../../lib/generation';
import type { BlipProcessor } from '../../lib/preprocessing';
import { loadBundledModel, stack, type BundledModel } from './bundled-model';

let bundled: BundledModel;
let model: OVBlipModel;
let processor: BlipProcessor;
let images: BundledModel['images'];

before(async () => {
  bundled = await loadBundledModel();
  ({ model, processor, images } = bundled);
});
after(() => bundled.dispose());

describe('wrong inputs are named, with what was expected', () => {
  const refuse = (call: () => Promise<unknown>, ...parts: RegExp[]): Promise<void> =>
    assert.rejects(call, (error: unknown) => {
      assert.ok(error instanceof BlipModelError || error instanceof GenerationOptionsError, String(error));
      for (const part of parts) assert.match(error.message, part);
      return true;
    });
  const pixels = (data: Float32Array, ...dims: number[]): PixelInput => ({
    data,
    dims: [dims[0], dims[1], dims[2], dims[3]],
  });

  it('images', async () => {
    const { data } = images[0].pixel_values;
    await refuse(
      () => model.generateCaption({ pixel_values: pixels(data, 1, 3, 127, 128) }),
      /pixel_values\.dims is \[1,3,127,128\]/,
      /expected \[batch, 3, 128, 128\]/,
    );
    await refuse(
      () => model.generateCaption({ pixel_values: pixels(data.slice(1), 1, 3, 128, 128) }),
      /49151 numbers, expected 49152/,
    );
    await refuse(() => model.generateCaption({ pixel_values: pixels(data, 2, 3, 128, 128) }), /expected 98304/);
    const wrong: unknown = Float64Array.from(data);
    await refuse(
      () => model.generateCaption({ pixel_values: pixels(wrong as Float32Array, 1, 3, 128, 128) }),
      /a Float64Array, expected a Float32Array/,
    );
  });

  it('images and encoded images at once', async () => {
    const { pixel_values } = images[0];
    const both = { pixel_values, image_embeds: await model.encodeImage({ pixel_values }) };
    const question = processor.text('how many dogs are there?');
    // @ts-expect-error one of the two, says the type, too
    await refuse(() => model.generateCaption(both), /both pixel_values and image_embeds.*expected one/);
    const untyped: Record<string, unknown> = both;
    const inputs = untyped as { pixel_values: PixelInput };
    await refuse(() => model.generateAnswer({ ...inputs, ...question }), /both pixel_values and image_embeds/);
    await refuse(() => model.rankAnswers({ ...inputs, ...question }, processor.text(['1'])), /both pixel_values/);
  });

  it('encoded images', async () => {
    const embeds = await model.encodeImage({ pixel_values: images[0].pixel_values });
    const [rows, tokens, size] = embeds.dims;
    const given = (image_embeds: ImageEmbeds) => (): Promise<unknown> => model.generateCaption({ image_embeds });
    await refuse(
      given({ data: embeds.data, dims: [rows, size, tokens] }),
      /image_embeds\.dims is \[1,192,65\], expected \[batch, tokens, 192\]/,
    );
    await refuse(given({ data: embeds.data, dims: [2, tokens, size] }), /expected 24960/);
  });

  it('questions', async () => {
    const { pixel_values } = images[0];
    const text = processor.text(['is it day or night?', 'how many dogs are there?']);
    const ask = (changes: object) => (): Promise<unknown> =>
      model.generateAnswer({ pixel_values, ...text, ...changes });
    await refuse(ask({ dims: [3, 8] }), /dims \[3,8\], expected dims \[rows, tokens per row\]/);
    await refuse(ask({ attention_mask: text.attention_mask.slice(1) }), /attention_mask has \d+ numbers, expected \d+/);
    await refuse(ask({ input_ids: Array.from(text.input_ids) }), /input_ids is a Array, expected a BigInt64Array/);
    await refuse(
      ask({ input_ids: text.input_ids.map((id, i) => (i === 3 ? 30000n : id)) }),
      /30000, expected 0 to 1604/,
    );
    await refuse(
      ask({ pixel_values: stack(images.slice(0, 3).map((image) => image.pixel_values)) }),
      /3 images and 2 questions/,
    );
    const long = new BigInt64Array(41).fill(5n);
    await refuse(
      ask({ input_ids: long, attention_mask: long.map(() => 1n), dims: [1, 41] }),
      /41 tokens per row, but the model has positions for 40/,
    );
  });

  it('prompts', async () => {
    const { pixel_values } = images[0];
    const input_ids = BigInt64Array.of(2n, 5n, 6n, 3n);
    for (const mask of [
      [1n, 0n, 1n, 1n],
      [0n, 1n, 1n, 1n],
      [1n, 0n, 0n, 0n],
    ]) {
      const attention_mask = BigInt64Array.from(mask);
      await refuse(
        () => model.generateCaption({ pixel_values, input_ids, attention_mask }),
        /attention_mask of prompt 1 is [01 ]+, .*zeros for padding/,
      );
    }
    const ids = (length: number): { input_ids: BigInt64Array } => ({ input_ids: new BigInt64Array(length).fill(5n) });
    await refuse(
      () => model.generateCaption({ pixel_values, ...ids(26) }, { max_length: 20 }),
      /max_length is 20, .*prompt .*25 tokens/,
    );
    assert.ok((await model.generateCaption({ pixel_values, ...ids(26) }, { max_new_tokens: 3 }))[0].length > 25);
    await refuse(() => model.generateCaption({ pixel_values, ...ids(41) }, { max_new_tokens: 3 }), /positions for 40/);
    await refuse(
      () => model.generateCaption({ pixel_values, ...ids(40) }, { max_new_tokens: 3 }),
      /may grow to 42 tokens, but the model has positions for 40 and one token after/,
    );
    assert.equal(
      (await model.generateCaption({ pixel_values, ...ids(40) }, { max_new_tokens: 2, min_new_tokens: 2 }))[0].length,
      41,
    ); // the last token is never read
  });

  it('options, before the image is encoded', async () => {
    const { pixel_values } = images[0];
    const before = bundled.inferences('blip_vision_model');
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ typical_p: 0.5 }, /"typical_p" is not implemented/],
      [{ top_k: 5 }, /top_k is given, but do_sample is false/],
      [{ num_return_sequences: 2 }, /num_return_sequences is 2/],
      [{ bad_words_ids: [[1605]] }, /bad_words_ids\[0\] contains 1605/],
      [{ num_beams: 1.5 }, /num_beams is 1\.5/],
      [{ max_new_tokens: 0 }, /max_new_tokens is 0/],
      [{ length_penalty: NaN }, /length_penalty is NaN/],
      [{ repetition_penalty: 0 }, /repetition_penalty is 0/],
      [{ eos_token_id: 1605 }, /eos_token_id is 1605, expected a token id below 1605/],
      [{ pad_token_id: -1 }, /pad_token_id is -1/],
      [{ bos_token_id: 30522 }, /bos_token_id is 30522/],
      [{ return_dict_in_generate: 1 }, /return_dict_in_generate is 1, expected true or false/],
      [{ num_beams: 2, on_token: () => {} }, /on_token.*greedy search.*num_beams/],
    ];
    for (const [options, message] of cases) {
      await refuse(() => model.generateCaption({ pixel_values }, options), message);
      await refuse(() => model.generateAnswer({ pixel_values, ...processor.text('is it day?') }, options), message);
    }
    assert.equal(bundled.inferences('blip_vision_model'), before);
  });
});

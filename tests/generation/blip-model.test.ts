// OVBlipModel as its users meet it, with the bundled model: batches, overlapping calls, reuse, cancelling, disposal, wrong inputs.
// Computed in f32, so that equal work gives equal ids whatever the batch.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { readPictures } from '../../lib/datasets';
import {
  BlipModelError,
  GenerationOptionsError,
  OVBlipModel,
  type GenerationOptions,
  type ImageEmbeds,
  type PixelValues,
} from '../../lib/generation';
import { BlipProcessor } from '../../lib/preprocessing';
import { countInferences } from '../pipelines/count-inferences';
import { projectRoot } from '../project-root';

const F32 = { INFERENCE_PRECISION_HINT: 'f32', KV_CACHE_PRECISION: 'f32' };
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-model-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

const counted = countInferences();
let model: OVBlipModel;
let processor: BlipProcessor;
let pictures: { pixel_values: PixelValues; questions: string[] }[];

before(async () => {
  const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'models', 'blip-scenes'));
  await convertBlip(checkpoint, work);
  checkpoint.close();
  model = await OVBlipModel.load(work, { properties: F32, openvino: counted.openvino });
  processor = await BlipProcessor.fromCheckpoint(work);
  pictures = await Promise.all(
    readPictures(path.join(projectRoot(), 'data', 'pictures')).map(async ({ file, questions }) => ({
      pixel_values: await processor.image(file),
      questions: questions.map(({ question }) => question),
    })),
  );
});
after(() => model.dispose());

async function answer(pixel_values: PixelValues, question: string, options?: GenerationOptions): Promise<string> {
  const [ids] = await model.generateAnswer({ pixel_values, ...processor.text(question) }, options);
  return processor.decode(ids);
}

function stack(batch: readonly PixelValues[]): PixelValues {
  const [, , height, width] = batch[0].dims;
  return {
    data: Float32Array.from(batch.flatMap(({ data }) => Array.from(data))),
    dims: [batch.length, 3, height, width],
  };
}

describe('batches', () => {
  for (const num_beams of [1, 3])
    it(`questions of different lengths about one picture, padded, are answered as one by one, ${num_beams} beams`, async () => {
      for (const { pixel_values, questions } of pictures) {
        const text = processor.text(questions);
        assert.ok(text.attention_mask.includes(0n), 'the questions need padding');
        const ids = await model.generateAnswer({ pixel_values, ...text }, { num_beams });
        const alone = await Promise.all(questions.map((question) => answer(pixel_values, question, { num_beams })));
        assert.deepEqual(processor.batchDecode(ids), alone);
      }
    });

  it('pictures with a question each, and one question for all pictures', async () => {
    const pixel_values = stack(pictures.map((picture) => picture.pixel_values));
    const questions = pictures.map(({ questions: [first] }, i) => (i % 2 === 0 ? first : 'is it day or night?'));
    const each = await model.generateAnswer({ pixel_values, ...processor.text(questions) });
    assert.deepEqual(
      processor.batchDecode(each),
      await Promise.all(pictures.map((picture, i) => answer(picture.pixel_values, questions[i]))),
    );
    const [question] = ['is it day or night?'];
    const all = processor.batchDecode(await model.generateAnswer({ pixel_values, ...processor.text(question) }));
    assert.deepEqual(all, await Promise.all(pictures.map((picture) => answer(picture.pixel_values, question))));
    assert.ok(new Set(all).size > 1, 'the pictures have different answers');
  });

  it('captions of a batch are those of each picture, with no prompt, one prompt, and a prompt each', async () => {
    const [one, two] = pictures.map((picture) => picture.pixel_values);
    const pixel_values = stack([one, two]);
    const captions = async (input: PixelValues, prompts?: string | string[]): Promise<string[]> =>
      processor.batchDecode(
        await model.generateCaption({ pixel_values: input, ...(prompts && processor.text(prompts)) }),
      );
    assert.deepEqual(await captions(pixel_values), [...(await captions(one)), ...(await captions(two))]);
    assert.deepEqual(await captions(pixel_values, 'two dogs'), [
      ...(await captions(one, 'two dogs')),
      ...(await captions(two, 'two dogs')),
    ]);
    const each = await captions(pixel_values, ['two dogs', 'a cat']);
    assert.deepEqual(each, [...(await captions(one, 'two dogs')), ...(await captions(two, 'a cat'))]);
    assert.ok(each[0].startsWith('two dogs') && each[1].startsWith('a cat'), each.join(' | '));
  });
});

describe('use', () => {
  it('image_embeds give what pixel_values give, and stay as they were', async () => {
    for (const {
      pixel_values,
      questions: [question],
    } of pictures.slice(0, 3)) {
      const image_embeds = await model.encodeImage({ pixel_values });
      const copy = image_embeds.data.slice();
      for (const options of [{}, { num_beams: 2 }]) {
        assert.deepEqual(
          await model.generateCaption({ image_embeds }, options),
          await model.generateCaption({ pixel_values }, options),
        );
        const text = processor.text(question);
        assert.deepEqual(
          await model.generateAnswer({ image_embeds, ...text }, options),
          await model.generateAnswer({ pixel_values, ...text }, options),
        );
      }
      assert.deepEqual(image_embeds.data, copy);
    }
  });

  it('calls may overlap: each gets the answer that it gets alone', async () => {
    const calls = pictures.flatMap(({ pixel_values, questions }) =>
      questions.slice(0, 2).map((question) => ({ pixel_values, question })),
    );
    const alone: string[] = [];
    for (const { pixel_values, question } of calls) alone.push(await answer(pixel_values, question));
    assert.deepEqual(
      await Promise.all(calls.map(({ pixel_values, question }) => answer(pixel_values, question))),
      alone,
    );
    const [first, second] = pictures;
    const mixed = await Promise.all([
      model.generateCaption({ pixel_values: first.pixel_values }, { num_beams: 3 }),
      model.generateCaption({ pixel_values: second.pixel_values }),
    ]);
    assert.deepEqual(mixed[0], await model.generateCaption({ pixel_values: first.pixel_values }, { num_beams: 3 }));
    assert.deepEqual(mixed[1], await model.generateCaption({ pixel_values: second.pixel_values }));
  });

  // Failed now and then, or ended the process, while generations with states of different shapes took turns step by step.
  for (const [what, properties] of [
    ['one stream', F32],
    ['two streams', { ...F32, NUM_STREAMS: '2', PERFORMANCE_HINT: 'THROUGHPUT' }],
  ] as const)
    it(`calls that begin while others write, with states of other lengths: ${what}`, async () => {
      const other = await OVBlipModel.load(work, { properties });
      const { pixel_values, questions } = pictures[0];
      const image_embeds = await other.encodeImage({ pixel_values });
      const texts = [[questions[0]], [questions[1]], questions.slice(0, 2), ['dogs?']].map((list) =>
        processor.text(list),
      );
      const calls = [
        ...texts.map((text) => () => other.generateAnswer({ image_embeds, ...text }, { min_length: 8 })),
        () => other.generateCaption({ image_embeds }),
        () => other.generateCaption({ image_embeds }, { num_beams: 2 }),
      ];
      const alone: number[][][] = [];
      for (const call of calls) alone.push(await call());
      const started: Promise<number[][]>[] = [];
      for (let i = 0; i < 60; i++) {
        started.push(calls[i % calls.length]());
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      (await Promise.all(started)).forEach((ids, i) => assert.deepEqual(ids, alone[i % calls.length], `call ${i}`));
      other.dispose();
    });

  it('after cancelling, and after a callback that throws, it writes what a fresh model writes', async () => {
    const { pixel_values } = pictures[0];
    const fresh = await OVBlipModel.load(work, { properties: F32 });
    const expected = await fresh.generateCaption({ pixel_values });
    fresh.dispose();
    const controller = new AbortController();
    let tokens = 0;
    const on_token = (): void => {
      if (++tokens === 3) controller.abort(new Error('that is enough'));
    };
    await assert.rejects(
      model.generateCaption({ pixel_values }, { signal: controller.signal, on_token }),
      /that is enough/,
    );
    assert.equal(tokens, 3, 'no token after cancelling');
    assert.deepEqual(await model.generateCaption({ pixel_values }), expected);
    await assert.rejects(
      model.generateCaption(
        { pixel_values },
        {
          on_token: () => {
            throw new TypeError('in the callback');
          },
        },
      ),
      /in the callback/,
    );
    assert.deepEqual(await model.generateCaption({ pixel_values }), expected);
  });

  it('a call that waits for its turn is cancelled at once, and the next one gets the turn', async () => {
    const image_embeds = await model.encodeImage({ pixel_values: pictures[0].pixel_values });
    const controller = new AbortController();
    const ended: string[] = [];
    const first = model
      .generateCaption({ image_embeds }, { on_token: () => controller.abort(new Error('no longer wanted')) })
      .finally(() => ended.push('first'));
    const waiting = model
      .generateCaption({ image_embeds }, { signal: controller.signal })
      .finally(() => ended.push('waiting'));
    const last = model.generateCaption({ image_embeds });
    await assert.rejects(waiting, /no longer wanted/);
    assert.deepEqual(await last, await first);
    assert.deepEqual(ended, ['waiting', 'first']);
  });

  it('a signal that was aborted before the call lets nothing run', async () => {
    const { pixel_values } = pictures[0];
    const before = counted.inferences('blip_vision_model');
    await assert.rejects(model.generateCaption({ pixel_values }, { signal: AbortSignal.abort() }), {
      name: 'AbortError',
    });
    assert.equal(counted.inferences('blip_vision_model'), before);
  });

  it('after dispose every call says so; disposing twice, or during a call, does no harm', async () => {
    const other = await OVBlipModel.load(work, { properties: F32 });
    const {
      pixel_values,
      questions: [question],
    } = pictures[0];
    const image_embeds = await other.encodeImage({ pixel_values });
    const underWay = other.generateAnswer({ pixel_values, ...processor.text(question) });
    other.dispose();
    other.dispose();
    await assert.rejects(underWay, { name: 'BlipModelError', message: /was disposed/ });
    const calls = [
      () => other.encodeImage({ pixel_values }),
      () => other.generateCaption({ image_embeds }),
      () => other.generateCaption({ pixel_values }),
      () => other.generateAnswer({ image_embeds, ...processor.text(question) }),
    ];
    for (const call of calls)
      await assert.rejects(call, { name: 'BlipModelError', message: /was disposed\. Load it again/ });
    assert.equal(await answer(pixel_values, question), await answer(pixel_values, question), 'other models go on');
  });
});

describe('wrong inputs are named, with what was expected', () => {
  const refuse = (call: () => Promise<unknown>, ...parts: RegExp[]): Promise<void> =>
    assert.rejects(call, (error: unknown) => {
      assert.ok(error instanceof BlipModelError || error instanceof GenerationOptionsError, String(error));
      for (const part of parts) assert.match(error.message, part);
      return true;
    });
  const pixels = (data: Float32Array, ...dims: number[]): PixelValues => ({
    data,
    dims: [dims[0], dims[1], dims[2], dims[3]],
  });

  it('pictures', async () => {
    const { data } = pictures[0].pixel_values;
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

  it('encoded pictures', async () => {
    const embeds = await model.encodeImage({ pixel_values: pictures[0].pixel_values });
    const [rows, tokens, size] = embeds.dims;
    const given = (image_embeds: ImageEmbeds) => (): Promise<unknown> => model.generateCaption({ image_embeds });
    await refuse(
      given({ data: embeds.data, dims: [rows, size, tokens] }),
      /image_embeds\.dims is \[1,192,65\], expected \[batch, tokens, 192\]/,
    );
    await refuse(given({ data: embeds.data, dims: [2, tokens, size] }), /expected 24960/);
  });

  it('questions', async () => {
    const { pixel_values } = pictures[0];
    const text = processor.text(['is it day or night?', 'how many dogs are there?']);
    const ask = (changes: object) => (): Promise<unknown> =>
      model.generateAnswer({ pixel_values, ...text, ...changes });
    await refuse(ask({ dims: [3, 8] }), /dims \[3,8\], expected dims \[rows, tokens per row\]/);
    await refuse(ask({ attention_mask: text.attention_mask.slice(1) }), /attention_mask has \d+ numbers, expected \d+/);
    await refuse(ask({ input_ids: Array.from(text.input_ids) }), /input_ids is a Array, expected a BigInt64Array/);
    await refuse(
      ask({ input_ids: text.input_ids.map((id, i) => (i === 3 ? 30000n : id)) }),
      /30000, expected 0 to 184/,
    );
    await refuse(
      ask({ pixel_values: stack(pictures.slice(0, 3).map((picture) => picture.pixel_values)) }),
      /3 images and 2 questions/,
    );
    const long = new BigInt64Array(41).fill(5n);
    await refuse(
      ask({ input_ids: long, attention_mask: long.map(() => 1n), dims: [1, 41] }),
      /41 tokens per row, but the model has positions for 40/,
    );
  });

  it('prompts', async () => {
    const { pixel_values } = pictures[0];
    await refuse(
      () => model.generateCaption({ pixel_values, ...processor.text(['a cat', 'two dogs on the beach']) }),
      /zeros/,
      /once per prompt/,
    );
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

  it('options, before the picture is encoded', async () => {
    const { pixel_values } = pictures[0];
    const before = counted.inferences('blip_vision_model');
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ top_k: 5 }, /"top_k" is not implemented/],
      [{ num_return_sequences: 2 }, /"num_return_sequences"/],
      [{ num_beams: 1.5 }, /num_beams is 1\.5/],
      [{ max_new_tokens: 0 }, /max_new_tokens is 0/],
      [{ length_penalty: NaN }, /length_penalty is NaN/],
      [{ repetition_penalty: 0 }, /repetition_penalty is 0/],
      [{ eos_token_id: 185 }, /eos_token_id is 185, expected a token id below 185/],
      [{ pad_token_id: -1 }, /pad_token_id is -1/],
      [{ bos_token_id: 30522 }, /bos_token_id is 30522/],
      [{ return_dict_in_generate: 1 }, /return_dict_in_generate is 1, expected true or false/],
      [{ num_beams: 2, on_token: () => {} }, /on_token.*greedy search.*num_beams/],
    ];
    for (const [options, message] of cases) {
      await refuse(() => model.generateCaption({ pixel_values }, options), message);
      await refuse(() => model.generateAnswer({ pixel_values, ...processor.text('is it day?') }, options), message);
    }
    assert.equal(counted.inferences('blip_vision_model'), before);
  });
});

describe('folders', () => {
  it('tells whether it answers questions', () => assert.equal(model.canAnswer, true));

  it('names a missing file, and what makes it', async () => {
    await assert.rejects(
      OVBlipModel.load(path.join(work, 'absent')),
      /absent\/config\.json is missing\. Expected a folder that convertBlip wrote.*fromPretrained/,
    );
  });

  it('names a damaged config.json', async () => {
    const damaged = path.join(work, 'damaged');
    fs.mkdirSync(damaged);
    for (const name of ['blip_vision_model.xml', 'blip_text_decoder.xml'])
      fs.copyFileSync(path.join(work, name), path.join(damaged, name));
    fs.writeFileSync(path.join(damaged, 'config.json'), '{"model_type": "bl');
    await assert.rejects(OVBlipModel.load(damaged), {
      name: 'BlipModelError',
      message: /damaged\/config\.json: cannot be read as JSON/,
    });
  });
});

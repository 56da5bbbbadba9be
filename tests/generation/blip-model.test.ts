// OVBlipModel as its users meet it, with the bundled model: batches, overlapping calls, reuse, cancelling, disposal.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { OVBlipModel, type GenerationOptions, type PixelInput } from '../../lib/generation';
import type { BlipProcessor } from '../../lib/preprocessing';
import { F32, loadBundledModel, stack, type BundledModel } from './bundled-model';

let bundled: BundledModel;
let work: string;
let model: OVBlipModel;
let processor: BlipProcessor;
let images: BundledModel['images'];

before(async () => {
  bundled = await loadBundledModel();
  ({ folder: work, model, processor, images } = bundled);
});
after(() => bundled.dispose());

async function answer(pixel_values: PixelInput, question: string, options?: GenerationOptions): Promise<string> {
  const [ids] = await model.generateAnswer({ pixel_values, ...processor.text(question) }, options);
  return processor.decode(ids);
}

describe('batches', () => {
  for (const num_beams of [1, 3])
    it(`questions of different lengths about one image, padded, answered as alone, ${num_beams} beams`, async () => {
      for (const { pixel_values, questions } of images) {
        const text = processor.text(questions);
        assert.ok(text.attention_mask.includes(0n), 'the questions need padding');
        const ids = await model.generateAnswer({ pixel_values, ...text }, { num_beams });
        const alone = await Promise.all(questions.map((question) => answer(pixel_values, question, { num_beams })));
        assert.deepEqual(processor.batchDecode(ids), alone);
      }
    });

  it('images with a question each, and one question for all images', async () => {
    const pixel_values = stack(images.map((image) => image.pixel_values));
    const questions = images.map(({ questions: [first] }, i) => (i % 2 === 0 ? first : 'is it day or night?'));
    const each = await model.generateAnswer({ pixel_values, ...processor.text(questions) });
    assert.deepEqual(
      processor.batchDecode(each),
      await Promise.all(images.map((image, i) => answer(image.pixel_values, questions[i]))),
    );
    const [question] = ['is it day or night?'];
    const all = processor.batchDecode(await model.generateAnswer({ pixel_values, ...processor.text(question) }));
    assert.deepEqual(all, await Promise.all(images.map((image) => answer(image.pixel_values, question))));
    assert.ok(new Set(all).size > 1, 'the images have different answers');
  });

  it('captions of a batch are those of each image, with no prompt, one prompt, and a prompt each', async () => {
    const [one, two] = images.map((image) => image.pixel_values);
    const pixel_values = stack([one, two]);
    const captions = async (input: PixelInput, prompts?: string | string[]): Promise<string[]> =>
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
    } of images.slice(0, 3)) {
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
    const calls = images.flatMap(({ pixel_values, questions }) =>
      questions.slice(0, 2).map((question) => ({ pixel_values, question })),
    );
    const alone: string[] = [];
    for (const { pixel_values, question } of calls) alone.push(await answer(pixel_values, question));
    assert.deepEqual(
      await Promise.all(calls.map(({ pixel_values, question }) => answer(pixel_values, question))),
      alone,
    );
    const [first, second] = images;
    const mixed = await Promise.all([
      model.generateCaption({ pixel_values: first.pixel_values }, { num_beams: 3 }),
      model.generateCaption({ pixel_values: second.pixel_values }),
    ]);
    assert.deepEqual(mixed[0], await model.generateCaption({ pixel_values: first.pixel_values }, { num_beams: 3 }));
    assert.deepEqual(mixed[1], await model.generateCaption({ pixel_values: second.pixel_values }));
  });

  // Failed now and then, or ended the process, while generations with states of different shapes took turns step by
  // step.
  for (const [what, properties] of [
    ['one stream', F32],
    ['two streams', { ...F32, NUM_STREAMS: '2', PERFORMANCE_HINT: 'THROUGHPUT' }],
  ] as const)
    it(`calls that begin while others write, with states of other lengths: ${what}`, async () => {
      const other = await OVBlipModel.load(work, { properties });
      const { pixel_values, questions } = images[0];
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
    const { pixel_values } = images[0];
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
    const image_embeds = await model.encodeImage({ pixel_values: images[0].pixel_values });
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
    const { pixel_values } = images[0];
    const before = bundled.inferences('blip_vision_model');
    await assert.rejects(model.generateCaption({ pixel_values }, { signal: AbortSignal.abort() }), {
      name: 'AbortError',
    });
    assert.equal(bundled.inferences('blip_vision_model'), before);
  });

  it('after dispose every call says so; disposing twice, or during a call, does no harm', async () => {
    const other = await OVBlipModel.load(work, { properties: F32 });
    const {
      pixel_values,
      questions: [question],
    } = images[0];
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

// Captions and answers with their attention, on the bundled model: grids are averages of the probabilities that
// tests/generation/trace-sequence.test.ts compares with PyTorch, and folders with and without attention are kept apart.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { convertOnce, modelCacheFolder } from '../../lib/convert';
import { OVBlipModel } from '../../lib/generation';
import {
  pipeline,
  traceAnswer,
  traceCaption,
  type ImageToText,
  type VisualQuestionAnswering,
} from '../../lib/pipelines';
import { BlipProcessor } from '../../lib/preprocessing';
import { projectRoot } from '../project-root';

const MODEL = path.join(projectRoot(), 'models', 'blip-scenes');
const IMAGE = path.join(projectRoot(), 'data', 'pictures', 'demo.jpg');
const QUESTION = 'how many dogs are in the picture?';
/** Sums of f32 numbers. */
const ROUNDING = 1e-5;
const cache = fs.mkdtempSync(path.join(os.tmpdir(), 'trace-text-'));
const ON = { output_attentions: true, properties: { INFERENCE_PRECISION_HINT: 'f32' } } as const;

let captioner: ImageToText;
let vqa: VisualQuestionAnswering;
let earlier: string | undefined;
before(async () => {
  earlier = process.env.BLIP_CACHE;
  process.env.BLIP_CACHE = cache;
  captioner = await pipeline('image-to-text', MODEL, ON);
  vqa = await pipeline('visual-question-answering', MODEL, ON);
});
after(() => {
  captioner?.dispose();
  vqa?.dispose();
  if (earlier === undefined) delete process.env.BLIP_CACHE;
  else process.env.BLIP_CACHE = earlier;
  fs.rmSync(cache, { recursive: true, force: true });
});

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);
const close = (a: number, b: number): void => assert.ok(Math.abs(a - b) < ROUNDING, `${a} is not ${b}`);

describe('a traced caption', () => {
  it('is the caption, and each token has a grid, the class token and five likely tokens', async () => {
    const [{ generated_text }] = await captioner(IMAGE);
    const { text, tokens } = await captioner.trace(IMAGE);
    assert.equal(text, generated_text);
    assert.equal(tokens.at(-1)?.token, '[SEP]');
    for (const { token, probability, likeliest, attention, cross_attentions } of tokens) {
      assert.equal(likeliest.length, 5);
      assert.equal(likeliest[0].token, token, 'greedy search takes the likeliest');
      assert.equal(likeliest[0].probability, probability);
      const [layers, heads, source] = cross_attentions.dims;
      assert.equal(attention.rows * attention.columns + 1, source);
      close(sum(attention.data) + attention.class_token, 1);
      const first = Array.from({ length: heads }, (_, head) => ((layers - 1) * heads + head) * source);
      close(attention.data[3], sum(first.map((at) => cross_attentions.data[at + 4])) / heads);
      close(attention.class_token, sum(first.map((at) => cross_attentions.data[at])) / heads);
    }
  });

  it('shows the layer and the heads that are asked for', async () => {
    const { tokens } = await captioner.trace(IMAGE, { layer: 0, heads: [2, 1], num_likeliest: 2 });
    const [{ cross_attentions, attention, likeliest }] = tokens;
    const [, , source] = cross_attentions.dims;
    close(attention.data[0], (cross_attentions.data[source + 1] + cross_attentions.data[2 * source + 1]) / 2);
    assert.equal(likeliest.length, 2);
  });

  it('begins after the prompt; beams give their own text; a text that is there is not written again', async () => {
    const prompted = await captioner.trace(IMAGE, { prompt: 'two gray' });
    assert.ok(prompted.text.startsWith('two gray'));
    assert.notEqual(prompted.tokens[0].token, 'two');
    const beams = await captioner.trace(IMAGE, { num_beams: 3, max_new_tokens: 6 });
    const [{ generated_text }] = await captioner(IMAGE, { num_beams: 3, max_new_tokens: 6 });
    assert.equal(beams.text, generated_text);
    const drawn = { do_sample: true, temperature: 2, top_k: 3, seed: 7 } as const;
    assert.equal((await captioner.trace(IMAGE, drawn)).text, (await captioner(IMAGE, drawn))[0].generated_text);
    const { tokens } = await captioner.trace(IMAGE, { sequence: [1, 2, 3] });
    assert.deepEqual(
      tokens.map(({ token_id }) => token_id),
      [2, 3],
    );
  });

  it('refuses layers, heads and options that are not there', async () => {
    for (const layer of [-4, 3, 0.5, Number.NaN]) await assert.rejects(captioner.trace(IMAGE, { layer }), /layer is/);
    await assert.rejects(captioner.trace(IMAGE, { heads: [] }), /heads is \[\]/);
    await assert.rejects(captioner.trace(IMAGE, { heads: [0, 6] }), /heads\[1\] is 6, expected 0 to 5/);
    await assert.rejects(
      Reflect.apply(captioner.trace, captioner, [IMAGE, { beams: 2 }]),
      /"beams" is not implemented/,
    );
    await assert.rejects(Reflect.apply(captioner.trace, captioner, [IMAGE, { prompt: 5 }]), /prompt is 5/);
    const several = { do_sample: true, num_return_sequences: 2 };
    await assert.rejects(Reflect.apply(captioner.trace, captioner, [IMAGE, several]), /num_return_sequences.*sequence/);
  });
});

describe('a traced answer', () => {
  it("weights what the question's tokens looked at by what the decoder attended to", async () => {
    const [{ answer }] = await vqa(IMAGE, QUESTION);
    const { text, tokens, question } = await vqa.trace(IMAGE, QUESTION);
    assert.equal(text, answer);
    assert.ok(question.some(({ token }) => token === 'dogs'));
    for (const { attention } of question) close(sum(attention.data) + attention.class_token, 1);
    for (const { question_attention, attention } of tokens) {
      close(sum(question_attention), 1);
      close(sum(attention.data) + attention.class_token, 1);
      const at = attention.data.indexOf(Math.max(...attention.data));
      close(attention.data[at], sum(question.map((each, i) => question_attention[i] * each.attention.data[at])));
    }
  });

  it('refuses what is no question', async () => {
    await assert.rejects(Reflect.apply(vqa.trace, vqa, [IMAGE, ['a', 'b']]), /question is/);
  });
});

describe('folders with and without attention', () => {
  it('are kept apart in the cache', async () => {
    const [plain, attentions] = await Promise.all([
      convertOnce(MODEL),
      convertOnce(MODEL, { output_attentions: true }),
    ]);
    assert.notEqual(plain, attentions);
    assert.equal(await modelCacheFolder(MODEL, { output_attentions: true }), attentions);
    assert.equal(await convertOnce(attentions, { output_attentions: true }), attentions);
    await assert.rejects(convertOnce(plain, { output_attentions: true }), (error: unknown) => {
      assert.ok(String(error).includes(plain) && String(error).includes('output_attentions: true'));
      return true;
    });
    await assert.rejects(convertOnce(MODEL, { output_attentions: true, dtype: 'int8' }), /output_attentions: true/);
  });

  it('without it, tracing says how to convert', async () => {
    const folder = await convertOnce(MODEL);
    const model = await OVBlipModel.load(folder);
    const processor = await BlipProcessor.fromCheckpoint(folder);
    const pixel_values = await processor.image(IMAGE);
    await assert.rejects(traceCaption(model, processor, { pixel_values }), /output_attentions: true/);
    await assert.rejects(
      traceAnswer(model, processor, { pixel_values, question: QUESTION }),
      /output_attentions: true/,
    );
    model.dispose();
  });

  it('an option that is neither true nor false is refused', async () => {
    const options = { output_attentions: 'yes' };
    for (const call of [convertOnce, modelCacheFolder])
      await assert.rejects(Reflect.apply(call, undefined, [MODEL, options]), /output_attentions is "yes"/);
  });
});

describe('a traced match', () => {
  it('has the score of the match, and a grid for each token of the text', async () => {
    const matcher = await pipeline('image-text-matching', path.join(projectRoot(), 'models', 'blip-scenes-itm'), ON);
    const { score, tokens } = await matcher.trace(IMAGE, 'two gray dogs', { layer: 0, heads: [1] });
    assert.equal(score, (await matcher(IMAGE, 'two gray dogs'))[0].score);
    assert.deepEqual(
      tokens.map(({ token }) => token),
      ['[CLS]', 'two', 'gray', 'dogs', '[SEP]'],
    );
    for (const { attention } of tokens) close(sum(attention.data) + attention.class_token, 1);
    await assert.rejects(matcher.trace(IMAGE, 'dogs', { layer: 9 }), /layer is 9/);
    matcher.dispose();
  });
});

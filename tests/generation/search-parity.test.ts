// Generated ids against Hugging Face's `generate` (transformers 5.23), end to end: convert, compile in f32, search.
// Ids must be equal. Both sides compute in f32, and the fixtures' scores lie further apart than its rounding.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { loadCheckpoint, openSafetensors } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { OVBlipModel, type GenerationOptions } from '../../lib/generation';

const FIXTURES = path.join(__dirname, '..', 'fixtures', 'checkpoints');
const F32 = { INFERENCE_PRECISION_HINT: 'f32', KV_CACHE_PRECISION: 'f32' };
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-search-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

interface Search {
  readonly options: GenerationOptions;
  readonly prompt?: number[];
  readonly ids: number[][];
}

const WRITE_NOTHING = ['retrieval', 'contrastive'];

for (const name of fs.readdirSync(FIXTURES).filter((folder) => !WRITE_NOTHING.includes(folder))) {
  describe(`${name}: generated ids equal Hugging Face`, async () => {
    await convertBlip(await loadCheckpoint(path.join(FIXTURES, name)), path.join(work, name), {
      compress_to_fp16: false,
    });
    const model = await OVBlipModel.load(path.join(work, name), { properties: F32 });
    after(() => model.dispose());
    const tensors = openSafetensors(path.join(FIXTURES, name, 'expected.safetensors')).tensors;
    const expected: { searches: Search[] } = JSON.parse(
      fs.readFileSync(path.join(FIXTURES, name, 'expected.json'), 'utf8'),
    );
    const size = model.config.vision_config.image_size;
    const pixels = tensors.get('pixel_values')?.toFloat32() ?? new Float32Array();
    const both = await model.encodeImage({ pixel_values: { data: pixels, dims: [2, 3, size, size] } });
    const one = await model.encodeImage({
      pixel_values: { data: pixels.slice(0, pixels.length / 2), dims: [1, 3, size, size] },
    });
    const question = tensors.get('input_ids');

    for (const { options, prompt, ids } of expected.searches)
      it(`${JSON.stringify(options)}${prompt ? ' after a prompt' : ''}`, async () => {
        if (prompt) {
          assert.deepEqual(
            await model.generateCaption({ image_embeds: one, input_ids: BigInt64Array.from(prompt, BigInt) }, options),
            ids,
          );
        } else if (question) {
          const input_ids = new BigInt64Array(question.bytes().slice().buffer);
          const inputs = {
            image_embeds: both,
            input_ids,
            attention_mask: new BigInt64Array(input_ids.length).fill(1n),
            dims: [2, question.shape[1]] as const,
          };
          assert.deepEqual(await model.generateAnswer(inputs, options), ids);
        } else assert.deepEqual(await model.generateCaption({ image_embeds: both }, options), ids);
      });

    it('streams the tokens that it returns', async () => {
      const seen: number[] = [];
      const [ids] = await model.generateCaption(
        { image_embeds: one },
        { max_new_tokens: 5, on_token: ([id]) => seen.push(id) },
      );
      assert.deepEqual(seen, ids.slice(1));
    });

    it('stops between tokens when it is cancelled, and works again after', async () => {
      const controller = new AbortController();
      const run = model.generateCaption(
        { image_embeds: one },
        { max_new_tokens: 10, min_new_tokens: 10, signal: controller.signal, on_token: () => controller.abort() },
      );
      await assert.rejects(run, { name: 'AbortError' });
      assert.ok((await model.generateCaption({ image_embeds: one }, { max_new_tokens: 2 }))[0].length >= 2);
    });
  });
}

describe('generation options', async () => {
  const folder = path.join(work, 'options');
  await convertBlip(await loadCheckpoint(path.join(FIXTURES, 'caption-bf16')), folder);
  const model = await OVBlipModel.load(folder);
  const { image_size } = model.config.vision_config;
  const pixel_values = { data: new Float32Array(3 * image_size ** 2), dims: [1, 3, image_size, image_size] as const };
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ do_sample: true, num_beams: 2 }, /sampling in beam search is not implemented/],
    [{ num_beams: 0 }, /num_beams is 0/],
    [{ max_length: 1 }, /max_length is 1, .*prompt .*1 tokens/],
    [{ max_new_tokens: 100 }, /positions for 33/],
    [{ repetition_penalty: -1 }, /above 0/],
    [{ early_stopping: 'soon' }, /expected true, false or "never"/],
  ];
  for (const [options, message] of cases)
    it(`refuses ${JSON.stringify(options)}`, () =>
      assert.rejects(model.generateCaption({ pixel_values }, options), message));
  it('refuses a question without a text encoder', () =>
    assert.rejects(
      model.generateAnswer({ pixel_values, input_ids: BigInt64Array.of(1n), attention_mask: BigInt64Array.of(1n) }),
      /has no text encoder/,
    ));
  it('refuses pictures of another size', () =>
    assert.rejects(
      model.encodeImage({ pixel_values: { data: new Float32Array(12), dims: [1, 3, 2, 2] } }),
      /expected \[batch, 3, 27, 27\]/,
    ));
});

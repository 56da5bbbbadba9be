// What a model attends to and finds likely, against PyTorch: transformers with eager attention, on small random
// checkpoints of odd shapes (tests/fixtures/make_attentions.py).
// Tolerance: 1e-4 on probabilities, FP32 weights computed in f32: sums of up to 80 terms through up to 3 layers are
// rounded differently. The largest difference seen is 6e-7.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { loadCheckpoint, openSafetensors, type CheckpointTensor } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { isRecord } from '../../lib/core/is-record';
import { OVBlipMatcher, OVBlipModel, type HiddenState, type Texts } from '../../lib/generation';
import { hasAttentions } from '../../lib/model-folder/has-attentions';
import { readManifest } from '../../lib/model-folder/manifest';
import { loadOpenVINO } from '../../lib/openvino';
import { adaptAddon } from '../../lib/openvino/openvino-node';
import { imitateAddon } from '../openvino/imitation-addon';

const FIXTURES = path.join(__dirname, '..', 'fixtures');
const TOLERANCE = 1e-4;
/** The CPU plugin computes in bf16 and keeps its caches in u8 unless it is told otherwise. */
const F32 = { properties: { INFERENCE_PRECISION_HINT: 'f32', KV_CACHE_PRECISION: 'f32' } };
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'trace-sequence-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

type Tensors = ReadonlyMap<string, CheckpointTensor>;

function get(tensors: Tensors, name: string): CheckpointTensor {
  const tensor = tensors.get(name);
  assert.ok(tensor, `fixture has ${name}`);
  return tensor;
}

function integers(tensors: Tensors, name: string): BigInt64Array {
  return new BigInt64Array(get(tensors, name).bytes().slice().buffer);
}

function assertClose(got: Float32Array, expected: Float32Array, what: string): void {
  assert.equal(got.length, expected.length, `${what}: number of values`);
  const worst = got.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
  assert.ok(worst < TOLERANCE, `${what}: differs by ${worst}, at most ${TOLERANCE} is allowed`);
}

interface Case {
  readonly name: string;
  readonly options: { readonly max_new_tokens: number; readonly num_beams?: number };
  readonly prompt: readonly number[];
  readonly ids: readonly number[];
}

function casesOf(checkpoint: string): Case[] {
  const json: unknown = JSON.parse(fs.readFileSync(path.join(FIXTURES, 'attentions', 'cases.json'), 'utf8'));
  assert.ok(isRecord(json));
  return json[checkpoint] as Case[]; // the script's own
}

/** The first image of a checkpoint's fixture, and its first question if it has one. */
function inputsOf(checkpoint: string): { image_embeds: HiddenState } & Partial<Texts> {
  const { tensors } = openSafetensors(path.join(FIXTURES, 'checkpoints', checkpoint, 'expected.safetensors'));
  const image = get(tensors, 'image_embeds');
  const [images, tokens, size] = image.shape;
  const data = image.toFloat32().subarray(0, image.toFloat32().length / images);
  const image_embeds = { data, dims: [1, tokens, size] as const };
  if (!tensors.has('input_ids')) return { image_embeds };
  const input_ids = integers(tensors, 'input_ids').subarray(0, get(tensors, 'input_ids').shape[1]);
  return { image_embeds, input_ids, attention_mask: input_ids.map(() => 1n) };
}

async function convert(checkpoint: string, output_attentions: boolean): Promise<string> {
  const loaded = await loadCheckpoint(path.join(FIXTURES, 'checkpoints', checkpoint));
  const output = path.join(work, `${checkpoint}-${output_attentions}`);
  await convertBlip(loaded, output, { compress_to_fp16: false, output_attentions });
  loaded.close();
  return output;
}

/** Checkpoints that write text. */
const NAMES = ['caption-bf16', 'caption-sharded', 'caption-untied', 'vqa-f16', 'vqa-odd', 'vqa-untied'];

for (const name of NAMES)
  describe(`${name}: traceSequence equals PyTorch`, async () => {
    const folder = await convert(name, true);
    const model = await OVBlipModel.load(folder, F32);
    after(() => model.dispose());
    const expected = openSafetensors(path.join(FIXTURES, 'attentions', `${name}.safetensors`)).tensors;
    const inputs = inputsOf(name);

    for (const { name: search, options, prompt, ids } of casesOf(name))
      it(`${search}: the same ids, attentions and probabilities`, async () => {
        const { image_embeds, input_ids, attention_mask } = inputs;
        const words = BigInt64Array.from(prompt, BigInt);
        const [got] =
          input_ids && attention_mask
            ? await model.generateAnswer({ image_embeds, input_ids, attention_mask }, options)
            : await model.generateCaption({ image_embeds, ...(prompt.length > 0 && { input_ids: words }) }, options);
        assert.deepEqual(got, ids);
        const prompt_length = Math.max(1, prompt.length - 1);
        const { steps, question_attentions } = await model.traceSequence(inputs, ids, { prompt_length });
        assert.deepEqual(
          steps.map(({ token_id }) => token_id),
          ids.slice(prompt_length),
        );
        const attentions = get(expected, `${search}.cross_attentions`); // [layers, heads, written, source]
        const [layers, heads, written, source] = attentions.shape;
        const all = new Float32Array(layers * heads * written * source);
        for (const [step, { cross_attentions }] of steps.entries()) {
          assert.deepEqual(cross_attentions.dims, [layers, heads, source]);
          for (let row = 0; row < layers * heads; row++)
            all.set(cross_attentions.data.subarray(row * source, (row + 1) * source), (row * written + step) * source);
        }
        assertClose(all, attentions.toFloat32(), 'attentions');
        assertClose(
          Float32Array.from(steps, ({ probability }) => probability),
          get(expected, `${search}.probabilities`).toFloat32(),
          'probabilities',
        );
        const best = steps.flatMap(({ likeliest }) => likeliest);
        assert.deepEqual(
          best.map(({ token_id }) => BigInt(token_id)),
          [...integers(expected, `${search}.likeliest_ids`)],
        );
        assertClose(
          Float32Array.from(best, ({ probability }) => probability),
          get(expected, `${search}.likeliest_probabilities`).toFloat32(),
          'probabilities of the likeliest',
        );
        assert.equal(question_attentions === undefined, input_ids === undefined);
        if (question_attentions) {
          const read = get(expected, 'text_encoder.cross_attentions');
          assert.deepEqual(question_attentions.dims, read.shape);
          assertClose(question_attentions.data, read.toFloat32(), 'attentions of the question');
        }
      });

    it('writes the same with and without the option', async () => {
      const plain = await convert(name, false);
      assert.equal(hasAttentions(plain), false);
      assert.equal(hasAttentions(folder), true);
      assert.deepEqual(readManifest(plain)?.options, { compress_to_fp16: false });
      assert.deepEqual(readManifest(folder)?.options, { compress_to_fp16: false, output_attentions: true });
      const other = await OVBlipModel.load(plain, F32);
      try {
        const { image_embeds, input_ids, attention_mask } = inputs;
        for (const num_beams of [1, 3]) {
          const both = [model, other].map((each) =>
            input_ids && attention_mask
              ? each.generateAnswer({ image_embeds, input_ids, attention_mask }, { num_beams })
              : each.generateCaption({ image_embeds }, { num_beams }),
          );
          const [a, b] = await Promise.all(both);
          assert.deepEqual(a, b);
        }
        await assert.rejects(other.traceSequence(inputs, [1, 2]), (error: unknown) => {
          assert.ok(String(error).includes(plain) && String(error).includes('output_attentions: true'));
          return true;
        });
      } finally {
        other.dispose();
      }
    });
  });

for (const name of ['vqa-odd', 'caption-bf16'])
  it(`${name}: openvino-node's adapter gives the same, over an imitation of its addon`, async () => {
    const folder = await convert(name, true);
    const inputs = inputsOf(name);
    const [{ ids }] = casesOf(name);
    const traces = [];
    for (const openvino of [loadOpenVINO(), adaptAddon(imitateAddon(loadOpenVINO()))]) {
      const model = await OVBlipModel.load(folder, { ...F32, openvino });
      traces.push(await model.traceSequence(inputs, ids));
      model.dispose();
    }
    assert.deepEqual(traces[1], traces[0]);
  });

it('retrieval: the text encoder puts out its attention beside the same score', async () => {
  const folder = await convert('retrieval', true);
  const expected = openSafetensors(path.join(FIXTURES, 'attentions', 'retrieval.safetensors')).tensors;
  const { image_embeds, input_ids } = inputsOf('retrieval');
  assert.ok(input_ids);
  const matcher = await OVBlipMatcher.load(folder, F32);
  const texts = { input_ids, attention_mask: input_ids.map(() => 1n) };
  const { itm_score, score, attentions } = await matcher.traceMatch({ image_embeds, ...texts });
  const tensor = get(expected, 'text_encoder.cross_attentions');
  assert.deepEqual(attentions.dims, tensor.shape);
  assertClose(attentions.data, tensor.toFloat32(), 'attentions');
  const plain = await matcher.itmScore({ image_embeds, ...texts });
  assert.deepEqual([itm_score, [score]], [plain.data, await matcher.match({ image_embeds, ...texts })]);
  const two = { input_ids: new BigInt64Array([...input_ids, ...input_ids]), dims: [2, input_ids.length] as const };
  const both = { ...two, attention_mask: two.input_ids.map(() => 1n) };
  await assert.rejects(matcher.traceMatch({ image_embeds, ...both }), /2 texts.*each alone/);
  matcher.dispose();
  const without = await OVBlipMatcher.load(await convert('retrieval', false), F32);
  await assert.rejects(without.traceMatch({ image_embeds, ...texts }), /output_attentions: true/);
  without.dispose();
});

describe('traceSequence refuses', async () => {
  const model = await OVBlipModel.load(await convert('vqa-odd', true), F32);
  after(() => model.dispose());
  const inputs = inputsOf('vqa-odd');
  const refused = async (sequence: unknown, part: RegExp, options?: object): Promise<void> => {
    await assert.rejects(Reflect.apply(model.traceSequence, model, [inputs, sequence, options]), part);
  };

  it('sequences that the decoder cannot read, and names the place', async () => {
    await refused('a dog', /sequence is "a dog"/);
    await refused([80], /no token to trace/);
    await refused([80, 83], /sequence\[1\] is 83, expected .* 0 to 82/);
    await refused([80, -1], /sequence\[1\] is -1/);
    await refused([80, Number.NaN], /sequence\[1\] is NaN/);
    await refused(Array(40).fill(1), /40 tokens.*positions for 33/);
    await refused([80, 1], /no token to trace/, { prompt_length: 2 });
  });

  it('options out of range or unknown', async () => {
    await refused([80, 1], /prompt_length is 0/, { prompt_length: 0 });
    await refused([80, 1], /num_likeliest is 1.5/, { num_likeliest: 1.5 });
    await refused([80, 1], /num_likeliest is 84, .*83/, { num_likeliest: 84 });
    await refused([80, 1], /"beams" is not implemented/, { beams: 1 });
  });

  it('more than one image or question', async () => {
    const { image_embeds } = inputs;
    const [, tokens, size] = image_embeds.dims;
    const two = { data: new Float32Array(2 * tokens * size), dims: [2, tokens, size] as const };
    await assert.rejects(model.traceSequence({ image_embeds: two }, [80, 1]), /2 images .* one/);
    const ids = BigInt64Array.of(1n, 2n, 3n, 4n);
    const questions = { input_ids: ids, attention_mask: ids.map(() => 1n), dims: [2, 2] as const };
    await assert.rejects(model.traceSequence({ image_embeds, ...questions }, [80, 1]), /2 questions .* one/);
  });

  it('goes on after an abort in the middle, and beside generations', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await refused([80, 1, 2], /enough/, { signal: controller.signal });
    const { image_embeds, input_ids, attention_mask } = inputs;
    assert.ok(input_ids && attention_mask);
    const question = { image_embeds, input_ids, attention_mask };
    const alone = await model.traceSequence(question, [80, 1, 2]);
    const [first, , third] = await Promise.all([
      model.traceSequence(question, [80, 1, 2]),
      model.generateAnswer(question),
      model.traceSequence(question, [80, 1, 2]),
    ]);
    assert.deepEqual(first, alone);
    assert.deepEqual(third, alone);
    assert.deepEqual((await model.traceSequence(question, [80, 1], { num_likeliest: 0 })).steps[0].likeliest, []);
  });
});

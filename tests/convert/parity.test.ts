// The converted graphs against PyTorch, on small random checkpoints of odd shapes (tests/fixtures/make_checkpoints.py).
// Tolerance: 1e-4 on values of order 1, FP32 IR computed in f32. Both sides round differently in sums of up to 80 terms
// and through up to 3 layers; the differences seen are below 2e-5.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { loadCheckpoint, openSafetensors, type CheckpointTensor } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { loadOpenVINO, type CompiledModel, type InferRequest } from '../../lib/openvino';

const FIXTURES = path.join(__dirname, '..', 'fixtures', 'checkpoints');
const TOLERANCE = 1e-4;
const ov = loadOpenVINO();
const core = new ov.Core();
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-parity-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

interface Expected {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

function floats(tensors: ReadonlyMap<string, CheckpointTensor>, name: string): Expected {
  const tensor = tensors.get(name);
  assert.ok(tensor, `fixture has ${name}`);
  return { data: tensor.toFloat32(), shape: tensor.shape };
}

function integers(
  tensors: ReadonlyMap<string, CheckpointTensor>,
  name: string,
): { data: BigInt64Array; shape: readonly number[] } {
  const tensor = tensors.get(name);
  assert.ok(tensor, `fixture has ${name}`);
  return { data: new BigInt64Array(tensor.bytes().slice().buffer), shape: tensor.shape };
}

function ones(rows: number, columns: number): InstanceType<typeof ov.Tensor> {
  return new ov.Tensor('i64', [rows, columns], new BigInt64Array(rows * columns).fill(1n));
}

/** f32 throughout: the CPU plugin computes in bf16 and keeps its caches in u8 unless it is told otherwise. */
function compile(xml: string): Promise<CompiledModel> {
  return core.compileModel(xml, 'CPU', { INFERENCE_PRECISION_HINT: 'f32', KV_CACHE_PRECISION: 'f32' });
}

function output(request: InferRequest, name: string): Float32Array {
  const { data } = request.getTensor(name);
  assert.ok(data instanceof Float32Array);
  return data;
}

function assertClose(got: Float32Array, expected: Float32Array, what: string): void {
  assert.equal(got.length, expected.length, `${what}: number of values`);
  let worst = 0;
  for (let i = 0; i < got.length; i++) worst = Math.max(worst, Math.abs(got[i] - expected[i]));
  assert.ok(worst < TOLERANCE, `${what}: differs by ${worst}, at most ${TOLERANCE} is allowed`);
}

for (const name of fs.readdirSync(FIXTURES)) {
  describe(`${name}: converted graphs equal PyTorch`, async () => {
    const checkpoint = await loadCheckpoint(path.join(FIXTURES, name));
    const expected = openSafetensors(path.join(FIXTURES, name, 'expected.safetensors')).tensors;
    const { models } = await convertBlip(checkpoint, path.join(work, name), { compress_to_fp16: false });
    const image = floats(expected, 'image_embeds');
    const pixels = floats(expected, 'pixel_values');

    it('vision model, two pictures at once', async () => {
      const request = (await compile(models.vision_model.xml)).createInferRequest();
      request.infer({ pixel_values: new ov.Tensor('f32', pixels.shape, pixels.data) });
      assertClose(output(request, 'last_hidden_state'), image.data, 'image embeddings');
    });

    it('text encoder, two questions at once, one with padding behind it, and two about one picture', {
      skip: !models.text_encoder,
    }, async () => {
      assert.ok(models.text_encoder);
      const request = (await compile(models.text_encoder.xml)).createInferRequest();
      const ids = integers(expected, 'input_ids');
      const states = new ov.Tensor('f32', image.shape, image.data);
      request.infer({
        input_ids: new ov.Tensor('i64', ids.shape, ids.data),
        attention_mask: ones(ids.shape[0], ids.shape[1]),
        encoder_hidden_states: states,
        encoder_attention_mask: ones(image.shape[0], image.shape[1]),
      });
      assertClose(
        output(request, 'last_hidden_state'),
        floats(expected, 'question_embeds').data,
        'question embeddings',
      );
      if (expected.has('itm_score'))
        assertClose(output(request, 'itm_score'), floats(expected, 'itm_score').data, 'matching logits');

      const [, length] = ids.shape;
      const padded = new BigInt64Array(length + 3);
      padded.set(ids.data.subarray(0, length));
      const mask = BigInt64Array.from(padded, (_, i) => (i < length ? 1n : 0n));
      const half = image.data.slice(0, image.data.length / 2);
      request.infer({
        input_ids: new ov.Tensor('i64', [1, length + 3], padded),
        attention_mask: new ov.Tensor('i64', [1, length + 3], mask),
        encoder_hidden_states: new ov.Tensor('f32', [1, image.shape[1], image.shape[2]], half),
        encoder_attention_mask: ones(1, image.shape[1]),
      });
      const reference = floats(expected, 'padded_embeds').data;
      assertClose(
        output(request, 'last_hidden_state').subarray(0, reference.length),
        reference,
        'question before padding',
      );

      // Both questions about the first picture alone: the first is the reference's first row.
      request.infer({
        input_ids: new ov.Tensor('i64', ids.shape, ids.data),
        attention_mask: ones(ids.shape[0], length),
        encoder_hidden_states: new ov.Tensor('f32', [1, image.shape[1], image.shape[2]], half),
        encoder_attention_mask: ones(1, image.shape[1]),
      });
      const first = floats(expected, 'question_embeds').data;
      assertClose(
        output(request, 'last_hidden_state').slice(0, first.length / 2),
        first.slice(0, first.length / 2),
        'two questions about one picture',
      );
    });

    it('contrastive features of images, and of texts with and without padding', {
      skip: !models.text_features,
    }, async () => {
      assert.ok(models.text_features);
      const vision = (await compile(models.vision_model.xml)).createInferRequest();
      vision.infer({ pixel_values: new ov.Tensor('f32', pixels.shape, pixels.data) });
      const features = floats(expected, 'image_features');
      assert.ok(features.data.some((value) => Math.abs(value) > 0.1));
      assertClose(output(vision, 'image_embeds'), features.data, 'image features');
      const request = (await compile(models.text_features.xml)).createInferRequest();
      const ids = integers(expected, 'input_ids');
      const [rows, length] = ids.shape;
      request.infer({
        input_ids: new ov.Tensor('i64', ids.shape, ids.data),
        attention_mask: ones(rows, length),
      });
      assertClose(output(request, 'text_embeds'), floats(expected, 'text_features').data, 'text features');
      // The first text cut to four tokens, beside the whole one: what stands behind its end is masked
      const mask = BigInt64Array.from({ length: 2 * length }, (_, i) => (i < length || i < length + 4 ? 1n : 0n));
      request.infer({
        input_ids: new ov.Tensor(
          'i64',
          [2, length],
          BigInt64Array.from([...ids.data.slice(0, length), ...ids.data.slice(0, length)]),
        ),
        attention_mask: new ov.Tensor('i64', [2, length], mask),
      });
      const short = floats(expected, 'short_features').data;
      assertClose(output(request, 'text_embeds').slice(short.length), short, 'features of a padded text');
    });

    it('text decoder, token by token through its caches, and all tokens at once', {
      skip: !models.text_decoder,
    }, async () => {
      assert.ok(models.text_decoder);
      const compiled = await compile(models.text_decoder.xml);
      const states = expected.has('question_embeds') ? floats(expected, 'question_embeds') : image;
      const ids = integers(expected, 'decoder_ids');
      const logits = floats(expected, 'decoder_logits');
      const [batch, length] = ids.shape;
      const vocabulary = logits.shape[2];
      const common = {
        encoder_hidden_states: new ov.Tensor('f32', states.shape, states.data),
        encoder_attention_mask: ones(batch, states.shape[1]),
        beam_idx: new ov.Tensor(
          'i32',
          [batch],
          Int32Array.from({ length: batch }, (_, i) => i),
        ),
      };
      const at = (step: number): Float32Array =>
        Float32Array.from(
          { length: batch * vocabulary },
          (_, i) => logits.data[(Math.floor(i / vocabulary) * length + step) * vocabulary + (i % vocabulary)],
        );

      const stepwise = compiled.createInferRequest();
      for (let step = 0; step < length; step++) {
        const column = BigInt64Array.from({ length: batch }, (_, row) => ids.data[row * length + step]);
        stepwise.infer({
          ...common,
          input_ids: new ov.Tensor('i64', [batch, 1], column),
          attention_mask: ones(batch, step + 1),
          position_ids: new ov.Tensor('i64', [1, 1], BigInt64Array.of(BigInt(step))),
        });
        assertClose(output(stepwise, 'logits'), at(step), `logits of step ${step}`);
      }

      const atOnce = compiled.createInferRequest();
      atOnce.infer({
        ...common,
        input_ids: new ov.Tensor('i64', [batch, length], ids.data),
        attention_mask: ones(batch, length),
        position_ids: new ov.Tensor(
          'i64',
          [1, length],
          BigInt64Array.from({ length }, (_, i) => BigInt(i)),
        ),
      });
      assertClose(output(atOnce, 'logits'), at(length - 1), 'logits after all tokens at once');
    });
  });
}

// Rows of a batch as several, and one row that serves all: in the text encoder and in the decoder it equals the row
// once for each.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { DecoderSession, type EncoderStates } from '../../lib/generation/decoder-session';
import { repeatEach, repeatTokens } from '../../lib/generation/repeat-rows';
import { runEncoder } from '../../lib/generation/run-encoder';
import { loadOpenVINO, type CompiledModel } from '../../lib/openvino';

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'repeat-rows-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

describe('repeatEach and repeatTokens', () => {
  it('repeat rows with their masks; one row of states stays one', () => {
    const two = {
      data: Float32Array.of(1, 2, 3, 4),
      dims: [2, 1, 2] as const,
      attention_mask: BigInt64Array.of(1n, 0n),
    };
    assert.deepEqual(repeatEach(two, 2), {
      data: Float32Array.of(1, 2, 1, 2, 3, 4, 3, 4),
      dims: [4, 1, 2],
      attention_mask: BigInt64Array.of(1n, 1n, 0n, 0n),
    });
    const one = { data: Float32Array.of(1, 2), dims: [1, 1, 2] as const };
    assert.equal(repeatEach(one, 3), one);
    assert.equal(repeatEach(two, 1), two);
    assert.deepEqual(repeatTokens(BigInt64Array.of(5n, 6n), 2), BigInt64Array.of(5n, 6n, 5n, 6n));
  });
});

/** Equal but for the order in which sums are taken: 1e-5 of values of order 1, at f32. */
function assertClose(a: ArrayLike<number>, b: ArrayLike<number>): void {
  assert.equal(a.length, b.length);
  const worst = Array.from(a, (value, i) => Math.abs(value - b[i])).reduce((x, y) => Math.max(x, y), 0);
  assert.ok(worst < 1e-5, `differs by ${worst}`);
}

describe('one row of states for several rows of tokens', async () => {
  const checkpoint = await loadCheckpoint(path.join(__dirname, '..', 'fixtures', 'checkpoints', 'vqa-odd'));
  const size = checkpoint.config.text_config.encoder_hidden_size;
  const { models } = await convertBlip(checkpoint, work, { compress_to_fp16: false });
  checkpoint.close();
  const openvino = loadOpenVINO();
  const { Tensor } = openvino;
  const compile = (part: 'text_encoder' | 'text_decoder'): Promise<CompiledModel> =>
    new openvino.Core().compileModel(models[part]?.xml ?? '', 'CPU', {
      INFERENCE_PRECISION_HINT: 'f32',
      KV_CACHE_PRECISION: 'f32',
    });
  const states = (rows: number, tokens: number): Float32Array =>
    Float32Array.from({ length: rows * tokens * size }, (_, i) => Math.sin((i % (tokens * size)) * 0.37));

  it('the text encoder: pictures and questions of many sizes, one after the other on one request', async () => {
    const request = (await compile('text_encoder')).createInferRequest();
    const encode = async (
      pictures: number,
      tokens: number,
      questions: number,
      length: number,
    ): Promise<Float32Array> => {
      const ids = BigInt64Array.from({ length: questions * length }, (_, i) => BigInt(1 + ((i * 5) % 23)));
      const [{ data, dims }] = await runEncoder(
        request,
        {
          input_ids: new Tensor('i64', [questions, length], ids),
          attention_mask: new Tensor(
            'i64',
            [questions, length],
            ids.map(() => 1n),
          ),
          encoder_hidden_states: new Tensor('f32', [pictures, tokens, size], states(pictures, tokens)),
          encoder_attention_mask: new Tensor('i64', [pictures, tokens], new BigInt64Array(pictures * tokens).fill(1n)),
        },
        { outputs: ['last_hidden_state'], folder: work },
      );
      assert.deepEqual(dims, [questions, length, size]);
      return data;
    };
    for (const [tokens, questions, length] of [
      [7, 3, 5],
      [7, 1, 9],
      [26, 4, 1],
      [1, 2, 12],
      [7, 3, 5],
    ])
      assertClose(await encode(1, tokens, questions, length), await encode(questions, tokens, questions, length));
  });

  it('the decoder: two texts that change places', async () => {
    const decoder = await compile('text_decoder');
    const mask = BigInt64Array.of(1n, 1n, 1n, 1n, 0n);
    const write = async (given: EncoderStates): Promise<number[]> => {
      const session = new DecoderSession({ openvino, decoder, states: given, rows: 2, max_length: 4 });
      const logits: number[] = [];
      for (const [a, b] of [
        [3, 4],
        [5, 6],
        [7, 8],
      ])
        logits.push(...(await session.step([a, b], 2, 1, Int32Array.of(1, 0))));
      session.dispose();
      return logits;
    };
    assertClose(
      await write({ data: states(1, 5), dims: [1, 5, size], attention_mask: mask }),
      await write({ data: states(2, 5), dims: [2, 5, size], attention_mask: BigInt64Array.of(...mask, ...mask) }),
    );
  });
});

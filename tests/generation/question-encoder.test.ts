// The text encoder with its one request: whatever was asked before, each question's states equal those of an encoder used for nothing else.
// At bf16 too, where the plugin was found to keep a variable's first value when its initial graph read an input directly.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { DecoderSession } from '../../lib/generation/decoder-session';
import { QuestionEncoder, type Questions } from '../../lib/generation/question-encoder';
import { repeatEach } from '../../lib/generation/repeat-rows';
import type { HiddenState } from '../../lib/generation/run-encoder';
import { loadOpenVINO, type CompiledModel } from '../../lib/openvino';

const TOKENS = 7;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'question-encoder-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

describe('the question encoder', async () => {
  const checkpoint = await loadCheckpoint(path.join(__dirname, '..', 'fixtures', 'checkpoints', 'vqa-odd'));
  const size = checkpoint.config.text_config.encoder_hidden_size;
  const { models } = await convertBlip(checkpoint, folder);
  checkpoint.close();
  const openvino = loadOpenVINO();
  const compile = (part: 'text_encoder' | 'text_decoder', precision = 'f32'): Promise<CompiledModel> =>
    new openvino.Core().compileModel(models[part]?.xml ?? '', 'CPU', { INFERENCE_PRECISION_HINT: precision });
  const make = async (precision?: string): Promise<QuestionEncoder> => new QuestionEncoder(openvino, await compile('text_encoder', precision), folder);

  function picture(seed: number, rows = 1, tokens = TOKENS): HiddenState {
    return { data: Float32Array.from({ length: rows * tokens * size }, (_, i) => Math.sin(i * (seed + 1) * 0.37 + seed)), dims: [rows, tokens, size] };
  }
  function questions(length: number, rows = 1): Questions {
    const input_ids = BigInt64Array.from({ length: rows * length }, (_, i) => BigInt(1 + ((i * 5) % 23)));
    return { input_ids, attention_mask: input_ids.map(() => 1n), dims: [rows, length] };
  }

  for (const precision of ['f32', 'bf16'])
    it(`pictures and questions of many sizes in a row, at ${precision}`, async () => {
      const shared = await make(precision);
      const pictures = [picture(0), picture(1), picture(2, 2), picture(3, 1, TOKENS + 4)];
      for (const [which, length, rows] of [[0, 5, 1], [0, 9, 1], [0, 2, 3], [1, 5, 1], [0, 5, 1], [2, 4, 2], [2, 6, 2], [3, 4, 1], [3, 4, 2], [0, 4, 1]]) {
        const alone = await make(precision);
        const expected = await alone.encode(pictures[which], questions(length, rows));
        assert.deepEqual(await shared.encode(pictures[which], questions(length, rows)), expected, `picture ${which}, ${rows} questions of ${length}`);
        assert.deepEqual(expected.dims.slice(0, 2), [rows, length]);
        alone.dispose();
      }
      shared.dispose();
    });

  it('an array that somebody wrote into, or cut otherwise, is another picture', async () => {
    const shared = await make();
    const first = picture(0);
    const before = await shared.encode(first, questions(4));
    first.data[TOKENS * size - 1] += 1;
    const changed = await shared.encode(first, questions(4));
    assert.notDeepEqual(changed.data, before.data);
    assert.deepEqual(changed, await (await make()).encode({ data: first.data.slice(), dims: first.dims }, questions(4)));
    const cut: HiddenState = { data: picture(0, 2).data, dims: [1, 2 * TOKENS, size] };
    const whole: HiddenState = { data: cut.data, dims: [2, TOKENS, size] };
    await shared.encode(whole, questions(4, 2));
    assert.deepEqual(await shared.encode(cut, questions(4)), await (await make()).encode(cut, questions(4)));
  });

  it('further questions about a picture cost less: its keys and values are not computed again', async () => {
    const shared = new QuestionEncoder(openvino, await compile('text_encoder'), folder);
    const large = picture(0, 1, 4000); // enough work to tell the two apart: it takes some 30 times as long as the rest
    const time = async (image: HiddenState): Promise<number> => {
      const start = performance.now();
      await shared.encode(image, questions(2));
      return performance.now() - start;
    };
    const rounds: { first: number; again: number }[] = [];
    for (let i = 0; i < 7; i++) rounds.push({ first: await time({ ...large, data: large.data.slice() }), again: Infinity });
    const kept: HiddenState = { ...large, data: large.data.slice() };
    await shared.encode(kept, questions(2));
    for (const round of rounds) round.again = await time(kept);
    const median = (values: number[]): number => values.sort((a, b) => a - b)[3];
    const [first, again] = [median(rounds.map((round) => round.first)), median(rounds.map((round) => round.again))];
    assert.ok(again < first, `${again} ms instead of ${first}`);
  });

  it('one picture for several questions equals the picture once for each', async () => {
    const [one, each] = [await make(), await make()];
    const image = picture(4);
    const repeated: HiddenState = { data: Float32Array.from([...image.data, ...image.data, ...image.data]), dims: [3, TOKENS, size] };
    assert.deepEqual(await one.encode(image, questions(5, 3)), await each.encode(repeated, questions(5, 3)));
  });

  it('after a run that failed, the next one gets a request of its own', async () => {
    const model = await compile('text_encoder');
    const expected = await (await make()).encode(picture(0), questions(4));
    let made = 0;
    const failing = Object.create(model, {
      createInferRequest: { value: () => {
        const request = model.createInferRequest();
        if (made++ === 0) request.runAsync = () => Promise.reject(new Error('out of memory'));
        return request;
      } },
    });
    const shared = new QuestionEncoder(openvino, failing, folder);
    const image = picture(0);
    await assert.rejects(shared.encode(image, questions(4)), /out of memory/);
    assert.deepEqual(await shared.encode(image, questions(4)), expected);
    assert.deepEqual(await shared.encode(image, questions(4)), expected);
    assert.equal(made, 2);
  });

  it('disposed during a run, it ends that first', async () => {
    const shared = await make();
    const expected = await shared.encode(picture(0), questions(4));
    const underWay = shared.encode(picture(0), questions(4));
    shared.dispose();
    assert.deepEqual(await underWay, expected);
  });

  it('a decoder looks at one row of states for all of its texts', async () => {
    const decoder = await compile('text_decoder');
    const states = { data: Float32Array.from({ length: 5 * size }, (_, i) => Math.cos(i * 0.3)), dims: [1, 5, size] as const, attention_mask: BigInt64Array.of(1n, 1n, 1n, 1n, 0n) };
    const repeated = { data: Float32Array.from([...states.data, ...states.data]), dims: [2, 5, size] as const, attention_mask: BigInt64Array.of(1n, 1n, 1n, 1n, 0n, 1n, 1n, 1n, 1n, 0n) };
    const write = async (given: typeof states | typeof repeated): Promise<number[]> => {
      const session = new DecoderSession(openvino, decoder, given, 4, 2);
      const logits: number[] = [];
      for (const [a, b] of [[3, 4], [5, 6], [7, 8]]) logits.push(...(await session.step([a, b], 2, 1, Int32Array.of(1, 0))));
      session.dispose();
      return logits;
    };
    assert.deepEqual(await write(states), await write(repeated));
  });
});

describe('repeatEach', () => {
  it('repeats rows with their masks; one row stays one', () => {
    const two = { data: Float32Array.of(1, 2, 3, 4), dims: [2, 1, 2] as const, attention_mask: BigInt64Array.of(1n, 0n) };
    assert.deepEqual(repeatEach(two, 2), { data: Float32Array.of(1, 2, 1, 2, 3, 4, 3, 4), dims: [4, 1, 2], attention_mask: BigInt64Array.of(1n, 1n, 0n, 0n) });
    const one = { data: Float32Array.of(1, 2), dims: [1, 1, 2] as const };
    assert.equal(repeatEach(one, 3), one);
    assert.equal(repeatEach(two, 1), two);
  });
});

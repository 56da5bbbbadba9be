// Streams of tokens, callbacks that return promises, and timings that belong to one call, with the bundled model.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import type { GenerateOutput, OVBlipModel, PixelInput } from '../../lib/generation';
import { streamTokens } from '../../lib/generation/stream-tokens';
import type { TextInputs } from '../../lib/preprocessing';
import { loadBundledModel, type BundledModel } from './bundled-model';

let bundled: BundledModel;
let model: OVBlipModel;
let pixel_values: PixelInput;
let question: TextInputs;

before(async () => {
  bundled = await loadBundledModel();
  const [image] = bundled.images;
  model = bundled.model;
  pixel_values = image.pixel_values;
  question = bundled.processor.text(image.questions[0]);
});
after(() => bundled.dispose());

/** All that a stream yields, and what it returns. */
async function readAll<T>(stream: AsyncGenerator<number[], T>): Promise<{ tokens: number[][]; output: T }> {
  const tokens: number[][] = [];
  for (;;) {
    const { done, value } = await stream.next();
    if (done) return { tokens, output: value };
    tokens.push(value);
  }
}

describe('streams', () => {
  it('yield the tokens that the plain call returns, and return its output', async () => {
    for (const { stream, expected } of [
      { stream: model.streamCaption({ pixel_values }), expected: await model.generateCaption({ pixel_values }) },
      {
        stream: model.streamAnswer({ pixel_values, ...question }),
        expected: await model.generateAnswer({ pixel_values, ...question }),
      },
    ]) {
      const { tokens, output } = await readAll(stream);
      assert.deepEqual(output.sequences, expected);
      assert.deepEqual(
        tokens.map(([id]) => id),
        expected[0].slice(1),
      );
      assert.equal(output.timings.decoder_steps, tokens.length);
    }
  });

  it('end their generation when the loop is left, and the model is free for the next call', async () => {
    const expected = await model.generateCaption({ pixel_values });
    let steps = 0;
    for await (const ids of model.streamCaption({ pixel_values })) {
      assert.equal(ids.length, 1);
      if (++steps === 2) break;
    }
    assert.equal(steps, 2);
    assert.deepEqual(await model.generateCaption({ pixel_values }), expected);
  });

  it('do not hold up other calls while their reader is slow, or gone', async () => {
    const expected = await model.generateCaption({ pixel_values });
    const abandoned = model.streamCaption({ pixel_values });
    await abandoned.next();
    assert.deepEqual(await model.generateCaption({ pixel_values }), expected);
    await abandoned.return({ sequences: [], timings: { vision: 0, text_encoder: 0, decoder: 0, decoder_steps: 0 } });
  });

  it('stop with the reason of a signal', async () => {
    const controller = new AbortController();
    const run = async (): Promise<void> => {
      for await (const _ of model.streamCaption({ pixel_values }, { signal: controller.signal }))
        controller.abort(new Error('enough'));
    };
    await assert.rejects(run, /enough/);
    await assert.rejects(
      readAll(model.streamCaption({ pixel_values }, { signal: AbortSignal.abort(new Error('before')) })),
      /before/,
    );
  });

  it('throw at the first step what the plain call rejects with, and refuse a callback', async () => {
    const wrong: [object, RegExp][] = [
      [{ num_beams: 2 }, /greedy search.*num_beams/],
      [{ max_new_tokens: 0 }, /max_new_tokens is 0/],
      [{ on_token: () => {} }, /on_token: a stream yields the tokens/],
    ];
    for (const [options, message] of wrong) {
      const stream = model.streamCaption({ pixel_values }, options);
      await assert.rejects(stream.next(), { name: 'GenerationOptionsError', message });
    }
    const nothing: unknown = null;
    await assert.rejects(model.streamCaption({ pixel_values }, nothing as object).next(), /options are null/);
  });
});

describe('streamTokens', () => {
  it('yields what is there before it throws what the generation rejects with', async () => {
    const stream = streamTokens<string>(async ({ on_token }) => {
      on_token([1]);
      await delay(1);
      on_token([2]);
      throw new Error('broken');
    }, undefined);
    assert.deepEqual((await stream.next()).value, [1]);
    assert.deepEqual((await stream.next()).value, [2]);
    await assert.rejects(stream.next(), /broken/);
  });

  it('starts with the first next(), and waits for the generation when the loop is left', async () => {
    const events: string[] = [];
    const stream = streamTokens<void>(async ({ on_token, signal }) => {
      events.push('started');
      on_token([1]);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await delay(5);
      events.push('ended');
    }, undefined);
    assert.deepEqual(events, []);
    for await (const _ of stream) break;
    assert.deepEqual(events, ['started', 'ended']);
  });
});

describe('a callback that returns a promise', () => {
  it('is awaited before the next token', async () => {
    const events: string[] = [];
    const on_token = async ([id]: number[]): Promise<void> => {
      events.push(`begin ${id}`);
      await delay(1);
      events.push(`end ${id}`);
    };
    const [ids] = await model.generateCaption({ pixel_values }, { max_new_tokens: 3, on_token });
    assert.deepEqual(
      events,
      ids.slice(1).flatMap((id) => [`begin ${id}`, `end ${id}`]),
    );
  });

  it('rejects the call when it is rejected, in greedy search of captions and answers', async () => {
    const on_token = async (): Promise<void> => {
      throw new TypeError('in the callback');
    };
    const expected = await model.generateCaption({ pixel_values });
    await assert.rejects(model.generateCaption({ pixel_values }, { on_token }), /in the callback/);
    await assert.rejects(model.generateAnswer({ pixel_values, ...question }, { on_token }), /in the callback/);
    assert.deepEqual(await model.generateCaption({ pixel_values }), expected);
  });

  it('that never settles does not outlive the signal', async () => {
    const controller = new AbortController();
    const run = model.generateCaption(
      { pixel_values },
      { signal: controller.signal, on_token: () => new Promise<void>(() => setTimeout(() => controller.abort(), 5)) },
    );
    await assert.rejects(run, { name: 'AbortError' });
  });
});

describe('timings', () => {
  it('belong to their call, also when calls overlap', async () => {
    const image_embeds = await model.encodeImage({ pixel_values });
    const timed = { return_dict_in_generate: true } as const;
    const outputs: GenerateOutput[] = await Promise.all([
      model.generateCaption({ pixel_values }, { ...timed, max_new_tokens: 4, min_new_tokens: 4 }),
      model.generateCaption({ image_embeds }, { ...timed, max_new_tokens: 2, min_new_tokens: 2 }),
      model.generateAnswer(
        { image_embeds, ...question },
        { ...timed, max_new_tokens: 3, min_new_tokens: 3, num_beams: 2 },
      ),
    ]);
    const [whole, embedded, answer] = outputs.map(({ timings }) => timings);
    assert.ok(whole.vision > 0 && whole.text_encoder === 0 && whole.decoder > 0, JSON.stringify(whole));
    assert.ok(embedded.vision === 0 && embedded.text_encoder === 0 && embedded.decoder > 0, JSON.stringify(embedded));
    assert.ok(answer.vision === 0 && answer.text_encoder > 0 && answer.decoder > 0, JSON.stringify(answer));
    assert.deepEqual(
      outputs.map(({ timings, sequences }) => [timings.decoder_steps, sequences[0].length]),
      [
        [4, 5],
        [2, 3],
        [3, 4],
      ],
    );
  });
});

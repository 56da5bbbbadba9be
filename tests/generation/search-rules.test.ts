// What the searches promise, on small score functions whose results can be worked out by hand or by trying every text.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { beamSearch } from '../../lib/generation/beam-search';
import type { GenerationOptions } from '../../lib/generation/generation-options';
import { greedySearch } from '../../lib/generation/greedy-search';
import { BOS, EOS, logProbabilities, PAD, ScoreDecoder, settingsOf } from './score-decoder';

const A = 4;
const B = 5;
const VOCABULARY = 6;

/** Scores of a vocabulary of six from those that matter; all others can hardly be chosen. */
function prefer(scores: Readonly<Record<number, number>>): number[] {
  return Array.from({ length: VOCABULARY }, (_, id) => scores[id] ?? -40);
}

async function greedy(
  decoder: ScoreDecoder,
  prompts: number[][],
  options: GenerationOptions = {},
): Promise<number[][]> {
  const settings = settingsOf(options, prompts[0].length, decoder.vocab_size);
  return (await greedySearch(decoder, prompts, settings)).sequences;
}

async function beams(decoder: ScoreDecoder, prompts: number[][], options: GenerationOptions): Promise<number[][]> {
  const settings = settingsOf(options, prompts[0].length, decoder.vocab_size);
  return (await beamSearch(decoder, prompts, settings)).sequences;
}

/** Scores that look random and depend on the whole text. */
function hashed(ids: readonly number[], spread: number): number[] {
  let state = ids.reduce((hash, id) => Math.imul(hash ^ (id + 1), 0x9e3779b1) >>> 0, 12345);
  return Array.from({ length: VOCABULARY }, () => {
    state = (Math.imul(state ^ (state >>> 15), 0x85ebca6b) + 0x27d4eb2f) >>> 0;
    return Math.fround((state / 2 ** 32) * spread);
  });
}

describe('greedy search', () => {
  it('takes the first of equal scores', async () => {
    const decoder = new ScoreDecoder(VOCABULARY, () => prefer({ [B]: 2, [A]: 2 }));
    assert.deepEqual(await greedy(decoder, [[BOS]], { max_new_tokens: 2 }), [[BOS, A, A]]);
  });

  it('ends each row at its own end token, fills it with the pad token, and stops with the last row', async () => {
    const decoder = new ScoreDecoder(VOCABULARY, (ids) =>
      ids.length >= ids[1] ? prefer({ [EOS]: 1 }) : prefer({ [B]: 1 }),
    );
    const rows = await greedy(
      decoder,
      [
        [BOS, 3],
        [BOS, 5],
        [BOS, 1],
      ],
      { max_length: 12 },
    );
    assert.deepEqual(rows, [
      [BOS, 3, B, EOS, PAD, PAD],
      [BOS, 5, B, B, B, EOS],
      [BOS, 1, EOS, PAD, PAD, PAD],
    ]);
    assert.equal(decoder.steps, 4);
    assert.deepEqual(decoder.widths, [3, 2, 1, 1], 'rows that ended leave the batch');
    assert.deepEqual(decoder.rows, [[BOS, 5, B, B, B]]);
  });

  it('runs one step when all rows end at once', async () => {
    const decoder = new ScoreDecoder(VOCABULARY, () => prefer({ [EOS]: 1 }));
    assert.deepEqual(await greedy(decoder, [[BOS], [BOS]]), [
      [BOS, EOS],
      [BOS, EOS],
    ]);
    assert.equal(decoder.steps, 1);
  });

  it('forbids the end token below min_length, prompt included, and not one token longer', async () => {
    const always = (): ScoreDecoder => new ScoreDecoder(VOCABULARY, () => prefer({ [EOS]: 5, [A]: 1 }));
    assert.deepEqual(await greedy(always(), [[BOS, B]], { min_length: 4 }), [[BOS, B, A, A, EOS]]);
    assert.deepEqual(await greedy(always(), [[BOS, B]], { min_new_tokens: 1 }), [[BOS, B, A, EOS]]);
  });

  it('divides positive, multiplies negative scores of used tokens by repetition_penalty, once per token', async () => {
    const next = async (scores: Readonly<Record<number, number>>): Promise<number> => {
      const options = { max_new_tokens: 1, repetition_penalty: 1.5 };
      return (await greedy(new ScoreDecoder(VOCABULARY, () => prefer(scores)), [[BOS, A, A]], options))[0][3];
    };
    // A is used twice: 3 / 1.5 = 2 still wins over 1.9; divided twice it would be 1.33.
    assert.equal(await next({ [A]: 3, [B]: 1.9 }), A);
    assert.equal(await next({ [A]: 3, [B]: 2.1 }), B);
    // Below zero a used token moves down as well: -1 * 1.5 < -1.2.
    assert.equal(await next({ [A]: -1, [B]: -1.2 }), B);
  });

  it('streams every row after every step, in order, pad tokens for rows that ended', async () => {
    const decoder = new ScoreDecoder(VOCABULARY, (ids) =>
      ids.length >= ids[1] ? prefer({ [EOS]: 1 }) : prefer({ [A]: 1 }),
    );
    const seen: [step: number, ids: number[]][] = [];
    await greedy(
      decoder,
      [
        [BOS, 1],
        [BOS, 3],
      ],
      { on_token: (ids) => seen.push([decoder.steps, ids]) },
    );
    assert.deepEqual(seen, [
      [1, [EOS, A]],
      [2, [PAD, EOS]],
    ]);
  });

  it('is not disturbed by a callback that changes what it was given', async () => {
    const on_token = (ids: number[]): void => {
      ids.fill(EOS);
    };
    assert.deepEqual(
      await greedy(new ScoreDecoder(VOCABULARY, () => prefer({ [A]: 1 })), [[BOS]], { max_new_tokens: 3, on_token }),
      [[BOS, A, A, A]],
    );
  });
});

describe('beam search', () => {
  const score = (ids: readonly number[], promptLength: number, spread: number): number => {
    let sum = 0;
    for (let at = promptLength; at < ids.length; at++)
      sum += logProbabilities(hashed(ids.slice(0, at), spread))[ids[at]];
    return sum;
  };

  /** Every complete text of at most `steps` new tokens. */
  function* texts(ids: readonly number[], steps: number): Generator<readonly number[]> {
    for (let id = 0; id < VOCABULARY; id++) {
      const next = [...ids, id];
      if (id === EOS || steps === 1) yield next;
      else yield* texts(next, steps - 1);
    }
  }

  for (const length_penalty of [-1, 0, 0.6, 1, 2])
    it(`with room for every text it finds the best of all, length_penalty ${length_penalty}`, async () => {
      for (const spread of [0.5, 2, 6])
        for (const prompt of [[BOS], [BOS, A], [BOS, B, A]]) {
          const rankOf = (ids: readonly number[]): number =>
            score(ids, prompt.length, spread) / (ids.length - prompt.length) ** length_penalty;
          const ranked = [...texts(prompt, 3)]
            .map((ids) => ({ ids, rank: rankOf(ids) }))
            .sort((a, b) => b.rank - a.rank);
          const decoder = new ScoreDecoder(VOCABULARY, (ids) => hashed(ids, spread));
          const [found] = await beams(decoder, [prompt], {
            max_new_tokens: 3,
            num_beams: 60,
            length_penalty,
            early_stopping: 'never',
          });
          assert.deepEqual(
            found,
            ranked[0].ids,
            `spread ${spread}, prompt ${prompt}, best ${ranked[0].rank}, next ${ranked[1].rank}`,
          );
        }
    });

  it('finds what greedy search misses: a likelier text behind a less likely first token', async () => {
    // A first (0.6), then nothing likely (0.4); B first (0.4), then the end for sure: 0.24 against 0.4.
    const log = Math.log;
    const scores = (ids: readonly number[]): number[] => {
      if (ids.length === 1) return prefer({ [A]: log(0.6), [B]: log(0.4) });
      return ids[1] === A ? prefer({ [A]: log(0.3), [B]: log(0.3), [EOS]: log(0.4) }) : prefer({ [EOS]: 0 });
    };
    assert.deepEqual(await greedy(new ScoreDecoder(VOCABULARY, scores), [[BOS]]), [[BOS, A, EOS]]);
    assert.deepEqual(await beams(new ScoreDecoder(VOCABULARY, scores), [[BOS]], { num_beams: 2 }), [[BOS, B, EOS]]);
  });

  it('prefers long texts with a high length_penalty, short ones with a low one', async () => {
    // The end now: log(0.5). Two more tokens: log(0.5) + log(0.9) + log(0.9).
    const log = Math.log;
    const scores = ({ length }: readonly number[]): number[] => {
      if (length === 1) return prefer({ [EOS]: log(0.5), [A]: log(0.5) - 1e-3 });
      return prefer({ [length === 2 ? A : EOS]: log(0.9), [B]: log(0.1) });
    };
    const run = async (length_penalty: number): Promise<number[]> => {
      const options = { num_beams: 3, length_penalty, max_new_tokens: 6 };
      return (await beams(new ScoreDecoder(VOCABULARY, scores), [[BOS]], options))[0];
    };
    assert.deepEqual(await run(0), [BOS, EOS]);
    assert.deepEqual(await run(1), [BOS, A, A, EOS]);
  });

  it('early_stopping true ends when num_beams texts are complete, "never" looks on for a better one', async () => {
    // Ends come at steps 1 (-0.74 per token) and 2 (-0.69); the way of A's is far better per token at its end, step 5.
    const scores = ({ length }: readonly number[]): number[] => {
      if (length <= 2) return prefer({ [A]: 0.1, [EOS]: 0 });
      return length < 5 ? prefer({ [A]: 8, [EOS]: 0 }) : prefer({ [EOS]: 8, [A]: 0 });
    };
    const steps: number[] = [];
    const run = async (early_stopping: boolean | 'never'): Promise<number[]> => {
      const decoder = new ScoreDecoder(VOCABULARY, scores);
      const [ids] = await beams(decoder, [[BOS]], { num_beams: 2, max_new_tokens: 10, early_stopping });
      steps.push(decoder.steps);
      return ids;
    };
    assert.deepEqual(await run(true), [BOS, A, EOS]);
    assert.deepEqual(await run('never'), [BOS, A, A, A, A, EOS]);
    assert.ok(steps[0] === 2 && steps[1] >= 5, `steps ${steps.join()}`);
  });

  it('works with more beams than there are tokens, and with ties everywhere', async () => {
    const alike = new ScoreDecoder(VOCABULARY, () => Array<number>(VOCABULARY).fill(0));
    const [first, second] = await beams(alike, [[BOS], [BOS]], { num_beams: 9, max_new_tokens: 4 });
    assert.deepEqual(first, second, 'equal rows get equal texts');
    assert.deepEqual(
      first.slice(0, 2),
      [BOS, EOS],
      'of texts with equal scores per token the shortest is the likeliest',
    );
  });

  it('gives each row its own beams, also when their number differs from the number of rows', async () => {
    const scores = (ids: readonly number[]): number[] => hashed(ids, 3);
    const prompts = [
      [BOS, A],
      [BOS, B],
      [BOS, PAD],
      [BOS, EOS],
      [BOS, BOS],
    ];
    const together = await beams(new ScoreDecoder(VOCABULARY, scores), prompts, { num_beams: 3, max_new_tokens: 5 });
    for (const [row, prompt] of prompts.entries()) {
      const [alone] = await beams(new ScoreDecoder(VOCABULARY, scores), [prompt], { num_beams: 3, max_new_tokens: 5 });
      assert.deepEqual(together[row].slice(0, alone.length), alone);
    }
  });
});

describe('cancelling', () => {
  for (const num_beams of [1, 3])
    it(`ends between two steps with the signal's reason, ${num_beams} beams`, async () => {
      const controller = new AbortController();
      const abort = (step: number): void => {
        if (step === 2) controller.abort(new Error('enough'));
      };
      const decoder = new ScoreDecoder(VOCABULARY, () => prefer({ [A]: 1, [B]: 0 }), abort);
      const search = num_beams === 1 ? greedy : beams;
      await assert.rejects(search(decoder, [[BOS]], { num_beams, signal: controller.signal }), /^Error: enough$/);
      assert.equal(decoder.steps, 3);
    });
});

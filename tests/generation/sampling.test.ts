// Sampling: drawn frequencies against exact probabilities, seeds, streams of random numbers, and options that make no
// sense.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawToken } from '../../lib/generation/draw-token';
import type { GenerationOptions } from '../../lib/generation/generation-options';
import { greedySearch } from '../../lib/generation/greedy-search';
import { exponential, logSumExp } from '../../lib/generation/log-sum-exp';
import { RandomStream } from '../../lib/generation/random-stream';
import { BOS, EOS, logProbabilities, PAD, ScoreDecoder, settingsOf } from './score-decoder';

const VOCABULARY = 6;
const PINNED_NUMBERS = [1274981546, 2851958296, 343526549];
const PINNED_TEXT = [[1, 4, 4, 1, 0, 4, 1, 0, 1, 5]];
/** Scores that depend on the last two tokens. */
const scoresAfter = (ids: readonly number[]): number[] =>
  Array.from({ length: VOCABULARY }, (_, id) => Math.sin(3 * id + 5 * ids[ids.length - 1] + 7 * ids.length));

async function sample(prompts: number[][], options: GenerationOptions): Promise<number[][]> {
  const settings = settingsOf({ do_sample: true, max_new_tokens: 4, ...options }, prompts[0].length, VOCABULARY);
  return (await greedySearch(new ScoreDecoder(VOCABULARY, scoresAfter), prompts, settings)).sequences;
}

/** Every text of at most `steps` new tokens with its probability. */
function texts(ids: readonly number[], steps: number, probability = 1): [text: string, probability: number][] {
  return logProbabilities(scoresAfter(ids)).flatMap((log, id) => {
    const next = [...ids, id];
    const p = probability * Math.exp(log);
    return id === EOS || steps === 1 ? [[next.join(' '), p] as [string, number]] : texts(next, steps - 1, p);
  });
}

/** Chi-square of counts; bins that expect fewer than 5 are joined. */
function chiSquare(counts: ReadonlyMap<string, number>, expected: readonly [string, number][], draws: number) {
  let statistic = 0;
  let bins = 0;
  let [restSeen, restExpected] = [0, 0];
  for (const [text, probability] of expected) {
    const mean = probability * draws;
    if (mean < 5) [restSeen, restExpected] = [restSeen + (counts.get(text) ?? 0), restExpected + mean];
    else {
      statistic += ((counts.get(text) ?? 0) - mean) ** 2 / mean;
      bins++;
    }
  }
  if (restExpected > 0) {
    statistic += (restSeen - restExpected) ** 2 / restExpected;
    bins++;
  }
  // Normal approximation (Wilson and Hilferty): standard deviations above the mean
  const k = bins - 1;
  return { bins, sigmas: (Math.cbrt(statistic / k) - (1 - 2 / (9 * k))) / Math.sqrt(2 / (9 * k)) };
}

function countTexts(rows: readonly (readonly number[])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const ids of rows) {
    const end = ids.indexOf(EOS, 1);
    const text = (end < 0 ? ids : ids.slice(0, end + 1)).join(' ');
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
}

describe('sampling', () => {
  it('draws whole texts as often as the model says: 20,000 texts of one row', async () => {
    const draws = 20_000;
    const rows = await sample([[BOS]], { top_k: 0, max_new_tokens: 3, num_return_sequences: draws, seed: 11 });
    const { bins, sigmas } = chiSquare(countTexts(rows), texts([BOS], 3), draws);
    assert.ok(bins > 50 && Math.abs(sigmas) < 4, `${bins} texts, ${sigmas} standard deviations`);
  });

  it('draws as often in rows of a batch, and over seeds', async () => {
    const draws = 4_000;
    const batch = await sample(Array<number[]>(draws).fill([BOS]), { top_k: 0, max_new_tokens: 2, seed: 5 });
    const seeds = Array.from({ length: draws }, (_, seed) => seed * 4_294_967_296 + (seed % 3));
    const listed = await sample(Array<number[]>(draws).fill([BOS]), { top_k: 0, max_new_tokens: 2, seed: seeds });
    for (const rows of [batch, listed]) {
      const { sigmas } = chiSquare(countTexts(rows), texts([BOS], 2), draws);
      assert.ok(Math.abs(sigmas) < 4, `${sigmas} standard deviations`);
    }
  });

  it('draws only from top_k and top_p, in proportion', async () => {
    const draws = 6_000;
    const logs = logProbabilities(scoresAfter([BOS]));
    const order = logs.map((_, id) => id).sort((a, b) => logs[b] - logs[a]);
    const total = Math.exp(logs[order[0]]) + Math.exp(logs[order[1]]);
    const expected = order.slice(0, 2).map((id): [string, number] => [`${BOS} ${id}`, Math.exp(logs[id]) / total]);
    for (const options of [{ top_k: 2 }, { top_k: 0, top_p: total - 1e-6 }]) {
      const rows = await sample([[BOS]], { ...options, max_new_tokens: 1, num_return_sequences: draws, seed: 3 });
      const counts = countTexts(rows);
      assert.equal(counts.size, 2);
      assert.ok(Math.abs(chiSquare(counts, expected, draws).sigmas) < 4);
    }
    for (const options of [{ top_k: 1 }, { top_p: 0 }, { temperature: 1e-6 }, { temperature: 5e-324 }]) {
      const [ids] = await sample([[BOS]], { ...options, max_new_tokens: 1 });
      assert.equal(ids[1], order[0], JSON.stringify(options));
    }
  });

  it('gives the same texts for the same seed, others for another, whatever else is in the batch', async () => {
    const prompts = [
      [BOS, 4],
      [BOS, 5],
      [BOS, 4],
    ];
    const seed = 2 ** 53 - 1;
    const [a, b, c] = await sample(prompts, { seed, max_new_tokens: 8, min_new_tokens: 8 });
    assert.deepEqual(await sample(prompts, { seed, max_new_tokens: 8, min_new_tokens: 8 }), [a, b, c]);
    assert.notDeepEqual(a, c, 'equal rows draw different texts');
    assert.deepEqual(await sample([[BOS, 4]], { seed, max_new_tokens: 8, min_new_tokens: 8 }), [a]);
    const others = await sample(
      [
        [BOS, 0],
        [BOS, 5],
      ],
      { seed, max_new_tokens: 8, min_new_tokens: 8 },
    );
    assert.deepEqual(others[1], b);
    const several = await sample([[BOS, 4]], { seed, num_return_sequences: 3, max_new_tokens: 8, min_new_tokens: 8 });
    assert.deepEqual(several[0], a);
    assert.equal(new Set(several.map(String)).size, 3);
    for (const other of [0, 1, seed - 1, 2 ** 32, 2 ** 33])
      assert.notDeepEqual((await sample([[BOS, 4]], { seed: other, max_new_tokens: 8, min_new_tokens: 8 }))[0], a);
  });

  it('with a list of seeds, gives each row what it gets alone', async () => {
    const prompts = [
      [BOS, 4],
      [BOS, 5],
      [BOS, 4],
    ];
    const rows = await sample(prompts, { seed: [7, 8, 9], max_new_tokens: 6 });
    for (const [row, prompt] of prompts.entries()) {
      const [alone] = await sample([prompt], { seed: 7 + row, max_new_tokens: 6 });
      assert.deepEqual(rows[row].slice(0, alone.length), alone);
      assert.ok(rows[row].slice(alone.length).every((id) => id === PAD));
    }
  });

  it('draws the same tokens as on 28 November 2026: the random numbers are part of the interface', async () => {
    const stream = new RandomStream(42, 1, 2);
    const drawn = Array.from({ length: 3 }, () => Math.floor(stream.next() * 2 ** 32));
    assert.deepEqual(drawn, PINNED_NUMBERS);
    assert.deepEqual(await sample([[BOS, 4]], { seed: 42, max_new_tokens: 8, min_new_tokens: 8 }), PINNED_TEXT);
  });

  it('says so when every token is forbidden', async () => {
    const bad_words_ids = Array.from({ length: VOCABULARY }, (_, id) => [id]);
    await assert.rejects(sample([[BOS]], { bad_words_ids, min_new_tokens: 2 }), {
      name: 'GenerationOptionsError',
      message: /forbid every token.*bad_words_ids/,
    });
  });

  it('never draws what has no probability, at either end of the random numbers', () => {
    const scores = Float32Array.of(-Infinity, 2, -Infinity, 1, -Infinity);
    for (const value of [0, 0.5, 1 - 2 ** -53]) {
      const fixed: unknown = { next: () => value };
      assert.ok([1, 3].includes(drawToken(scores, fixed as RandomStream)));
    }
  });
});

describe('random numbers', () => {
  it('are even, and streams of neighbouring seeds, rows and sequences are unlike', () => {
    const bins = new Map<string, number>();
    const draws = 40_000;
    const stream = new RandomStream(0);
    for (let i = 0; i < draws; i++) {
      const bin = String(Math.floor(stream.next() * 64));
      bins.set(bin, (bins.get(bin) ?? 0) + 1);
    }
    const even = Array.from({ length: 64 }, (_, bin): [string, number] => [String(bin), 1 / 64]);
    assert.ok(Math.abs(chiSquare(bins, even, draws).sigmas) < 4);
    const firsts = new Set<number>();
    for (let seed = 0; seed < 20; seed++)
      for (let row = 0; row < 20; row++)
        for (let text = 0; text < 20; text++) firsts.add(new RandomStream(seed, row, text).next());
    assert.equal(firsts.size, 8_000);
  });

  it('exponential is within 2e-12 of Math.exp, and logSumExp of the sum', () => {
    for (let x = -695; x <= 0; x += 0.173) assert.ok(Math.abs(exponential(x) / Math.exp(x) - 1) < 2e-12, String(x));
    assert.deepEqual([exponential(0), exponential(-Infinity), exponential(-1e9)], [1, 0, 0]);
    const scores = Float32Array.from({ length: 999 }, (_, i) => Math.sin(i) * 30);
    const exact = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
    assert.ok(Math.abs(logSumExp(scores) - exact) < 1e-11);
    assert.equal(logSumExp(Float32Array.of(-Infinity, -Infinity)), -Infinity);
  });
});

describe('options', () => {
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ temperature: 0 }, /temperature is 0.*do_sample to false/],
    [{ temperature: -1 }, /temperature is -1, expected a number above 0/],
    [{ temperature: NaN }, /temperature is NaN/],
    [{ temperature: '1' }, /temperature is "1"/],
    [{ top_k: -1 }, /top_k is -1/],
    [{ top_k: 1.5 }, /top_k is 1.5/],
    [{ top_p: 1.01 }, /top_p is 1.01, expected a probability/],
    [{ top_p: -0.1 }, /top_p is -0.1/],
    [{ seed: 2 ** 53 }, /seed is 9007199254740992/],
    [{ seed: 0.5 }, /seed is 0.5/],
    [{ seed: 5n }, /seed is 5n, expected a whole number/],
    [{ seed: null }, /seed is (null|NaN)/],
    [{ seed: [1, -1] }, /seed\[1\] is -1/],
    [{ num_return_sequences: 0 }, /num_return_sequences is 0/],
    [{ do_sample: 'yes' }, /do_sample is "yes", expected true or false/],
    [{ num_beams: 2 }, /sampling in beam search is not implemented/],
    [{ do_sample: false, temperature: 0.7 }, /temperature is given, but do_sample is false/],
    [{ do_sample: false, top_k: 5 }, /top_k is given/],
    [{ do_sample: false, top_p: 0.9 }, /top_p is given/],
    [{ do_sample: false, num_return_sequences: 2 }, /greedy search has one result.*num_beams to at least 2/],
    [{ do_sample: false, num_beams: 2, num_return_sequences: 3 }, /at most num_beams, which is 2/],
    [{ no_repeat_ngram_size: -1 }, /no_repeat_ngram_size is -1/],
    [{ bad_words_ids: [] }, /bad_words_ids is/],
    [{ bad_words_ids: [[]] }, /bad_words_ids\[0\].*at least one/],
    [{ bad_words_ids: [4] }, /bad_words_ids\[0\] is 4/],
    [{ bad_words_ids: [[4], [VOCABULARY]] }, /bad_words_ids\[1\] contains 6, expected token ids from 0 to 5/],
    [{ bad_words_ids: [[1.5]] }, /contains 1.5/],
    [{ bad_words_ids: [[EOS]] }, /nothing but the end token/],
    [{ output_scores: true }, /output_scores is true.*return_dict_in_generate/],
    [{ output_probabilities: true }, /output_probabilities is true.*return_dict_in_generate/],
  ];
  for (const [options, message] of wrong)
    it(`refuses ${Object.entries(options).map(([name, value]) => `${name} ${String(value)}`)}`, () =>
      assert.throws(() => settingsOf({ do_sample: true, ...options }, 1, VOCABULARY), {
        name: 'GenerationOptionsError',
        message,
      }));

  it('takes the defaults of sampling without do_sample, and a seed', () => {
    const settings = settingsOf({ temperature: 1, top_k: 50, top_p: 1, seed: 5, do_sample: false }, 1, VOCABULARY);
    assert.equal(settings.sampling, undefined);
    assert.equal(settingsOf({ do_sample: true, top_k: 1e9 }, 1, VOCABULARY).sampling?.top_k, 1e9);
  });

  it('draws another seed each time without one', () => {
    const seedOf = (): unknown => settingsOf({ do_sample: true }, 1, VOCABULARY).sampling?.seed;
    assert.notEqual(seedOf(), seedOf());
  });
});

// Timing: which runs count, in which order functions take turns, and the numbers that samples are summed up in.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareLatency, measureLatency, MeasureError, summarize } from '../../lib/timing';

/** Rounding of one multiplication and one addition. */
const TOLERANCE = 1e-9;

function near(got: number, expected: number, what: string): void {
  assert.ok(Math.abs(got - expected) <= TOLERANCE, `${what}: ${got}, expected ${expected}`);
}

/** Takes at least this long, awake: a timer may come early by its resolution. */
function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('summarize', () => {
  // NumPy 2: numpy.percentile(samples, [10, 50, 90]).
  const cases: [samples: number[], p10: number, median: number, p90: number][] = [
    [[7], 7, 7, 7],
    [[3, 1, 2], 1.2, 2, 2.8],
    [[4, 1], 1.3, 2.5, 3.7],
    [[10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 1, 5, 9],
    [[5, 5, 5, 5], 5, 5, 5],
    [[12.5, 100, 11.25, 12, 11.5, 13], 11.375, 12.25, 56.5],
    [[100, 20, 3], 6.4, 20, 84],
  ];
  for (const [samples, p10, median, p90] of cases)
    it(`of ${samples.join(', ')}`, () => {
      const given = [...samples];
      const latency = summarize(samples);
      near(latency.p10, p10, 'p10');
      near(latency.median, median, 'median');
      near(latency.p90, p90, 'p90');
      assert.deepEqual(latency.samples, given);
      assert.deepEqual(samples, given, 'what it was given is not sorted');
    });

  it('refuses no samples, and samples that are no times', () => {
    for (const samples of [[], [1, NaN], [Infinity]]) assert.throws(() => summarize(samples), MeasureError);
  });
});

describe('compareLatency', () => {
  it('takes turns in the order of the names, warm-up rounds first', async () => {
    const order: string[] = [];
    const result = await compareLatency(
      {
        b: () => order.push('b'),
        a: async () => {
          await null;
          order.push('a');
        },
      },
      { warmup: 2, runs: 3 },
    );
    assert.equal(order.join(''), 'bababababa');
    assert.deepEqual(Object.keys(result), ['b', 'a']);
    assert.deepEqual([result.a.samples.length, result.b.samples.length], [3, 3]);
  });

  it('leaves warm-up runs out of the numbers', async () => {
    let calls = 0;
    const { samples } = await measureLatency(
      () => {
        if (calls++ < 2) busy(60);
      },
      { warmup: 2, runs: 4 },
    );
    assert.equal(calls, 6);
    assert.ok(samples.length === 4 && Math.max(...samples) < 60, samples.join());
  });

  it('waits for promises, and times them to their end', async () => {
    const { samples, median } = await measureLatency(
      () =>
        new Promise((resolve) => {
          setTimeout(resolve, 20);
        }),
      { warmup: 0, runs: 3 },
    );
    assert.ok(
      samples.every((ms) => ms > 18),
      samples.join(),
    );
    assert.ok(median > 18);
  });

  it('gives each function its own time', async () => {
    const { slow, fast } = await compareLatency({ slow: () => busy(8), fast: () => {} }, { warmup: 0, runs: 5 });
    assert.ok(Math.min(...slow.samples) >= 8 && fast.median < 4, `${slow.samples.join()} | ${fast.samples.join()}`);
  });

  it('passes errors on, thrown or rejected, in warm-up or later, and runs nothing after', async () => {
    for (const failing of [0, 2]) {
      let calls = 0;
      const fail = (): void => {
        if (calls++ === failing) throw new RangeError('no picture');
      };
      await assert.rejects(measureLatency(fail, { warmup: 1, runs: 5 }), { name: 'RangeError', message: 'no picture' });
      assert.equal(calls, failing + 1);
      calls = 0;
      await assert.rejects(
        measureLatency(async () => fail(), { warmup: 1, runs: 5 }),
        { name: 'RangeError' },
      );
      assert.equal(calls, failing + 1);
    }
  });

  it('runs 3 and 20 times unless it is told otherwise', async () => {
    let calls = 0;
    assert.equal(
      (
        await measureLatency(() => {
          calls++;
        })
      ).samples.length,
      20,
    );
    assert.equal(calls, 23);
  });

  it('refuses counts that are no counts, before anything runs', async () => {
    for (const options of [{ runs: 0 }, { runs: 1.5 }, { warmup: -1 }, { runs: NaN }])
      await assert.rejects(
        measureLatency(() => assert.fail('ran'), options),
        (error: unknown) =>
          error instanceof MeasureError && /runs is .* and warmup .*; expected whole numbers/.test(error.message),
      );
  });
});

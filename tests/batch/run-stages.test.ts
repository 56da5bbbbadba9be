// The stages of a batch on simple functions in place of images and models: what hangs, fails or is stopped in one of
// them ends the others, and few images are in memory at once.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, test } from 'node:test';
import type { BatchItem } from '../../lib/batch/batch-item';
import type { EncodedImage } from '../../lib/batch/encode-images';
import { runStages, type StageSettings, type StageWork } from '../../lib/batch/run-stages';
import { ImageError } from '../../lib/preprocessing';

/** A machine that may be busy with other things. */
const SOON_MS = 10_000;
const NEVER = new Promise<never>(() => undefined);

interface Machine extends StageWork {
  readonly finished: string[];
  readonly failed: string[];
  /** Images in each run of the vision model. */
  readonly runs: number[];
  readonly compiled: number[];
  /** Runs of the vision model at the moment, and images that are prepared but not finished; the most of both. */
  readonly running: { now: number; most: number };
  readonly held: { now: number; most: number };
}

interface Faults {
  readonly streams?: number;
  readonly encode_ms?: number;
  readonly finish_ms?: number;
  /** Called with the image's name, or the number of the run, before the work. */
  readonly onPrepare?: (name: string) => Promise<void> | undefined;
  readonly onEncode?: (run: number) => void;
  readonly onFinish?: (batch: readonly EncodedImage[]) => void;
}

function machine({ streams = 2, encode_ms = 1, finish_ms = 1, onPrepare, onEncode, onFinish }: Faults = {}): Machine {
  const [running, held] = [
    { now: 0, most: 0 },
    { now: 0, most: 0 },
  ];
  const count = (counter: { now: number; most: number }, by: number): void => {
    counter.now += by;
    counter.most = Math.max(counter.most, counter.now);
  };
  const made: Machine = {
    finished: [],
    failed: [],
    runs: [],
    compiled: [],
    running,
    held,
    prepare: async (item) => {
      await onPrepare?.(item.name);
      count(held, 1);
      const loaded = { item, bytes: new Uint8Array(0), sha256: '', version: '' };
      return { loaded, image: { data: Uint8Array.of(Number(item.name) % 256), width: 1, height: 1 } };
    },
    encoder: {
      streams,
      threads: 2,
      setStreams: async (given) => {
        assert.equal(running.now, 0, 'compiled anew while a run was in progress');
        made.compiled.push(given);
      },
      encode: async (given) => {
        count(running, 1);
        try {
          made.runs.push(given.length);
          onEncode?.(made.runs.length);
          await delay(encode_ms);
          const data = Float32Array.from(given, (image) => image.data[0]);
          const release = (): void => void data.fill(-1);
          return { data, dims: [data.length, 1], release };
        } finally {
          running.now--;
        }
      },
    },
    finish: async (batch) => {
      await delay(finish_ms);
      onFinish?.(batch);
      for (const { loaded, data, release } of batch) {
        assert.deepEqual([...data], [Number(loaded.item.name) % 256], 'the result of another image');
        release();
        made.finished.push(loaded.item.name);
      }
      held.now -= batch.length;
    },
  };
  return made;
}

async function* images(count: number, end?: Promise<never>): AsyncGenerator<BatchItem> {
  for (let i = 0; i < count; i++) yield { name: String(i), key: String(i), source: '' };
  if (end) await end;
}

function settings(work: Machine, more: Partial<StageSettings> = {}): StageSettings {
  return {
    areStreamsDecided: false,
    canQueue: true,
    memory: { vision: 8, decoder: 4 },
    left: () => undefined,
    onFailure: ({ name }) => work.failed.push(name),
    ...more,
  };
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i));
}

/** Fails where the work does not end. */
async function soon<T>(work: Promise<T>): Promise<T> {
  return Promise.race([work, delay(SOON_MS, undefined, { ref: false }).then(() => assert.fail('it did not end'))]);
}

describe('the stages', () => {
  for (const count of [0, 1, 2, 3, 7, 100])
    test(`finish each of ${count} images once`, async () => {
      const work = machine({ streams: 4 });
      await soon(runStages(images(count), work, settings(work, { streams: 4, batch_size: 3 })));
      assert.deepEqual(
        work.finished
          .map(Number)
          .sort((a, b) => a - b)
          .map(String),
        numbers(count),
      );
      assert.equal(
        work.runs.reduce((sum, run) => sum + run, 0),
        count,
      );
    });

  test('hold no more images than fit the channels, however slow the last stage is', async () => {
    const work = machine({ finish_ms: 5 });
    await soon(runStages(images(300), work, settings(work, { batch_size: 2, memory: { vision: 4, decoder: 3 } })));
    assert.equal(work.finished.length, 300);
    // Being prepared 3, waiting 4, in two runs 4, waiting 6, in the decoder 3
    assert.ok(work.held.most <= 20, `${work.held.most} images at once`);
  });

  test('tell an image that cannot be used, and go on', async () => {
    const onPrepare = async (name: string): Promise<void> => {
      if (Number(name) % 5 === 0) throw new ImageError('is no image');
    };
    const work = machine({ onPrepare });
    await soon(runStages(images(20), work, settings(work)));
    assert.deepEqual(work.failed, ['0', '5', '10', '15']);
    assert.equal(work.finished.length, 16);
  });

  test('do all others while the decoder of one image hangs, and end when they are aborted', async () => {
    const stop = new AbortController();
    const work = machine({
      onPrepare: (name) => (name === '3' ? NEVER : undefined),
    });
    const ending = assert.rejects(
      soon(runStages(images(100), work, settings(work, { signal: stop.signal }))),
      /stopped/,
    );
    while (work.finished.length < 99) await delay(5); // no batch waits for it
    stop.abort(new Error('stopped'));
    await ending;
    assert.ok(!work.finished.includes('3'));
  });

  test('end when they are aborted while a list is still waited for', async () => {
    const stop = new AbortController();
    const work = machine({
      onFinish: () => work.finished.length >= 4 && setImmediate(() => stop.abort(new Error('stopped'))),
    });
    await assert.rejects(soon(runStages(images(7, NEVER), work, settings(work, { signal: stop.signal }))), /stopped/);
    assert.deepEqual(
      work.finished
        .map(Number)
        .sort((a, b) => a - b)
        .map(String),
      numbers(7),
    );
  });

  for (const [name, faults] of [
    ['the vision model fails in one of two streams', { onEncode: (run: number) => void (run === 30 && fault()) }],
    [
      'the decoder fails, or the disk is full',
      { onFinish: ({ length }: { length: number }) => void (length && later()) },
    ],
    ['an image fails as none should', { onPrepare: async (image: string) => void (image === '30' && fault()) }],
  ] as const)
    test(`end with the error where ${name}, also while a list is waited for`, async () => {
      finishes = 0;
      const work = machine(faults);
      await assert.rejects(soon(runStages(images(60, NEVER), work, settings(work))), /no luck/);
      const { now } = work.running;
      const [runs, finished] = [work.runs.length, work.finished.length];
      await delay(20);
      assert.deepEqual([now, work.runs.length, work.finished.length], [0, runs, finished], 'work went on');
    });

  test('end in the middle of a trial when they are aborted: no run goes on, nothing is compiled after it', async () => {
    for (const runs of [33, 36, 40, 45, 52]) {
      const stop = new AbortController();
      const work = machine({ onEncode: (run) => void (run === runs && stop.abort(new Error('stopped'))) });
      await assert.rejects(soon(runStages(images(1000), work, settings(work, { signal: stop.signal }))), /stopped/);
      const before = [work.runs.length, work.compiled.length];
      assert.equal(work.running.now, 0);
      await delay(10);
      assert.deepEqual([work.runs.length, work.compiled.length], before);
    }
  });

  test('do nothing when they are aborted before', async () => {
    const work = machine();
    await assert.rejects(
      soon(runStages(images(8), work, settings(work, { signal: AbortSignal.abort(new Error('stopped')) }))),
      /stopped/,
    );
    assert.deepEqual([work.runs, work.finished], [[], []]);
  });
});

let finishes = 0;
function fault(): never {
  throw new Error('no luck');
}
/** Not at the first batch. */
function later(): void {
  if (++finishes === 4) fault();
}

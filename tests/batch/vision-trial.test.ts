// How many runs of the vision model at the same time, and images in each, are chosen: on devices whose speed is known.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Channel } from '../../lib/batch/channel';
import { VisionStage, type EncodedImage, type Prepared } from '../../lib/batch/encode-images';
import type { RgbImage } from '../../lib/preprocessing';
import { planTrial } from '../../lib/batch/plan-trial';
import { VisionTrial, type TrialOptions, type VisionSetting } from '../../lib/batch/vision-trial';

const options: TrialOptions = {
  streams: 2,
  other_streams: [1],
  largest: 16,
  left: () => undefined,
  isQuiet: () => true,
};

/** Milliseconds of a run, all streams being at work. */
type Device = (setting: VisionSetting) => number;

/** Runs images on a device whose clock is counted. @returns what was tried, in order, and what was chosen */
function tryOut(trial: VisionTrial, device: Device, images = 500): { tried: string[]; chosen: string; used: number } {
  const tried: string[] = [];
  let used = 0;
  let usedBefore = 0;
  for (let now = 0; used < images; ) {
    const { setting } = trial;
    const name = `${setting.streams}x${setting.batch_size}`;
    if (tried.at(-1) !== name) {
      tried.push(name);
      usedBefore = used;
    }
    now += device(setting);
    for (let stream = 0; stream < setting.streams; stream++) {
      used += setting.batch_size;
      trial.record(setting, setting.batch_size, now);
    }
  }
  return { tried, chosen: tried.at(-1) ?? '', used: usedBefore };
}

describe('the trial', () => {
  test('takes the streams of the device where neither batches nor one stream are faster', () => {
    const device: Device = ({ streams, batch_size }) => batch_size * (streams === 1 ? 140 : 260);
    const { tried, chosen, used } = tryOut(new VisionTrial(options), device);
    assert.deepEqual(tried, ['2x1', '2x2', '1x2', '2x1']);
    assert.equal(chosen, '2x1');
    assert.ok(used <= 32 + 24, `${used} images were spent on it`);
  });

  test('takes one stream where several hinder one another', () => {
    const device: Device = ({ streams, batch_size }) => batch_size * (streams === 1 ? 100 : 260);
    assert.equal(tryOut(new VisionTrial(options), device).chosen, '1x2');
  });

  test('takes larger batches as long as each saves 5 %', () => {
    const device: Device = ({ batch_size }) => 100 + 10 * batch_size; // ms an image: 110, 60, 35, 22.5, 16.25
    const { tried } = tryOut(new VisionTrial({ ...options, streams: 1, other_streams: [] }), device, 2000);
    assert.deepEqual(tried, ['1x1', '1x2', '1x4', '1x8', '1x16']);
  });

  test('one stream goes on after one size without a gain, and ends after two', () => {
    const ms: Readonly<Record<number, number>> = { 1: 100, 2: 100, 4: 60, 8: 60, 16: 60 };
    const device: Device = ({ batch_size }) => batch_size * ms[batch_size];
    const { chosen } = tryOut(new VisionTrial({ ...options, streams: 1, other_streams: [] }), device);
    assert.equal(chosen, '1x4');
  });

  test('tries nothing where less than a minute of work is left', () => {
    const tried = (left: number): string[] =>
      tryOut(new VisionTrial({ ...options, left: () => left }), () => 200).tried;
    assert.deepEqual(tried(599), ['2x1']); // 599 images of 100 ms
    assert.deepEqual(tried(601).slice(0, 2), ['2x1', '2x2']);
  });

  test('a size that is given stays, also with other streams', () => {
    const trial = new VisionTrial({ ...options, other_streams: [1, 4], batch_size: 3 });
    const { tried, chosen } = tryOut(trial, ({ streams }) => 300 / streams);
    assert.deepEqual(tried, ['2x3', '1x3', '4x3']);
    assert.equal(chosen, '4x3');
  });

  test('what is not a whole batch, or was started with another setting, does not count', () => {
    const trial = new VisionTrial({ ...options, streams: 1, other_streams: [] });
    const first = trial.setting;
    for (let i = 0; i < 99; i++) trial.record({ streams: 1, batch_size: 1 }, 1, i);
    for (let i = 0; i < 99; i++) trial.record(first, 0, i);
    assert.equal(trial.setting, first);
  });

  test('does not measure beside the decoder, whose turns would favor one setting or another', () => {
    // The decoder works on every second 16 images, in which the vision model takes twice as long
    let images = 0;
    const isNoisy = (): boolean => Math.floor(images / 16) % 2 === 0;
    const device: Device = ({ streams, batch_size }) => {
      images += streams * batch_size;
      return batch_size * (streams === 1 ? 160 : 260) * (isNoisy() ? 2 : 1);
    };
    for (let start = 0; start < 32; start++) {
      images = start;
      const trial = new VisionTrial({ ...options, isQuiet: () => !isNoisy() });
      assert.equal(tryOut(trial, device).chosen, '2x1', `from image ${start}`);
    }
  });

  test('measures beside noise where it never ends', () => {
    const device: Device = ({ streams, batch_size }) => batch_size * (streams === 1 ? 100 : 260);
    assert.equal(tryOut(new VisionTrial({ ...options, isQuiet: () => false }), device).chosen, '1x2');
  });

  test('that is ended keeps the best so far, or the first', () => {
    const trial = new VisionTrial(options);
    trial.end();
    assert.deepEqual(trial.setting, { streams: 2, batch_size: 1 });
  });
});

describe('what is tried', () => {
  const encoder = { streams: 8, threads: 32 };
  const settings = { encoder, areStreamsDecided: false, left: () => undefined, isQuiet: () => true };
  const streamsOf = (trial: VisionTrial): string[] => [
    ...new Set(tryOut(trial, () => 100, 5000).tried.map((name) => name.split('x')[0])),
  ];

  test('is bounded by the threads that can wait, by memory, and by what the caller decided', () => {
    const pool = process.env.UV_THREADPOOL_SIZE;
    try {
      process.env.UV_THREADPOOL_SIZE = '64';
      assert.deepEqual(streamsOf(planTrial(settings, 256)), ['8', '1', '32']);
      assert.deepEqual(streamsOf(planTrial(settings, 16)), ['8', '1']);
      assert.deepEqual(streamsOf(planTrial(settings, 3)), ['3', '1']);
      assert.deepEqual(streamsOf(planTrial({ ...settings, areStreamsDecided: true }, 256)), ['8']);
      assert.deepEqual(streamsOf(planTrial({ ...settings, streams: 5 }, 256)), ['5']);
      for (const size of [undefined, '4', 'many', '-1']) {
        if (size === undefined) delete process.env.UV_THREADPOOL_SIZE;
        else process.env.UV_THREADPOOL_SIZE = size;
        assert.deepEqual(streamsOf(planTrial(settings, 256)), ['2', '1'], size);
      }
    } finally {
      if (pool === undefined) delete process.env.UV_THREADPOOL_SIZE;
      else process.env.UV_THREADPOOL_SIZE = pool;
    }
  });
});

describe('encoding', () => {
  const IMAGES = 100;
  /** Images by number, through a model whose runs end in any order. */
  async function encode(
    fails: { readonly run?: number; readonly compile?: boolean } = {},
  ): Promise<{ seen: number[]; atOnce: number; compiled: number[] }> {
    const input = new Channel<Prepared>(IMAGES);
    for (let i = 0; i < IMAGES; i++)
      await input.put({
        loaded: {
          item: { name: String(i), key: String(i), source: '' },
          bytes: new Uint8Array(0),
          sha256: '',
          version: '',
        },
        image: { data: Uint8Array.of(i), width: 1, height: 1 },
      });
    input.close();
    const [seen, compiled]: [number[], number[]] = [[], []];
    let [running, atOnce, runs] = [0, 0, 0];
    const encoder = {
      streams: 2,
      threads: 2,
      setStreams: async (streams: number): Promise<void> => {
        assert.equal(running, 0, 'a run was in progress');
        if (fails.compile) throw new Error('no memory');
        compiled.push(streams);
      },
      encode: async (images: readonly RgbImage[]) => {
        const data = Float32Array.from(images, (image) => image.data[0]);
        atOnce = Math.max(atOnce, ++running);
        await new Promise((resolve) => setTimeout(resolve, 4 * data.length + ((runs++ * 7) % 3)));
        running--;
        if (runs > (fails.run ?? Number.POSITIVE_INFINITY)) throw new Error('the run failed');
        return { data, dims: [data.length, 1], release: () => undefined };
      },
    };
    const output = new Channel<EncodedImage>(IMAGES);
    const trial = new VisionTrial({ ...options, largest: 2 });
    await new VisionStage({ encoder, trial, input, output, runsAtOnce: (streams) => streams + 1 }).run();
    output.close();
    for (const { loaded, data } of await output.take(IMAGES)) {
      assert.deepEqual(Array.from(data, String), [loaded.item.name]);
      seen.push(data[0]);
    }
    return { seen, atOnce, compiled };
  }

  test('hands every image on once, with its own result, through all changes of the settings', async () => {
    const { seen, atOnce, compiled } = await encode();
    assert.deepEqual(
      seen.sort((a, b) => a - b),
      Array.from({ length: IMAGES }, (_, i) => i),
    );
    assert.equal(atOnce, 3); // one waits for a stream
    assert.equal(compiled[0], 1);
  });

  test('goes on as before where the model cannot be compiled anew', async () => {
    const { seen, compiled } = await encode({ compile: true });
    assert.equal(seen.length, IMAGES);
    assert.deepEqual(compiled, []);
  });

  test('ends with the error of a run, once all others have ended', async () => {
    await assert.rejects(encode({ run: 50 }), /the run failed/);
  });
});

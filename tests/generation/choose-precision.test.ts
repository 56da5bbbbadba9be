// The precision of the encoders: chosen by a trial, remembered per machine and size, and never against the caller.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseBlipConfig, type BlipConfig } from '../../lib/checkpoint';
import { loadOpenVINO } from '../../lib';
import { choosePrecision } from '../../lib/generation/precision/choose-precision';
import { judgeTrial as judge, type Challenge } from '../../lib/generation/precision/judge-trial';
import { recallTrial, recallTrials, rememberTrial } from '../../lib/generation/precision/trial-memory';
import { projectRoot } from '../project-root';

const openvino = loadOpenVINO();
const core = new openvino.Core();
const hasBoth = core.getProperty('CPU', 'INFERENCE_PRECISION_HINT') === 'bf16';

function visionOf(image_size: number, hidden_size: number): BlipConfig {
  const file = path.join(projectRoot(), 'models/blip-scenes/config.json');
  const config = JSON.parse(fs.readFileSync(file, 'utf8'));
  const vision = { ...config.vision_config, image_size, hidden_size, intermediate_size: 4 * hidden_size };
  const text = { ...config.text_config, encoder_hidden_size: hidden_size };
  return parseBlipConfig({ ...config, vision_config: vision, text_config: text }, file);
}

const judgeTrial = (bf16: readonly number[], f32: readonly number[], challenge: Challenge = F32, occupied = 1) =>
  judge({ times: [bf16, f32], occupied }, challenge);
const F32: Challenge = { challenger: 'f32', share: 0.95 };

describe('judgeTrial', () => {
  it('takes the shortest times, and is clear where even and odd turns have the same winner', () => {
    assert.deepEqual(judgeTrial([30, 20, 25, 90], [12, 11, 10, 40]), { trial: { bf16: 20, f32: 10 }, isClear: true });
    assert.deepEqual(judgeTrial([10, 11, 12, 90], [30, 29, 80, 28]), { trial: { bf16: 10, f32: 28 }, isClear: true });
  });

  it('is not clear where most turns took much longer than the shortest', () => {
    assert.equal(judgeTrial([20, 20, 31, 31, 35, 40], [10, 10, 10, 10, 10, 10]).isClear, false);
    assert.equal(judgeTrial([20, 20, 29, 31, 35, 40], [10, 10, 10, 10, 10, 10]).isClear, true);
  });

  it('is not clear where they disagree, or one of them is within what times wobble', () => {
    assert.equal(judgeTrial([10, 30, 11, 33], [20, 18, 22, 19]).isClear, false);
    assert.equal(judgeTrial([20, 20, 20, 20], [19.5, 15, 19.8, 15]).isClear, false);
  });

  it('is not clear where others had the processor', () => {
    assert.equal(judgeTrial([20, 20], [10, 10], F32, 0.7).isClear, false);
    assert.equal(judgeTrial([20, 20], [10, 10], F32, 0.9).isClear, true);
  });

  it('asks the challenger for its share, whichever it is', () => {
    const bf16: Challenge = { challenger: 'bf16', share: 0.8 };
    assert.equal(judgeTrial([15, 17], [20, 20], bf16).isClear, false);
    assert.equal(judgeTrial([15, 15], [20, 20], bf16).isClear, true);
  });
});

describe('choosePrecision', () => {
  const large = visionOf(384, 384); // 577 x 384 x 1536: the smallest that is tried, so that the test is quick
  const choose = (config: BlipConfig, device = 'CPU', properties = {}) =>
    choosePrecision({ openvino, core, device, properties, config });
  /** Chooses; if other programs disturbed the trial, it is made to count all the same. */
  const settle = async (properties = {}): Promise<object> => {
    const chosen = await choose(large, 'CPU', properties);
    const last = JSON.parse(trials().at(-1) ?? '{}');
    if (!last.clear) await rememberTrial({ ...last, clear: true });
    return chosen;
  };
  let cache = '';
  const trials = (): string[] => {
    const file = path.join(cache, 'precision-trials.jsonl');
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  };
  const saved = { ...process.env };
  before(() => {
    cache = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-trials-'));
    process.env.BLIP_CACHE = cache;
    process.env.TMPDIR = cache; // where the trial keeps its files
  });
  after(() => {
    process.env = saved;
    fs.rmSync(cache, { recursive: true });
  });

  it('tries nothing for a small model, for another device, or where the caller has decided', async () => {
    assert.deepEqual(await choose(visionOf(128, 192)), {});
    assert.deepEqual(await choose(large, 'AUTO'), {});
    assert.deepEqual(await choose(large, 'CPU', { INFERENCE_PRECISION_HINT: 'bf16' }), {});
    assert.deepEqual(await choose(large, 'CPU', { EXECUTION_MODE_HINT: 'ACCURACY' }), {});
    assert.deepEqual(trials(), []);
  });

  it('tries once, remembers the times, and takes the faster one', { skip: !hasBoth && 'no bf16 here' }, async () => {
    const chosen = await settle();
    const [trial, ...more] = await recallTrials();
    assert.deepEqual(more, []);
    assert.match(trial.of, /577x384x1536/);
    assert.deepEqual(chosen, trial.f32 < 0.95 * trial.bf16 ? { INFERENCE_PRECISION_HINT: 'f32' } : {});
    assert.deepEqual(fs.readdirSync(cache), ['precision-trials.jsonl'], 'files of the trial are left');
  });

  it('follows the last remembered trial, past lines that are none', { skip: !hasBoth && 'no bf16 here' }, async () => {
    const { of } = JSON.parse(trials()[0]);
    const file = path.join(cache, 'precision-trials.jsonl');
    const write = (bf16: unknown, f32: unknown) =>
      fs.writeFileSync(file, `${JSON.stringify({ of, bf16, f32 })}\n{"of": 5}\n\n[[[\n{"of":"x","bf16":-1,"f32":1}\n`);
    write(20, 10);
    assert.deepEqual(await choose(large), { INFERENCE_PRECISION_HINT: 'f32' });
    write(20, 19.5); // within what times wobble
    assert.deepEqual(await choose(large), {});
    write(10, 20);
    assert.deepEqual(await choose(large), {});
    write('10', null);
    assert.equal(await recallTrial(of), undefined);
  });

  it('asks for another trial with other threads', { skip: !hasBoth && 'no bf16 here' }, async () => {
    const ofOneThread = async () => (await recallTrials()).filter(({ of }) => of.includes(', 1 threads,'));
    assert.deepEqual(await ofOneThread(), []);
    await settle({ INFERENCE_NUM_THREADS: 1 });
    assert.equal((await ofOneThread()).length, 1);
  });

  it('chooses also where nothing can be remembered', async () => {
    process.env.BLIP_CACHE = path.join(cache, 'precision-trials.jsonl', 'below-a-file');
    const chosen = await choose(large);
    process.env.BLIP_CACHE = cache;
    assert.ok(Object.keys(chosen).length <= 1);
  });

  const POSIX = { skip: process.platform === 'win32' && 'named pipes are POSIX', timeout: 60_000 };
  for (const [what, make] of [
    ['a named pipe', (file: string) => void execFileSync('mkfifo', [file])],
    ['a link to a device that never ends', (file: string) => fs.symlinkSync('/dev/zero', file)],
    ['a folder', (file: string) => fs.mkdirSync(file)],
    ['a gigabyte', (file: string) => fs.ftruncateSync(fs.openSync(file, 'w'), 2 ** 30)],
    ['bytes that are no text', (file: string) => fs.writeFileSync(file, Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0x80]))],
  ] as const)
    it(`neither waits for nor believes ${what} where trials are remembered`, POSIX, async () => {
      const place = fs.mkdtempSync(path.join(cache, 'odd-'));
      make(path.join(place, 'precision-trials.jsonl'));
      process.env.BLIP_CACHE = place;
      try {
        assert.equal(await recallTrial('x'), undefined);
        await rememberTrial({ of: 'x', bf16: 2, f32: 1, clear: true });
        const found = await recallTrial('x');
        assert.deepEqual(found, what === 'a folder' ? undefined : { of: 'x', bf16: 2, f32: 1, clear: true });
      } finally {
        process.env.BLIP_CACHE = cache;
      }
    });

  it('holds what several disturbed trials had as their shortest times, until one is clear', async () => {
    process.env.BLIP_CACHE = fs.mkdtempSync(path.join(cache, 'busy-'));
    try {
      const remember = (bf16: number, f32: number, clear: boolean) => rememberTrial({ of: 'y', bf16, f32, clear });
      await remember(30, 20, false);
      await remember(50, 15, false);
      assert.equal(await recallTrial('y'), undefined);
      await remember(10, 70, false);
      assert.deepEqual(await recallTrial('y'), { of: 'y', bf16: 10, f32: 15, clear: false });
      await remember(12, 14, true);
      await remember(90, 80, false);
      assert.deepEqual(await recallTrial('y'), { of: 'y', bf16: 12, f32: 14, clear: true });
    } finally {
      process.env.BLIP_CACHE = cache;
    }
  });

  it('chooses also where there is no folder for the trial', async () => {
    process.env.TMPDIR = path.join(cache, 'not-there');
    process.env.BLIP_CACHE = path.join(cache, 'empty');
    try {
      assert.deepEqual(await choose(visionOf(400, 384)), {}); // a size that this process did not try
    } finally {
      process.env.BLIP_CACHE = process.env.TMPDIR = cache;
    }
  });
});

// The precision of the encoders: chosen by a trial, remembered per machine and size, and never against the caller.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseBlipConfig, type BlipConfig } from '../../lib/checkpoint';
import { loadOpenVINO } from '../../lib';
import { choosePrecision } from '../../lib/generation/precision/choose-precision';
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

describe('choosePrecision', () => {
  const large = visionOf(384, 384); // 577 x 384 x 1536: the smallest that is tried, so that the test is quick
  const choose = (config: BlipConfig, device = 'CPU', properties = {}) =>
    choosePrecision({ openvino, core, device, properties, config });
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
    const chosen = await choose(large);
    const [line, ...more] = trials();
    assert.deepEqual(more, []);
    const trial = JSON.parse(line);
    assert.match(trial.of, /577x384x1536/);
    assert.deepEqual(chosen, trial.f32 < 0.95 * trial.bf16 ? { INFERENCE_PRECISION_HINT: 'f32' } : {});
    assert.deepEqual(await choose(large), chosen);
    assert.equal(trials().length, 1, 'the second call tried again');
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
    write('10', null); // not remembered: a new trial
    await choose(large);
    assert.equal(trials().filter((line) => line.includes('577x384x1536')).length, 2);
  });

  it('asks for another trial with other threads', { skip: !hasBoth && 'no bf16 here' }, async () => {
    const before = trials().length;
    await choose(large, 'CPU', { INFERENCE_NUM_THREADS: 1 });
    assert.equal(trials().length, before + 1);
  });

  it('chooses also where nothing can be remembered', async () => {
    process.env.BLIP_CACHE = path.join(cache, 'precision-trials.jsonl', 'below-a-file');
    const chosen = await choose(large);
    process.env.BLIP_CACHE = cache;
    assert.ok(Object.keys(chosen).length <= 1);
  });
});

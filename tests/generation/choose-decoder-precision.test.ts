// The precision of the text decoder: chosen by a trial of its own first layers, remembered per machine, size and kind
// of weights, and never against the caller.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadOpenVINO } from '../../lib';
import { loadCheckpoint, type BlipConfig } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { decoderProperties, decoderWeights, type DecoderWeights } from '../../lib/generation/decoder-properties';
import { chooseDecoderPrecision } from '../../lib/generation/precision/choose-decoder-precision';
import { challengerWins } from '../../lib/generation/precision/judge-trial';
import { listTrials } from '../../lib/generation/precision/list-trials';
import { timeSteps } from '../../lib/generation/precision/time-steps';
import { recallTrials, rememberTrial } from '../../lib/generation/precision/trial-memory';
import { adaptAddon } from '../../lib/openvino/openvino-node';
import { quantizeBlip } from '../../lib/optimize';
import { imitateAddon } from '../openvino/imitation-addon';
import { projectRoot } from '../project-root';

const openvino = loadOpenVINO();
const core = new openvino.Core();
const hasBoth = core.getProperty('CPU', 'INFERENCE_PRECISION_HINT') === 'bf16';
const BOTH = { skip: !hasBoth && 'no bf16 here' };
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-decoder-trials-'));
const cache = path.join(work, 'cache');
const saved = { ...process.env };

let config: BlipConfig;
/** A decoder's sizes that are worth a trial, beside a graph that is small, so that trials are quick. */
let large: BlipConfig;
let fp16 = '';
let int8 = '';
before(async () => {
  const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'tests', 'fixtures', 'checkpoints', 'vqa-odd'));
  config = checkpoint.config;
  large = { ...config, text_config: { ...config.text_config, intermediate_size: 10 ** 6 } };
  const converted = await convertBlip(checkpoint, path.join(work, 'fp16'));
  checkpoint.close();
  const quantized = path.join(work, 'int8');
  await quantizeBlip(converted.folder, [], quantized, { parts: ['text_decoder'], others_from: converted.folder });
  fp16 = path.join(converted.folder, 'blip_text_decoder.xml');
  int8 = path.join(quantized, 'blip_text_decoder.xml');
  fs.mkdirSync(cache);
  process.env.BLIP_CACHE = cache;
  process.env.TMPDIR = cache; // where the trial keeps its files
});
after(() => {
  process.env = saved;
  fs.rmSync(work, { recursive: true });
});

const choose = (xml: string, { sizes = large, device = 'CPU', properties = {} } = {}): Promise<object> =>
  chooseDecoderPrecision({
    openvino,
    core,
    device,
    xml,
    properties,
    config: sizes,
    weights: decoderWeights(xml),
  });
const trials = (): string[] => {
  const file = path.join(cache, 'precision-trials.jsonl');
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
};
/** Chooses; if other programs disturbed the trial, it is made to count all the same. */
async function settle(xml: string, properties = {}): Promise<object> {
  const chosen = await choose(xml, { properties });
  const last = JSON.parse(trials().at(-1) ?? '{}');
  if (!last.clear) await rememberTrial({ ...last, clear: true });
  return chosen;
}
const kinds = (): number => new Set(trials().map((line) => JSON.parse(line).of)).size;

describe('timeSteps', () => {
  it('runs the first layers of either kind of weights in each setting, and leaves nothing behind', async () => {
    for (const [xml, weights] of [
      [fp16, 'FP16'],
      [int8, '8 bits'],
    ] as const) {
      const settings = ['f32', 'f32', 'f32'].map((precision) =>
        decoderProperties(weights, 'CPU', { INFERENCE_PRECISION_HINT: precision }),
      );
      const source = { tokens: 26, size: 48 };
      const { times, occupied } = await timeSteps({ openvino, core, device: 'CPU', xml, source }, settings);
      assert.equal(times.length, 3);
      assert.ok(occupied > 0, `${occupied}`);
      for (const each of times) assert.ok(each.length >= 6 && each.every((time) => time > 0), JSON.stringify(times));
    }
    assert.deepEqual(fs.readdirSync(cache), []);
  });

  it('runs with openvino-node, too', async () => {
    const addon = adaptAddon(imitateAddon(openvino));
    const other = new addon.Core();
    const timed = { openvino: addon, core: other, device: 'CPU', xml: int8, source: { tokens: 26, size: 48 } };
    const { times } = await timeSteps(timed, [{}, {}]);
    assert.deepEqual([times.length, times[0].length >= 6], [2, true]);
    other.dispose();
  });

  it('refuses a graph that is no decoder, and leaves nothing behind', async () => {
    const xml = path.join(path.dirname(fp16), 'blip_vision_model.xml');
    const source = { tokens: 26, size: 48 };
    await assert.rejects(
      timeSteps({ openvino, core, device: 'CPU', xml, source }, [{}]),
      /no layers of a text decoder/,
    );
    assert.deepEqual(fs.readdirSync(cache), []);
  });
});

describe('chooseDecoderPrecision', () => {
  it('tries nothing for a small model, for another device, for FP32, or where the caller has decided', async () => {
    assert.deepEqual(await choose(int8, { sizes: config }), {});
    assert.deepEqual(await choose(int8, { device: 'AUTO' }), {});
    for (const properties of [
      { INFERENCE_PRECISION_HINT: 'f32' },
      { EXECUTION_MODE_HINT: 'ACCURACY' },
      { DYNAMIC_QUANTIZATION_GROUP_SIZE: '0' },
    ])
      assert.deepEqual(await choose(int8, { properties }), {});
    const question = { openvino, core, device: 'CPU', xml: fp16, properties: {}, config: large };
    assert.deepEqual(await chooseDecoderPrecision({ ...question, weights: 'FP32' }), {});
    assert.deepEqual(trials(), []);
  });

  it('tries nothing where the processor has one precision', async () => {
    const single = { getProperty: () => 'f32' };
    const question = { openvino, device: 'CPU', xml: fp16, properties: {}, config: large, weights: 'FP16' as const };
    const other = new Proxy(core, { get: (target, key) => Reflect.get(key in single ? single : target, key) });
    assert.deepEqual(await chooseDecoderPrecision({ ...question, core: other }), {});
    assert.deepEqual(trials(), []);
  });

  for (const weights of ['8 bits', 'FP16'] as const satisfies readonly DecoderWeights[])
    it(`tries once, remembers the times, and takes the faster one (${weights})`, BOTH, async () => {
      const xml = weights === 'FP16' ? fp16 : int8;
      const chosen = await settle(xml);
      const settled = (await recallTrials()).find(({ of }) => of.includes(`weights of ${weights},`));
      assert.ok(settled);
      assert.match(settled.of, new RegExp(`decoder step, weights of ${weights}, 48x1000000, 3 heads, 26x48$`));
      const [challenger, share] = weights === 'FP16' ? (['f32', 0.8] as const) : (['bf16', 0.95] as const);
      const wins = challengerWins(settled, { challenger, share });
      assert.deepEqual(chosen, wins ? { INFERENCE_PRECISION_HINT: challenger } : {});
      assert.deepEqual(fs.readdirSync(cache), ['precision-trials.jsonl'], 'files of the trial are left');
    });

  it('follows the last remembered trial; what is listed says the same', BOTH, async () => {
    const all = trials().map((line) => JSON.parse(line));
    const follow = async (weights: DecoderWeights, bf16: number, f32: number): Promise<[object, string]> => {
      const { of } = all.find((trial) => trial.of.includes(`weights of ${weights}`));
      fs.appendFileSync(path.join(cache, 'precision-trials.jsonl'), `${JSON.stringify({ of, bf16, f32 })}\n`);
      const listed = (await listTrials()).filter((trial) => trial.of.includes(`weights of ${weights}`));
      assert.equal(listed.length, 1);
      assert.deepEqual([listed[0].bf16, listed[0].f32], [bf16, f32]);
      return [await choose(weights === 'FP16' ? fp16 : int8), listed[0].taken];
    };
    assert.deepEqual(await follow('8 bits', 8, 10), [{ INFERENCE_PRECISION_HINT: 'bf16' }, 'bf16']);
    assert.deepEqual(await follow('8 bits', 9.6, 10), [{}, 'f32']); // within what times wobble
    assert.deepEqual(await follow('8 bits', 14, 10), [{}, 'f32']);
    assert.deepEqual(await follow('FP16', 20, 10), [{ INFERENCE_PRECISION_HINT: 'f32' }, 'f32']);
    assert.deepEqual(await follow('FP16', 11, 10), [{}, 'bf16']); // compiling it each time would cost more
    assert.deepEqual(await follow('FP16', 10, 20), [{}, 'bf16']);
  });

  it('asks for another trial with other threads, and with other properties', BOTH, async () => {
    const before = kinds();
    await settle(int8, { INFERENCE_NUM_THREADS: 1 });
    await settle(int8, { KV_CACHE_PRECISION: 'f32' });
    assert.equal(kinds(), before + 2);
    await choose(int8, { properties: { KV_CACHE_PRECISION: 'f32', CACHE_DIR: '' } });
    assert.equal(kinds(), before + 2, 'a cache changes no time of a step');
  });

  it('has one answer for models that a process loads, also at the same time', BOTH, async () => {
    const sizes = { ...large, text_config: { ...large.text_config, intermediate_size: 10 ** 6 + 2 } };
    const before = trials().length;
    const [first, second] = await Promise.all([choose(int8, { sizes }), choose(int8, { sizes })]);
    assert.deepEqual(first, second);
    assert.deepEqual(await choose(int8, { sizes }), first);
    assert.equal(trials().length, before + 1);
  });

  it('chooses also where nothing can be tried', async () => {
    const elsewhere = { ...large, text_config: { ...large.text_config, intermediate_size: 10 ** 6 + 1 } };
    const xml = path.join(path.dirname(fp16), 'blip_text_encoder.xml');
    assert.deepEqual(await choose(xml, { sizes: elsewhere }), {});
    process.env.TMPDIR = path.join(work, 'not-there');
    try {
      assert.deepEqual(await choose(fp16, { sizes: elsewhere }), {});
    } finally {
      process.env.TMPDIR = cache;
    }
  });
});

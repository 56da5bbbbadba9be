// Devices that stand for others (AUTO, MULTI, HETERO, BATCH) do what CPU does, and say what is known of the one that
// they chose. On a tiny random model whose answers depend on the picture.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { VqaSample } from '../../lib/datasets';
import { OVBlipModel } from '../../lib/generation';
import { deviceSetting, executionDevices } from '../../lib/generation/device-setting';
import { missingDevice } from '../../lib/generation/missing-device';
import { loadOpenVINO, type CompiledModel } from '../../lib/openvino';
import { adaptAddon } from '../../lib/openvino/openvino-node';
import { compareModels } from '../../lib/evaluation';
import { quantizeBlip } from '../../lib/optimize';
import { pipeline } from '../../lib/pipelines';
import { BlipProcessor } from '../../lib/preprocessing';
import { imitateAddon } from '../openvino/imitation-addon';
import { makeSamples, makeTinyModel } from '../optimize/tiny-model';

const F32 = { INFERENCE_PRECISION_HINT: 'f32' };
const VIRTUAL = ['AUTO', 'AUTO:CPU', 'MULTI:CPU', 'HETERO:CPU', 'BATCH:CPU'];

let folder = '';
let fp16 = '';
let samples: VqaSample[] = [];
before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'devices-'));
  fp16 = await makeTinyModel(path.join(folder, 'fp16'));
  samples = await makeSamples(3);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Captions and answers, one after the other and by beams: a state that outlived its generation would show. */
async function texts(model: OVBlipModel): Promise<number[][]> {
  const processor = await BlipProcessor.fromCheckpoint(fp16);
  const rows: number[][] = [];
  for (const { image, question } of samples) {
    const image_embeds = await model.encodeImage({ pixel_values: await processor.image(image) });
    for (const num_beams of [1, 3]) {
      rows.push(...(await model.generateCaption({ image_embeds }, { num_beams, max_length: 12 })));
      rows.push(
        ...(await model.generateAnswer({ image_embeds, ...processor.text(question) }, { num_beams, max_length: 12 })),
      );
    }
  }
  return rows;
}

describe('OVBlipModel', () => {
  let cpu: OVBlipModel;
  let expected: number[][] = [];
  before(async () => {
    cpu = await OVBlipModel.load(fp16, { properties: F32 });
    expected = await texts(cpu);
  });
  after(() => cpu.dispose());

  for (const device of VIRTUAL)
    it(`${device}: the same ids as on CPU, and its precision, threads and device`, async () => {
      const model = await OVBlipModel.load(fp16, { device, properties: F32 });
      assert.deepEqual(await texts(model), expected);
      assert.deepEqual(
        [model.device, model.precision, model.threads, model.executionDevices],
        [device, 'f32', cpu.threads, ['CPU']],
      );
      model.dispose();
    });

  it('over openvino-node, which cannot list the settings of other devices: those that can be known', async () => {
    const openvino = adaptAddon(imitateAddon(loadOpenVINO()));
    const core = new openvino.Core();
    for (const device of ['AUTO', 'MULTI:CPU', 'HETERO:CPU']) {
      const plain = await OVBlipModel.load(fp16, { device, openvino });
      assert.equal(plain.precision, core.getProperty('CPU', 'INFERENCE_PRECISION_HINT'), device);
      assert.deepEqual([plain.executionDevices, Number.isSafeInteger(plain.threads)], [['CPU'], true], device);
      const properties = { ...F32, INFERENCE_NUM_THREADS: '1' };
      const asked = await OVBlipModel.load(fp16, { device, openvino, properties });
      assert.deepEqual([asked.precision, asked.threads], ['f32', 1], device);
      for (const model of [plain, asked]) model.dispose();
    }
    core.dispose();
  });

  it('AUTO leaves the precision to the device, as CPU does', async () => {
    const plain = await OVBlipModel.load(fp16);
    const auto = await OVBlipModel.load(fp16, { device: 'AUTO' });
    assert.equal(auto.precision, plain.precision);
    for (const model of [plain, auto]) model.dispose();
  });
});

describe('AUTO in the calls that take a device', () => {
  it('pipelines', async () => {
    const ask = async (device: string): Promise<unknown> => {
      const vqa = await pipeline('visual-question-answering', fp16, { device, properties: F32 });
      const captioner = await pipeline('image-to-text', fp16, { device, properties: F32 });
      const said = [await vqa(samples[0].image, samples[0].question), await captioner(samples[0].image)];
      for (const each of [vqa, captioner]) each.dispose();
      return said;
    };
    assert.deepEqual(await ask('AUTO'), await ask('CPU'));
  });

  it('compareModels names the processor behind it', async () => {
    const compared = await compareModels(fp16, fp16, samples, { device: 'AUTO', runs: 1, warmup: 0, captions: 1 });
    const core = new (loadOpenVINO().Core)();
    assert.deepEqual([compared.device, compared.device_name], ['AUTO', core.getProperty('CPU', 'FULL_DEVICE_NAME')]);
    assert.ok(
      compared.threads >= 1 && /^[a-z]+\d+$/.test(compared.precision.before),
      JSON.stringify([compared.threads, compared.precision]),
    );
    core.dispose();
  });

  it('quantizeBlip calibrates in f32, so that its models are those of CPU', async () => {
    const constants = async (device: string): Promise<Buffer> => {
      const output = path.join(folder, device);
      await quantizeBlip(fp16, samples, output, { device, parts: ['text_encoder'] });
      return fs.readFileSync(path.join(output, 'blip_text_encoder.bin')); // the quantizers' ranges are in it
    };
    assert.ok((await constants('AUTO')).equals(await constants('CPU')));
  });
});

describe('what a compiled model tells', () => {
  const compiled = (properties: Readonly<Record<string, string>>): CompiledModel => ({
    inputs: [],
    outputs: [],
    dispose: () => {},
    createInferRequest: () => {
      throw new Error('not used');
    },
    getProperty: (name) => {
      if (!(name in properties)) throw new Error(`${name} is refused`);
      return properties[name];
    },
  });
  const two = compiled({
    DEVICE_PROPERTIES:
      '{CPU:{INFERENCE_NUM_THREADS:8,INFERENCE_PRECISION_HINT:bf16,SUPPORTED_PROPERTIES:NUM_STREAMS ' +
      'INFERENCE_PRECISION_HINT},GPU:{INFERENCE_PRECISION_HINT:f16}}',
    EXECUTION_DEVICES: '(CPU) GPU.0',
  });
  it('several devices: all values', () => {
    assert.equal(deviceSetting(two, 'INFERENCE_PRECISION_HINT'), 'bf16 or f16');
    assert.equal(deviceSetting(two, 'INFERENCE_NUM_THREADS'), '8');
    assert.deepEqual(executionDevices(two), ['CPU', 'GPU.0']);
  });
  it('nothing: undefined, and no error', () => {
    for (const silent of [compiled({}), compiled({ DEVICE_PROPERTIES: '{GPU:{}}' })])
      assert.equal(deviceSetting(silent, 'INFERENCE_NUM_THREADS'), undefined);
    assert.deepEqual(executionDevices(compiled({})), []);
  });
});

describe('a device that is not there', () => {
  const available = ['CPU', 'GPU.0', 'GPU.1'];
  for (const device of [
    'CPU',
    'GPU',
    'GPU.1',
    'AUTO',
    'AUTO:GPU,CPU',
    'AUTO:-GPU.0',
    'MULTI:GPU.1,CPU',
    'HETERO:GPU,CPU',
    'BATCH:GPU(4)',
  ])
    it(`${device} is there`, () => assert.equal(missingDevice(device, available), undefined));
  for (const [device, missing] of [
    ['NPU', 'NPU'],
    ['gpu', 'gpu'],
    ['GPU.2', 'GPU.2'],
    ['AUTO:NPU,CPU', 'NPU'],
    ['CP', 'CP'],
    ['', ''],
  ])
    it(`"${device}" is not`, () => assert.equal(missingDevice(device, available), missing));

  it('is named with those that are, before anything is compiled', async () => {
    await assert.rejects(
      OVBlipModel.load(fp16, { device: 'TPU' }),
      /device "TPU": OpenVINO finds no TPU .*Expected one of .*CPU.*, or AUTO/,
    );
  });
});

// How the text decoder is compiled: 8-bit weights in f32 with 64 numbers to a scale, unless the user asks for something
// else, always one stream on the CPU.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { decoderProperties, decoderWeights, isDecoderCached } from '../../lib/generation/decoder-properties';
import type { Core } from '../../lib/openvino';
import { quantizeBlip } from '../../lib/optimize';
import { projectRoot } from '../project-root';

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-decoder-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));

describe("the decoder's properties", async () => {
  const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'tests', 'fixtures', 'checkpoints', 'vqa-odd'));
  const { folder } = await convertBlip(checkpoint, path.join(work, 'fp16'));
  checkpoint.close();
  const int8 = path.join(work, 'int8');
  await quantizeBlip(folder, [], int8, { parts: ['text_decoder'], others_from: folder });
  const weightsOf = (parts: string) => decoderWeights(path.join(parts, 'blip_text_decoder.xml'));
  const of = (parts: string, device = 'CPU', properties = {}) =>
    decoderProperties(weightsOf(parts), device, properties);

  it('weights of 16 bits leave the precision to the device', () => {
    assert.deepEqual(of(folder), { PERFORMANCE_HINT: 'LATENCY', NUM_STREAMS: '1' });
  });

  const { arch } = process;
  const onArch = (name: string): void => void Object.defineProperty(process, 'arch', { value: name });
  beforeEach(() => onArch('x64'));
  after(() => onArch(arch));

  it('weights of 8 bits leave the precision to the device on ARM, where nobody has measured it', () => {
    onArch('arm64');
    assert.deepEqual(of(int8), { PERFORMANCE_HINT: 'LATENCY', NUM_STREAMS: '1' });
  });

  it('weights of 8 bits, as NNCF writes them, are multiplied in f32', () => {
    assert.deepEqual(of(int8), {
      INFERENCE_PRECISION_HINT: 'f32',
      DYNAMIC_QUANTIZATION_GROUP_SIZE: '64',
      PERFORMANCE_HINT: 'LATENCY',
      NUM_STREAMS: '1',
    });
  });

  it('what the user asks for comes first, but for the streams', () => {
    const asked = of(int8, 'CPU', {
      INFERENCE_PRECISION_HINT: 'bf16',
      DYNAMIC_QUANTIZATION_GROUP_SIZE: '0',
      NUM_STREAMS: '4',
      PERFORMANCE_HINT: 'THROUGHPUT',
    });
    assert.deepEqual(asked, {
      INFERENCE_PRECISION_HINT: 'bf16',
      DYNAMIC_QUANTIZATION_GROUP_SIZE: '0',
      PERFORMANCE_HINT: 'LATENCY',
      NUM_STREAMS: '1',
    });
  });

  it('other devices choose for themselves', () => {
    assert.deepEqual(of(int8, 'GPU'), { PERFORMANCE_HINT: 'LATENCY' });
  });

  it('FP16 weights that are computed in f32 are compiled anew: from the cache they would be unpacked', () => {
    const cached = (parts: string, own: string, properties = {}) => {
      const core: Pick<Core, 'getProperty'> = { getProperty: () => own };
      return isDecoderCached(core, weightsOf(parts), properties);
    };
    assert.equal(cached(folder, 'bf16'), true);
    assert.equal(cached(folder, 'f32'), false);
    assert.equal(cached(folder, 'bf16', { INFERENCE_PRECISION_HINT: 'f32' }), false);
    assert.equal(cached(folder, 'f32', { INFERENCE_PRECISION_HINT: 'bf16' }), false);
    assert.equal(cached(folder, 'bf16', { EXECUTION_MODE_HINT: 'ACCURACY' }), false);
    assert.equal(cached(int8, 'f32'), true);
  });
});

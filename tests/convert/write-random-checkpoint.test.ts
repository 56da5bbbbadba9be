// A checkpoint with random weights: complete, the same bytes each time, and usable from conversion to an answer.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BlipProcessor, convertBlip, loadCheckpoint, OVBlipModel, writeRandomCheckpoint } from '../../lib';
import { fileDigest } from '../../lib/core/file-digest';

describe('writeRandomCheckpoint', () => {
  let folder = '';
  const options = { num_hidden_layers: 1, vocab_size: 200 };
  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blip-random-'));
    await writeRandomCheckpoint(path.join(folder, 'first'), options);
  });
  after(() => fs.rmSync(folder, { recursive: true }));

  it('has BLIP-base widths, and values as BERT starts with', async () => {
    const { config, tensors } = await loadCheckpoint(path.join(folder, 'first'));
    assert.equal(config.vision_config.hidden_size, 768);
    assert.equal(config.text_config.intermediate_size, 3072);
    const weight = tensors.get('vision_model.encoder.layers.0.mlp.fc1.weight')?.toFloat32() ?? new Float32Array();
    assert.equal(weight.length, 768 * 3072);
    const mean = weight.reduce((sum, x) => sum + x, 0) / weight.length;
    const deviation = Math.sqrt(weight.reduce((sum, x) => sum + (x - mean) ** 2, 0) / weight.length);
    assert.ok(Math.abs(mean) < 1e-3 && Math.abs(deviation - 0.02) < 1e-3, `${mean} +- ${deviation}`);
  });

  it('writes the same bytes again, and leaves a complete folder alone', async () => {
    const weights = (name: string): string => path.join(folder, name, 'model.safetensors');
    await writeRandomCheckpoint(path.join(folder, 'second'), options);
    assert.equal(await fileDigest(weights('second')), await fileDigest(weights('first')));
    const { mtimeMs } = fs.statSync(weights('first'));
    await writeRandomCheckpoint(path.join(folder, 'first'), options);
    assert.equal(fs.statSync(weights('first')).mtimeMs, mtimeMs);
    assert.deepEqual(
      fs.readdirSync(path.join(folder, 'second')).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  it('is written anew for other options', async () => {
    const target = path.join(folder, 'other');
    await writeRandomCheckpoint(target, options);
    await writeRandomCheckpoint(target, { ...options, vocab_size: 201 });
    assert.equal((await loadCheckpoint(target)).config.text_config.vocab_size, 201);
  });

  it('answers, whatever that means', async () => {
    const { folder: converted } = await convertBlip(
      await loadCheckpoint(path.join(folder, 'first')),
      path.join(folder, 'fp16'),
    );
    const processor = await BlipProcessor.fromPretrained(converted);
    const model = await OVBlipModel.load(converted);
    const pixel_values = { data: new Float32Array(3 * 384 * 384), dims: [1, 3, 384, 384] as const };
    const [ids] = await model.generateAnswer({ pixel_values, ...processor.text('how many dogs?') }, { max_length: 5 });
    model.dispose();
    assert.equal(ids.length > 1, true);
    assert.equal(typeof processor.decode(ids), 'string');
  });

  it('refuses sizes that are none', async () => {
    for (const wrong of [{ num_hidden_layers: 0 }, { num_hidden_layers: 1.5 }, { vocab_size: 10 }, { vocab_size: 1e9 }])
      await assert.rejects(writeRandomCheckpoint(path.join(folder, 'wrong'), { ...options, ...wrong }), {
        name: 'OptionsError',
        message: /expected a whole number from/,
      });
    assert.equal(fs.existsSync(path.join(folder, 'wrong')), false);
  });
});

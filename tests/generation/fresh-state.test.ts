// One picture's generation must not see the last one's: each of several in a row equals that of a model used for
// nothing else. At bf16, where the processor has it, a state initialized by a subgraph was found to keep the last
// picture's keys and values.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip } from '../../lib/convert';
import { DecoderSession, type EncoderStates } from '../../lib/generation/decoder-session';
import { loadOpenVINO, type CompiledModel } from '../../lib/openvino';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fresh-state-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

test('logits of each of several generations, with states of the same shape', async () => {
  const checkpoint = await loadCheckpoint(path.join(__dirname, '..', 'fixtures', 'checkpoints', 'caption-bf16'));
  const size = checkpoint.config.text_config.encoder_hidden_size;
  const { models } = await convertBlip(checkpoint, folder);
  checkpoint.close();
  const openvino = loadOpenVINO();
  const { text_decoder } = models;
  assert.ok(text_decoder);
  const states = (picture: number): EncoderStates => ({
    data: Float32Array.from({ length: 6 * size }, (_, i) => Math.sin(i * (picture + 1) * 0.37 + picture)),
    dims: [1, 6, size],
  });
  for (const INFERENCE_PRECISION_HINT of ['f32', 'bf16']) {
    const compile = (): Promise<CompiledModel> =>
      new openvino.Core().compileModel(text_decoder.xml, 'CPU', { INFERENCE_PRECISION_HINT });
    const shared = await compile();
    const generate = async (decoder: CompiledModel, picture: number): Promise<number[]> => {
      const session = new DecoderSession({ openvino, decoder, states: states(picture), rows: 1, max_length: 4 });
      const logits: number[] = [];
      for (const token of [3, 5, 7]) logits.push(...(await session.step([token], 1, 1, new Int32Array(1))));
      session.dispose();
      return logits;
    };
    for (const picture of [0, 1, 0, 2, 2, 1])
      assert.deepEqual(
        await generate(shared, picture),
        await generate(await compile(), picture),
        `picture ${picture} at ${INFERENCE_PRECISION_HINT}`,
      );
    assert.notDeepEqual(await generate(shared, 0), await generate(shared, 1));
  }
});

// Weights that half precision cannot hold are clamped, counted and named; what is no number is refused by name and
// place.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, it } from 'node:test';
import { loadCheckpoint } from '../../lib/checkpoint';
import { convertBlip, WeightValueError, type ConvertedBlip, type ConvertOptions } from '../../lib/convert';
import { WeightValues } from '../../lib/convert/weight-values';
import { FLOAT_INFINITY, halfToFloat, largestMagnitude } from '../../lib/core/float16';
import { OVBlipModel } from '../../lib/generation';
import { projectRoot } from '../project-root';
import { editCheckpoint } from './edit-checkpoint';

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'weight-values-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));
let count = 0;

const TENSOR = 'text_decoder.bert.encoder.layer.0.attention.self.query.weight';

/** Converts a checkpoint whose TENSOR has these values (by their place) in another precision or in F32. */
async function convertWith(
  values: readonly (readonly [number, number])[],
  options: ConvertOptions = {},
): Promise<ConvertedBlip> {
  const folder = editCheckpoint('vqa-f16', path.join(work, `checkpoint-${++count}`), {
    tensors: (tensors) => {
      const stored = tensors.get(TENSOR);
      assert.ok(stored);
      const floats = halfToFloat(new Uint16Array(stored.bytes.slice().buffer));
      for (const [at, value] of values) floats[at] = value;
      tensors.set(TENSOR, { dtype: 'F32', shape: stored.shape, bytes: new Uint8Array(floats.buffer) });
    },
  });
  const checkpoint = await loadCheckpoint(folder);
  try {
    return await convertBlip(checkpoint, path.join(work, `output-${count}`), options);
  } finally {
    checkpoint.close();
  }
}

describe('weights beyond half precision', () => {
  it('become what save_model of OpenVINO makes of them, in vectors and outside', () => {
    const file = path.join(projectRoot(), 'tests/fixtures/save-model/halves.json');
    const { values, halves }: { values: number[]; halves: number[] } = JSON.parse(fs.readFileSync(file, 'utf8'));
    const tensor = {
      name: 't',
      path: 'f',
      dtype: 'F32',
      shape: [values.length],
      byteLength: 4 * values.length,
    } as const;
    const unread = (): never => assert.fail('the values are given');
    for (const pieces of [1, 3, values.length]) {
      const seen = new WeightValues();
      const watch = seen.watch({ ...tensor, bytes: unread, toFloat32: unread, floatPieces: unread });
      const made: number[] = [];
      for (let at = 0; at < values.length; at += pieces) {
        const piece = Float32Array.from(values.slice(at, at + pieces));
        made.push(...watch.toHalf(piece, new Uint16Array(piece.length)));
      }
      assert.deepEqual(made, halves);
      assert.deepEqual(seen.clamped, [{ name: 't', count: 7, largest: Math.fround(3.4e38) }]);
    }
  });

  it('are counted and named in the result, warned of once, and the model still answers', async () => {
    const warnings: string[] = [];
    const on_warning = (message: string): void => void warnings.push(message);
    const converted = await convertWith(
      [
        [3, 1e6],
        [8, -70000],
        [9, 65519],
      ],
      { on_warning },
    );
    assert.deepEqual(converted.clamped, [{ name: TENSOR, count: 2, largest: 1e6 }]);
    assert.equal(warnings.length, 1);
    for (const part of [TENSOR, '65504', 'fp32']) assert.ok(warnings[0].includes(part), warnings[0]);
    const model = await OVBlipModel.load(converted.folder);
    model.dispose();
  });

  it('stay in FP32, without a warning', async () => {
    const on_warning = (message: string): void => assert.fail(message);
    const converted = await convertWith([[3, 1e6]], { compress_to_fp16: false, on_warning });
    assert.deepEqual(converted.clamped, []);
  });

  it('a warning that throws or rejects rejects the conversion', async () => {
    await assert.rejects(convertWith([[3, 1e6]], { on_warning: () => Promise.reject(new RangeError('mine')) }), /mine/);
  });
});

describe('NaN and infinity', () => {
  for (const compress_to_fp16 of [true, false])
    for (const [value, at, place] of [
      [NaN, 0, '[0, 0]'],
      [Infinity, 37, ''],
      [-Infinity, -1, ''],
    ] as const)
      it(`${value} is refused with its place, for FP${compress_to_fp16 ? 16 : 32}: nothing is written`, async () => {
        const checkpoint = await loadCheckpoint(path.join(projectRoot(), 'tests/fixtures/checkpoints/vqa-f16'));
        const [rows, columns] = checkpoint.tensors.get(TENSOR)?.shape ?? [];
        checkpoint.close();
        const index = at < 0 ? rows * columns + at : at;
        const expected = place || `[${Math.floor(index / columns)}, ${index % columns}]`;
        await assert.rejects(convertWith([[index, value]], { compress_to_fp16 }), (error) => {
          assert.ok(error instanceof WeightValueError);
          for (const part of ['model.safetensors', TENSOR, String(value), expected])
            assert.ok(error.message.includes(part), `${part}: ${error.message}`);
          return true;
        });
        assert.equal(fs.existsSync(path.join(work, `output-${count}`)), false);
      });

  it('are seen at every place of an array, whatever its length', () => {
    for (let length = 1; length < 12; length++)
      for (let at = 0; at < length; at++)
        for (const value of [NaN, Infinity, -Infinity]) {
          const values = new Float32Array(length).fill(-1);
          assert.equal(largestMagnitude(values), 0x3f800000);
          values[at] = value;
          assert.ok(largestMagnitude(values) >= FLOAT_INFINITY);
        }
  });
});

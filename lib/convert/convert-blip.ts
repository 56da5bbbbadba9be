// Converts a checkpoint: writes its OpenVINO models and everything else a folder needs to be loaded alone.
import * as path from 'node:path';
import type { BlipCheckpoint } from '../checkpoint';
import { checkOptions } from '../core/check-options';
import { BlipError } from '../core/errors';
import { writeIR, type WrittenIR } from '../ir';
import type { ProgressCallback } from '../core/progress';
import { copyCompanions } from '../model-folder/copy-companions';
import { modelName } from '../model-folder/model-name';
import { stageModel } from '../model-folder/stage-model';
import { checkTensors } from './expected-tensors';
import { explainWriteError } from '../core/explain-write-error';
import { textDecoder } from './text-decoder';
import { textEncoder } from './text-encoder';
import { visionModel } from './vision-model';

export class ConvertError extends BlipError {}

export interface ConvertOptions {
  /** Store weights in half precision, as OpenVINO's own `save_model` does; true by default. */
  readonly compress_to_fp16?: boolean;
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

export interface ConvertedModel extends WrittenIR {
  readonly parameters: number;
  readonly milliseconds: number;
}

export type BlipModelName = 'vision_model' | 'text_encoder' | 'text_decoder';

export interface ConvertedBlip {
  readonly folder: string;
  /** In the order in which data flows. A captioning checkpoint has no text encoder. */
  readonly models: Readonly<Partial<Record<BlipModelName, ConvertedModel>>> & { readonly vision_model: ConvertedModel };
}

/**
 * Writes `blip_vision_model`, `blip_text_encoder` and `blip_text_decoder` (.xml and .bin) with their companions.
 * Weights go from file to file one tensor at a time. Everything is made in a staging folder and moved at the end: an error or a
 * cancel leaves the output as it was. Parts that an earlier conversion left and this checkpoint does not have are removed.
 *
 * @example
 * const converted = await convertBlip(await loadCheckpoint('models/blip-scenes'), 'output/blip-scenes/fp16');
 * converted.models.vision_model.binBytes // about 2 bytes per parameter
 * @throws {CheckpointTensorsError} before anything is written, when weights and config do not fit
 * @throws {ConvertWriteError} when the disk is full, or the output must not be written
 */
export async function convertBlip(
  checkpoint: BlipCheckpoint,
  outputFolder: string,
  options: ConvertOptions = {},
): Promise<ConvertedBlip> {
  checkOptions('convertBlip', options, ['compress_to_fp16', 'progress_callback', 'signal']);
  const { compress_to_fp16: half = true, progress_callback, signal } = options;
  if (path.resolve(outputFolder) === path.resolve(checkpoint.folder))
    throw new ConvertError(`${outputFolder}: is the checkpoint's own folder; name another one.`);
  checkTensors(checkpoint);
  const parts: [BlipModelName, typeof visionModel][] = [['vision_model', visionModel]];
  if (checkpoint.task !== 'image-to-text') parts.push(['text_encoder', textEncoder]);
  if (checkpoint.task !== 'image-text-retrieval') parts.push(['text_decoder', textDecoder]);

  const total = Object.values(checkpoint.parameterCounts).reduce((sum, count) => sum + count, 0) * (half ? 2 : 4);
  const models: Partial<Record<BlipModelName, ConvertedModel>> = {};
  let done = 0;
  await stageModel(outputFolder, async (staging) => {
    for (const [name, build] of parts) {
      const start = performance.now();
      const graph = build(checkpoint, half);
      const file = `blip_${name}.xml`;
      const onBytes = (bytes: number): void =>
        progress_callback?.({ status: 'convert', file, loaded: Math.min(done + bytes, total), total });
      const info = {
        framework: 'blip-openvino',
        checkpoint: modelName(checkpoint.id),
        weights: half ? 'f16' : 'f32',
      };
      const written = await writeIR(graph, path.join(staging, file), { info, signal, onBytes });
      done += written.binBytes;
      const place = { xml: path.join(outputFolder, file), bin: path.join(outputFolder, path.basename(written.bin)) };
      models[name] = {
        ...written,
        ...place,
        parameters: graph.parameterCount,
        milliseconds: performance.now() - start,
      };
    }
    await copyCompanions(checkpoint.folder, staging);
    signal?.throwIfAborted();
  }).catch((error: unknown) => {
    throw explainWriteError(error, outputFolder, total);
  });
  progress_callback?.({ status: 'convert', loaded: total, total });
  if (!models.vision_model) throw new ConvertError(`${checkpoint.folder}: no vision model was written.`);
  return { folder: outputFolder, models: { ...models, vision_model: models.vision_model } };
}

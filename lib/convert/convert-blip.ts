// Converts a checkpoint: writes its OpenVINO models, and all other files that loading them needs.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import type { BlipCheckpoint } from '../checkpoint';
import { checkOptions } from '../core/check-options';
import { BlipError } from '../core/errors';
import { explainWriteError } from '../core/explain-write-error';
import { ownVersion } from '../core/own-version';
import type { ProgressCallback } from '../core/progress';
import { withCallbacks } from '../core/with-callbacks';
import { writeIR, type WrittenIR } from '../ir';
import type { ModelOrigin } from '../model-folder';
import { copyCompanions } from '../model-folder/copy-companions';
import { modelName } from '../model-folder/model-name';
import { stageModel } from '../model-folder/stage-model';
import type { BlipGraph, GraphOptions } from './blip-graph';
import { checkOutputAttentions } from './check-output-attentions';
import { hubCommit } from './checkpoint-identity';
import { featuresOf } from './contrastive-features';
import { checkTensors } from './expected-tensors';
import { textDecoder } from './text-decoder';
import { textEncoder } from './text-encoder';
import { textFeatures } from './text-features';
import { visionModel } from './vision-model';
import { describeClamped, WeightValues, type ClampedTensor } from './weight-values';

/** A conversion into the checkpoint's own folder, or one that wrote no vision model. */
export class ConvertError extends BlipError {}

export interface ConvertOptions {
  /** Store weights in half precision, as OpenVINO's own `save_model` does; true by default. */
  readonly compress_to_fp16?: boolean;
  /**
   * Makes the cross-attention probabilities outputs of the text models: `cross_attentions.0` and so on, one for each
   * layer, [batch, heads, tokens of text, tokens attended to] f32; false by default. {@link traceCaption} and
   * {@link traceAnswer} read them. Texts, scores and weights are the same as without it.
   */
  readonly output_attentions?: boolean;
  readonly progress_callback?: ProgressCallback;
  /** Told once when weights were clamped; `console.warn` by default. */
  readonly on_warning?: (message: string) => void;
  readonly signal?: AbortSignal;
}

export interface ConvertedModel extends WrittenIR {
  /** Numbers in its weights. */
  readonly parameters: number;
  /**
   * Parameters of the checkpoint that the model does without because they change no output: the key's bias in
   * cross-attention.
   */
  readonly left_out: number;
  readonly milliseconds: number;
}

export type BlipModelName = 'vision_model' | 'text_encoder' | 'text_decoder' | 'text_features';

export interface ConvertedBlip {
  readonly folder: string;
  /**
   * In the order in which data flows. A captioning checkpoint has no text encoder; `text_features`, the text encoder
   * without an image, is there for retrieval checkpoints and those of BlipModel.
   */
  readonly models: Readonly<Partial<Record<BlipModelName, ConvertedModel>>> & { readonly vision_model: ConvertedModel };
  /** Tensors with weights beyond half precision, which became +-65504; empty with `compress_to_fp16: false`. */
  readonly clamped: readonly ClampedTensor[];
}

type BuildGraph = (checkpoint: BlipCheckpoint, options: GraphOptions) => BlipGraph;

/**
 * Writes `blip_vision_model`, `blip_text_encoder`, `blip_text_decoder` and `blip_text_features` (.xml and .bin), as far
 * as the checkpoint has them, with their companion files.
 * Weights are copied tensor by tensor. Everything is written to a staging folder and moved at the end: an error or an
 * abort leaves the output as it was. Models of an earlier conversion that this checkpoint does not have are removed.
 *
 * @example
 * const converted = await convertBlip(await loadCheckpoint('models/blip-scenes'), 'output/blip-scenes/fp16');
 * converted.models.vision_model.binBytes // about 2 bytes per parameter
 * @throws {CheckpointTensorsError} before anything is written, when weights and config.json do not fit
 * @throws {WeightValueError} when a weight is NaN or infinite; it names the tensor and the place
 * @throws {ConvertWriteError} when the disk is full, or the output cannot be written
 */
export async function convertBlip(
  checkpoint: BlipCheckpoint,
  outputFolder: string,
  options: ConvertOptions = {},
): Promise<ConvertedBlip> {
  checkOptions('convertBlip', options, [
    'compress_to_fp16',
    'output_attentions',
    'progress_callback',
    'on_warning',
    'signal',
  ]);
  checkOutputAttentions('convertBlip', options.output_attentions);
  checkArguments('convertBlip', {
    checkpoint: [checkpoint, ['folder', 'config', 'tensors', 'task']],
    outputFolder: [outputFolder, 'path'],
  });
  if (path.resolve(outputFolder) === path.resolve(checkpoint.folder))
    throw new ConvertError(`${outputFolder}: this is the checkpoint's own folder. Name another output folder.`);
  checkTensors(checkpoint);
  return withCallbacks(options.signal, (guard) =>
    writeModels(checkpoint, outputFolder, {
      ...options,
      progress_callback: guard(options.progress_callback),
      on_warning: guard(options.on_warning ?? ((message: string) => console.warn(message))),
    }),
  );
}

async function writeModels(
  checkpoint: BlipCheckpoint,
  outputFolder: string,
  { compress_to_fp16 = true, output_attentions = false, progress_callback, on_warning, signal }: ConvertOptions,
): Promise<ConvertedBlip> {
  // text_features has the text encoder's weights once more
  const copied = featuresOf(checkpoint) ? (checkpoint.parameterCounts.text_encoder ?? 0) : 0;
  const parameters = Object.values(checkpoint.parameterCounts).reduce((sum, count) => sum + count, copied);
  const total = parameters * (compress_to_fp16 ? 2 : 4);
  const info = {
    framework: 'blip-openvino',
    checkpoint: modelName(checkpoint.id),
    weights: compress_to_fp16 ? 'f16' : 'f32',
  };
  const models: Partial<Record<BlipModelName, ConvertedModel>> = {};
  const values = new WeightValues();
  let done = 0;
  const make = async (staging: string): Promise<void> => {
    for (const [name, build] of graphsOf(checkpoint)) {
      const start = performance.now();
      const graph = build(checkpoint, { compressToFP16: compress_to_fp16, values, output_attentions });
      const file = `blip_${name}.xml`;
      const on_bytes = (bytes: number): void =>
        progress_callback?.({ status: 'convert', file, loaded: Math.min(done + bytes, total), total });
      const written = await writeIR(graph, path.join(staging, file), { info, signal, on_bytes });
      done += written.binBytes;
      models[name] = {
        ...written,
        xml: path.join(outputFolder, file),
        bin: path.join(outputFolder, path.basename(written.bin)),
        parameters: graph.parameterCount,
        left_out: graph.leftOutCount,
        milliseconds: performance.now() - start,
      };
    }
    await copyCompanions(checkpoint.folder, staging);
    for (const [name, text] of checkpoint.derivedFiles) await fs.promises.writeFile(path.join(staging, name), text);
    signal?.throwIfAborted();
  };
  const origin = (): ModelOrigin =>
    originOf(checkpoint, { compress_to_fp16, ...(output_attentions && { output_attentions }) });
  await stageModel(outputFolder, make, { origin, signal }).catch((error: unknown) => {
    throw explainWriteError(error, outputFolder, total);
  });
  progress_callback?.({ status: 'convert', loaded: total, total });
  if (!models.vision_model) throw new ConvertError(`${checkpoint.folder}: no vision model was written.`);
  const warning = describeClamped(checkpoint.id, values.clamped);
  if (warning !== undefined) on_warning?.(warning);
  return { folder: outputFolder, clamped: values.clamped, models: { ...models, vision_model: models.vision_model } };
}

function originOf({ id, folder }: BlipCheckpoint, options: ModelOrigin['options']): ModelOrigin {
  const commit = hubCommit(folder);
  return {
    made_by: 'convertBlip',
    checkpoint: commit === undefined ? { id: modelName(id) } : { id, commit },
    versions: { 'blip-openvino': ownVersion() },
    options,
  };
}

/** The models of a checkpoint, in the order in which data flows. */
function graphsOf(checkpoint: BlipCheckpoint): [BlipModelName, BuildGraph][] {
  const { task } = checkpoint;
  const graphs: [BlipModelName, BuildGraph][] = [['vision_model', visionModel]];
  if (task === 'visual-question-answering' || task === 'image-text-retrieval')
    graphs.push(['text_encoder', textEncoder]);
  if (task === 'visual-question-answering' || task === 'image-to-text') graphs.push(['text_decoder', textDecoder]);
  if (featuresOf(checkpoint)) graphs.push(['text_features', textFeatures]);
  return graphs;
}

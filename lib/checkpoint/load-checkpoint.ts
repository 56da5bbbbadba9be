// Opens a BLIP checkpoint, from a folder or from the Hugging Face hub: its configuration and its tensors, weights still on disk.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkOptions } from '../core/check-options';
import { readJSON } from '../core/read-json';
import { parseBlipConfig, type BlipConfig } from './blip-config';
import type { DownloadOptions } from '../hub';
import type { CheckpointTensor } from './checkpoint-tensor';
import { CheckpointError } from './errors';
import { findCheckpoint } from './find-checkpoint';
import { openSafetensors, type SafetensorsFile } from './open-safetensors';
import { readWeightIndex } from './weight-index';

/** Options of a download; they do nothing for a folder. */
export type LoadCheckpointOptions = DownloadOptions;

export type BlipTask = 'visual-question-answering' | 'image-to-text' | 'image-text-retrieval';
export type BlipPart = 'vision_model' | 'text_encoder' | 'text_decoder' | 'heads';

export interface BlipCheckpoint {
  /** The folder as it was given, or the hub id, with its revision behind an @ unless that is `main`. */
  readonly id: string;
  readonly folder: string;
  readonly task: BlipTask;
  readonly config: BlipConfig;
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  /** Numbers of parameters; a tied weight counts once. */
  readonly parameterCounts: Readonly<Partial<Record<BlipPart, number>>>;
  close(): void;
}

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/**
 * Of a checkpoint on the hub the side files are fetched and checked first: what is wrong with them is told before its weights are fetched.
 *
 * @param idOrFolder a folder with config.json and model.safetensors (or shards with their index), or a hub id, with its revision behind
 *   an @ if need be (`Salesforce/blip-image-captioning-base@refs/pr/7`); else the environment variable BLIP_REVISION names it, or `main`
 * @example
 * const checkpoint = await loadCheckpoint('models/blip-scenes');
 * checkpoint.config.vision_config.image_size // 128
 * @throws {CheckpointError | BlipConfigError | SafetensorsError | HubError}
 */
export async function loadCheckpoint(idOrFolder: string, options: LoadCheckpointOptions = {}): Promise<BlipCheckpoint> {
  checkOptions('loadCheckpoint', options, ['cache_dir', 'revision', 'local_files_only', 'progress_callback', 'signal']);
  const { folder, id } = await findCheckpoint(idOrFolder, options);
  const configFile = path.join(folder, 'config.json');
  const config = parseBlipConfig(readJSON(configFile, { error: CheckpointError }), configFile);
  const files = openWeights(folder);
  const tensors = new Map<string, CheckpointTensor>();
  for (const file of files) for (const [name, tensor] of file.tensors) tensors.set(name, tensor);
  return {
    id,
    folder,
    config,
    tensors,
    task: taskOf(config, tensors),
    parameterCounts: countParameters(tensors, config.tie_word_embeddings),
    close: () => files.forEach((file) => file.close()),
  };
}

function openWeights(folder: string): SafetensorsFile[] {
  const index = path.join(folder, INDEX);
  if (fs.existsSync(path.join(folder, SINGLE))) return [openSafetensors(path.join(folder, SINGLE))];
  if (!fs.existsSync(index)) {
    throw new CheckpointError(
      `${folder}: neither ${SINGLE} nor ${INDEX} here (found ${fs.readdirSync(folder).join(', ')}). ` +
        "Weights in PyTorch's own format are not read; save them with save_pretrained(..., safe_serialization=True).",
    );
  }
  const map = readWeightIndex(index);
  const files = new Map<string, SafetensorsFile>();
  try {
    for (const [tensor, name] of map) {
      const file = files.get(name) ?? openSafetensors(path.join(folder, name));
      files.set(name, file);
      if (!file.tensors.has(tensor))
        throw new CheckpointError(`${index}: says that ${name} holds "${tensor}", but it does not.`);
    }
  } catch (error) {
    files.forEach((file) => file.close());
    throw error;
  }
  return [...files.values()];
}

/** What a checkpoint was made for, as far as its config.json says so. */
export function configuredTask({ architectures }: BlipConfig): BlipTask | undefined {
  if (architectures.includes('BlipForQuestionAnswering')) return 'visual-question-answering';
  if (architectures.includes('BlipForConditionalGeneration')) return 'image-to-text';
  return architectures.includes('BlipForImageTextRetrieval') ? 'image-text-retrieval' : undefined;
}

function taskOf(config: BlipConfig, tensors: ReadonlyMap<string, CheckpointTensor>): BlipTask {
  const configured = configuredTask(config);
  if (configured !== undefined) return configured;
  const has = (prefix: string): boolean => [...tensors.keys()].some((name) => name.startsWith(prefix));
  if (!has('text_decoder.')) return 'image-text-retrieval';
  return has('text_encoder.') ? 'visual-question-answering' : 'image-to-text';
}

/** Buffers that older checkpoints store and that are no parameters. */
const BUFFER = /\.position_ids$/;
/** Stored twice by some writers where they are tied: the decoder's output weight is its word embedding, its bias the prediction bias. */
const TIED = /\.cls\.predictions\.decoder\.(weight|bias)$/;

function countParameters(
  tensors: ReadonlyMap<string, CheckpointTensor>,
  tied: boolean,
): Partial<Record<BlipPart, number>> {
  const counts: Partial<Record<BlipPart, number>> = {};
  for (const { name, shape } of tensors.values()) {
    if (BUFFER.test(name) || (tied && TIED.test(name))) continue;
    const part =
      (['vision_model', 'text_encoder', 'text_decoder'] as const).find((prefix) => name.startsWith(`${prefix}.`)) ??
      'heads';
    counts[part] = (counts[part] ?? 0) + shape.reduce((product, dim) => product * dim, 1);
  }
  return counts;
}

// Opens a BLIP checkpoint, from a folder or from the Hugging Face hub: its configuration and its tensors, weights still on disk.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkOptions } from '../core/check-options';
import type { ProgressCallback } from '../core/progress';
import { parseBlipConfig, type BlipConfig } from './blip-config';
import { downloadSnapshot } from '../hub/download-snapshot';
import { explainMissingFolder } from '../hub/hub-id';
import type { CheckpointTensor } from './checkpoint-tensor';
import { CheckpointError } from './errors';
import { openSafetensors, type SafetensorsFile } from './open-safetensors';

export interface LoadCheckpointOptions {
  /** The hub's cache folder; else HF_HUB_CACHE, HF_HOME/hub or ~/.cache/huggingface/hub, as Python does. */
  readonly cache_dir?: string;
  /** Branch, tag or commit; `main` by default. */
  readonly revision?: string;
  /** Use only what is in the cache. */
  readonly local_files_only?: boolean;
  readonly progress_callback?: ProgressCallback;
  readonly signal?: AbortSignal;
}

export type BlipTask = 'visual-question-answering' | 'image-to-text' | 'image-text-retrieval';
export type BlipPart = 'vision_model' | 'text_encoder' | 'text_decoder' | 'heads';

export interface BlipCheckpoint {
  /** The hub id or the folder, as it was given. */
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
 * @param idOrFolder a folder with config.json and model.safetensors (or shards with their index), or a hub id
 * @example
 * const checkpoint = await loadCheckpoint('models/blip-scenes');
 * checkpoint.config.vision_config.image_size // 128
 * @throws {CheckpointError | BlipConfigError | SafetensorsError | HubError}
 */
export async function loadCheckpoint(idOrFolder: string, options: LoadCheckpointOptions = {}): Promise<BlipCheckpoint> {
  checkOptions('loadCheckpoint', options, ['cache_dir', 'revision', 'local_files_only', 'progress_callback', 'signal']);
  const folder = fs.existsSync(path.join(idOrFolder, 'config.json'))
    ? idOrFolder
    : await findFolder(idOrFolder, options);
  const configFile = path.join(folder, 'config.json');
  const config = parseBlipConfig(readJSON(configFile), configFile);
  const files = openWeights(folder);
  const tensors = new Map<string, CheckpointTensor>();
  for (const file of files) for (const [name, tensor] of file.tensors) tensors.set(name, tensor);
  return {
    id: idOrFolder,
    folder,
    config,
    tensors,
    task: taskOf(config, tensors),
    parameterCounts: countParameters(tensors, config.tie_word_embeddings),
    close: () => files.forEach((file) => file.close()),
  };
}

async function findFolder(idOrFolder: string, options: LoadCheckpointOptions): Promise<string> {
  if (fs.existsSync(idOrFolder)) {
    const names = fs.statSync(idOrFolder).isDirectory() ? fs.readdirSync(idOrFolder).join(', ') || 'nothing' : 'a file';
    throw new CheckpointError(
      `${idOrFolder}: no config.json here (found ${names}). Expected a checkpoint folder in Hugging Face format.`,
    );
  }
  const problem = explainMissingFolder(idOrFolder);
  if (problem !== undefined) throw new CheckpointError(problem);
  return downloadSnapshot(idOrFolder, options);
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
  const map = parseWeightMap(readJSON(index), index);
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

function parseWeightMap(json: unknown, file: string): Map<string, string> {
  const map = typeof json === 'object' && json !== null && 'weight_map' in json ? json.weight_map : undefined;
  if (typeof map !== 'object' || map === null) throw new CheckpointError(`${file}: "weight_map" is missing.`);
  return new Map(
    Object.entries(map).map(([tensor, shard]: [string, unknown]) => {
      if (typeof shard !== 'string' || !/^[\w-][\w.-]*$/.test(shard))
        throw new CheckpointError(`${file}: shard ${JSON.stringify(shard)} of "${tensor}" is not a plain file name.`);
      return [tensor, shard];
    }),
  );
}

function taskOf(config: BlipConfig, tensors: ReadonlyMap<string, CheckpointTensor>): BlipTask {
  if (config.architectures.includes('BlipForQuestionAnswering')) return 'visual-question-answering';
  if (config.architectures.includes('BlipForConditionalGeneration')) return 'image-to-text';
  if (config.architectures.includes('BlipForImageTextRetrieval')) return 'image-text-retrieval';
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

function readJSON(file: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CheckpointError(
      `${file}: cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

// Opens a BLIP checkpoint, from a folder or from the Hugging Face hub: its configuration and its tensors, weights still
// on disk.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { readJSON } from '../core/read-json';
import type { DownloadOptions } from '../hub';
import { checkConfigSize } from './check-config-size';
import { parseBlipConfig, type BlipConfig } from './blip-config';
import { CONFIG_FILE } from './checkpoint-files';
import type { CheckpointTensor, WeightsFile } from './checkpoint-tensor';
import { CheckpointError } from './errors';
import { explainUnmerged, hasAdapter } from './explain-adapter';
import { findCheckpoint } from './find-checkpoint';
import { openWeights, openWeightsFile } from './open-weights';
import { readOriginal } from './original/read-original';
import { isOriginal } from './original/rename-original';
import { unwrapNames } from './unwrap-names';

/** Options of a download; they do nothing for a folder. */
export type LoadCheckpointOptions = DownloadOptions;

/** `feature-extraction`: a checkpoint of BlipModel, which compares images and texts and has no other head. */
export type BlipTask = 'visual-question-answering' | 'image-to-text' | 'image-text-retrieval' | 'feature-extraction';
export type BlipPart = 'vision_model' | 'text_encoder' | 'text_decoder' | 'text_model' | 'heads';

export interface BlipCheckpoint {
  /** The folder as it was given, or the hub id, with its revision behind an @ unless that is `main`. */
  readonly id: string;
  readonly folder: string;
  readonly task: BlipTask;
  readonly config: BlipConfig;
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  /** Numbers of parameters; a tied weight counts once. */
  readonly parameterCounts: Readonly<Partial<Record<BlipPart, number>>>;
  /**
   * Side files that the folder lacks, or that contradict the weights: their text by their name. Only for checkpoints of
   * the original repository; they go before the folder's files.
   */
  readonly derivedFiles: ReadonlyMap<string, string>;
  close(): void;
}

/**
 * Opens a checkpoint; reads no weights.
 *
 * Weights may be safetensors or files of PyTorch (`pytorch_model.bin`), whole or in shards; safetensors go first where
 * both are there.
 * Those of the original repository (`model_base_vqa_capfilt_large.pth`, `model_base_retrieval_coco.pth`, …) are given
 * by their path:
 * they hold everything but the tokenizer, so put bert-base-uncased's vocab.txt (or the tokenizer.json of a checkpoint
 * on the hub) beside.
 *
 * Of a checkpoint on the hub the side files are fetched and checked first: what is wrong with them is told before its
 * weights are fetched.
 *
 * @param source a folder with config.json and weights; a file of weights, with config.json beside it unless it is of
 *   the original repository; or a hub id, with its revision behind an @ if need be
 *   (`Salesforce/blip-image-captioning-base@refs/pr/7`); else the environment variable BLIP_REVISION names it, or
 *   `main`
 * @example
 * const checkpoint = await loadCheckpoint('models/blip-scenes');
 * checkpoint.config.vision_config.image_size // 128
 * @throws {CheckpointError | BlipConfigError | SafetensorsError | PyTorchFileError | HubError}
 */
export async function loadCheckpoint(source: string, options: LoadCheckpointOptions = {}): Promise<BlipCheckpoint> {
  checkOptions('loadCheckpoint', options, ['cache_dir', 'revision', 'local_files_only', 'progress_callback', 'signal']);
  checkArguments('loadCheckpoint', { source: [source, 'path'] });
  const { folder, file, id } = await findCheckpoint(source, options);
  // Before the weights are opened: a configuration that cannot be used is the shorter message.
  const configFile = path.join(folder, CONFIG_FILE);
  const written = fs.existsSync(configFile)
    ? parseBlipConfig(readJSON(configFile, { error: CheckpointError }), configFile)
    : undefined;
  const weights = file === undefined ? openWeights(folder) : openWeightsFile(file);
  try {
    const described = describeWeights(weights, folder, written);
    return {
      id,
      folder,
      ...described,
      task: taskOf(described.config, described.tensors),
      parameterCounts: countParameters(described.tensors, described.config.tie_word_embeddings),
      close: weights.close,
    };
  } catch (error) {
    weights.close();
    throw error;
  }
}

function describeWeights(
  weights: WeightsFile,
  folder: string,
  config: BlipConfig | undefined,
): Pick<BlipCheckpoint, 'tensors' | 'config' | 'derivedFiles'> {
  if (hasAdapter(weights.tensors.keys())) throw new CheckpointError(explainUnmerged(weights.path));
  const tensors = unwrapNames(weights.tensors);
  if (isOriginal(tensors)) return readOriginal(tensors, folder, weights.path);
  if (config) {
    checkConfigSize(config, tensors, path.join(folder, CONFIG_FILE));
    return { tensors, config, derivedFiles: new Map() };
  }
  throw new CheckpointError(
    `${weights.path}: there is no ${CONFIG_FILE} beside it (${folder}). Copy it from the checkpoint that these ` +
      'weights are from, ' +
      'with preprocessor_config.json and tokenizer.json or vocab.txt.',
  );
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
  if (!has('text_decoder.')) return has('text_model.') ? 'feature-extraction' : 'image-text-retrieval';
  return has('text_encoder.') ? 'visual-question-answering' : 'image-to-text';
}

/** Buffers that older checkpoints store and that are no parameters. */
const BUFFER = /\.position_ids$/;
/**
 * Stored twice by some writers where they are tied: the decoder's output weight is its word embedding, its bias the
 * prediction bias.
 */
const TIED = /\.cls\.predictions\.decoder\.(weight|bias)$/;

function countParameters(
  tensors: ReadonlyMap<string, CheckpointTensor>,
  tied: boolean,
): Partial<Record<BlipPart, number>> {
  const counts: Partial<Record<BlipPart, number>> = {};
  for (const { name, shape } of tensors.values()) {
    if (BUFFER.test(name) || (tied && TIED.test(name))) continue;
    const part =
      (['vision_model', 'text_encoder', 'text_decoder', 'text_model'] as const).find((prefix) =>
        name.startsWith(`${prefix}.`),
      ) ?? 'heads';
    counts[part] = (counts[part] ?? 0) + shape.reduce((product, dim) => product * dim, 1);
  }
  return counts;
}

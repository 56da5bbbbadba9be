// Opens a checkpoint's weights: of the files in a folder the preferred one, or its shards; or one file that the caller
// names.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { quote } from '../core/quote';
import { WEIGHT_FILES, type WeightFile } from './checkpoint-files';
import type { CheckpointTensor, WeightsFile } from './checkpoint-tensor';
import { CheckpointError } from './errors';
import { explainAdapter } from './explain-adapter';
import { openSafetensors } from './open-safetensors';
import { openPyTorchFile } from './pytorch/open-pytorch-file';
import { readWeightIndex } from './weight-index';

/** How files of weights end, and what they are then. */
const FORMATS: Readonly<Record<string, WeightFile['format']>> = {
  '.safetensors': 'safetensors',
  '.bin': 'pytorch',
  '.pth': 'pytorch',
  '.pt': 'pytorch',
  '.ckpt': 'pytorch',
};

/** Whether a name ends as those of files of weights do. */
export function isWeightsName(name: string): boolean {
  return path.extname(name) in FORMATS;
}

/**
 * @param folder safetensors go before PyTorch's files, one file before shards (WEIGHT_FILES)
 * @throws {CheckpointError | SafetensorsError | PyTorchFileError}
 */
export function openWeights(folder: string): WeightsFile {
  const found = WEIGHT_FILES.find(({ name }) => fs.existsSync(path.join(folder, name)));
  if (!found) throw new CheckpointError(explainMissing(folder));
  const file = path.join(folder, found.name);
  return found.sharded ? openShards(file, found.format) : open(file, found.format);
}

/** @throws {CheckpointError | SafetensorsError | PyTorchFileError} */
export function openWeightsFile(file: string): WeightsFile {
  const format = FORMATS[path.extname(file)];
  if (!format)
    throw new CheckpointError(
      `${file}: a file of weights ends in ${Object.keys(FORMATS).join(', ')}. Name such a file, or the folder of ` +
        'a checkpoint.',
    );
  return open(file, format);
}

function open(file: string, format: WeightFile['format']): WeightsFile {
  return format === 'safetensors' ? openSafetensors(file) : openPyTorchFile(file);
}

/** Weights in formats that are not read, and how they become weights that are. */
const OTHER_FORMATS: readonly (readonly [RegExp, string])[] = [
  [
    /\.h5$/,
    "holds TensorFlow's weights, which are not read. Save them for PyTorch, in Python with transformers 4: " +
      'from_pretrained(folder, from_tf=True).save_pretrained(folder).',
  ],
  [
    /\.msgpack$/,
    "holds Flax's weights, which are not read. Save them for PyTorch, in Python with transformers 4: " +
      'from_pretrained(folder, from_flax=True).save_pretrained(folder).',
  ],
  [/\.(onnx|gguf)$/, 'is of a format that is not read. Take the checkpoint that it was made from.'],
];

function explainMissing(folder: string): string {
  const adapter = explainAdapter(folder);
  if (adapter !== undefined) return adapter;
  const names = fs.readdirSync(folder);
  const others = names.filter(isWeightsName);
  const foreign = names.flatMap((name) =>
    OTHER_FORMATS.flatMap(([pattern, advice]) => (pattern.test(name) ? `${name} ${advice}` : [])),
  );
  return (
    `${folder}: none of ${WEIGHT_FILES.map(({ name }) => name).join(', ')} is here (found ` +
    `${names.join(', ') || 'nothing'}). ` +
    (others.length > 0
      ? `To load another file of weights, name it: ${path.join(folder, others[0])}.`
      : (foreign[0] ?? 'Put the weights beside config.json.'))
  );
}

/**
 * Buffers, and both names of the decoder's tied matrix and bias: tools that drop the second copy leave it in the index.
 * Where neither is stored, the conversion says so.
 */
const MAY_BE_LEFT_OUT =
  /\.(?:position_ids|word_embeddings\.weight|cls\.predictions\.(?:bias|decoder\.weight|decoder\.bias))$/;

/** An index says which shard holds which tensor; what else the shards hold comes along. */
function openShards(index: string, format: WeightFile['format']): WeightsFile {
  const map = readWeightIndex(index);
  const files = new Map<string, WeightsFile>();
  const tensors = new Map<string, CheckpointTensor>();
  const close = (): void => files.forEach((file) => file.close());
  try {
    for (const [name, shard] of map) {
      const file = files.get(shard) ?? open(path.join(path.dirname(index), shard), format);
      files.set(shard, file);
      const tensor = file.tensors.get(name);
      if (!tensor && MAY_BE_LEFT_OUT.test(name)) continue;
      if (!tensor) throw new CheckpointError(`${index}: says that ${shard} holds ${quote(name)}, but it does not.`);
      tensors.set(name, tensor);
    }
    for (const file of files.values())
      for (const [name, tensor] of file.tensors) if (!tensors.has(name)) tensors.set(name, tensor);
  } catch (error) {
    close();
    throw error;
  }
  return { path: index, tensors, close };
}

// Features of images for folders, lists, tables and archives of images, in a table: what is searched and compared with.
import * as path from 'node:path';
import { BatchError } from './batch-error';
import { checkBatchOptions, type BatchOptions } from './batch-options';
import type { BatchSummary } from './batch-summary';
import { checkInputs, type BatchInputs } from './check-inputs';
import { loadMatcher } from './load-batch-model';
import { runTable } from './run-locked';

/** There is nothing to generate. */
export type EmbedFolderOptions = Omit<BatchOptions, 'generation' | 'output'> & { readonly output: string };

/**
 * The contrastive features (`image_embeds`) of all images, in a table with one row per image: `image`, `features`,
 * `time`, `model`, `sha256`. Features are a list of f32 (256 numbers of the published checkpoints), of length 1: the
 * dot product of two rows is their cosine. For checkpoints of image-text retrieval and BlipModel.
 *
 * Bad images, later calls, shards and what a call does when it is stopped are as for captionFolder.
 *
 * @param inputs as for captionFolder
 * @param options `output`, `.jsonl` or `.parquet`, is needed
 * @throws {BatchError} when a stream cannot be read or the output cannot be written; what is done is kept
 * @throws {BlipModelError} when the model has no features
 * @throws the signal's reason when aborted
 * @example
 * await embedFolder('photos', { model: 'models/blip-scenes-itm', output: 'features.parquet' });
 * // Python: np.stack(pyarrow.parquet.read_table('features.parquet')['features'].to_numpy())
 */
export async function embedFolder(inputs: BatchInputs, options: EmbedFolderOptions): Promise<BatchSummary> {
  checkBatchOptions('embedFolder', options);
  const list = checkInputs('embedFolder', inputs);
  const { output } = options;
  if ('generation' in options) throw new BatchError('embedFolder: "generation" is for texts; features have none.');
  if (output === undefined || path.extname(output).toLowerCase() === '.csv')
    throw new BatchError(
      `embedFolder: option "output" is ${output === undefined ? 'missing' : JSON.stringify(output)}; expected a ` +
        'table that holds lists of numbers, such as "features.parquet" or "features.jsonl".',
    );
  return runTable({ inputs: list, options, features: true }, output, () => loadMatcher(options));
}

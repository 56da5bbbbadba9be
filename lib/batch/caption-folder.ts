// Captions, or answers, for folders, lists, tables and archives of images: a batch that goes on where it was stopped.
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import { describeValue } from '../core/describe-value';
import { BatchError } from './batch-error';
import {
  CAPTION_FILE_OPTIONS,
  checkBatchOptions,
  checkCaptionOptions,
  type AskFolderOptions,
  type CaptionFolderOptions,
} from './batch-options';
import type { BatchSummary } from './batch-summary';
import { CaptionFiles } from './caption-files';
import { isFolder } from './input-kinds';
import { checkInputs, type BatchInputs } from './check-inputs';
import { loadWriter } from './load-batch-model';
import { runBatch } from './run-batch';
import { runLocked, runTable } from './run-locked';
import { shardName, type Shard } from './shard';

/** Beside the images, what is done is written down here. */
const FOLDER_JOURNAL = '.blip-captions.jsonl';

/**
 * Captions for all images of a folder and the folders in it, of a pattern, or of a `.jsonl`, `.csv`, `.parquet` or
 * `.tar` file.
 *
 * Without `output`, for folders only, each caption is written beside its image: `beach.jpg`, `beach.txt`. A caption
 * file that is not of an earlier call is left as it is, unless `overwrite` or `append` is given. With `output` all
 * captions go into one table, with `image`, `caption`, `score` (probability of the whole text), `time`, `model`,
 * `sha256`.
 *
 * An image, a table or an archive that cannot be read is a failure of its own and stops nothing. A later call with the
 * same arguments does what is missing: images that are new, that changed, or that failed. What was done with another
 * model or other options is done again. Decoding, vision model, decoder and writing work at the same time.
 *
 * @param inputs a path or pattern, a stream of paths (one a line, or with a null character behind each), or a list
 * @throws {BatchError} when a stream cannot be read or the output cannot be written; what is done is kept
 * @throws whatever OVBlipModel.fromPretrained throws; the signal's reason when aborted
 * @example
 * const { done, failures } = await captionFolder('photos', { model: 'models/blip-scenes' });
 * console.log(done, failures); // 8 []
 * @example
 * await captionFolder(['photos', 'scans/*.tif'], { model: 'models/blip-scenes', output: 'captions.jsonl' });
 */
export async function captionFolder(inputs: BatchInputs, options: CaptionFolderOptions): Promise<BatchSummary> {
  checkBatchOptions('captionFolder', options, ['prompt', ...CAPTION_FILE_OPTIONS]);
  checkCaptionOptions('captionFolder', options);
  const list = checkInputs('captionFolder', inputs);
  const { output, prompt } = options;
  if (output !== undefined) return runTable({ inputs: list, options, prompt }, output, () => loadWriter(options));
  const folder = list[0];
  if (list.length !== 1 || typeof folder !== 'string' || !isFolder(folder)) {
    const got = list.map((each) => (typeof each === 'string' ? describeValue(each) : 'a stream')).slice(0, 5);
    throw new BatchError(
      `captionFolder: captions are written beside the images of one folder; got ${got.join(', ')}. Name one folder ` +
        'that is there, or a table: output: "captions.jsonl".',
    );
  }
  const files = new CaptionFiles(options);
  const beside = { files, folder, overwrite: options.overwrite === true, append: options.append === true };
  const place = { options, file: folderJournal(folder, options.shard), load: () => loadWriter(options) };
  return runLocked(place, (journal, loaded, guard) =>
    runBatch({ inputs: list, options, prompt, beside, journal, output: folder }, loaded, guard),
  );
}

/**
 * Answers to questions about each image, in a table with one row per image and question.
 *
 * @param inputs as for captionFolder
 * @param questions about every image; none where `question_column` names a column with questions of each image's own
 * @param options `output` is needed
 * @throws as captionFolder does
 * @example
 * await askFolder('photos', ['how many dogs are there?'], { model: 'models/blip-scenes', output: 'answers.csv' });
 * @example
 * // vqa.jsonl: {"image": "1.jpg", "question": "is it day or night?"}
 * const options = { model: 'models/blip-scenes', question_column: 'question', output: 'answers.jsonl' };
 * await askFolder('vqa.jsonl', [], options);
 */
export async function askFolder(
  inputs: BatchInputs,
  questions: readonly string[],
  options: AskFolderOptions,
): Promise<BatchSummary> {
  checkArguments('askFolder', { questions: [questions, 'texts'] });
  checkBatchOptions('askFolder', options, ['question_column']);
  const list = checkInputs('askFolder', inputs);
  const isNone = questions.length === 0 && options.question_column === undefined;
  if (isNone || questions.some((question) => question.trim() === ''))
    throw new BatchError(
      'askFolder: a question is empty, or none is given; expected a list such as ["how many dogs are there?"], or ' +
        'option "question_column".',
    );
  if (new Set(questions).size < questions.length) throw new BatchError('askFolder: a question is given twice.');
  if (options.output === undefined)
    throw new BatchError('askFolder: option "output" is missing; expected a table, such as "answers.jsonl".');
  return runTable({ inputs: list, options, questions }, options.output, () => loadWriter(options));
}

function folderJournal(folder: string, shard: Shard | undefined): string {
  const file = path.join(folder, FOLDER_JOURNAL);
  return shard ? shardName(file, shard) : file;
}

// Verifies that a checkpoint works here: its files, its weights, its conversion, and its output compared with published
// values.
import * as fs from 'node:fs';
import * as path from 'node:path';
import {
  findCheckpoint,
  loadCheckpoint,
  SIDE_FILES,
  WEIGHT_FILES,
  type BlipTask,
  type LoadCheckpointOptions,
} from '../checkpoint';
import { checkTensors, CheckpointTensorsError } from '../convert/expected-tensors';
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import { BlipError } from '../core/errors';
import { convertOnce } from '../convert';
import type { ImageSource } from '../preprocessing';
import { checkCases } from './check-cases';
import { PUBLISHED_PICTURE, PUBLISHED_RESULTS, publishedId, USUAL_CASES } from './published-results';
import { runPublishedCases } from './run-published-cases';
import type { VerifyOptions } from './verify-options';
import { isModelFolder, verifyFolder } from './verify-folder';
import { verifyQuantized } from './verify-quantized';
import { megabytes, sizeRows, timeRow, type VerifyRow } from './verify-rows';

/** PyTorch's arithmetic: published ids were computed in it. */
const F32 = { INFERENCE_PRECISION_HINT: 'f32', KV_CACHE_PRECISION: 'f32' };
const DEFAULT_RUNS = 5;
const KEY_SET = 'key set and shapes';
const HALF_PRECISION =
  'differs: in half precision another word may be most likely where two are almost equal; no failure';
const OPTIONS = ['device', 'picture', 'expected', 'int8', 'quantize', 'runs'] as const;
const SOURCE_OPTIONS = ['cache_dir', 'revision', 'local_files_only', 'progress_callback', 'signal'] as const;

/**
 * Verifies step by step; each row comes as soon as it is known. An error of the library becomes a row with `FAIL` and
 * ends the steps that depend on it; only an abort and unforeseen errors are thrown. Weights are FP16, computed in f32
 * for the comparison of ids.
 *
 * @param idOrFolder a hub id, a checkpoint folder, or a file of weights. A folder that is named after a published
 *   checkpoint is compared with that one's values. Of a folder of converted models, every file is compared with the
 *   manifest
 * @example
 * for await (const { status, check, got } of verifyCheckpoint('Salesforce/blip-vqa-base'))
 *   console.log(status, check, got);
 * // pass side files config.json, preprocessor_config.json, …
 * // pass answer: "how many dogs are in the picture?" (FP16 weights, f32) "1" [30522, 1015, 102]
 */
export async function* verifyCheckpoint(
  idOrFolder: string,
  options: VerifyOptions = {},
): AsyncGenerator<VerifyRow, void, undefined> {
  checkArguments('verifyCheckpoint', { idOrFolder: [idOrFolder, 'path'] });
  checkOptions('verifyCheckpoint', options, [...OPTIONS, ...SOURCE_OPTIONS]);
  const row = (check: string, status: VerifyRow['status'], more: Partial<VerifyRow> = {}): VerifyRow => ({
    checkpoint: idOrFolder,
    check,
    status,
    ...more,
  });
  let step = 'side files';
  try {
    const source = sourceOf(options);
    if (isModelFolder(idOrFolder)) {
      step = 'files and digests';
      const { progress_callback, signal } = options;
      yield* verifyFolder(row, idOrFolder, { progress_callback, signal });
      return;
    }
    yield row(step, 'pass', { got: await checkedSideFiles(idOrFolder, source) });
    step = 'weights';
    const { task, ...weights } = await checkedWeights(idOrFolder, source);
    yield row(step, 'pass', { got: weights.file });
    yield row(KEY_SET, 'pass', { got: weights.tensors });
    step = 'conversion to FP16';
    const started = performance.now();
    const folder = await convertOnce(idOrFolder, { ...source, dtype: 'fp16' });
    yield row(step, 'pass', { got: `${((performance.now() - started) / 1000).toFixed(1)} s, ${folder}` });
    const published = options.expected ?? PUBLISHED_RESULTS[publishedId(idOrFolder) ?? ''];
    const results = published ?? { cases: USUAL_CASES[task] };
    yield* sizeRows(row, folder, 'fp16', results);

    step = 'picture';
    const { picture, problem } = await findPicture(options);
    if (picture === undefined) {
      for (const { title } of checkCases(results.cases, [], 'FP16 weights, f32'))
        yield row(title, 'not checked', { note: problem, incomplete: true });
      return;
    }
    step = 'inference in f32';
    const { device = 'CPU', runs = DEFAULT_RUNS, signal } = options;
    const exact = await runPublishedCases(folder, results.cases, picture, { device, properties: F32, signal });
    for (const { title, ...checked } of checkCases(results.cases, exact.cases, 'FP16 weights, f32'))
      yield row(title, checked.status, checked);

    step = 'inference in the precision of the device';
    const usual = await runPublishedCases(folder, results.cases, picture, { device, runs, signal });
    const how = usual.precision === 'unknown' ? `precision of ${device}` : usual.precision;
    for (const { title, status, ...checked } of checkCases(results.cases, usual.cases, `FP16 weights, ${how}`))
      yield status === 'FAIL' ? row(title, 'info', { ...checked, note: HALF_PRECISION }) : row(title, status, checked);
    for (const { case: each, milliseconds } of usual.cases)
      if (milliseconds !== undefined) yield timeRow(row, each, `FP16 weights, ${how}`, milliseconds, results.times);
    step = 'INT8';
    yield* verifyQuantized(row, { idOrFolder, source, folder, results, picture, reference: exact.cases, options });
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof BlipError)) throw error;
    yield row(error instanceof CheckpointTensorsError ? KEY_SET : step, 'FAIL', { note: error.message });
  }
}

function sourceOf(options: VerifyOptions): LoadCheckpointOptions {
  const { cache_dir, revision, local_files_only, progress_callback, signal } = options;
  return { cache_dir, revision, local_files_only, progress_callback, signal };
}

/**
 * Finding a checkpoint on the hub checks its side files; those of a folder are checked when its processor is loaded.
 */
async function checkedSideFiles(idOrFolder: string, source: LoadCheckpointOptions): Promise<string> {
  const { BlipProcessor } = await import('../preprocessing');
  await BlipProcessor.fromPretrained(idOrFolder, source);
  const { folder, file } = await findCheckpoint(idOrFolder, source, { weights: false });
  const names = SIDE_FILES.map(({ name }) => name).filter((name) => fs.existsSync(path.join(folder, name)));
  return names.join(', ') || `none beside ${file}`;
}

async function checkedWeights(
  idOrFolder: string,
  source: LoadCheckpointOptions,
): Promise<{ task: BlipTask; file: string; tensors: string }> {
  const checkpoint = await loadCheckpoint(idOrFolder, source);
  try {
    checkTensors(checkpoint);
    const { task, tensors, parameterCounts } = checkpoint;
    const dtypes = new Set([...tensors.values()].map(({ dtype }) => dtype));
    const counts = Object.entries(parameterCounts).map(([part, count]) => `${part} ${count.toLocaleString('en')}`);
    return {
      task,
      file: `${await weightsFile(idOrFolder, source)}, ${task}, ${[...dtypes].join(' and ')}`,
      tensors: `${tensors.size} tensors, parameters: ${counts.join(', ')}`,
    };
  } finally {
    checkpoint.close();
  }
}

/** The name and size of the file, or index, that the weights are read from. */
async function weightsFile(idOrFolder: string, source: LoadCheckpointOptions): Promise<string> {
  const { folder, file } = await findCheckpoint(idOrFolder, source, { weights: false });
  const names = file === undefined ? WEIGHT_FILES.map(({ name }) => path.join(folder, name)) : [file];
  const found = names.find((name) => fs.existsSync(name));
  return found === undefined ? 'weights' : `${path.basename(found)} (${megabytes(fs.statSync(found).size)})`;
}

async function findPicture({ picture, signal }: VerifyOptions): Promise<{ picture?: ImageSource; problem?: string }> {
  if (picture === false) return { problem: 'no picture: none was to be used' };
  const named = picture ?? (process.env.BLIP_PICTURE || undefined);
  if (named !== undefined) return { picture: named };
  try {
    const { cachedImage } = await import('../preprocessing');
    return { picture: await cachedImage(PUBLISHED_PICTURE, { signal }) };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof BlipError)) throw error;
    return { problem: `no picture: ${error.message} BLIP_PICTURE names a copy of it.` };
  }
}

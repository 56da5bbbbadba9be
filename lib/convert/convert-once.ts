// A checkpoint as a folder of OpenVINO models, converted at the first use and kept in the cache: the step between a
// name and a loaded model.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { statOrNothing } from '../core/is-plain-file';
import { checkArguments } from '../core/check-arguments';
import {
  configuredTask,
  CONFIG_FILE,
  findCheckpoint,
  loadCheckpoint,
  parseBlipConfig,
  type BlipCheckpoint,
  type BlipTask,
  type FoundCheckpoint,
  type LoadCheckpointOptions,
} from '../checkpoint';
import { convertBlip } from './convert-blip';
import { cacheFolder } from '../core/cache-folder';
import { checkOptions } from '../core/check-options';
import { BlipError } from '../core/errors';
import { ConvertWriteError } from '../core/explain-write-error';
import { describeValue } from '../core/describe-value';
import { readJSON } from '../core/read-json';
import { withCallbacks } from '../core/with-callbacks';
import { untilAborted } from '../core/until-aborted';
import { withLock } from '../core/with-lock';
import { splitRevision } from '../hub';
import { checkOutputAttentions } from './check-output-attentions';
import { checkpointIdentity } from './checkpoint-identity';
import { converterDigest } from './converter-digest';
import { hasAttentions } from '../model-folder/has-attentions';
import { checkNamesAndSizes } from '../model-folder/check-folder';
import { MANIFEST_FILE, readManifest } from '../model-folder/manifest';
import { modelDtype, DTYPES, type Dtype } from '../model-folder/model-dtype';
import { modelName } from '../model-folder/model-name';

/** A model in the wanted precision is not there, or cannot be kept in the cache. */
export class ConvertOnceError extends BlipError {}

export interface ConvertOnceOptions extends LoadCheckpointOptions {
  /**
   * Precision of the weights: `fp16` by default. `int8` is what `quantizeBlip` made: see {@link modelCacheFolder}.
   * The device computes in a precision of its own choice: property INFERENCE_PRECISION_HINT.
   */
  readonly dtype?: Dtype;
  /**
   * A model whose attention can be read by {@link traceCaption} and {@link traceAnswer}; false by default. It is kept
   * beside the one without.
   */
  readonly output_attentions?: boolean;
}

/** Names of {@link ConvertOnceOptions}, for those who pass them on. */
export const CONVERT_ONCE_OPTIONS = [
  'dtype',
  'output_attentions',
  'cache_dir',
  'revision',
  'local_files_only',
  'progress_callback',
  'signal',
] as const satisfies readonly (keyof ConvertOnceOptions)[];

/** Of a model folder: the graph that every task needs. */
const VISION_MODEL = 'blip_vision_model.xml';
/** Conversions by other versions of this library are removed when nobody used them for this long. */
const UNUSED_MS = 30 * 24 * 3_600_000;

/**
 * The folder of OpenVINO models for a checkpoint. Converts at the first call, and again only when the checkpoint, the
 * converter, `dtype` or `output_attentions` is another; a folder that `convertBlip` or `quantizeBlip` wrote is returned
 * as it is. The cache is `models` below `cacheFolder()`: a conversion appears there whole or not at all, and of several
 * processes one converts. A checkpoint on the hub is known by its commit: once it is converted, its weights are not
 * needed any more.
 *
 * @param idOrFolder a hub id, a checkpoint folder, a file of weights, or a folder of converted models
 * @param check called with what the checkpoint was made for, before its weights are fetched if its config.json says so;
 *   throws to stop
 * @example
 * await convertOnce('Salesforce/blip-vqa-base') // '/home/ada/.cache/blip-openvino/models/blip-vqa-base/fp16-…'
 * @throws {ConvertOnceError} when `dtype` does not fit, or the cache cannot be written
 * @throws whatever loadCheckpoint and convertBlip throw
 */
export async function convertOnce(
  idOrFolder: string,
  options: ConvertOnceOptions = {},
  check: (checkpoint: { readonly id: string; readonly task: BlipTask }) => void | Promise<void> = () => undefined,
): Promise<string> {
  checkArguments('convertOnce', { idOrFolder: [idOrFolder, 'path'] });
  checkOptions('convertOnce', options, CONVERT_ONCE_OPTIONS);
  const { dtype, output_attentions, ...source } = options;
  checkDtypeName(dtype);
  checkOutputAttentions('convertOnce', output_attentions);
  if (typeof idOrFolder !== 'string')
    throw new ConvertOnceError(
      `The checkpoint is ${describeValue(idOrFolder)}; expected a hub id such as Salesforce/blip-vqa-base, or a ` +
        'folder.',
    );
  const { signal } = options;
  signal?.throwIfAborted();
  if (fs.existsSync(path.join(idOrFolder, VISION_MODEL))) {
    if (dtype !== undefined) await checkDtype(idOrFolder, dtype);
    if (output_attentions) checkAttentions(idOrFolder);
    return idOrFolder;
  }
  const found = await findCheckpoint(idOrFolder, source, { weights: false });
  const configFile = path.join(found.folder, CONFIG_FILE);
  const task = fs.existsSync(configFile)
    ? configuredTask(parseBlipConfig(readJSON(configFile), configFile))
    : undefined;
  if (task !== undefined) await untilAborted(Promise.resolve(check({ id: found.id, task })), signal);
  const folder = await folderOf(found, options);
  if (dtype === 'int8') return findQuantized(found, folder, output_attentions);
  if (isComplete(folder)) return folder;
  const checkpoint = await loadCheckpoint(idOrFolder, source);
  try {
    await untilAborted(Promise.resolve(check(checkpoint)), signal);
    return await convertIntoCache(folder, checkpoint, options);
  } finally {
    checkpoint.close();
  }
}

/**
 * Where {@link convertOnce} keeps a checkpoint's model, whether it is there or not. Write an INT8 model to it, and
 * `dtype: 'int8'` finds it.
 *
 * @example
 * const int8 = await modelCacheFolder('Salesforce/blip-vqa-base', { dtype: 'int8' });
 * await quantizeBlip(await convertOnce('Salesforce/blip-vqa-base'), samples, int8);
 * await pipeline('visual-question-answering', 'Salesforce/blip-vqa-base', { dtype: 'int8' });
 */
export async function modelCacheFolder(idOrFolder: string, options: ConvertOnceOptions = {}): Promise<string> {
  checkArguments('modelCacheFolder', { idOrFolder: [idOrFolder, 'path'] });
  checkOptions('modelCacheFolder', options, CONVERT_ONCE_OPTIONS);
  const { dtype, output_attentions, ...source } = options;
  checkDtypeName(dtype);
  checkOutputAttentions('modelCacheFolder', output_attentions);
  return folderOf(await findCheckpoint(idOrFolder, source, { weights: false }), options);
}

function checkDtypeName(dtype: Dtype | undefined): void {
  if (dtype !== undefined && !DTYPES.includes(dtype))
    throw new ConvertOnceError(`dtype is ${describeValue(dtype)}; expected one of ${DTYPES.join(', ')}.`);
}

async function checkDtype(folder: string, wanted: Dtype): Promise<void> {
  const found = await modelDtype(folder);
  if (found !== wanted)
    throw new ConvertOnceError(
      `${folder}: its models are ${found}, but dtype is "${wanted}". Leave dtype out to take them as they are, ` +
        'or name ' +
        (wanted === 'int8' ? 'a folder that quantizeBlip wrote.' : 'the checkpoint that they were made of.'),
    );
}

function checkAttentions(folder: string): void {
  if (!hasAttentions(folder))
    throw new ConvertOnceError(
      `${folder}: its models do not put out what they attend to, but output_attentions is true. Convert the ` +
        'checkpoint again: convertBlip(checkpoint, folder, { output_attentions: true }), or name the checkpoint here.',
    );
}

async function folderOf(
  found: FoundCheckpoint,
  { dtype = 'fp16', output_attentions = false }: ConvertOnceOptions,
): Promise<string> {
  const kind = output_attentions ? `${dtype}+attentions` : dtype;
  const key = `${kind}-${await checkpointIdentity(found)}-${converterDigest()}`;
  return path.join(cacheFolder(), 'models', modelName(splitRevision(found.id).id), key);
}

async function convertIntoCache(
  folder: string,
  checkpoint: BlipCheckpoint,
  options: ConvertOnceOptions,
): Promise<string> {
  const { signal, progress_callback } = options;
  try {
    await withCallbacks(signal, (guard) => {
      const report = guard(progress_callback);
      return withLock(`${folder}.lock`, () => convertInto(folder, checkpoint, options), {
        signal,
        onWait: () => report({ status: 'waiting for another process that converts', file: checkpoint.id }),
      });
    });
  } catch (error) {
    if (signal?.aborted || !isWriteError(error)) throw error;
    throw new ConvertOnceError(
      `${error.message.replace(/\.?$/, '.')} The model is kept in the cache for the next time: BLIP_CACHE names ` +
        'another folder for it.',
      { cause: error },
    );
  }
  await removeUnused(folder);
  return folder;
}

async function convertInto(folder: string, checkpoint: BlipCheckpoint, options: ConvertOnceOptions): Promise<void> {
  if (isComplete(folder)) return; // another process was faster
  const { dtype, output_attentions, signal, progress_callback } = options;
  await convertBlip(checkpoint, folder, {
    compress_to_fp16: dtype !== 'fp32',
    output_attentions,
    signal,
    progress_callback,
  });
}

/** Whether all that was written is still there. Notes the time, so that what is used is kept. */
function isComplete(folder: string): boolean {
  try {
    const manifest = readManifest(folder);
    if (!manifest) return false;
    checkNamesAndSizes(folder, manifest);
  } catch {
    return false;
  }
  const file = path.join(folder, MANIFEST_FILE);
  const now = new Date();
  // Not so where a cache is shared and must not be written: then its owner looks after it
  fs.utimes(file, now, now, () => undefined);
  return true;
}

/** The disk is full, or the cache must not be written. */
function isWriteError(error: unknown): error is Error {
  return error instanceof ConvertWriteError || (error instanceof Error && 'syscall' in error);
}

function findQuantized({ id }: FoundCheckpoint, folder: string, output_attentions = false): string {
  if (fs.existsSync(path.join(folder, VISION_MODEL))) {
    if (output_attentions) checkAttentions(folder);
    return folder;
  }
  const source = `${JSON.stringify(id)}${output_attentions ? ', { output_attentions: true }' : ''}`;
  throw new ConvertOnceError(
    `${id}: no INT8 model was made of it. INT8 needs samples to calibrate with: ` +
      `quantizeBlip(await convertOnce(${source}), samples, ${JSON.stringify(folder)}) makes one, and ` +
      'this call finds it there.',
  );
}

/** Conversions of the same checkpoint by other versions of the converter. */
async function removeUnused(folder: string): Promise<void> {
  const prefix = path.basename(folder).replace(/-[^-]*$/, '-');
  for (const name of fs.readdirSync(path.dirname(folder))) {
    const other = path.join(path.dirname(folder), name);
    if (other === folder || !name.startsWith(prefix)) continue;
    const used = statOrNothing(path.join(other, MANIFEST_FILE))?.mtimeMs;
    if (used === undefined || Date.now() - used < UNUSED_MS) continue;
    await fs.promises.rm(other, { recursive: true, force: true }).catch(() => undefined);
  }
}

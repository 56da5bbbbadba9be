// Makes the INT8 version of a converted BLIP folder: computes NNCF's inputs with this project's own pipeline, runs
// NNCF. Vision model and text encoder are quantized with calibration; of the decoder the weights alone are compressed,
// because quantizing its activations too costs many correct answers (the original tutorial found the same). So it is
// for text features: one short text a search is no work, and their weights double the folder.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkArguments } from '../core/check-arguments';
import type { VqaSample } from '../datasets/vqa-sample';
import { copyCompanions } from '../model-folder/copy-companions';
import { explainWriteError } from '../core/explain-write-error';
import { withInterrupt } from '../core/interrupt-signal';
import { ownVersion } from '../core/own-version';
import { reportProgress } from '../core/progress';
import { watchFolder } from '../model-folder/load-unchanged';
import { readManifest, type ModelOrigin } from '../model-folder/manifest';
import { modelName } from '../model-folder/model-name';
import { stageModel } from '../model-folder/stage-model';
import { calibrate, NO_CALIBRATION, type Calibration, type CalibrationReport } from './calibrate';
import { irStatistics, type IrStatistics } from '../ir/ir-statistics';
import type { CompressParameters, NncfResult, NncfTask, NncfVersions } from './nncf-task';
import { runNncfWorker } from './nncf-worker';
import { checkQuantizeOptions, PARTS, QuantizeError, type PartName, type QuantizeOptions } from './quantize-options';

export interface QuantizedPart {
  readonly xml: string;
  readonly before: IrStatistics;
  readonly after: IrStatistics;
  /** Size of the .bin before through after. */
  readonly ratio: number;
  readonly nncf: NncfResult;
}

export interface QuantizedBlip {
  readonly folder: string;
  readonly parts: Readonly<Partial<Record<PartName, QuantizedPart>>>;
  readonly calibration: CalibrationReport;
  readonly milliseconds: number;
}

/** NNCF's usual group for 4-bit weights is 128; smaller models have rows of 192 and less, which 64 divides. */
const INT4_GROUP_SIZE = 64;

/**
 * Writes the same folder again with INT8 models, so that `OVBlipModel.load(outputFolder)` works alone.
 * Everything is made in a staging folder and moved at the end: an error, a cancel and Ctrl-C leave the output as it
 * was. The same input gives byte-equal files on the same kind of processor.
 *
 * @param folder what `convertBlip` wrote
 * @param samples calibration images with questions; each image is encoded once, in any order
 * @example
 * const int8 = await quantizeBlip('output/blip-scenes/fp16', samples, 'output/blip-scenes/int8', { subset_size: 300 });
 * int8.parts.vision_model?.nncf.smooth_quant_nodes // 20
 * @throws {QuantizeError | NncfWorkerError | CalibrationFileError | ModelFolderError | ConvertWriteError}
 */
export async function quantizeBlip(
  folder: string,
  samples: Iterable<VqaSample> | AsyncIterable<VqaSample>,
  outputFolder: string,
  options: QuantizeOptions = {},
): Promise<QuantizedBlip> {
  checkArguments('quantizeBlip', { options: [options, 'object'] });
  checkQuantizeOptions(options);
  checkArguments('quantizeBlip', { folder: [folder, 'path'], outputFolder: [outputFolder, 'path'] });
  if (path.resolve(folder) === path.resolve(outputFolder))
    throw new QuantizeError(`${outputFolder}: is the folder to read from; name another one for the result.`);
  const present = PARTS.filter((part) => fs.existsSync(modelFile(folder, part)));
  if (!present.includes('vision_model'))
    throw new QuantizeError(
      `${modelFile(folder, 'vision_model')} is missing. Expected a folder that convertBlip wrote.`,
    );
  const parts = present.filter((part) => options.parts?.includes(part) ?? true);
  const others = present
    .filter((part) => !parts.includes(part))
    .map((part) => modelFile(options.others_from ?? folder, part));
  checkParts(options, present, others, folder);
  return withInterrupt(options.signal, (signal) =>
    quantizeParts({ folder, samples, outputFolder, parts, others, options: { ...options, signal } }),
  );
}

/** Whatever `decoder_weights` says: 4 bits are for a decoder, whose speed is that of reading its weights. */
const FEATURE_WEIGHTS = 'INT8_ASYM';

interface Quantization {
  readonly folder: string;
  readonly samples: Iterable<VqaSample> | AsyncIterable<VqaSample>;
  readonly outputFolder: string;
  readonly parts: readonly PartName[];
  /** Graphs of the parts that are copied. */
  readonly others: readonly string[];
  readonly options: QuantizeOptions & { readonly signal: AbortSignal };
}

async function quantizeParts({
  folder,
  samples,
  outputFolder,
  parts,
  others,
  options,
}: Quantization): Promise<QuantizedBlip> {
  const { signal } = options;
  signal.throwIfAborted();
  const started = performance.now();
  const sources = [...new Set([folder, ...(others.length > 0 ? [options.others_from ?? folder] : [])])];
  const unchanged = await Promise.all(sources.map(watchFolder));
  const source = readManifest(folder);
  let versions: NncfVersions | undefined;
  const make = async (staging: string): Promise<QuantizedBlip> => {
    const before = await floatingParts(folder, parts);
    const work = path.join(staging, 'work'); // calibration inputs: not a part of the model
    await fs.promises.mkdir(work);
    const calibration = parts.some((part) => part === 'vision_model' || part === 'text_encoder')
      ? await calibrate(folder, samples, work, { ...options, parts })
      : NO_CALIBRATION;
    const { progress_callback } = options;
    const reportStart = (loaded: number): Promise<void> =>
      reportProgress(progress_callback, { status: 'starting NNCF', loaded, total: 1 }, signal);
    await reportStart(0);
    const results = await runNncfWorker(
      parts.map((part) => makeTask(part, folder, staging, calibration, options)),
      {
        signal,
        on_log: options.on_log,
        on_ready: (found) => {
          versions = found;
          return reportStart(1);
        },
        on_progress: ({ task, phase, done, total }) =>
          progress_callback?.({ status: phase, file: task, loaded: done, total }),
      },
    );
    const made: Partial<Record<PartName, QuantizedPart>> = {};
    for (const [index, part] of parts.entries()) {
      const after = await irStatistics(modelFile(staging, part));
      made[part] = {
        xml: modelFile(outputFolder, part),
        before: before[index],
        after,
        ratio: before[index].binBytes / after.binBytes,
        nncf: results[index],
      };
    }
    await copyCompanions(folder, staging);
    await copyParts(others, staging);
    for (const check of unchanged) await check();
    signal.throwIfAborted();
    return {
      folder: outputFolder,
      parts: made,
      calibration: calibration.report,
      milliseconds: performance.now() - started,
    };
  };
  const origin = ({ calibration }: QuantizedBlip): ModelOrigin => {
    const made = originOf(folder, source, options, calibration);
    return { ...made, versions: { ...made.versions, ...versions } };
  };
  return stageModel(outputFolder, make, { origin, signal }).catch((error: unknown) => {
    throw explainWriteError(error, outputFolder);
  });
}

/**
 * The contents of the parts, in their order.
 * @throws {QuantizeError} when one is quantized already: NNCF would look for something to do for minutes, and do
 *   nothing
 */
async function floatingParts(folder: string, parts: readonly PartName[]): Promise<IrStatistics[]> {
  const found: IrStatistics[] = [];
  for (const part of parts) {
    const file = modelFile(folder, part);
    const statistics = await irStatistics(file);
    const { fakeQuantize, integerConstants } = statistics;
    if (fakeQuantize > 0 || integerConstants.count > 0)
      throw new QuantizeError(
        `${file} is quantized already (FakeQuantize operations: ${fakeQuantize}, integer constants: ` +
          `${integerConstants.count}). Expected a part in floating point: quantize the folder that convertBlip wrote.`,
      );
    found.push(statistics);
  }
  return found;
}

/** What the folder was made of; a source without a manifest is known by its name. */
function originOf(
  folder: string,
  source: ModelOrigin | undefined,
  { parts, preset, fast_bias_correction, smooth_quant_alpha, ignored_scope, decoder_weights }: QuantizeOptions,
  { samples, images }: CalibrationReport,
): ModelOrigin {
  const asked = { parts, preset, fast_bias_correction, smooth_quant_alpha, ignored_scope, decoder_weights };
  return {
    made_by: 'quantizeBlip',
    checkpoint: source?.checkpoint ?? { id: modelName(folder) },
    versions: { ...source?.versions, 'blip-openvino': ownVersion() },
    options: { ...source?.options, ...asked, calibration: { samples, images } },
  };
}

function checkParts(
  { parts: wanted, ignored_scope = {} }: QuantizeOptions,
  present: readonly PartName[],
  others: readonly string[],
  folder: string,
): void {
  const missing = [...(wanted ?? []), ...PARTS.filter((part) => ignored_scope[part])].find(
    (part) => !present.includes(part),
  );
  if (missing)
    throw new QuantizeError(
      `parts or ignored_scope names "${missing}"; expected one or more of those in ${folder}: ${present.join(', ')}.`,
    );
  for (const file of others)
    if (!fs.existsSync(file))
      throw new QuantizeError(`${file} is missing. Expected others_from to hold every part that is not quantized.`);
}

function modelFile(folder: string, part: PartName): string {
  return path.join(folder, `blip_${part}.xml`);
}

function makeTask(
  part: PartName,
  folder: string,
  staging: string,
  calibration: Calibration,
  options: QuantizeOptions,
): NncfTask {
  const files = { name: part, model: modelFile(folder, part), output: modelFile(staging, part) };
  const ignored_scope = options.ignored_scope?.[part];
  if (part === 'text_decoder')
    return {
      ...files,
      action: 'compress_weights',
      parameters: { ...weightParameters(options.decoder_weights), ...(ignored_scope && { ignored_scope }) },
    };
  if (part === 'text_features')
    return {
      ...files,
      action: 'compress_weights',
      parameters: { mode: FEATURE_WEIGHTS, ...(ignored_scope && { ignored_scope }) },
    };
  const samples = part === 'vision_model' ? calibration.report.images : calibration.report.samples;
  const { preset, fast_bias_correction, smooth_quant_alpha } = options;
  return {
    ...files,
    action: 'quantize',
    calibration: part === 'vision_model' ? calibration.vision : calibration.text,
    parameters: { subset_size: samples, preset, fast_bias_correction, smooth_quant_alpha, ignored_scope },
  };
}

function weightParameters(weights: QuantizeOptions['decoder_weights'] = 'INT8_ASYM'): CompressParameters {
  if (typeof weights !== 'string') return weights;
  return weights.startsWith('INT4') ? { mode: weights, group_size: INT4_GROUP_SIZE } : { mode: weights };
}

async function copyParts(graphs: readonly string[], staging: string): Promise<void> {
  for (const file of graphs.flatMap((xml) => [xml.replace(/xml$/, 'bin'), xml]))
    await fs.promises.copyFile(file, path.join(staging, path.basename(file)));
}

// Makes the INT8 version of a converted BLIP folder: computes NNCF's inputs with this project's own pipeline, runs NNCF.
// Vision model and text encoder are quantized with calibration; of the decoder the weights alone are compressed, because
// quantizing its activations too costs many right answers (the original tutorial found the same).
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { VqaSample } from '../datasets/vqa-sample';
import { BlipError } from '../errors';
import { loadOpenVINO, type Config } from '../openvino';
import { BlipProcessor } from '../preprocessing';
import type { ProgressCallback } from '../progress';
import { CalibrationFile } from './calibration-file';
import { irStatistics, type IrStatistics } from './ir-statistics';
import { runNncfWorker, type CompressParameters, type IgnoredScope, type NncfResult, type NncfTask, type QuantizeParameters, type WeightMode } from './nncf-worker';

export class QuantizeError extends BlipError {}

export type PartName = 'vision_model' | 'text_encoder' | 'text_decoder';

export interface QuantizeOptions {
  /** Parts to make; all by default. The text decoder alone needs no samples. */
  readonly parts?: readonly PartName[];
  /** Folder that the other parts are copied from; the one that is read by default. */
  readonly others_from?: string;
  /** Samples used at most; the tutorial's and NNCF's 300 by default. */
  readonly subset_size?: number;
  /** NNCF's default for transformers is `mixed`: weights symmetric, activations asymmetric. */
  readonly preset?: QuantizeParameters['preset'];
  readonly fast_bias_correction?: boolean;
  readonly smooth_quant_alpha?: number;
  /** Nodes left in floating point, per part. */
  readonly ignored_scope?: Readonly<Partial<Record<PartName, IgnoredScope>>>;
  /** Precision of the decoder's weights, `INT8_ASYM` by default; a whole set of NNCF's parameters for 4 bits. */
  readonly decoder_weights?: WeightMode | CompressParameters;
  /** Device and properties for the calibration pass of the vision model. */
  readonly device?: string;
  readonly properties?: Config;
  readonly progress_callback?: ProgressCallback;
  /** NNCF's own messages. */
  readonly on_log?: (level: string, message: string) => void;
  readonly signal?: AbortSignal;
}

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
  readonly calibration: { readonly samples: number; readonly images: number; readonly milliseconds: number; readonly skipped: readonly { readonly image_id: string; readonly reason: string }[] };
  readonly milliseconds: number;
}

const DEFAULT_SUBSET_SIZE = 300;
/** NNCF's usual group for 4-bit weights is 128; smaller models have rows of 192 and less, which 64 divides. */
const INT4_GROUP_SIZE = 64;
const PARTS: readonly PartName[] = ['vision_model', 'text_encoder', 'text_decoder'];

/**
 * Writes the same folder again with INT8 models, so that `OVBlipModel.load(outputFolder)` works alone.
 * Everything is made in a staging folder beside the output and moved at the end: an error or a cancel leaves no trace.
 *
 * @param folder what `convertBlip` wrote
 * @param samples calibration pictures with questions; consecutive or not, each picture is encoded once
 * @example
 * const int8 = await quantizeBlip('output/blip-scenes/fp16', samples, 'output/blip-scenes/int8', { subset_size: 300 });
 * int8.parts.vision_model?.nncf.smooth_quant_nodes // 20
 * @throws {QuantizeError | NncfWorkerError}
 */
export async function quantizeBlip(folder: string, samples: Iterable<VqaSample> | AsyncIterable<VqaSample>, outputFolder: string, options: QuantizeOptions = {}): Promise<QuantizedBlip> {
  if (path.resolve(folder) === path.resolve(outputFolder)) throw new QuantizeError(`${outputFolder}: is the folder to read from; name another one for the result.`);
  const present = PARTS.filter((part) => fs.existsSync(modelFile(folder, part)));
  if (!present.includes('vision_model')) throw new QuantizeError(`${modelFile(folder, 'vision_model')} is missing. Expected a folder that convertBlip wrote: run notebook 233-blip-convert first.`);
  const parts = present.filter((part) => options.parts?.includes(part) ?? true);
  const others = present.filter((part) => !parts.includes(part)).map((part) => modelFile(options.others_from ?? folder, part));
  checkParts(options.parts, present, others, folder);
  const started = performance.now();
  await fs.promises.mkdir(path.dirname(path.resolve(outputFolder)), { recursive: true });
  const staging = await fs.promises.mkdtemp(`${path.resolve(outputFolder)}.tmp-${process.pid}-`);
  try {
    const calibration = parts.some((part) => part !== 'text_decoder')
      ? await calibrate(folder, samples, staging, parts.includes('text_encoder'), options)
      : NO_CALIBRATION;
    const tasks = parts.map((part) => makeTask(part, folder, staging, calibration, options));
    const results = await runNncfWorker(tasks, {
      signal: options.signal, onLog: options.on_log,
      onProgress: ({ task, phase, done, total }) => options.progress_callback?.({ status: phase, file: task, loaded: done, total }),
    });
    const made: Partial<Record<PartName, QuantizedPart>> = {};
    for (const [index, part] of parts.entries()) {
      const [before, after] = [await irStatistics(modelFile(folder, part)), await irStatistics(modelFile(staging, part))];
      made[part] = { xml: modelFile(outputFolder, part), before, after, ratio: before.binBytes / after.binBytes, nncf: results[index] };
    }
    options.signal?.throwIfAborted();
    await publish(folder, others, staging, outputFolder, parts);
    return { folder: outputFolder, parts: made, calibration: calibration.report, milliseconds: performance.now() - started };
  } finally {
    await fs.promises.rm(staging, { recursive: true, force: true });
  }
}

function checkParts(wanted: readonly PartName[] | undefined, present: readonly PartName[], others: readonly string[], folder: string): void {
  const missing = wanted?.find((part) => !present.includes(part));
  if (missing || wanted?.length === 0) throw new QuantizeError(`parts names ${missing ? `"${missing}"` : 'nothing'}; expected one or more of those in ${folder}: ${present.join(', ')}.`);
  for (const file of others)
    if (!fs.existsSync(file)) throw new QuantizeError(`${file} is missing. Expected others_from to hold every part that is not made anew.`);
}

function modelFile(folder: string, part: PartName): string { return path.join(folder, `blip_${part}.xml`); }

interface Calibration { readonly vision: string; readonly text: string; readonly report: QuantizedBlip['calibration'] }

const NO_CALIBRATION: Calibration = { vision: '', text: '', report: { samples: 0, images: 0, milliseconds: 0, skipped: [] } };

/** Runs preprocessing and the FP16 vision model over the samples; the results go to disk, not to memory. */
async function calibrate(folder: string, samples: Iterable<VqaSample> | AsyncIterable<VqaSample>, staging: string, hasText: boolean, options: QuantizeOptions): Promise<Calibration> {
  const { subset_size: total = DEFAULT_SUBSET_SIZE, signal, progress_callback } = options;
  if (!Number.isInteger(total) || total < 1) throw new QuantizeError(`subset_size is ${total}; expected a whole number of at least 1.`);
  const started = performance.now();
  const processor = await BlipProcessor.fromCheckpoint(folder);
  const { Core, Tensor } = loadOpenVINO();
  const core = new Core();
  const model = await core.compileModel(modelFile(folder, 'vision_model'), options.device ?? 'CPU', { PERFORMANCE_HINT: 'LATENCY', ...options.properties });
  const request = model.createInferRequest();
  const vision = new CalibrationFile(staging, 'calibration-vision');
  const text = new CalibrationFile(staging, 'calibration-text');
  const encoded = new Map<string, { index: number; tokens: number; size: number }>();
  const skipped: { image_id: string; reason: string }[] = [];
  let count = 0;
  try {
    for await (const sample of samples) {
      if (count === total) break;
      signal?.throwIfAborted();
      let image = encoded.get(sample.image_id);
      if (!image) {
        let pixels;
        try {
          pixels = await processor.image(sample.image);
        } catch (error) {
          skipped.push({ image_id: sample.image_id, reason: error instanceof Error ? error.message : String(error) });
          continue;
        }
        const pixel_values = new Tensor('f32', pixels.dims, pixels.data);            // [1, 3, image_size, image_size] f32
        const { last_hidden_state } = await request.inferAsync({ pixel_values });    // [1, tokens, hidden] f32
        const [, tokens, size] = last_hidden_state.getShape();
        const data = last_hidden_state.getData();
        if (!(data instanceof Float32Array)) throw new QuantizeError(`${modelFile(folder, 'vision_model')}: last_hidden_state is ${last_hidden_state.getElementType()}, expected f32.`);
        vision.add({ pixel_values: { type: 'f32', shape: pixels.dims, data: pixels.data } });
        image = { index: hasText ? text.share(data) : 0, tokens, size };
        encoded.set(sample.image_id, image);
      }
      if (hasText) {
        const { input_ids, attention_mask, dims } = processor.text(sample.question); // [1, length] i64
        text.add({
          input_ids: { type: 'i64', shape: dims, data: input_ids },
          attention_mask: { type: 'i64', shape: dims, data: attention_mask },
          encoder_hidden_states: { type: 'f32', shape: [1, image.tokens, image.size], shared: image.index },
          encoder_attention_mask: { type: 'i64', shape: [1, image.tokens], data: new BigInt64Array(image.tokens).fill(1n) },
        });
      }
      count++;
      progress_callback?.({ status: 'calibration inputs', loaded: count, total });
    }
    if (count === 0) throw new QuantizeError(`No calibration sample could be used: got ${skipped.length} that were skipped${skipped[0] ? ` (first: ${skipped[0].reason})` : ''}; expected at least 1.`);
    const report = { samples: count, images: encoded.size, milliseconds: performance.now() - started, skipped };
    return { vision: vision.finish(), text: text.finish(), report };
  } finally {
    vision.close();
    text.close();
    request.dispose();
    model.dispose();
    core.dispose();
  }
}

function makeTask(part: PartName, folder: string, staging: string, calibration: Calibration, options: QuantizeOptions): NncfTask {
  const files = { name: part, model: modelFile(folder, part), output: modelFile(staging, part) };
  const ignored_scope = options.ignored_scope?.[part];
  if (part === 'text_decoder') return { ...files, action: 'compress_weights', parameters: { ...weightParameters(options.decoder_weights), ...(ignored_scope && { ignored_scope }) } };
  const samples = part === 'vision_model' ? calibration.report.images : calibration.report.samples;
  const { preset, fast_bias_correction, smooth_quant_alpha } = options;
  return {
    ...files, action: 'quantize', calibration: part === 'vision_model' ? calibration.vision : calibration.text,
    parameters: { subset_size: samples, preset, fast_bias_correction, smooth_quant_alpha, ignored_scope },
  };
}

function weightParameters(weights: QuantizeOptions['decoder_weights'] = 'INT8_ASYM'): CompressParameters {
  if (typeof weights !== 'string') return weights;
  return weights.startsWith('INT4') ? { mode: weights, group_size: INT4_GROUP_SIZE } : { mode: weights };
}

/** Moves the models (.bin before its .xml) and copies everything else that the folder needs. */
async function publish(folder: string, others: readonly string[], staging: string, outputFolder: string, parts: readonly PartName[]): Promise<void> {
  await fs.promises.mkdir(outputFolder, { recursive: true });
  const entries = await fs.promises.readdir(folder, { withFileTypes: true });
  const companions = entries.filter((entry) => entry.isFile() && /\.(json|txt)$/.test(entry.name)).map(({ name }) => path.join(folder, name));
  for (const file of [...companions, ...others.flatMap((xml) => [xml.replace(/xml$/, 'bin'), xml])]) {
    const name = path.basename(file);
    await fs.promises.copyFile(file, path.join(staging, name));
    await fs.promises.rename(path.join(staging, name), path.join(outputFolder, name));
  }
  for (const part of parts)
    for (const extension of ['bin', 'xml']) await fs.promises.rename(path.join(staging, `blip_${part}.${extension}`), path.join(outputFolder, `blip_${part}.${extension}`));
}

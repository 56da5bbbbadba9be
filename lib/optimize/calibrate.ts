// Turns samples into what each model really sees, for NNCF to look at: preprocessing and the FP16 vision model, once per picture.
// The results go to disk, not to memory. A sample that cannot be used is passed over, counted, and named.
import * as path from 'node:path';
import type { VqaSample } from '../datasets/vqa-sample';
import { loadOpenVINO, type Config, type InferRequest } from '../openvino';
import { BlipProcessor } from '../preprocessing';
import { CalibrationFile } from './calibration-file';
import { QuantizeError, type QuantizeOptions } from './quantize-options';

export interface CalibrationReport {
  readonly samples: number;
  readonly images: number;
  readonly milliseconds: number;
  readonly skipped: readonly { readonly image_id: string; readonly reason: string }[];
}

/** Paths of the two indexes, for the worker's tasks. */
export interface Calibration {
  readonly vision: string;
  readonly text: string;
  readonly report: CalibrationReport;
}

export const NO_CALIBRATION: Calibration = {
  vision: '',
  text: '',
  report: { samples: 0, images: 0, milliseconds: 0, skipped: [] },
};

/** One picture's place in the calibration file. */
interface Encoded {
  readonly index: number;
  readonly tokens: number;
  readonly size: number;
}
interface EncodedImage {
  readonly pixels: Float32Array;
  readonly dims: readonly number[];
  readonly embeds: Float32Array;
  readonly tokens: number;
  readonly size: number;
}

const DEFAULT_SUBSET_SIZE = 300;

/**
 * @param hasText whether the text encoder's inputs are wanted too
 * @throws {QuantizeError} when no sample can be used @throws {CalibrationFileError} when the disk is full
 */
export async function calibrate(
  folder: string,
  samples: Iterable<VqaSample> | AsyncIterable<VqaSample>,
  staging: string,
  hasText: boolean,
  options: QuantizeOptions,
): Promise<Calibration> {
  const { subset_size = DEFAULT_SUBSET_SIZE, signal, progress_callback, device = 'CPU' } = options;
  const total = Array.isArray(samples) ? Math.min(subset_size, samples.length) : subset_size;
  const started = performance.now();
  const processor = await BlipProcessor.fromCheckpoint(folder);
  const core = new (loadOpenVINO().Core)();
  // f32 as in NNCF's own runs: the quantized model does not depend on whether this processor has bf16.
  const precision: Config = /^([CG]PU|AUTO|MULTI|HETERO|BATCH)\b(?!.*NPU)/.test(device)
    ? { INFERENCE_PRECISION_HINT: 'f32' }
    : {};
  const model = await core.compileModel(path.join(folder, 'blip_vision_model.xml'), device, {
    PERFORMANCE_HINT: 'LATENCY',
    ...precision,
    ...options.properties,
  });
  const request = model.createInferRequest();
  const files: CalibrationFile[] = [];
  const encoded = new Map<string, Encoded | { readonly broken: string }>();
  const skipped: { image_id: string; reason: string }[] = [];
  let images = 0;
  let count = 0;
  try {
    const vision = new CalibrationFile(staging, 'calibration-vision');
    files.push(vision);
    const text = new CalibrationFile(staging, 'calibration-text');
    files.push(text);
    for await (const sample of samples) {
      if (count === total) break;
      signal?.throwIfAborted();
      try {
        if (typeof sample !== 'object' || sample === null) throw new QuantizeError('no sample');
        if (hasText && (typeof sample.question !== 'string' || sample.question.trim() === ''))
          throw new QuantizeError('no question');
        const known = encoded.get(sample.image_id);
        if (known && 'broken' in known) throw new QuantizeError(known.broken);
        let image = known;
        if (!image) {
          const { pixels, dims, embeds, tokens, size } = await encode(sample, processor, request);
          vision.add({ pixel_values: { type: 'f32', shape: dims, data: pixels } });
          image = { index: hasText ? text.share(embeds) : 0, tokens, size };
          encoded.set(sample.image_id, image);
          images++;
        }
        if (hasText) {
          const { input_ids, attention_mask, dims } = processor.text(sample.question); // [1, length] i64
          text.add({
            input_ids: { type: 'i64', shape: dims, data: input_ids },
            attention_mask: { type: 'i64', shape: dims, data: attention_mask },
            encoder_hidden_states: { type: 'f32', shape: [1, image.tokens, image.size], shared: image.index },
            encoder_attention_mask: {
              type: 'i64',
              shape: [1, image.tokens],
              data: new BigInt64Array(image.tokens).fill(1n),
            },
          });
        }
      } catch (error) {
        if (!(error instanceof UnusableImage) && !(error instanceof QuantizeError)) throw error;
        const image_id = String(sample?.image_id);
        if (error instanceof UnusableImage) encoded.set(image_id, { broken: error.message });
        skipped.push({ image_id, reason: error.message });
        continue;
      }
      count++;
      progress_callback?.({ status: 'calibration inputs', loaded: count, total });
    }
    if (count === 0)
      throw new QuantizeError(
        `No calibration sample could be used: got ${skipped.length} that were skipped${skipped[0] ? ` (first: ${skipped[0].reason})` : ''}; expected at least 1.`,
      );
    return {
      vision: vision.finish(),
      text: text.finish(),
      report: { samples: count, images, milliseconds: performance.now() - started, skipped },
    };
  } finally {
    for (const file of files) file.close();
    request.dispose();
    model.dispose();
    core.dispose();
  }
}

/** This picture is of no use, others may be. */
class UnusableImage extends QuantizeError {}

async function encode(sample: VqaSample, processor: BlipProcessor, request: InferRequest): Promise<EncodedImage> {
  try {
    const pixels = await processor.image(sample.image);
    if (!allFinite(pixels.data)) throw new QuantizeError('pixel_values holds NaN or infinity');
    const pixel_values = new (loadOpenVINO().Tensor)('f32', pixels.dims, pixels.data); // [1, 3, image_size, image_size] f32
    const { last_hidden_state } = await request.inferAsync({ pixel_values }); // [1, tokens, hidden] f32
    const embeds = last_hidden_state.getData();
    if (!(embeds instanceof Float32Array))
      throw new QuantizeError(`last_hidden_state is ${last_hidden_state.getElementType()}, expected f32`);
    if (!allFinite(embeds)) throw new QuantizeError("the vision model's last_hidden_state holds NaN or infinity");
    const [, tokens, size] = last_hidden_state.getShape();
    return { pixels: pixels.data, dims: pixels.dims, embeds, tokens, size };
  } catch (error) {
    throw new UnusableImage(error instanceof Error ? error.message : String(error));
  }
}

function allFinite(values: Float32Array): boolean {
  let sum = 0; // times zero, everything finite is zero; NaN and infinity are NaN
  for (let i = 0; i < values.length; i++) sum += values[i] * 0;
  return sum === 0;
}

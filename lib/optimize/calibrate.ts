// Turns samples into the actual inputs of each model, for NNCF's statistics: preprocessing and the FP16 vision model,
// once per image. The results go to disk, not to memory. A sample that cannot be used is skipped, counted, and named.
import * as path from 'node:path';
import { reportProgress } from '../core/progress';
import type { VqaSample } from '../datasets/vqa-sample';
import { BlipProcessor, channelTables, resizeImage, toPixelValues, type RgbImage } from '../preprocessing';
import { CalibrationFile, CalibrationFileError } from './calibration-file';
import { QuantizeError, type PartName, type QuantizeOptions } from './quantize-options';
import { VisionEncoder } from './vision-encoder';

/** What the calibration data consists of. */
export interface CalibrationReport {
  readonly samples: number;
  readonly images: number;
  /** Of the files that held them. */
  readonly bytes: number;
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
  report: { samples: 0, images: 0, bytes: 0, milliseconds: 0, skipped: [] },
};

/**
 * What the text encoder needs of an image that was encoded before: its embeddings and their mask, in the calibration
 * file.
 */
interface Encoded {
  readonly embeds: number;
  readonly mask: number;
  readonly shape: readonly [batch: number, tokens: number, hidden: number];
}

const DEFAULT_SUBSET_SIZE = 300;

/**
 * @param work an existing folder for the files
 * @param parts what is calibrated: `vision_model`, `text_encoder` or both
 * @throws {QuantizeError} when no sample can be used
 * @throws {CalibrationFileError} when the disk is full
 */
export async function calibrate(
  folder: string,
  samples: Iterable<VqaSample> | AsyncIterable<VqaSample>,
  work: string,
  options: QuantizeOptions & { readonly parts: readonly PartName[] },
): Promise<Calibration> {
  const { subset_size = DEFAULT_SUBSET_SIZE, signal, progress_callback } = options;
  const total = Array.isArray(samples) ? Math.min(subset_size, samples.length) : subset_size;
  const started = performance.now();
  const skipped: { image_id: string; reason: string }[] = [];
  let count = 0;
  const run = await CalibrationRun.open(folder, work, options);
  try {
    for await (const sample of samples) {
      if (count === total) break;
      signal?.throwIfAborted();
      try {
        await run.add(sample);
      } catch (error) {
        if (!(error instanceof QuantizeError)) throw error;
        skipped.push({ image_id: String(sample?.image_id), reason: error.message });
        continue;
      }
      count++;
      await reportProgress(progress_callback, { status: 'calibration inputs', loaded: count, total }, signal);
    }
    signal?.throwIfAborted();
    if (count === 0)
      throw new QuantizeError(
        skipped.length === 0
          ? 'samples is empty. Expected at least one calibration sample, such as those of loadVqaSamples.'
          : `No calibration sample could be used: all ${skipped.length} were skipped, the first because: ` +
              skipped[0].reason,
      );
    const { images, bytes } = run;
    return {
      ...run.finish(),
      report: { samples: count, images, bytes, milliseconds: performance.now() - started, skipped },
    };
  } finally {
    run.close();
  }
}

class CalibrationRun {
  private readonly vision: CalibrationFile;
  private readonly text: CalibrationFile;
  private readonly tables: readonly Float32Array[];
  private readonly encoded = new Map<string, Encoded | QuantizeError>();
  /** Masks are all ones: one for each number of tokens. */
  private readonly masks = new Map<number, number>();
  private visionChecked = false;
  images = 0;

  private constructor(
    private readonly processor: BlipProcessor,
    private readonly encoder: VisionEncoder,
    private readonly parts: readonly PartName[],
    work: string,
  ) {
    this.tables = channelTables(processor.imageConfig);
    this.vision = new CalibrationFile(work, 'calibration-vision', this.tables);
    this.text = new CalibrationFile(work, 'calibration-text');
  }

  static async open(
    folder: string,
    work: string,
    options: QuantizeOptions & { readonly parts: readonly PartName[] },
  ): Promise<CalibrationRun> {
    const processor = await BlipProcessor.fromCheckpoint(folder);
    const encoder = await VisionEncoder.load(path.join(folder, 'blip_vision_model.xml'), options);
    try {
      return new CalibrationRun(processor, encoder, options.parts, work);
    } catch (error) {
      encoder.dispose();
      throw error;
    }
  }

  get bytes(): number {
    return this.vision.size + this.text.size;
  }

  /** @throws {QuantizeError} when this sample cannot be used */
  async add(sample: VqaSample): Promise<void> {
    if (typeof sample !== 'object' || sample === null) throw new QuantizeError('no sample');
    const hasText = this.parts.includes('text_encoder');
    if (hasText && (typeof sample.question !== 'string' || sample.question.trim() === ''))
      throw new QuantizeError('no question');
    const image = this.encoded.get(sample.image_id) ?? (await this.addImage(sample));
    if (image instanceof QuantizeError) throw image;
    if (hasText) this.addText(sample.question, image);
  }

  finish(): { vision: string; text: string } {
    return { vision: this.vision.finish(), text: this.text.finish() };
  }

  close(): void {
    this.vision.close();
    this.text.close();
    this.encoder.dispose();
  }

  /** Each image is prepared and encoded once; one that cannot be used is remembered as the reason. */
  private async addImage(sample: VqaSample): Promise<Encoded | QuantizeError> {
    let image: Encoded | QuantizeError;
    try {
      const rgb = await resizeImage(sample.image, this.processor.imageConfig);
      image = await this.encode(rgb);
      if (this.parts.includes('vision_model')) this.vision.add({ pixel_values: { type: 'rgb', image: rgb } });
      this.images++;
    } catch (error) {
      if (error instanceof CalibrationFileError) throw error;
      image = new QuantizeError(error instanceof Error ? error.message : String(error));
    }
    this.encoded.set(sample.image_id, image);
    return image;
  }

  /**
   * Where only the vision model is calibrated, its output is not needed: it is run on one image, to check that its
   * output is finite.
   */
  private async encode(rgb: RgbImage): Promise<Encoded> {
    const hasText = this.parts.includes('text_encoder');
    const none: Encoded = { embeds: 0, mask: 0, shape: [1, 0, 0] };
    if (!hasText && this.visionChecked) return none;
    const { data, shape } = await this.encoder.run(toPixelValues(rgb, this.tables));
    this.visionChecked = true;
    if (!hasText) return none;
    const [, tokens] = shape;
    const mask = this.masks.get(tokens) ?? this.text.share(new BigInt64Array(tokens).fill(1n));
    this.masks.set(tokens, mask);
    return { embeds: this.text.share(data), mask, shape };
  }

  private addText(question: string, { embeds, mask, shape }: Encoded): void {
    const { input_ids, attention_mask, dims } = this.processor.text(question); // [1, length] i64
    this.text.add({
      input_ids: { type: 'i64', shape: dims, data: input_ids },
      attention_mask: { type: 'i64', shape: dims, data: attention_mask },
      encoder_hidden_states: { type: 'f32', shape, shared: embeds },
      encoder_attention_mask: { type: 'i64', shape: shape.slice(0, 2), shared: mask },
    });
  }
}

// The tasks `image-feature-extraction` and `feature-extraction`: images or texts in, contrastive features out.
import { checkOptions } from '../core/check-options';
import { describeValue } from '../core/describe-value';
import type { Features, OVBlipMatcher } from '../generation';
import type { BlipProcessor, ImageSource } from '../preprocessing';
import { PipelineError, type OneOrMany } from './pipeline-error';

/**
 * Features of images or texts, a row each, as transformers.js' Tensor has them: [rows, size] f32. Each row has length
 * 1, so that the dot product of two rows is their cosine.
 */
export interface FeatureTensor {
  readonly type: 'float32';
  readonly dims: readonly [rows: number, size: number];
  /** Row by row. */
  readonly data: Float32Array;
  /** The rows as lists of numbers. */
  tolist(): number[][];
}

/** `batch_size`: images or texts that are encoded at once; 1 by default for images, 32 for texts. */
export interface FeatureOptions {
  readonly batch_size?: number;
}

/** One image or a list of them -> [images, size]. */
export interface ImageFeatureExtraction {
  (images: OneOrMany<ImageSource>, options?: FeatureOptions): Promise<FeatureTensor>;
  dispose(): void;
}

/** One text or a list of them -> [texts, size]. */
export interface FeatureExtraction {
  (texts: OneOrMany<string>, options?: FeatureOptions): Promise<FeatureTensor>;
  dispose(): void;
}

/** One at a time is as fast on a processor, and takes least memory. */
const IMAGES_AT_ONCE = 1;
/** Short texts run faster together, up to about this many. */
const TEXTS_AT_ONCE = 32;
/** More at once take gigabytes and no less time. */
const MAX_AT_ONCE = 1024;

export function imageFeatureExtraction(matcher: OVBlipMatcher, processor: BlipProcessor): ImageFeatureExtraction {
  const extract = async (images: OneOrMany<ImageSource>, options: FeatureOptions = {}): Promise<FeatureTensor> => {
    const size = batchSizeOf(options, IMAGES_AT_ONCE);
    const sources: readonly ImageSource[] = Array.isArray(images) ? images : [images];
    return inBatches(sources, size, async (batch) =>
      matcher.getImageFeatures({ pixel_values: await processor.images(batch) }),
    );
  };
  return Object.assign(extract, { dispose: () => matcher.dispose() });
}

export function featureExtraction(matcher: OVBlipMatcher, processor: BlipProcessor): FeatureExtraction {
  const extract = async (texts: OneOrMany<string>, options: FeatureOptions = {}): Promise<FeatureTensor> => {
    const size = batchSizeOf(options, TEXTS_AT_ONCE);
    const list: readonly unknown[] = Array.isArray(texts) ? texts : [texts];
    const checked = list.map((text) => {
      if (typeof text === 'string') return text;
      throw new PipelineError(`The text is ${describeValue(text)}, expected a string, or a list of strings.`);
    });
    return inBatches(checked, size, (batch) => matcher.getTextFeatures(processor.text(batch)));
  };
  return Object.assign(extract, { dispose: () => matcher.dispose() });
}

function batchSizeOf(options: FeatureOptions, usual: number): number {
  checkOptions('feature extraction', options, ['batch_size']);
  const { batch_size = usual } = options;
  if (!Number.isSafeInteger(batch_size) || batch_size < 1 || batch_size > MAX_AT_ONCE)
    throw new PipelineError(
      `batch_size is ${describeValue(batch_size)}, expected a whole number from 1 to ${MAX_AT_ONCE}.`,
    );
  return batch_size;
}

async function inBatches<T>(
  items: readonly T[],
  size: number,
  run: (batch: readonly T[]) => Promise<Features>,
): Promise<FeatureTensor> {
  const parts: Features[] = [];
  for (let start = 0; start < items.length; start += size) parts.push(await run(items.slice(start, start + size)));
  const width = parts[0]?.dims[1] ?? 0;
  const data = new Float32Array(items.length * width);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return {
    type: 'float32',
    dims: [items.length, width],
    data,
    tolist: () => items.map((_, row) => Array.from(data.subarray(row * width, (row + 1) * width))),
  };
}

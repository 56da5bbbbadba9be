// Compares a converted model with what was published about its checkpoint.
import { checkArguments } from '../core/check-arguments';
import { checkOptions } from '../core/check-options';
import type { ImageSource } from '../preprocessing';
import { checkCases, type CheckedCase } from './check-cases';
import { PUBLISHED_RESULTS, publishedId, type PublishedCase } from './published-results';
import { runPublishedCases } from './run-published-cases';

export interface CheckPublishedOptions {
  /** The checkpoint's hub id, or its folder. */
  readonly id: string;
  /** The image that the values are for: PUBLISHED_PICTURE, as a file. */
  readonly picture: ImageSource;
  readonly device?: string;
  /** Other values to compare with. */
  readonly cases?: readonly PublishedCase[];
  readonly signal?: AbortSignal;
}

/** PyTorch's precision: in half precision another word may be most likely where two are almost equal. */
const F32 = { INFERENCE_PRECISION_HINT: 'f32' };

/**
 * @param folder a folder that `convertBlip` or `quantizeBlip` wrote
 * @returns one entry per published input; none where nothing is known about the checkpoint
 * @example
 * await checkPublished('output/blip-vqa-base/fp16', { id: 'Salesforce/blip-vqa-base', picture: 'demo.jpg' })
 * // [{ title: 'answer: "how many dogs are in the picture?" (f32)', status: 'pass', got: '"1" [30522,1015,102]', ... }]
 */
export async function checkPublished(folder: string, options: CheckPublishedOptions): Promise<CheckedCase[]> {
  checkArguments('checkPublished', { folder: [folder, 'path'], options: [options, ['id', 'picture']] });
  checkOptions('checkPublished', options, ['id', 'picture', 'device', 'cases', 'signal']);
  const { id, picture, device, signal } = options;
  const cases = options.cases ?? PUBLISHED_RESULTS[publishedId(id) ?? '']?.cases ?? [];
  if (cases.length === 0) return [];
  const results = await runPublishedCases(folder, cases, picture, { device, properties: F32, signal });
  return checkCases(cases, results.cases, 'f32');
}

// How many images are at work at once, from the memory that they may take.
import * as os from 'node:os';
import type { BlipConfig } from '../checkpoint';
import { BatchError } from './batch-error';
import type { BatchOptions } from './batch-options';

/** Of all streams together. */
const MAX_VISION_IMAGES = 256;
/** The decoder reads its weights once per step for all rows: beyond this the rows themselves take the time. */
const MAX_DECODER_BATCH = 16;
const BYTES = 4;
const GIGABYTE = 2 ** 30;
/** Each core may have an image of its own in the vision model. */
const BYTES_PER_CORE = 2 ** 27;

/** A quarter of what is free, at most 1 GiB, or 128 MiB for each core where there are more than eight. */
function usualMemory(): number {
  const most = Math.max(GIGABYTE, os.availableParallelism() * BYTES_PER_CORE);
  return Math.min(most, Math.floor(os.freemem() / 4));
}

export interface MemoryPlan {
  /** Images in the vision model at the same time at most; 1 at least. */
  readonly vision: number;
  /** Images in a batch of the decoder; 1 at least. */
  readonly decoder: number;
}

/** @throws {BatchError} when the caller asks for more images at once than fit the memory that it allows */
export function planMemory(
  { vision_config }: BlipConfig,
  { memory_limit, batch_size = 1, streams = 1 }: Pick<BatchOptions, 'memory_limit' | 'batch_size' | 'streams'>,
): MemoryPlan {
  const bytes = memory_limit ?? usualMemory();
  const { image_size, patch_size, hidden_size, intermediate_size, num_attention_heads } = vision_config;
  const tokens = Math.floor(image_size / patch_size) ** 2 + 1;
  const pixels = 3 * image_size ** 2 * BYTES;
  const embeds = tokens * hidden_size * BYTES;
  // The largest layer: attention scores of all heads, the widened states, and the states before and after
  const activations = BYTES * tokens * (num_attention_heads * tokens + intermediate_size + 6 * hidden_size);
  // Two batches wait before each model, one is in it
  const [encoding, decoding] = [activations + 3 * pixels, 4 * embeds];
  const fit = (each: number, most: number): number => Math.max(1, Math.min(most, Math.floor(bytes / 2 / each)));
  const vision = fit(encoding, MAX_VISION_IMAGES);
  const asked = batch_size * streams;
  if (memory_limit !== undefined && asked > vision)
    throw new BatchError(
      `${asked} images in the vision model at the same time (batch_size ${batch_size}, streams ${streams}) take ` +
        `about ${mebibytes(2 * asked * encoding)} MiB; memory_limit is ${mebibytes(bytes)} MiB, which is enough for ` +
        `${vision}. Raise memory_limit, or lower batch_size or streams.`,
    );
  return { vision, decoder: fit(decoding, MAX_DECODER_BATCH) };
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}

// How many images are at work at once, from the memory that they may take.
import * as os from 'node:os';
import type { BlipConfig } from '../checkpoint';

/** Of all streams together. */
const MAX_VISION_IMAGES = 256;
/** The decoder reads its weights once per step for all rows: beyond this the rows themselves take the time. */
const MAX_DECODER_BATCH = 16;
const BYTES = 4;
const GIGABYTE = 2 ** 30;
/** Each core may have an image of its own in the vision model. */
const BYTES_PER_CORE = 2 ** 27;

/** A quarter of what is free, at most 1 GiB, or 128 MiB for each core where there are more than eight. */
export function usualMemory(): number {
  const most = Math.max(GIGABYTE, os.availableParallelism() * BYTES_PER_CORE);
  return Math.min(most, Math.floor(os.freemem() / 4));
}

/** @returns images in the vision model at the same time at most, and in a batch of the decoder; 1 at least */
export function planMemory(
  { vision_config }: BlipConfig,
  bytes: number,
): { readonly vision: number; readonly decoder: number } {
  const { image_size, patch_size, hidden_size, intermediate_size, num_attention_heads } = vision_config;
  const tokens = Math.floor(image_size / patch_size) ** 2 + 1;
  const pixels = 3 * image_size ** 2 * BYTES;
  const embeds = tokens * hidden_size * BYTES;
  // The largest layer: attention scores of all heads, the widened states, and the states before and after
  const activations = BYTES * tokens * (num_attention_heads * tokens + intermediate_size + 6 * hidden_size);
  const fit = (each: number, most: number): number => Math.max(1, Math.min(most, Math.floor(bytes / 2 / each)));
  // Two batches wait before each model, one is in it
  return { vision: fit(activations + 3 * pixels, MAX_VISION_IMAGES), decoder: fit(4 * embeds, MAX_DECODER_BATCH) };
}

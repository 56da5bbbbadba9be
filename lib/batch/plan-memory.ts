// How many images are at work at once, from the memory that they may take.
import * as os from 'node:os';
import type { BlipConfig } from '../checkpoint';

/** More in a batch has brought nothing on any machine that was tried. */
const MAX_VISION_BATCH = 16;
/** The decoder reads its weights once per step for all rows: beyond this the rows themselves take the time. */
const MAX_DECODER_BATCH = 16;
const BYTES = 4;
const GIGABYTE = 2 ** 30;

/** A quarter of what is free, at most 1 GiB. */
export function usualMemory(): number {
  return Math.min(GIGABYTE, Math.floor(os.freemem() / 4));
}

/** @returns images in a run of the vision model at most, and in a batch of the decoder; 1 at least */
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
  return { vision: fit(activations + 3 * pixels, MAX_VISION_BATCH), decoder: fit(4 * embeds, MAX_DECODER_BATCH) };
}

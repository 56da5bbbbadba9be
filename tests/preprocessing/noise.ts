// Random images whose pixels are mostly the ends of the scale, where sums leave 0 to 255 and are clipped.
import type { RgbImage } from '../../lib/preprocessing/rgb-image';

/** Whole numbers from 0 to below a limit, the same ones for the same seed. */
export function randomNumbers(seed: number): (limit: number) => number {
  return (limit) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % limit;
  };
}

export function noise(width: number, height: number, random: (limit: number) => number): RgbImage {
  const data = Uint8Array.from({ length: 3 * width * height }, () => [0, 255, random(256)][random(3)]);
  return { width, height, data };
}

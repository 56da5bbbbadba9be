// Samples of many kinds as RGB, with the arithmetic of PIL's convert('RGB') and alpha_composite.
import { ImageError } from '../errors';
import type { AlphaMode } from './opened-image';
import type { Samples } from './read-samples';

/** The opacity of the first pixel stands at `first`, that of each further one `step` values on. */
export interface Alphas {
  readonly data: Uint8Array;
  readonly first: number;
  readonly step: number;
}

export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * Gray or RGB, with or without alpha.
 *
 * @returns 3 bytes a pixel; the same array when it has no more
 */
export function toRgb({ data, channels }: Samples, alpha: AlphaMode, name: string): Uint8Array {
  if (channels === 3) return data;
  if (channels < 1 || channels > 4)
    throw new ImageError(
      `${name}: the image has ${channels} channels. Expected 1 to 4: gray or RGB, with or without alpha.`,
    );
  const pixels = data.length / channels;
  const rgb = new Uint8Array(pixels * 3);
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
  for (let pixel = 0, source = 0, target = 0; pixel < pixels; pixel++, source += channels, target += 3) {
    rgb[target] = data[source];
    rgb[target + 1] = data[source + green];
    rgb[target + 2] = data[source + blue];
  }
  if (alpha === 'white' && channels % 2 === 0) layOnWhite(rgb, { data, first: channels - 1, step: channels });
  return rgb;
}

/** In place, with the rounding of PIL's alpha_composite. */
export function layOnWhite(rgb: Uint8Array, { data, first, step }: Alphas): void {
  for (let source = first, target = 0; target < rgb.length; source += step, target += 3) {
    const opacity = data[source];
    if (opacity === 255) continue;
    const white = 255 * (255 - opacity);
    rgb[target] = divideBy255(rgb[target] * opacity + white);
    rgb[target + 1] = divideBy255(rgb[target + 1] * opacity + white);
    rgb[target + 2] = divideBy255(rgb[target + 2] * opacity + white);
  }
}

/** Each ink takes its share of what black has left; no color profile, as in PIL. */
export function cmykToRgb({ data, channels }: Samples): Uint8Array {
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let source = 0, target = 0; source < data.length; source += channels, target += 3) {
    const light = 255 - data[source + 3];
    for (let ink = 0; ink < 3; ink++) rgb[target + ink] = light - divideBy255(data[source + ink] * light);
  }
  return rgb;
}

/** One value of 16 bits per pixel. PIL cuts it at 255 instead of dividing by 256: most such images become white. */
export function clipGray16(values: Uint16Array): Uint8Array {
  const rgb = new Uint8Array(values.length * 3);
  for (let pixel = 0, target = 0; pixel < values.length; pixel++, target += 3)
    rgb[target] = rgb[target + 1] = rgb[target + 2] = Math.min(values[pixel], 255);
  return rgb;
}

/**
 * Premultiplied RGB made straight, in place. A pixel without opacity becomes black.
 *
 * @param divide a premultiplied value by an opacity of 1 to 254, both of 255; libraries round it differently
 */
export function unpremultiply(
  rgb: Uint8Array,
  { data, first, step }: Alphas,
  divide: (value: number, opacity: number) => number,
): void {
  for (let source = first, target = 0; target < rgb.length; source += step, target += 3) {
    const opacity = data[source];
    if (opacity === 255) continue;
    for (let channel = target; channel < target + 3; channel++)
      rgb[channel] = opacity === 0 ? 0 : Math.min(255, divide(rgb[channel], opacity));
  }
}

/** Every pixel of one color becomes white. */
export function paintWhite(rgb: Uint8Array, [red, green, blue]: Rgb): void {
  for (let i = 0; i < rgb.length; i += 3)
    if (rgb[i] === red && rgb[i + 1] === green && rgb[i + 2] === blue) rgb.fill(255, i, i + 3);
}

/** A product of two bytes divided by 255 and rounded. */
function divideBy255(product: number): number {
  const biased = product + 128;
  return ((biased >> 8) + biased) >> 8;
}

// CIELAB of 8 bits as sRGB, as PIL does it with LittleCMS: L* 0 to 100 as 0 to 255, a* and b* as signed bytes, white
// point D50.
//
// LittleCMS converts a grid of 33 colors in each direction and interpolates between them, which is up to 30 off the
// formula in dark, strong colors. The same is done here: measured on random colors, one value in a hundred differs from
// PIL's, by 1.
import type { Samples } from './read-samples';

/** Colors of the grid in one direction. */
const GRID = 33;
/** D50, the white of color profiles (ICC.1, 6.3.4.3). */
const WHITE = [0.9642, 1, 0.8249] as const;
/**
 * XYZ under D50 to linear sRGB: the inverse of the sRGB profile's matrix, which is adapted from D65 by Bradford's
 * method.
 */
const TO_LINEAR = [
  [3.1338561, -1.6168667, -0.4906146],
  [-0.9787684, 1.9161415, 0.033454],
  [0.0719453, -0.2289914, 1.4052427],
] as const;
/** Values of the table from one color to the next: in b*, a* and L*. */
const STEP = { b: 3, a: 3 * GRID, lightness: 3 * GRID * GRID } as const;

let table: Uint16Array | undefined;

/** @returns RGB of 8 bits */
export function labToRgb({ data, channels }: Samples): Uint8Array {
  const colors = (table ??= makeTable());
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let source = 0, target = 0; source < data.length; source += channels, target += 3)
    interpolate(
      colors,
      [data[source], data[source + 1] ^ 128, data[source + 2] ^ 128],
      rgb.subarray(target, target + 3),
    );
  return rgb;
}

/**
 * Within a cell of the grid, the color lies in a tetrahedron whose corners are met on the way from the lowest corner to
 * the highest, first in the direction in which it lies farthest.
 */
function interpolate(colors: Uint16Array, lab: readonly [number, number, number], result: Uint8Array): void {
  let at = 0;
  const ways = [STEP.lightness, STEP.a, STEP.b].map((step, axis) => {
    const position = (lab[axis] * (GRID - 1)) / 255;
    const cell = Math.min(GRID - 2, Math.trunc(position));
    at += cell * step;
    return { step, part: position - cell };
  });
  ways.sort((one, other) => other.part - one.part);
  for (let channel = 0; channel < 3; channel++) {
    let corner = at + channel;
    let value = colors[corner];
    for (const { step, part } of ways) {
      value += part * (colors[corner + step] - colors[corner]);
      corner += step;
    }
    result[channel] = Math.round(value / 257);
  }
}

/** sRGB of 16 bits for each color of the grid: [L*, a*, b*, 3] */
function makeTable(): Uint16Array {
  const colors = new Uint16Array(GRID ** 3 * 3);
  const steps = Array.from({ length: GRID }, (_, i) => i / (GRID - 1));
  let at = 0;
  for (const lightness of steps)
    for (const a of steps)
      for (const b of steps)
        for (const value of convert(100 * lightness, 255 * a - 128, 255 * b - 128))
          colors[at++] = Math.round(65535 * value);
  return colors;
}

/** @returns red, green and blue, 0 to 1 */
function convert(lightness: number, a: number, b: number): number[] {
  const y = (lightness + 16) / 116;
  const xyz = [y + a / 500, y, y - b / 200].map((value, axis) => WHITE[axis] * cube(value));
  return TO_LINEAR.map((row) => gamma(row[0] * xyz[0] + row[1] * xyz[1] + row[2] * xyz[2]));
}

/** Inverse of CIELAB's cube root with its straight part near black. */
function cube(value: number): number {
  return value > 6 / 29 ? value ** 3 : 3 * (6 / 29) ** 2 * (value - 4 / 29);
}

function gamma(linear: number): number {
  const value = Math.min(1, Math.max(0, linear));
  return value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
}

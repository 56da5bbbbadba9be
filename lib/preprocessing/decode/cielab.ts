// CIELAB of 8 bits as sRGB, as PIL does it with LittleCMS: L* 0 to 100 as 0 to 255, a* and b* as signed bytes, white point D50.
import type { Samples } from './read-samples';

/** D50, the white of color profiles (ICC.1, 6.3.4.3). */
const WHITE = [0.9642, 1, 0.8249] as const;
/** XYZ under D50 to linear sRGB: the inverse of the sRGB profile's matrix, which is adapted from D65 by Bradford's method. */
const TO_LINEAR = [
  [3.1338561, -1.6168667, -0.4906146],
  [-0.9787684, 1.9161415, 0.033454],
  [0.0719453, -0.2289914, 1.4052427],
] as const;

/** @returns RGB of 8 bits; measured against PIL on random colors: at most 2 off */
export function labToRgb({ data, channels }: Samples): Uint8Array {
  const rgb = new Uint8ClampedArray((data.length / channels) * 3);
  for (let source = 0, target = 0; source < data.length; source += channels, target += 3) {
    const y = ((data[source] * 100) / 255 + 16) / 116;
    const [a, b] = [signed(data[source + 1]), signed(data[source + 2])];
    const xyz = [y + a / 500, y, y - b / 200].map((value, axis) => WHITE[axis] * cube(value));
    for (let channel = 0; channel < 3; channel++) {
      const row = TO_LINEAR[channel];
      rgb[target + channel] = 255 * gamma(row[0] * xyz[0] + row[1] * xyz[1] + row[2] * xyz[2]);
    }
  }
  return new Uint8Array(rgb.buffer);
}

function signed(byte: number): number {
  return byte < 128 ? byte : byte - 256;
}

/** Inverse of CIELAB's cube root with its straight part near black. */
function cube(value: number): number {
  return value > 6 / 29 ? value ** 3 : 3 * (6 / 29) ** 2 * (value - 4 / 29);
}

function gamma(linear: number): number {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
}

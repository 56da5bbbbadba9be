// PIL's image resize, to the bit.
//
// HF resizes with PIL, so PIL's arithmetic is part of the model's input. libvips, which sharp uses, has the same cubic kernel but places
// and rounds otherwise: measured on the 0..255 scale it is off by 0.2 on average and 6 at most on a smooth photo that shrinks, by 3 to 14 on
// average when it enlarges, by 6 on a 12-megapixel picture. So sharp decodes only, and the resize is done here, equal to the bit.
// Price: 13 ms against 1.4 ms for 1024 x 768 -> 384 x 384, next to 5 ms for decoding the JPEG.
//
// The method (Pillow, Resample.c, for 8-bit channels):
//   1. An output pixel's centre is mapped into the input. When shrinking, the filter is widened by the scale: that is the antialiasing.
//   2. Filter weights are taken at the input pixels' centres, cut at the border, divided by their sum, and rounded to 22-bit fixed point.
//   3. One pass per axis; between the two, values are rounded and clipped to 0..255 again, so their order matters in the last digits.
//      Rows go first, unless the height loses more than twice as many pixels as the width: Pillow 13's rule, found by comparing 1,500
//      random sizes with it. Earlier versions always took rows first; for a tall picture theirs differs by a few units in single pixels.

/** Filters by PIL's name; `support` is the radius in output pixels (input pixels when enlarging). */
const FILTERS = {
  lanczos: { support: 3, weight: (x: number) => (x > -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
  bilinear: { support: 1, weight: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: cubic },
  box: { support: 0.5, weight: (x: number) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  hamming: { support: 1, weight: hamming },
} as const;

/** `nearest` is no filter: each output pixel takes one input pixel. */
export type PilFilter = keyof typeof FILTERS | 'nearest';

/** PIL's numbers for its filters, as they stand in preprocessor_config.json. */
export const PIL_FILTERS: ReadonlyMap<number, PilFilter> = new Map([[0, 'nearest'], [1, 'lanczos'], [2, 'bilinear'], [3, 'bicubic'], [4, 'box'], [5, 'hamming']]);

/** An 8-bit RGB picture: rows from the top, [height, width, 3]. */
export interface RgbImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** 32 bits less 8 for the value and 2 for sums beyond 1: no sum of weights times values leaves an int32. */
const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/**
 * Resizes without keeping the aspect ratio.
 *
 * @returns an image of the given size; the same object when the size is right already
 * @example
 * resample({ data: Uint8Array.of(0, 0, 0, 255, 255, 255), width: 2, height: 1 }, 1, 1, 'bicubic').data
 * // Uint8Array [128, 128, 128]
 */
export function resample(image: RgbImage, width: number, height: number, filter: PilFilter): RgbImage {
  if (filter === 'nearest') return width === image.width && height === image.height ? image : takeNearest(image, width, height);
  const toWidth = (input: RgbImage): RgbImage => (width === input.width ? input : resampleRows(input, width, filter));
  const toHeight = (input: RgbImage): RgbImage => (height === input.height ? input : resampleColumns(input, height, filter));
  const lost = image.height - height;
  return lost > 0 && lost > 2 * (image.width - width) ? toWidth(toHeight(image)) : toHeight(toWidth(image));
}

function takeNearest({ data, width, height }: RgbImage, newWidth: number, newHeight: number): RgbImage {
  const columns = nearestIndices(width, newWidth);
  const result = new Uint8Array(newWidth * newHeight * 3);              // [newHeight, newWidth, 3]
  nearestIndices(height, newHeight).forEach((row, y) => columns.forEach((column, x) => {
    const source = (row * width + column) * 3;
    result.set(data.subarray(source, source + 3), (y * newWidth + x) * 3);
  }));
  return { data: result, width: newWidth, height: newHeight };
}

/** The input pixel of each output pixel's centre; the centres are summed up one by one, as PIL does (Geometry.c), for equal rounding. */
function nearestIndices(inputSize: number, outputSize: number): Int32Array {
  const scale = inputSize / outputSize;
  let centre = scale * 0.5;
  return Int32Array.from({ length: outputSize }, () => {
    const index = Math.min(Math.trunc(centre), inputSize - 1);
    centre += scale;
    return index;
  });
}

interface Weights {
  /** Per output pixel: the first input pixel it depends on, and how many. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `stride` fixed-point weights per output pixel. */
  readonly values: Int32Array;
  readonly stride: number;
}

function computeWeights(inputSize: number, outputSize: number, filter: keyof typeof FILTERS): Weights {
  const { support: radius, weight } = FILTERS[filter];
  const scale = inputSize / outputSize;
  const filterScale = Math.max(scale, 1);
  const support = radius * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outputSize);
  const count = new Int32Array(outputSize);
  const values = new Int32Array(outputSize * stride);
  const raw = new Float64Array(stride);
  for (let out = 0; out < outputSize; out++) {
    const centre = (out + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - support + 0.5));
    const taps = Math.min(inputSize, Math.trunc(centre + support + 0.5)) - from;
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) sum += raw[tap] = weight((tap + from - centre + 0.5) * (1 / filterScale));
    for (let tap = 0; tap < taps; tap++) {
      const fixed = (sum === 0 ? raw[tap] : raw[tap] / sum) * (1 << PRECISION_BITS);
      values[out * stride + tap] = Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    first[out] = from;
    count[out] = taps;
  }
  return { first, count, values, stride };
}

function resampleRows({ data, width, height }: RgbImage, newWidth: number, filter: keyof typeof FILTERS): RgbImage {
  const { first, count, values, stride } = computeWeights(width, newWidth, filter);
  const result = new Uint8Array(newWidth * height * 3);                 // [height, newWidth, 3]
  for (let y = 0, target = 0; y < height; y++) {
    for (let x = 0; x < newWidth; x++) {
      let red = HALF, green = HALF, blue = HALF;
      let source = (y * width + first[x]) * 3;
      let tap = x * stride;
      const end = tap + count[x];
      for (; tap + 1 < end; tap += 2, source += 6) { // two taps at once: 9 % less time than one
        const weight = values[tap], next = values[tap + 1];
        red = (red + Math.imul(data[source], weight) + Math.imul(data[source + 3], next)) | 0;
        green = (green + Math.imul(data[source + 1], weight) + Math.imul(data[source + 4], next)) | 0;
        blue = (blue + Math.imul(data[source + 2], weight) + Math.imul(data[source + 5], next)) | 0;
      }
      if (tap < end) {
        const weight = values[tap];
        red = (red + Math.imul(data[source], weight)) | 0;
        green = (green + Math.imul(data[source + 1], weight)) | 0;
        blue = (blue + Math.imul(data[source + 2], weight)) | 0;
      }
      result[target++] = clip(red >> PRECISION_BITS);
      result[target++] = clip(green >> PRECISION_BITS);
      result[target++] = clip(blue >> PRECISION_BITS);
    }
  }
  return { data: result, width: newWidth, height };
}

function resampleColumns({ data, width, height }: RgbImage, newHeight: number, filter: keyof typeof FILTERS): RgbImage {
  const { first, count, values, stride } = computeWeights(height, newHeight, filter);
  const row = width * 3;
  const result = new Uint8Array(row * newHeight);                       // [newHeight, width, 3]
  const sums = new Int32Array(row);
  for (let y = 0; y < newHeight; y++) {
    sums.fill(HALF);
    let tap = y * stride;
    const end = tap + count[y];
    let source = first[y] * row;
    for (; tap + 3 < end; tap += 4, source += 4 * row) addRows(sums, data, source, row, values[tap], values[tap + 1], values[tap + 2], values[tap + 3]);
    for (; tap < end; tap++, source += row) addRow(sums, data, source, values[tap]);
    const target = y * row;
    for (let i = 0; i < row; i++) result[target + i] = clip(sums[i] >> PRECISION_BITS);
  }
  return { data: result, width, height: newHeight };
}

/** Four weighted rows at once: the sums are read and written a quarter as often. */
function addRows(sums: Int32Array, data: Uint8Array, from: number, row: number, a: number, b: number, c: number, d: number): void {
  const second = from + row, third = second + row, fourth = third + row;
  for (let i = 0; i < row; i++)
    sums[i] += Math.imul(data[from + i], a) + Math.imul(data[second + i], b) + Math.imul(data[third + i], c) + Math.imul(data[fourth + i], d);
}

function addRow(sums: Int32Array, data: Uint8Array, from: number, weight: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] += Math.imul(data[from + i], weight);
}

function clip(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Keys' cubic with a = -0.5 (Catmull-Rom). */
function cubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

function hamming(x: number): number {
  const d = Math.abs(x);
  if (d === 0) return 1;
  return d >= 1 ? 0 : (Math.sin(d * Math.PI) / (d * Math.PI)) * (0.54 + 0.46 * Math.cos(d * Math.PI));
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

// Resizing an image that is decoded in strips: equal to the bit to resample.ts over the whole image, in a fraction of
// its memory.
//
// The image is worked on as it is stored, and only the small result is turned upright. So that this gives the same
// bits, the weights are those of the upright image, read backwards where its rows or columns run backwards, and the
// passes have the order that they have there.
import type { OpenedImage } from './decode/opened-image';
import { isTransposed, mirrorsColumns, mirrorsRows, orientImage } from './decode/orientation';
import type { ImageSize } from './parse-image-size';
import { nearestIndices, resampleColumns, resampleRows, takesHeightFirst } from './resample';
import { computeWeights, PRECISION_BITS, type PilFilter, type ResampleWeights } from './resample-weights';
import type { RgbImage } from './rgb-image';

export interface TargetSize extends ImageSize {
  readonly filter: PilFilter;
}

/** @returns the image, upright, in the given size */
export async function resampleStrips(image: OpenedImage, { width, height, filter }: TargetSize): Promise<RgbImage> {
  const { orientation } = image;
  const transposed = isTransposed(orientation);
  const upright = transposed ? { width: image.height, height: image.width } : image;
  const [newWidth, newHeight] = transposed ? [height, width] : [width, height];
  const columns = makeWeights(image.width, newWidth, filter, mirrorsColumns(orientation));
  const rows = makeWeights(image.height, newHeight, filter, mirrorsRows(orientation));
  const heightFirst = takesHeightFirst(upright, width, height) !== transposed;
  const resized = heightFirst
    ? narrow(await shortenStrips(image, newHeight, rows), newWidth, columns)
    : shorten(await narrowStrips(image, newWidth, columns), newHeight, rows);
  return orientImage(resized, orientation);
}

/** @returns undefined where the size stays */
function makeWeights(size: number, newSize: number, filter: PilFilter, mirrored: boolean): ResampleWeights | undefined {
  if (size === newSize) return undefined;
  const weights = filter === 'nearest' ? nearestWeights(size, newSize) : computeWeights(size, newSize, filter);
  return mirrored ? mirror(weights, size) : weights;
}

/** One input pixel with the weight 1. */
function nearestWeights(size: number, newSize: number): ResampleWeights {
  return {
    first: nearestIndices(size, newSize),
    count: new Int32Array(newSize).fill(1),
    values: new Int32Array(newSize).fill(1 << PRECISION_BITS),
    stride: 1,
  };
}

function mirror({ first, count, values, stride }: ResampleWeights, size: number): ResampleWeights {
  const last = first.length - 1;
  const mirrored = new Int32Array(values.length);
  for (let out = 0; out <= last; out++) {
    const from = (last - out) * stride;
    mirrored.set(values.slice(from, from + count[last - out]).reverse(), out * stride);
  }
  return {
    first: first.map((_, out) => size - first[last - out] - count[last - out]),
    count: count.slice().reverse(),
    values: mirrored,
    stride,
  };
}

function narrow(image: RgbImage, newWidth: number, weights: ResampleWeights | undefined): RgbImage {
  return weights ? resampleRows(image, newWidth, weights) : image;
}

function shorten(image: RgbImage, newHeight: number, weights: ResampleWeights | undefined): RgbImage {
  return weights ? resampleColumns(image, newHeight, weights) : image;
}

/** The pass along the rows, strip by strip: [image.height, newWidth, 3] */
async function narrowStrips(
  { width, height, stripRows, readRows }: OpenedImage,
  newWidth: number,
  weights: ResampleWeights | undefined,
): Promise<RgbImage> {
  const data = new Uint8Array(height * newWidth * 3);
  for (let top = 0; top < height; top += stripRows) {
    const count = Math.min(stripRows, height - top);
    const strip = { data: await readRows(top, count), width, height: count };
    data.set(narrow(strip, newWidth, weights).data, top * newWidth * 3);
  }
  return { data, width: newWidth, height };
}

/**
 * The pass along the columns: for some output rows at a time, the input rows that they depend on. [newHeight,
 * image.width, 3]
 */
async function shortenStrips(
  image: OpenedImage,
  newHeight: number,
  weights: ResampleWeights | undefined,
): Promise<RgbImage> {
  const { width, stripRows } = image;
  if (!weights) return narrowStrips(image, width, undefined);
  const { first, count, values, stride } = weights;
  const data = new Uint8Array(newHeight * width * 3);
  for (let y = 0, end = 1; y < newHeight; y = end++) {
    const top = first[y];
    while (end < newHeight && first[end] + count[end] - top <= stripRows) end++;
    const rows = first[end - 1] + count[end - 1] - top;
    const strip = { data: await image.readRows(top, rows), width, height: rows };
    const part = {
      first: first.slice(y, end).map((row) => row - top),
      count: count.slice(y, end),
      values: values.slice(y * stride, end * stride),
      stride,
    };
    data.set(resampleColumns(strip, end - y, part).data, y * width * 3);
  }
  return { data, width, height: newHeight };
}

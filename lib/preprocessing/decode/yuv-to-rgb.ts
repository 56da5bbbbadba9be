// Luma and chroma as RGB, to the bit as PIL does it: libavif, with libyuv's fixed-point arithmetic and its bilinear
// upsampling of chroma. Source: libyuv, row_common.cc (CALC_RGB16) and scale_common.cc (ScaleRowUp2), as on x86;
// libavif, reformat.c and reformat_libyuv.c.
import type { AvifContainer } from './avif-container';

/**
 * Planes of an image, pixel by pixel: Cr, luma, Cb, and alpha where there is one; chroma is repeated for every pixel
 * that it covers.
 */
export interface Planes {
  readonly data: Uint8Array | Uint16Array;
  readonly channels: number;
  readonly width: number;
  readonly height: number;
  /** Bits of a sample. */
  readonly depth: number;
}

/** 64ths, as libyuv has them; blue is cut at 2 as there. `yFactor` is 16.16 and applies to luma of 16 bits. */
interface Matrix {
  readonly blueCb: number;
  readonly greenCb: number;
  readonly greenCr: number;
  readonly redCr: number;
  readonly yFactor: number;
  readonly yOffset: number;
}

const matrix = (
  blueCb: number,
  greenCb: number,
  greenCr: number,
  redCr: number,
  fullRange: boolean,
  scale = 1.164,
): Matrix => ({
  blueCb: Math.min(128, Math.round(64 * blueCb)),
  greenCb: Math.round(64 * greenCb),
  greenCr: Math.round(64 * greenCr),
  redCr: Math.round(64 * redCr),
  yFactor: Math.round(((fullRange ? 1 : scale) * 64 * 65536) / 257),
  yOffset: fullRange ? 32 : -1160,
});

/** By H.273's number: BT.709, unspecified (taken for BT.601, as everywhere), BT.601 twice, BT.2020. */
const BT601 = [matrix(2.018, 0.391, 0.813, 1.596, false), matrix(1.772, 0.34414, 0.71414, 1.402, true)] as const;
const MATRICES: ReadonlyMap<number, readonly [limited: Matrix, full: Matrix]> = new Map([
  [1, [matrix(2.112, 0.213, 0.533, 1.793, false), matrix(1.8556, 0.18732, 0.46812, 1.5748, true)]],
  [2, BT601],
  [5, BT601],
  [6, BT601],
  [9, [matrix(2.14177, 0.187326, 0.65042, 1.67867, false, 1.16438), matrix(1.8814, 0.164553, 0.571353, 1.4746, true)]],
]);

/** Positions of the planes in a pixel. */
const CR = 0;
const LUMA = 1;
const CB = 2;

/** Whether `yuvToRgb` can convert an image. */
export function hasMatrix({ color }: AvifContainer): boolean {
  return color !== undefined && MATRICES.has(color.matrix);
}

function findMatrix({ color }: AvifContainer): readonly [limited: Matrix, full: Matrix] {
  return (color && MATRICES.get(color.matrix)) ?? BT601;
}

/** @returns [count, width, 3] u8, the rows from `top` */
export function yuvToRgb(planes: Planes, container: AvifContainer, top: number, count: number): Uint8Array {
  const { data, channels, width } = planes;
  const rgb = new Uint8ClampedArray(count * width * 3);
  const fullRange = container.color?.fullRange ?? true;
  if (container.monochrome && channels !== 4) {
    const grays = grayTable(planes.depth, fullRange);
    for (let target = 0, source = top * width * channels; target < rgb.length; target += 3, source += channels)
      rgb[target] = rgb[target + 1] = rgb[target + 2] = grays[data[source]];
    return new Uint8Array(rgb.buffer);
  }
  const { blueCb, greenCb, greenCr, redCr, yFactor, yOffset } = findMatrix(container)[fullRange ? 1 : 0];
  const depth = usedDepth(planes, container);
  const shift = planes.depth - depth;
  const readChroma = chromaReader(planes, container, depth);
  const [cb, cr] = [new Uint8Array(width).fill(128), new Uint8Array(width).fill(128)];
  for (let y = top, target = 0; y < top + count; y++) {
    if (!container.monochrome) {
      readChroma(y, CB, cb);
      readChroma(y, CR, cr);
    }
    for (let x = 0, source = y * width * channels + LUMA; x < width; x++, source += channels, target += 3) {
      const luma = data[source] >> shift;
      const wide = depth === 8 ? luma * 257 : (luma << (16 - depth)) | (luma >> (2 * depth - 16));
      const base = ((wide * yFactor) >>> 16) + yOffset;
      const blue = cb[x] - 128;
      const red = cr[x] - 128;
      rgb[target] = (base + red * redCr) >> 6;
      rgb[target + 1] = (base - blue * greenCb - red * greenCr) >> 6;
      rgb[target + 2] = (base + blue * blueCb) >> 6;
    }
  }
  return new Uint8Array(rgb.buffer);
}

/** [count, width] u8, the opacity of the rows from `top` */
export function alphaRows({ data, channels, width, depth }: Planes, top: number, count: number): Uint8Array {
  const alphas = new Uint8Array(count * width);
  for (let pixel = 0, source = (top * width + 1) * channels - 1; pixel < alphas.length; pixel++, source += channels)
    alphas[pixel] = data[source] >> (depth - 8);
  return alphas;
}

/** libavif shortens samples to 8 bits first, except where libyuv has a function for more: to RGBA. */
function usedDepth({ depth, channels }: Planes, { monochrome, chromaRows }: AvifContainer): number {
  if (channels !== 4 || monochrome) return 8;
  return depth === 10 || (depth === 12 && chromaRows === 2) ? depth : 8;
}

/**
 * Reads a row of one chroma channel, 8 bits, each value interpolated from the nearest two samples in a direction that
 * is subsampled.
 */
function chromaReader(
  { data, channels, width, height, depth }: Planes,
  { chromaColumns, chromaRows }: AvifContainer,
  usedDepth: number,
): (y: number, channel: number, result: Uint8Array) => void {
  const [shift, rest] = [depth - usedDepth, usedDepth - 8];
  const interpolated = usedDepth < 12; // libyuv repeats samples of 12 bits
  const columns = Array.from({ length: width }, (_, x) => {
    // The last column of an odd width is not interpolated along the row.
    const [near, other] = neighbors(x, chromaColumns, width);
    return [near, interpolated && x < width - 1 ? other : near];
  });
  const [nearColumns, otherColumns] = [0, 1].map((i) => Int32Array.from(columns, (pair) => pair[i] * channels));
  return (y, channel, result) => {
    const [nearRow, otherRow] = neighbors(y, chromaRows, height);
    const near = nearRow * width * channels + channel;
    const other = (interpolated ? otherRow : nearRow) * width * channels + channel;
    for (let x = 0; x < width; x++) {
      const nearColumn = nearColumns[x];
      const otherColumn = otherColumns[x];
      const a = data[near + nearColumn] >> shift;
      const b = data[near + otherColumn] >> shift;
      const c = data[other + nearColumn] >> shift;
      const d = data[other + otherColumn] >> shift;
      result[x] = ((9 * a + 3 * b + 3 * c + d + 8) >> 4) >> rest;
    }
  };
}

/** First pixels of the chroma sample that covers a pixel, and of the next nearest one. */
function neighbors(pixel: number, subsampling: number, size: number): [near: number, other: number] {
  const near = pixel - (pixel % subsampling);
  const other = subsampling === 1 ? near : pixel % 2 === 0 ? near - 2 : near + 2;
  return [near, other < 0 || other >= size ? near : other];
}

/** libavif's own arithmetic, for gray that libyuv does not convert. */
function grayTable(depth: number, fullRange: boolean): Uint8Array {
  const max = 2 ** depth - 1;
  const [black, range] = fullRange ? [0, max] : [16 << (depth - 8), 219 << (depth - 8)];
  return Uint8Array.from({ length: max + 1 }, (_, luma) =>
    Math.floor(0.5 + 255 * Math.min(1, Math.max(0, (luma - black) / range))),
  );
}

// How an image must be turned to stand upright, as PIL's ImageOps.exif_transpose finds it.
import type { RgbImage } from '../rgb-image';
import { readTiffDirectory } from './tiff-directory';

/** EXIF's numbers: 1 is upright; 2 to 4 are mirrored or upside down; 5 to 8 have rows and columns exchanged. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** What a file says about itself. */
export interface ImageMetadata {
  /** A TIFF structure, with or without "Exif\0\0" before it. */
  readonly exif?: Uint8Array;
  /** XML. */
  readonly xmp?: Uint8Array;
}

const ORIENTATION_TAG = 0x112;

/** The tag in EXIF goes first; where there is none, XMP's tiff:Orientation counts. Unknown numbers mean upright. */
export function findOrientation({ exif, xmp }: ImageMetadata): Orientation {
  return toOrientation((exif && exifOrientation(exif)) ?? (xmp && xmpOrientation(xmp)));
}

/** @returns undefined without the tag; 0 when it is no number */
export function exifOrientation(exif: Uint8Array): number | undefined {
  const directory = readTiffDirectory(withoutPrefix(withoutPrefix(exif)));
  if (directory?.offset(ORIENTATION_TAG) === undefined) return undefined;
  return directory.numbers(ORIENTATION_TAG)?.[0] ?? 0;
}

function xmpOrientation(xmp: Uint8Array): number | undefined {
  const text = Buffer.from(xmp.buffer, xmp.byteOffset, xmp.byteLength).toString('latin1');
  const match = /tiff:Orientation(?:="|>)([0-9])/.exec(text);
  return match ? Number(match[1]) : undefined;
}

export function toOrientation(value: number | undefined): Orientation {
  return value === 2 || value === 3 || value === 4 || value === 5 || value === 6 || value === 7 || value === 8
    ? value
    : 1;
}

/** Rows become columns. */
export function isTransposed(orientation: Orientation): boolean {
  return orientation >= 5;
}

/** Columns of the stored image run backwards in the upright one (as its columns, or as its rows when transposed). */
export function mirrorsColumns(orientation: Orientation): boolean {
  return orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
}

/** Rows of the stored image run backwards in the upright one. */
export function mirrorsRows(orientation: Orientation): boolean {
  return orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
}

/** @returns the same object when the image stands upright already */
export function orientImage(image: RgbImage, orientation: Orientation): RgbImage {
  if (orientation === 1) return image;
  const { data, width, height } = image;
  const transposed = isTransposed(orientation);
  const result = new Uint8Array(data.length);
  const newWidth = transposed ? height : width;
  /** Where the stored pixel (0, 0) goes, and the way to the next column and row, in bytes of the result. */
  const column = (transposed ? newWidth : 1) * (mirrorsColumns(orientation) ? -3 : 3);
  const row = (transposed ? 1 : newWidth) * (mirrorsRows(orientation) ? -3 : 3);
  const start = (column < 0 ? -column * (width - 1) : 0) + (row < 0 ? -row * (height - 1) : 0);
  for (let y = 0, source = 0; y < height; y++)
    for (let x = 0, target = start + y * row; x < width; x++, target += column, source += 3) {
      result[target] = data[source];
      result[target + 1] = data[source + 1];
      result[target + 2] = data[source + 2];
    }
  return { data: result, width: newWidth, height: transposed ? width : height };
}

function withoutPrefix(exif: Uint8Array): Uint8Array {
  return Buffer.from(exif.subarray(0, 6)).toString('latin1') === 'Exif\0\0' ? exif.subarray(6) : exif;
}

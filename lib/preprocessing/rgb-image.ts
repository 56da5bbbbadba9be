// An image as it is decoded, resized and shown.

/** An 8-bit RGB image: rows from the top, [height, width, 3]. */
export interface RgbImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

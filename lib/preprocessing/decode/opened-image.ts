// An image whose header has been read. Its pixels come in strips of rows, as they are stored.
import type { Orientation } from './orientation';

export interface OpenedImage {
  /** As stored: an image that lies on its side has its width and height exchanged. */
  readonly width: number;
  readonly height: number;
  /** How it must be turned to stand upright. */
  readonly orientation: Orientation;
  /** Rows to read at a time: all of them, or fewer where that saves memory. */
  readonly stripRows: number;
  /** @returns [count, width, 3] u8, the rows from `top` */
  readRows(top: number, count: number): Promise<Uint8Array> | Uint8Array;
}

/** 'white' lays a transparent image on white; 'drop' shows the colours that are stored beneath. */
export type AlphaMode = 'white' | 'drop';

// The one place where sharp decodes: an encoded image's header, and its samples as they are stored.
import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { loadSharp } from '../../core/load-sharp';
import { DECODE_SECONDS, MAX_PIXELS } from './image-limits';

/** Some rows of the stored image. */
export interface Rows {
  readonly width: number;
  readonly height: number;
  readonly top: number;
  readonly count: number;
}

/** `channels` values per pixel, row by row. */
export interface Samples<Values extends Uint8Array | Uint16Array = Uint8Array> {
  readonly data: Values;
  readonly channels: number;
}

/**
 * Sets the color space in which samples come, or picks a channel. Without it gray and RGB come as RGB, with alpha where
 * there is one.
 */
export type Preparation = (image: Sharp) => Sharp;

export class SampleReader {
  private readonly options: SharpOptions;

  /**
   * @param failOn damage that is an error; by default a truncated image, while lesser damage is passed over, as PIL
   *   does
   */
  constructor(
    private readonly bytes: Uint8Array,
    failOn: SharpOptions['failOn'] = 'truncated',
  ) {
    // No color profile is applied, and of an animation the first frame is taken.
    this.options = { failOn, ignoreIcc: true, pages: 1, limitInputPixels: MAX_PIXELS };
  }

  header(): Promise<Metadata> {
    return loadSharp()(this.bytes, { ...this.options, limitInputPixels: false }).metadata();
  }

  /** @returns 8 bits a sample; of 16 the upper byte */
  async read(rows: Rows, prepare?: Preparation): Promise<Samples> {
    const { data, info } = await this.open(rows, prepare).raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    return { data, channels: info.channels };
  }

  /** @returns 16 bits a sample */
  async readWide(rows: Rows, prepare: Preparation): Promise<Samples<Uint16Array>> {
    const { data, info } = await this.open(rows, prepare)
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true });
    const aligned = data.byteOffset % 2 === 0 ? data : Uint8Array.from(data);
    return {
      data: new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2),
      channels: info.channels,
    };
  }

  private open({ width, height, top, count }: Rows, prepare: Preparation = (image) => image): Sharp {
    const image = loadSharp()(this.bytes, this.options).timeout({ seconds: DECODE_SECONDS });
    return prepare(count === height ? image : image.extract({ left: 0, top, width, height: count }));
  }
}

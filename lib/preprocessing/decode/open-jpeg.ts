// JPEG (ITU T.81): sharp decodes, to the bit as PIL does. CMYK is converted here, without a profile.
import { ImageError } from '../errors';
import type { EncodedImage } from '../read-image-source';
import { checkImageSize, stripRows } from './image-limits';
import type { OpenedImage } from './opened-image';
import { findOrientation, type ImageMetadata } from './orientation';
import { SampleReader } from './read-samples';
import { cmykToRgb, toRgb } from './to-rgb';

/** A progressive image is held whole as coefficients of 16 bits, beside the result. */
const PROGRESSIVE_BYTES_PER_PIXEL = 6;

export async function openJpeg({ bytes, name }: EncodedImage): Promise<OpenedImage> {
  const reader = new SampleReader(bytes);
  const { width, height, space, isProgressive } = await reader.header();
  checkImageSize(name, width, height, isProgressive ? PROGRESSIVE_BYTES_PER_PIXEL : 0);
  return {
    width,
    height,
    orientation: findOrientation(readJpegMetadata(bytes)),
    stripRows: isProgressive ? height : stripRows(width),
    async readRows(top, count) {
      const rows = { width, height, top, count };
      if (space !== 'cmyk') return toRgb(await reader.read(rows), 'drop', name);
      const inks = await reader.read(rows, (image) => image.pipelineColourspace('cmyk').toColourspace('cmyk'));
      if (inks.channels !== 4)
        throw new ImageError(`${name}: a CMYK image with ${inks.channels} channels. Expected 4. Save it as RGB.`);
      return cmykToRgb(inks);
    },
  };
}

const EXIF = 'Exif\0\0';
const XMP = 'http://ns.adobe.com/xap/1.0/\0';
const APP1 = 0xe1;
const START_OF_SCAN = 0xda;

/** EXIF may be split over several segments; of several XMP segments the last counts. */
function readJpegMetadata(bytes: Uint8Array): ImageMetadata {
  const exif: Uint8Array[] = [];
  let xmp: Uint8Array | undefined;
  for (const { marker, data } of segments(bytes)) {
    if (marker !== APP1) continue;
    if (startsWith(data, EXIF)) exif.push(data.subarray(EXIF.length));
    else if (startsWith(data, XMP)) xmp = data.subarray(XMP.length);
  }
  return { exif: exif.length > 0 ? Buffer.concat(exif) : undefined, xmp };
}

/** Segments before the image's data; bytes between them are passed over. */
function* segments(bytes: Uint8Array): Generator<{ marker: number; data: Uint8Array }> {
  for (let at = 2; at + 3 < bytes.length; ) {
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === 0xff) at += 1;
    else if (marker === 0 || !hasLength(marker)) at += 2;
    else if (marker < 0xc0 || marker === START_OF_SCAN) return;
    else {
      const length = bytes[at + 2] * 256 + bytes[at + 3];
      yield { marker, data: bytes.subarray(at + 4, at + 2 + length) };
      at += 2 + Math.max(2, length);
    }
  }
}

/** Restart markers, start and end of the image, and reserved ones have none. */
function hasLength(marker: number): boolean {
  return !((marker >= 0xd0 && marker <= 0xd9) || marker === 0xc8 || (marker >= 0xf0 && marker <= 0xfd));
}

function startsWith(data: Uint8Array, text: string): boolean {
  return Buffer.from(data.subarray(0, text.length)).toString('latin1') === text;
}

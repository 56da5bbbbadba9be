// WebP: sharp decodes, to the bit as PIL does. Of an animation the first frame, on its canvas.
import type { EncodedImage } from '../read-image-source';
import { checkImageSize } from './image-limits';
import type { AlphaMode, OpenedImage } from './opened-image';
import { findOrientation, type ImageMetadata } from './orientation';
import { SampleReader } from './read-samples';
import { toRgb } from './to-rgb';

/** libwebp holds the whole image, as RGBA, beside the result. */
const BYTES_PER_PIXEL = 8;

export async function openWebp({ bytes, name }: EncodedImage, alpha: AlphaMode): Promise<OpenedImage> {
  const reader = new SampleReader(bytes);
  const { width, height } = await reader.header();
  checkImageSize(name, width, height, BYTES_PER_PIXEL);
  return {
    width,
    height,
    orientation: findOrientation(readWebpMetadata(bytes)),
    stripRows: height,
    async readRows(top, count) {
      return toRgb(await reader.read({ width, height, top, count }), alpha, name);
    },
  };
}

const FIRST_CHUNK = 12;
const CHUNK_HEADER = 8;
/** Flags of the VP8X chunk; a chunk without its flag does not count. */
const HAS_EXIF = 8;
const HAS_XMP = 4;

/** The first chunk of a name counts (WebP container specification, extended file format). */
function readWebpMetadata(bytes: Uint8Array): ImageMetadata {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let flags = 0;
  let exif: Uint8Array | undefined;
  let xmp: Uint8Array | undefined;
  for (let at = FIRST_CHUNK; at + CHUNK_HEADER <= bytes.length; ) {
    const name = Buffer.from(bytes.subarray(at, at + 4)).toString('latin1');
    const length = view.getUint32(at + 4, true);
    const data = bytes.subarray(at + CHUNK_HEADER, at + CHUNK_HEADER + length);
    if (name === 'VP8X' && length > 0) flags = data[0];
    if (name === 'EXIF' && (flags & HAS_EXIF) !== 0) exif ??= data;
    if (name === 'XMP ' && (flags & HAS_XMP) !== 0) xmp ??= data;
    at += CHUNK_HEADER + length + (length % 2);
  }
  return { exif, xmp };
}

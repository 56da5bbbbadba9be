// AVIF: sharp decodes luma and chroma, and they become RGB here, to the bit as PIL does it.
//
// libheif, through which sharp reads, repeats each chroma sample over the pixels it covers, where PIL interpolates:
// single values are then off by up to 90, and gray of limited range by 20. So libheif is told that the samples are the
// colors. Rare kinds of color (SMPTE 240M, YCgCo, ICtCp and the like) are left to it.
import { ImageError } from '../errors';
import type { EncodedImage } from '../read-image-source';
import { readAvifContainer, type AvifContainer } from './avif-container';
import { copyAsPlanes, copyUnturned } from './copy-avif';
import { checkImageSize, stripRows } from './image-limits';
import type { AlphaMode, OpenedImage } from './opened-image';
import { exifOrientation, findOrientation, type ImageMetadata, type Orientation } from './orientation';
import { SampleReader, type Rows } from './read-samples';
import { layOnWhite, toRgb, unpremultiply } from './to-rgb';
import { alphaRows, hasMatrix, yuvToRgb, type Planes } from './yuv-to-rgb';

/** libheif and libvips hold the whole image several times: as luma and chroma, as RGB, and as the result. Measured. */
const BYTES_PER_PIXEL = 15;

export async function openAvif({ bytes, name }: EncodedImage, alpha: AlphaMode): Promise<OpenedImage> {
  const container = readAvifContainer(bytes);
  if (!container)
    throw new ImageError(`${name}: the AVIF's boxes are damaged or cut short. Download or save it again.`);
  const bytesPerPixel = container.depth > 8 ? 2 * BYTES_PER_PIXEL : BYTES_PER_PIXEL;
  checkImageSize(name, container.width, container.height, bytesPerPixel);
  const planar = hasMatrix(container) ? copyAsPlanes(bytes, container) : undefined;
  const reader = new SampleReader(planar ?? copyUnturned(bytes, container));
  const { width, height, exif, xmp } = await reader.header();
  checkImageSize(name, width, height, bytesPerPixel);
  const whole = { width, height, top: 0, count: height };
  let planes: Promise<Planes> | undefined;
  return {
    width,
    height,
    orientation: avifOrientation(container.orientation, { exif, xmp }),
    stripRows: planar ? stripRows(width) : height,
    async readRows(top, count) {
      if (!planar) return toRgb(await reader.read({ ...whole, top, count }), alpha, name);
      planes ??= readPlanes(reader, container, whole);
      return planesToRgb(await planes, container, { ...whole, top, count }, alpha);
    },
  };
}

/** The boxes' rotation overrides EXIF's; XMP counts where neither says anything. */
function avifOrientation(orientation: Orientation, { exif, xmp }: ImageMetadata): Orientation {
  if (orientation !== 1 || (exif && exifOrientation(exif) !== undefined)) return orientation;
  return findOrientation({ xmp });
}

async function readPlanes(reader: SampleReader, { depth }: AvifContainer, rows: Rows): Promise<Planes> {
  const { width, height } = rows;
  if (depth === 8) return { ...(await reader.read(rows)), width, height, depth };
  const { data, channels } = await reader.readWide(rows, (image) => image.toColourspace('rgb16'));
  for (let i = 0; i < data.length; i++) data[i] >>= 16 - depth; // libvips makes 16 bits of them
  return { data, channels, width, height, depth };
}

function planesToRgb(planes: Planes, container: AvifContainer, { top, count }: Rows, alpha: AlphaMode): Uint8Array {
  const rgb = yuvToRgb(planes, container, top, count);
  if (planes.channels !== 4) return rgb;
  const alphas = { data: alphaRows(planes, top, count), first: 0, step: 1 };
  if (container.premultiplied) unpremultiply(rgb, alphas, divideAsLibyuv);
  if (alpha === 'white') layOnWhite(rgb, alphas);
  return rgb;
}

/** By a table of inverses with 16 bits. */
function divideAsLibyuv(value: number, opacity: number): number {
  return (value * 257 * Math.trunc(65536 / opacity)) >>> 16;
}

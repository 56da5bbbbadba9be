// PNG: sharp decodes; 16-bit gray and a transparent color are treated as PIL treats them.
import type { EncodedImage } from '../read-image-source';
import { checkImageSize, stripRows } from './image-limits';
import type { AlphaMode, OpenedImage } from './opened-image';
import { findOrientation } from './orientation';
import { readPngMetadata } from './png-metadata';
import { SampleReader, type Rows } from './read-samples';
import { clipGray16, paintWhite, toRgb } from './to-rgb';

/** An interlaced image is held whole beside the result: up to four channels of 16 bits. */
const INTERLACED_BYTES_PER_PIXEL = 12;

export async function openPng(file: EncodedImage, alpha: AlphaMode): Promise<OpenedImage> {
  const { name } = file;
  const reader = new SampleReader(file.bytes);
  const { width, height, isProgressive } = await reader.header();
  checkImageSize(name, width, height, isProgressive ? INTERLACED_BYTES_PER_PIXEL : 0);
  const metadata = readPngMetadata(file);
  const { colorType, bitDepth, transparent } = metadata;
  const readRgb = async (rows: Rows): Promise<Uint8Array> => {
    if (colorType !== 0 || bitDepth !== 16) return toRgb(await reader.read(rows), transparent ? 'drop' : alpha, name);
    const gray = await reader.readWide(rows, (image) => image.extractChannel(0).toColourspace('grey16'));
    return clipGray16(gray.data);
  };
  return {
    width,
    height,
    orientation: findOrientation(metadata),
    stripRows: isProgressive ? height : stripRows(width),
    async readRows(top, count) {
      const rgb = await readRgb({ width, height, top, count });
      if (transparent && alpha === 'white') paintWhite(rgb, transparent);
      return rgb;
    },
  };
}

// The boxes of an AVIF file (ISO 23008-12, HEIF) that say how its primary image is meant: color, rotation, transparency.
import type { Orientation } from './orientation';

/** How luma and chroma make up colors (ITU H.273). */
export interface NclxColor {
  readonly matrix: number;
  readonly fullRange: boolean;
}

export interface AvifContainer {
  /** undefined when the file names no color, or one of a profile only. */
  readonly color?: NclxColor;
  /** As stored, before the rotation; 0 where the file does not say. */
  readonly width: number;
  readonly height: number;
  /** By the boxes `irot` and `imir`. */
  readonly orientation: Orientation;
  readonly premultiplied: boolean;
  /** Bits a sample: 8, 10 or 12. */
  readonly depth: number;
  readonly monochrome: boolean;
  /** Luma samples to one chroma sample, in a row and in a column: 1 or 2. */
  readonly chromaColumns: number;
  readonly chromaRows: number;
  /**
   * A copy for libheif, which then neither turns nor crops the image.
   *
   * @param planes the samples come as they are: Cr, luma and Cb in place of red, green and blue, and alpha as it is stored
   */
  copy(planes: boolean): Uint8Array;
}

interface Box {
  readonly type: string;
  /** Of its content. */
  readonly start: number;
  readonly end: number;
  /** Of its type's four letters. */
  readonly typeAt: number;
}

/** Boxes that come before the content of a "full box": version and flags. */
const FULL_BOX_BYTES = 4;

/** @returns undefined when the boxes are damaged */
export function readAvifContainer(bytes: Uint8Array): AvifContainer | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return describe(bytes, view);
  } catch (error) {
    if (error instanceof RangeError) return undefined; // a field beyond the end
    throw error;
  }
}

function describe(bytes: Uint8Array, view: DataView): AvifContainer | undefined {
  const top = readBoxes(view, 0, view.byteLength);
  const meta = find(top, 'meta');
  if (!meta) return undefined;
  const inMeta = readBoxes(view, meta.start + FULL_BOX_BYTES, meta.end);
  const [primary, properties] = [find(inMeta, 'pitm'), find(inMeta, 'iprp')];
  if (!primary || !properties) return undefined;
  const inProperties = readBoxes(view, properties.start, properties.end);
  const container = find(inProperties, 'ipco');
  if (!container) return undefined;
  const all = readBoxes(view, container.start, container.end);
  const item = readId(view, primary.start + FULL_BOX_BYTES, view.getUint8(primary.start) > 0);
  const own = inProperties
    .filter(({ type }) => type === 'ipma')
    .flatMap((box) => readAssociations(view, box, item))
    .flatMap((index) => all[index - 1] ?? []);
  const references = find(inMeta, 'iref');
  const premultiplied = references
    ? readBoxes(view, references.start + FULL_BOX_BYTES, references.end).find(({ type }) => type === 'prem')
    : undefined;
  const color = own.find((box) => isNclx(view, box));
  // A grid of tiles has no codec of its own: its tiles' is the first one in color.
  const codecs = all.filter(({ type }) => type === 'av1C').map(({ start }) => view.getUint8(start + 2));
  const ownCodec = find(own, 'av1C');
  const codec = ownCodec
    ? view.getUint8(ownCodec.start + 2)
    : (codecs.find((flags) => (flags & 0x10) === 0) ?? codecs[0]);
  if (codec === undefined) return undefined;
  return {
    color: color && {
      matrix: view.getUint16(color.start + 8),
      fullRange: (view.getUint8(color.start + 10) & 0x80) !== 0,
    },
    ...readSize(view, find(own, 'ispe')),
    orientation: readTransforms(view, own),
    premultiplied: premultiplied !== undefined,
    depth: (codec & 0x40) === 0 ? 8 : (codec & 0x20) === 0 ? 10 : 12,
    monochrome: (codec & 0x10) !== 0,
    chromaColumns: (codec & 0x08) === 0 ? 1 : 2,
    chromaRows: (codec & 0x04) === 0 ? 1 : 2,
    copy(planes) {
      const copy = Buffer.from(bytes);
      // An image sequence has a still image too, which is the same as its first frame.
      if (copy.toString('latin1', 8, 12) === 'avis') copy.write('avif', 8, 'latin1');
      for (const box of own) neutralize(copy, box, find(own, 'ispe'));
      if (!planes) return copy;
      if (premultiplied) copy.write('free', premultiplied.typeAt, 'latin1');
      for (const box of all)
        if (isNclx(view, box)) {
          copy.writeUInt16BE(0, box.start + 8); // matrix 0: the samples are the colors
          copy[box.start + 10] = 0x80; // over the full range
        }
      return copy;
    },
  };
}

function readBoxes(view: DataView, from: number, end: number): Box[] {
  const boxes: Box[] = [];
  for (let at = from; at + 8 <= end; ) {
    let size = view.getUint32(at);
    let header = 8;
    if (size === 1) {
      size = Number(view.getBigUint64(at + 8));
      header = 16;
    } else if (size === 0) size = end - at;
    if (size < header || at + size > end) break;
    const type = String.fromCharCode(...[4, 5, 6, 7].map((offset) => view.getUint8(at + offset)));
    boxes.push({ type, start: at + header, end: at + size, typeAt: at + 4 });
    at += size;
  }
  return boxes;
}

function find(boxes: readonly Box[], type: string): Box | undefined {
  return boxes.find((box) => box.type === type);
}

function readId(view: DataView, at: number, wide: boolean): number {
  return wide ? view.getUint32(at) : view.getUint16(at);
}

/** Numbers of an item's properties, from 1. */
function readAssociations(view: DataView, { start }: Box, item: number): number[] {
  const wideIds = view.getUint8(start) > 0;
  const wideIndices = (view.getUint8(start + 3) & 1) !== 0;
  const entries = view.getUint32(start + FULL_BOX_BYTES);
  let at = start + FULL_BOX_BYTES + 4;
  for (let entry = 0; entry < entries; entry++) {
    const id = readId(view, at, wideIds);
    at += wideIds ? 4 : 2;
    const count = view.getUint8(at++);
    const step = wideIndices ? 2 : 1;
    if (id === item)
      return Array.from({ length: count }, (_, i) =>
        wideIndices ? view.getUint16(at + 2 * i) & 0x7fff : view.getUint8(at + i) & 0x7f,
      );
    at += count * step;
  }
  return [];
}

function isNclx(view: DataView, { type, start, end }: Box): boolean {
  return type === 'colr' && end - start >= 11 && view.getUint32(start) === 0x6e636c78; // "nclx"
}

function readSize(view: DataView, box: Box | undefined): { width: number; height: number } {
  if (!box) return { width: 0, height: 0 };
  return {
    width: view.getUint32(box.start + FULL_BOX_BYTES),
    height: view.getUint32(box.start + FULL_BOX_BYTES + 4),
  };
}

/** Rotation by quarter turns anticlockwise, then mirroring: as EXIF's number, in PIL's reading. */
function readTransforms(view: DataView, own: readonly Box[]): Orientation {
  const [rotation, mirror] = [find(own, 'irot'), find(own, 'imir')];
  const angle = rotation ? view.getUint8(rotation.start) & 3 : 0;
  if (!mirror) return ([1, 8, 3, 6] as const)[angle];
  const leftRight = (view.getUint8(mirror.start) & 1) !== 0;
  return leftRight ? ([2, 7, 4, 5] as const)[angle] : ([4, 5, 2, 7] as const)[angle];
}

/** Turning by nothing, mirroring as such a turn, and cropping to everything. */
function neutralize(copy: Buffer, { type, start, end, typeAt }: Box, size: Box | undefined): void {
  if (type === 'irot' || type === 'imir') {
    copy.write('irot', typeAt, 'latin1');
    copy[start] = 0;
  }
  if (type !== 'clap' || end - start < 32 || !size || size.end - size.start < 12) return;
  const [width, height] = [4, 8].map((offset) => copy.readUInt32BE(size.start + offset));
  [width, 1, height, 1, 0, 1, 0, 1].forEach((value, i) => copy.writeUInt32BE(value, start + 4 * i));
}

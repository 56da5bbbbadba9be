// The boxes of an AVIF file that say how its primary image is meant: color, rotation, transparency.
import { readAv1Color } from './av1-color';
import {
  findBox,
  findItemData,
  FULL_BOX_BYTES,
  readAssociations,
  readBoxes,
  readPrimaryItem,
  type Box,
} from './heif-boxes';
import type { Orientation } from './orientation';

/** How luma and chroma make up colors (ITU H.273). */
export interface NclxColor {
  readonly matrix: number;
  readonly fullRange: boolean;
}

export interface AvifContainer {
  /** By the file, or else by the AV1 stream in it; undefined when neither could be read. */
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
  readonly boxes: AvifBoxes;
}

/** The boxes that matter. */
export interface AvifBoxes {
  readonly meta: Box;
  /** `iprp`, which holds `ipco`, the properties themselves, and some `ipma`, which items they belong to. */
  readonly iprp: Box;
  readonly ipco: Box;
  readonly ipma: readonly Box[];
  readonly properties: readonly Box[];
  /** Those of the primary image. */
  readonly own: readonly Box[];
  /** The reference that marks colors as multiplied by alpha. */
  readonly premultiplied?: Box;
}

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

export function isNclx(view: DataView, { type, start, end }: Box): boolean {
  return type === 'colr' && end - start >= 11 && view.getUint32(start) === 0x6e636c78; // "nclx"
}

function describe(bytes: Uint8Array, view: DataView): AvifContainer | undefined {
  const meta = findBox(readBoxes(view, 0, view.byteLength), 'meta');
  if (!meta) return undefined;
  const inMeta = readBoxes(view, meta.start + FULL_BOX_BYTES, meta.end);
  const [primary, iprp] = [findBox(inMeta, 'pitm'), findBox(inMeta, 'iprp')];
  if (!primary || !iprp) return undefined;
  const inProperties = readBoxes(view, iprp.start, iprp.end);
  const ipco = findBox(inProperties, 'ipco');
  if (!ipco) return undefined;
  const properties = readBoxes(view, ipco.start, ipco.end);
  const ipma = inProperties.filter(({ type }) => type === 'ipma');
  const item = readPrimaryItem(view, primary);
  const own = ipma
    .flatMap((box) => readAssociations(view, box))
    .filter((association) => association.item === item)
    .flatMap((association) => association.properties.flatMap((index) => properties[index - 1] ?? []));
  // A grid of tiles has no codec of its own: its tiles' is the first one in color.
  const codecs = properties.filter(({ type }) => type === 'av1C');
  const codec =
    findBox(own, 'av1C') ?? codecs.find(({ start }) => (view.getUint8(start + 2) & 0x10) === 0) ?? codecs[0];
  if (!codec) return undefined;
  const flags = view.getUint8(codec.start + 2);
  const references = findBox(inMeta, 'iref');
  const premultiplied =
    references && findBox(readBoxes(view, references.start + FULL_BOX_BYTES, references.end), 'prem');
  const size = findBox(own, 'ispe');
  return {
    color: readColor(bytes, view, { inMeta, own, item, codec }),
    width: size ? view.getUint32(size.start + FULL_BOX_BYTES) : 0,
    height: size ? view.getUint32(size.start + FULL_BOX_BYTES + 4) : 0,
    orientation: readTransforms(view, own),
    premultiplied: premultiplied !== undefined,
    depth: (flags & 0x40) === 0 ? 8 : (flags & 0x20) === 0 ? 10 : 12,
    monochrome: (flags & 0x10) !== 0,
    chromaColumns: (flags & 0x08) === 0 ? 1 : 2,
    chromaRows: (flags & 0x04) === 0 ? 1 : 2,
    boxes: { meta, iprp, ipco, ipma, properties, own, premultiplied },
  };
}

interface ColorSources {
  readonly inMeta: readonly Box[];
  readonly own: readonly Box[];
  readonly item: number;
  readonly codec: Box;
}

function readColor(bytes: Uint8Array, view: DataView, sources: ColorSources): NclxColor | undefined {
  const { inMeta, own, item, codec } = sources;
  const box = own.find((property) => isNclx(view, property));
  if (box) return { matrix: view.getUint16(box.start + 8), fullRange: (view.getUint8(box.start + 10) & 0x80) !== 0 };
  const header = bytes.subarray(codec.start + 4, codec.end); // may hold the stream's header
  if (header.length > 0) return readAv1Color(header);
  const locations = findBox(inMeta, 'iloc');
  const at = locations && findItemData(view, locations, item, findBox(inMeta, 'idat'));
  return at === undefined ? undefined : readAv1Color(bytes.subarray(at));
}

/** Rotation by quarter turns anticlockwise, then mirroring: as EXIF's number, in PIL's reading. */
function readTransforms(view: DataView, own: readonly Box[]): Orientation {
  const [rotation, mirror] = [findBox(own, 'irot'), findBox(own, 'imir')];
  const angle = rotation ? view.getUint8(rotation.start) & 3 : 0;
  if (!mirror) return ([1, 8, 3, 6] as const)[angle];
  const leftRight = (view.getUint8(mirror.start) & 1) !== 0;
  return leftRight ? ([2, 7, 4, 5] as const)[angle] : ([4, 5, 2, 7] as const)[angle];
}

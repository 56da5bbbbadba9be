// A copy of an AVIF file for libheif, which then neither turns nor crops the image, and gives its samples as they are
// stored.
import { isNclx, type AvifContainer } from './avif-container';
import { findBox, hasWideIndices, readAssociations, readBoxes, type Box } from './heif-boxes';

/** For files that name no color: matrix 0, the samples are the colors, and full range. */
const IDENTITY = Buffer.concat([
  Buffer.from([0, 0, 0, 19]),
  Buffer.from('colrnclx', 'latin1'),
  Buffer.from([0, 2, 0, 2, 0, 0, 0x80]),
]);
const MAX_NARROW_INDEX = 127;

/** The image keeps its colors; only turning and cropping are taken out. */
export function copyUnturned(bytes: Uint8Array, { boxes: { own } }: AvifContainer): Buffer {
  const copy = Buffer.from(bytes);
  // An image sequence has a still image too, which is the same as its first frame.
  if (copy.toString('latin1', 8, 12) === 'avis') copy.write('avif', 8, 'latin1');
  for (const box of own) neutralize(copy, box, findBox(own, 'ispe'));
  return copy;
}

/**
 * The samples come as they are: Cr, luma and Cb in place of red, green and blue, and alpha as it is stored.
 *
 * @returns undefined when the file has no room to say so
 */
export function copyAsPlanes(bytes: Uint8Array, container: AvifContainer): Buffer | undefined {
  const { properties, own, premultiplied } = container.boxes;
  const copy = copyUnturned(bytes, container);
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
  if (premultiplied) copy.write('free', premultiplied.typeAt, 'latin1');
  for (const box of properties)
    if (isNclx(view, box)) {
      copy.writeUInt16BE(0, box.start + 8);
      copy[box.start + 10] = 0x80;
    }
  return own.some((box) => isNclx(view, box)) ? copy : appendColor(copy, view, container);
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

/**
 * The box `meta` again, behind the file, with one more property for every item; positions in the file stay what they
 * are.
 */
function appendColor(copy: Buffer, view: DataView, { boxes }: AvifContainer): Buffer | undefined {
  const { meta, iprp, ipco, ipma, properties } = boxes;
  const index = properties.length + 1;
  if (ipma.some(({ start }) => index > MAX_NARROW_INDEX && !hasWideIndices(view, start))) return undefined;
  const rebuild = (box: Box, content: Uint8Array[]): Buffer => {
    const header = Buffer.alloc(8);
    header.writeUInt32BE(8 + content.reduce((sum, { length }) => sum + length, 0));
    header.write(box.type, 4, 'latin1');
    return Buffer.concat([header, ...content]);
  };
  /** The content of a box, with other boxes in place of some within. */
  const replace = (box: Box, inner: readonly (readonly [Box, Buffer])[]): Uint8Array[] => {
    const parts: Uint8Array[] = [];
    let at = box.start;
    for (const [old, changed] of [...inner].sort(([a], [b]) => a.start - b.start)) {
      parts.push(copy.subarray(at, old.typeAt - 4), changed);
      at = old.end;
    }
    return [...parts, copy.subarray(at, box.end)];
  };
  const associations = ipma.map((box) => [box, rebuild(box, associate(copy, view, box, index))] as const);
  const colors = [ipco, rebuild(ipco, [copy.subarray(ipco.start, ipco.end), IDENTITY])] as const;
  const changedMeta = rebuild(meta, replace(meta, [[iprp, rebuild(iprp, replace(iprp, [colors, ...associations]))]]));
  copy.write('free', meta.typeAt, 'latin1');
  for (const { typeAt, end } of readBoxes(view, 0, view.byteLength))
    if (view.getUint32(typeAt - 4) === 0) copy.writeUInt32BE(end - typeAt + 4, typeAt - 4); // no longer the last box
  return Buffer.concat([copy, changedMeta]);
}

/** The content of a box `ipma` with one more property for every item. */
function associate(copy: Buffer, view: DataView, box: Box, index: number): Uint8Array[] {
  const entry = hasWideIndices(view, box.start) ? Buffer.of(index >> 8, index & 255) : Buffer.of(index);
  const parts: Uint8Array[] = [];
  let at = box.start;
  for (const { start, end, properties } of readAssociations(view, box)) {
    parts.push(copy.subarray(at, start), Buffer.of(properties.length + 1), copy.subarray(start + 1, end), entry);
    at = end;
  }
  return [...parts, copy.subarray(at, box.end)];
}

// The boxes that a HEIF file is made of (ISO 14496-12 and 23008-12), and where its items are. Every read is checked: a
// RangeError is a damaged file.

export interface Box {
  readonly type: string;
  /** Of its content. */
  readonly start: number;
  readonly end: number;
  /** Of the four letters of its type, behind its size. */
  readonly typeAt: number;
}

/** Before the content of a "full box": version and flags. */
export const FULL_BOX_BYTES = 4;

/** Boxes one after the other, up to a damaged one. */
export function readBoxes(view: DataView, from: number, end: number): Box[] {
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

export function findBox(boxes: readonly Box[], type: string): Box | undefined {
  return boxes.find((box) => box.type === type);
}

/** The number of the item that is the image itself. */
export function readPrimaryItem(view: DataView, { start }: Box): number {
  return view.getUint8(start) > 0 ? view.getUint32(start + FULL_BOX_BYTES) : view.getUint16(start + FULL_BOX_BYTES);
}

export interface Association {
  readonly item: number;
  /** Numbers of the item's properties, from 1, and where the list stands: its length and its entries. */
  readonly properties: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** Which properties belong to which item, by a box `ipma`. */
export function readAssociations(view: DataView, { start, end }: Box): Association[] {
  const wideItems = view.getUint8(start) > 0;
  const wide = hasWideIndices(view, start);
  const associations: Association[] = [];
  for (let at = start + FULL_BOX_BYTES + 4; at < end; ) {
    const item = wideItems ? view.getUint32(at) : view.getUint16(at);
    const list = at + (wideItems ? 4 : 2);
    const count = view.getUint8(list);
    const properties = Array.from({ length: count }, (_, i) =>
      wide ? view.getUint16(list + 1 + 2 * i) & 0x7fff : view.getUint8(list + 1 + i) & 0x7f,
    );
    at = list + 1 + count * (wide ? 2 : 1);
    associations.push({ item, properties, start: list, end: at });
  }
  return associations;
}

/** Whether properties have numbers of 15 bits instead of 7. */
export function hasWideIndices(view: DataView, start: number): boolean {
  return (view.getUint8(start + 3) & 1) !== 0;
}

/** Where the data of an item begins, by a box `iloc`; undefined when it is not in this file. */
export function findItemData(view: DataView, { start }: Box, item: number, itemData?: Box): number | undefined {
  const version = view.getUint8(start);
  const sizes = view.getUint16(start + FULL_BOX_BYTES);
  const [offsetBytes, lengthBytes, baseBytes] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexBytes = version > 0 ? sizes & 15 : 0;
  const number = (at: number, bytes: number): number =>
    bytes === 8
      ? Number(view.getBigUint64(at))
      : bytes === 4
        ? view.getUint32(at)
        : bytes === 2
          ? view.getUint16(at)
          : 0;
  const idBytes = version < 2 ? 2 : 4;
  const items = number(start + FULL_BOX_BYTES + 2, idBytes);
  let at = start + FULL_BOX_BYTES + 2 + idBytes;
  for (let i = 0; i < items; i++) {
    const id = number(at, idBytes);
    at += idBytes;
    const method = version > 0 ? view.getUint16(at) & 15 : 0;
    at += (version > 0 ? 2 : 0) + 2; // and the number of the file that has the data
    const base = number(at, baseBytes);
    const extents = view.getUint16(at + baseBytes);
    at += baseBytes + 2;
    if (id === item) {
      const offset = base + number(at + indexBytes, offsetBytes);
      return method === 0 ? offset : method === 1 && itemData ? itemData.start + offset : undefined;
    }
    at += extents * (indexBytes + offsetBytes + lengthBytes);
  }
  return undefined;
}

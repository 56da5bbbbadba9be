// The first directory of a TIFF structure: the tags of a TIFF file, and of the EXIF data in other files (TIFF 6.0,
// section 2).

export interface TiffDirectory {
  readonly littleEndian: boolean;
  /** The whole numbers of a tag, at most `MAX_NUMBERS`; undefined when it is absent or of another type. */
  numbers(tag: number): number[] | undefined;
  /** The bytes of a tag, whatever its type. */
  bytes(tag: number): Uint8Array | undefined;
  /** Where in the data a tag's first value stands. */
  offset(tag: number): number | undefined;
}

/**
 * Bytes of a value by its type's number: BYTE, ASCII, SHORT, LONG, RATIONAL, SBYTE, UNDEFINED, SSHORT, … IFD, and
 * BigTIFF's three.
 */
const TYPE_BYTES: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
}; // prettier-ignore

/** The tags read here have one value per channel. */
const MAX_NUMBERS = 16;

interface Field {
  readonly type: number;
  readonly count: number;
  readonly offset: number;
}

/**
 * Reads as PIL does: the first of two equal tags counts, and reading ends at a tag whose values lie beyond the end.
 *
 * @returns undefined when the data begins otherwise
 */
export function readTiffDirectory(data: Uint8Array): TiffDirectory | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.byteLength < 8) return undefined;
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return undefined;
  const littleEndian = order === 0x4949;
  const version = view.getUint16(2, littleEndian);
  if (version !== 42 && version !== 43) return undefined;
  const fields = readFields(view, littleEndian, version === 43);
  return {
    littleEndian,
    numbers: (tag) => readNumbers(view, littleEndian, fields.get(tag)),
    bytes: (tag) => {
      const field = fields.get(tag);
      return field && data.subarray(field.offset, field.offset + field.count * TYPE_BYTES[field.type]);
    },
    offset: (tag) => fields.get(tag)?.offset,
  };
}

function readFields(view: DataView, littleEndian: boolean, big: boolean): Map<number, Field> {
  const fields = new Map<number, Field>();
  const long = (at: number): number =>
    big ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian);
  const [longBytes, countBytes, entryBytes] = big ? [8, 8, 20] : [4, 2, 12];
  const headerBytes = big ? 16 : 8;
  if (view.byteLength < headerBytes) return fields;
  const start = long(headerBytes - longBytes);
  if (start + countBytes > view.byteLength) return fields;
  const entries = big ? long(start) : view.getUint16(start, littleEndian);
  let total = 0;
  for (let index = 0, at = start + countBytes; index < entries; index++, at += entryBytes) {
    if (at + entryBytes > view.byteLength) break;
    const tag = view.getUint16(at, littleEndian);
    const type = view.getUint16(at + 2, littleEndian);
    const unit = TYPE_BYTES[type];
    if (unit === undefined || fields.has(tag)) continue;
    const count = long(at + 4);
    const bytes = count * unit;
    const inline = at + 4 + longBytes;
    if (bytes > longBytes) {
      total += bytes;
      if (total > view.byteLength) continue;
      if (long(inline) + bytes > view.byteLength) break;
    }
    if (count > 0) fields.set(tag, { type, count, offset: bytes > longBytes ? long(inline) : inline });
  }
  return fields;
}

function readNumbers(view: DataView, littleEndian: boolean, field: Field | undefined): number[] | undefined {
  if (!field) return undefined;
  const read = numberReader(view, littleEndian, field.type);
  return (
    read &&
    Array.from({ length: Math.min(field.count, MAX_NUMBERS) }, (_, i) =>
      read(field.offset + i * TYPE_BYTES[field.type]),
    )
  );
}

/** PIL takes BYTE values for text and RATIONAL ones for fractions: no numbers to it. */
function numberReader(view: DataView, littleEndian: boolean, type: number): ((at: number) => number) | undefined {
  if (type === 3) return (at) => view.getUint16(at, littleEndian);
  if (type === 4 || type === 13) return (at) => view.getUint32(at, littleEndian);
  if (type === 6) return (at) => view.getInt8(at);
  if (type === 8) return (at) => view.getInt16(at, littleEndian);
  if (type === 9) return (at) => view.getInt32(at, littleEndian);
  return type === 16 || type === 18 ? (at) => Number(view.getBigUint64(at, littleEndian)) : undefined;
}

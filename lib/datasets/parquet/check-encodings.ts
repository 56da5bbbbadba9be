// Looks through encoded levels, dictionary indexes and lengths before they are decoded: hyparquet takes the counts in
// them at their word, so that a few broken bytes could ask for gigabytes.
// https://parquet.apache.org/docs/file-format/data-pages/encodings/
import { ParquetError } from './parquet-error';

/**
 * Walks a run-length / bit-packed hybrid and yields its values, as runs.
 *
 * @param end behind the last byte of the hybrid
 * @param count of values; the padding of the last bit-packed group is left out
 * @throws {ParquetError} when there are fewer values, or a run is longer than what is left
 */
export function readHybrid(
  bytes: Uint8Array,
  range: { readonly start: number; readonly end: number; readonly width: number; readonly count: number },
  visit: (value: number, repeat: number) => void,
): void {
  const { end, width, count } = range;
  if (width > 32 || end > bytes.length)
    throw new ParquetError(`levels or indexes of ${width} bits up to byte ${end} of ${bytes.length}`);
  const cursor = { at: range.start };
  for (let seen = 0; seen < count; ) {
    const header = readVarint(bytes, cursor, end);
    if (header & 1) {
      const groups = header >>> 1;
      if (groups === 0 || groups * width > end - cursor.at) throw tooLong('bit-packed', groups * 8);
      const wanted = Math.min(groups * 8, count - seen);
      visitPacked(bytes, cursor.at, width, wanted, visit);
      seen += wanted;
      cursor.at += groups * width;
    } else {
      const repeat = header >>> 1;
      const size = (width + 7) >> 3;
      if (repeat === 0 || repeat > count - seen || size > end - cursor.at) throw tooLong('repeated', repeat);
      let value = 0;
      for (let i = 0; i < size; i++) value += bytes[cursor.at++] * 2 ** (8 * i);
      visit(value, repeat);
      seen += repeat;
    }
  }
}

function visitPacked(
  bytes: Uint8Array,
  start: number,
  width: number,
  count: number,
  visit: (value: number, repeat: number) => void,
): void {
  for (let i = 0, bit = start * 8; i < count; i++) {
    let value = 0;
    for (let got = 0; got < width; ) {
      const take = Math.min(8 - (bit & 7), width - got);
      value += ((bytes[bit >> 3] >> (bit & 7)) & ((1 << take) - 1)) * 2 ** got;
      got += take;
      bit += take;
    }
    visit(value, 1);
  }
}

/** Definition or repetition levels. @throws {ParquetError} when one is above `max` */
export function readLevels(
  bytes: Uint8Array,
  range: { readonly start: number; readonly end: number; readonly count: number },
  max: number,
): Uint8Array {
  const levels = new Uint8Array(range.count);
  let at = 0;
  readHybrid(bytes, { ...range, width: 32 - Math.clz32(max) }, (level, repeat) => {
    if (level > max) throw new ParquetError(`a level of ${level}, where ${max} is the highest`);
    levels.fill(level, at, (at += repeat));
  });
  return levels;
}

/** @throws {ParquetError} when an index is beyond the dictionary */
export function checkIndexes(
  bytes: Uint8Array,
  range: { readonly start: number; readonly end: number; readonly width: number; readonly count: number },
  entries: number,
): void {
  readHybrid(bytes, range, (index) => {
    if (index >= entries) throw new ParquetError(`an index of ${index} into a dictionary of ${entries} entries`);
  });
}

/** As a writer may make them; the format asks for a multiple of 128 and of 32. */
const MAX_BLOCK_VALUES = 1 << 20;

/**
 * Walks DELTA_BINARY_PACKED integers of 32 bits.
 *
 * @param keep false where only the header has to make sense: the values themselves cannot do harm
 * @returns the values, and where they end
 */
export function readDeltas(
  bytes: Uint8Array,
  start: number,
  count: number,
  keep: boolean,
): { readonly values: Int32Array; readonly end: number } {
  const cursor = { at: start };
  const blockValues = readVarint(bytes, cursor, bytes.length);
  const blocks = readVarint(bytes, cursor, bytes.length);
  const total = readVarint(bytes, cursor, bytes.length);
  const perBlock = blockValues / blocks;
  if (
    !(
      blockValues <= MAX_BLOCK_VALUES &&
      Number.isInteger(perBlock) &&
      perBlock > 0 &&
      perBlock % 8 === 0 &&
      total >= count
    )
  )
    throw new ParquetError(
      `deltas of ${total} values in blocks of ${blockValues} / ${blocks}, where ${count} are expected`,
    );
  if (!keep || count === 0) return { values: new Int32Array(), end: cursor.at };
  const values = new Int32Array(count);
  let value = unfold(readVarint(bytes, cursor, bytes.length));
  values[0] = value;
  for (let at = 1; at < count; ) {
    const least = unfold(readVarint(bytes, cursor, bytes.length));
    const widths = cursor.at;
    cursor.at += blocks;
    for (let block = 0; block < blocks && at < count; block++) {
      const width = bytes[widths + block] ?? 0;
      const end = cursor.at + (perBlock / 8) * width;
      if (width > 32 || end > bytes.length) throw tooLong('delta', perBlock);
      visitPacked(bytes, cursor.at, width, Math.min(perBlock, count - at), (delta) => {
        value = (value + least + delta) | 0;
        values[at++] = value;
      });
      cursor.at = end;
    }
  }
  return { values, end: cursor.at };
}

function unfold(zigzag: number): number {
  return (zigzag >>> 1) ^ -(zigzag & 1);
}

/** Unsigned, modulo 2^32. */
function readVarint(bytes: Uint8Array, cursor: { at: number }, end: number): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (cursor.at >= end) throw new ParquetError(`a run's header is beyond byte ${end}`);
    const byte = bytes[cursor.at++];
    if (shift < 32) value |= (byte & 127) << shift;
    if (byte < 128) return value >>> 0;
  }
  throw new ParquetError('a number of more than 10 bytes');
}

function tooLong(kind: string, values: number): ParquetError {
  return new ParquetError(`a ${kind} run of ${values} values is empty or longer than the page`);
}

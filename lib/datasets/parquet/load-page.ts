// One page of a column: decompressed, and every length and level in it checked, so that hyparquet can decode it without
// harm.
import * as zlib from 'node:zlib';
import { checkIndexes, readDeltas, readHybrid, readLevels } from './check-encodings';
import { decompressPage } from './decompress-page';
import { ENCODINGS, MAX_PAGE_BYTES, type PageHeader, writePageHeader } from './page-header';
import { ParquetError } from './parquet-error';
import type { Chunk, Leaf } from './read-footer';

/** A page as an uncompressed one, with its own header in front. */
export interface LoadedPage {
  readonly parts: readonly Uint8Array[];
  /** Rows that begin in this page. */
  readonly rows: number;
  /** False when its first values belong to the last row of the page before. */
  readonly startsRow: boolean;
}

const BYTE_WIDTHS: Readonly<Record<string, number>> = { INT32: 4, INT64: 8, FLOAT: 4, DOUBLE: 8 };

/** @param body as stored in the file */
export function loadDictionary(chunk: Chunk, header: PageHeader, body: Uint8Array): readonly Uint8Array[] {
  const bytes = decompressPage(chunk.codec, checkCrc(header, body), header.size);
  checkPlain(chunk.leaf, bytes, 0, header.values);
  return [writePageHeader(header), bytes];
}

/**
 * @param entries of the dictionary, when there is one
 * @throws {ParquetError}
 */
export function loadDataPage(
  chunk: Chunk,
  header: PageHeader,
  body: Uint8Array,
  entries: number | undefined,
): LoadedPage {
  checkCrc(header, body);
  const bytes =
    header.kind === 'data' ? decompressPage(chunk.codec, body, header.size) : decompressV2(chunk, header, body);
  const { values, encoding } = header;
  const { at, repetition, definition } = levelsOf(chunk.leaf, header, bytes);
  let rows = values;
  if (repetition) rows = countBelow(repetition, 1);
  if (header.kind === 'data v2' && rows !== header.rows)
    throw new ParquetError(`a page of ${header.rows} rows holds ${rows}`);
  const nulls = definition ? countBelow(definition, chunk.leaf.maxDefinition) : 0;
  const startsRow = repetition === undefined || values === 0 || repetition[0] === 0;
  if (header.kind === 'data v2' && !startsRow) throw new ParquetError('a page of version 2 begins within a row');
  if (nulls === values)
    return {
      parts: [writePageHeader({ ...header, nulls, encoding: ENCODINGS.PLAIN, size: at }), bytes.subarray(0, at)],
      rows,
      startsRow,
    };
  checkValues(chunk.leaf, bytes, { at, encoding, count: values - nulls, entries });
  return { parts: [writePageHeader({ ...header, nulls }), bytes], rows, startsRow };
}

function countBelow(levels: Uint8Array, bound: number): number {
  let count = 0;
  for (let i = 0; i < levels.length; i++) if (levels[i] < bound) count++;
  return count;
}

function checkCrc({ crc }: PageHeader, body: Uint8Array): Uint8Array {
  if (crc !== undefined && zlib.crc32(body) !== crc >>> 0)
    throw new ParquetError('a page is not what its checksum says: the file is damaged');
  return body;
}

/** Levels come first and are never compressed. */
function decompressV2(chunk: Chunk, header: PageHeader, body: Uint8Array): Uint8Array {
  const levels = header.definitionBytes + header.repetitionBytes;
  if (levels > body.length) throw new ParquetError(`a page of ${body.length} bytes with ${levels} bytes of levels`);
  const packed = body.subarray(levels);
  const values = decompressPage(header.isCompressed ? chunk.codec : 'UNCOMPRESSED', packed, header.size - levels);
  return Buffer.concat([body.subarray(0, levels), values]);
}

interface Levels {
  /** Where the values begin. */
  readonly at: number;
  readonly repetition?: Uint8Array;
  readonly definition?: Uint8Array;
}

function levelsOf({ maxRepetition, maxDefinition }: Leaf, header: PageHeader, bytes: Uint8Array): Levels {
  if (!header.plainLevels && maxRepetition + maxDefinition > 0)
    throw new ParquetError('levels in the encoding BIT_PACKED, which was given up in 2013, are not read');
  const { values, kind, repetitionBytes, definitionBytes } = header;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const read = (max: number, v2Size: number): Uint8Array | undefined => {
    let size = v2Size;
    if (kind === 'data') {
      if (max === 0) return undefined;
      if (at + 4 > bytes.length) throw new ParquetError('a page ends within its levels');
      size = view.getUint32(at, true);
      at += 4;
    }
    const start = at;
    at += size;
    return max === 0 ? undefined : readLevels(bytes, { start, end: at, count: values }, max);
  };
  const repetition = read(maxRepetition, repetitionBytes);
  const definition = read(maxDefinition, definitionBytes);
  return { at, ...(repetition && { repetition }), ...(definition && { definition }) };
}

interface Values {
  readonly at: number;
  readonly encoding: number;
  readonly count: number;
  readonly entries: number | undefined;
}

function checkValues(leaf: Leaf, bytes: Uint8Array, { at, encoding, count, entries }: Values): void {
  const left = bytes.length - at;
  switch (encoding) {
    case ENCODINGS.PLAIN:
      checkPlain(leaf, bytes, at, count);
      return;
    case ENCODINGS.PLAIN_DICTIONARY:
    case ENCODINGS.RLE_DICTIONARY: {
      if (entries === undefined) throw new ParquetError('a page of indexes without a dictionary before it');
      if (typeOf(leaf) === 'BOOLEAN') throw new ParquetError('truth values with a dictionary, which are not read');
      if (left < 1) throw new ParquetError('a page ends before its indexes');
      const width = bytes[at];
      if (width > 0) checkIndexes(bytes, { start: at + 1, end: bytes.length, width, count }, entries);
      else if (entries === 0) throw new ParquetError('a page of indexes into an empty dictionary');
      return;
    }
    case ENCODINGS.DELTA_BINARY_PACKED:
      readDeltas(bytes, at, count, false);
      return;
    case ENCODINGS.DELTA_LENGTH_BYTE_ARRAY: {
      const lengths = readDeltas(bytes, at, count, true);
      checkLengths(lengths.values, bytes.length - lengths.end);
      return;
    }
    case ENCODINGS.DELTA_BYTE_ARRAY: {
      const prefixes = readDeltas(bytes, at, count, true);
      const suffixes = readDeltas(bytes, prefixes.end, count, true);
      checkLengths(suffixes.values, bytes.length - suffixes.end);
      checkPrefixes(prefixes.values, suffixes.values);
      return;
    }
    case ENCODINGS.RLE:
      checkBooleanRuns(leaf, bytes, at, count);
      return;
    case ENCODINGS.BYTE_STREAM_SPLIT: {
      const { type, type_length = 0 } = leaf.elements[leaf.elements.length - 1];
      const width = BYTE_WIDTHS[type ?? ''] ?? type_length;
      if (width <= 0 || width * count > left)
        throw new ParquetError(`a page of ${left} bytes for ${count} values of ${width}`);
      return;
    }
    default:
      throw new ParquetError(`a page in the encoding ${encoding}, which is not read`);
  }
}

function checkPlain(leaf: Leaf, bytes: Uint8Array, start: number, count: number): void {
  const { type, type_length = 0 } = leaf.elements[leaf.elements.length - 1];
  if (type === 'BOOLEAN') {
    if (Math.ceil(count / 8) > bytes.length - start)
      throw new ParquetError(`a page of ${bytes.length - start} bytes for ${count} values of a bit`);
    return;
  }
  if (type !== 'BYTE_ARRAY') {
    const width = type === 'FIXED_LEN_BYTE_ARRAY' ? type_length : (BYTE_WIDTHS[type ?? ''] ?? 0);
    if (width <= 0 || width * count > bytes.length - start)
      throw new ParquetError(`a page of ${bytes.length - start} bytes for ${count} values of type ${type}`);
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) throw new ParquetError(`a page ends after ${i} of ${count} values`);
    at += 4 + view.getUint32(at, true);
  }
  if (at > bytes.length) throw new ParquetError(`the values of a page of ${bytes.length} bytes end at ${at}`);
}

function typeOf({ elements }: Leaf): string | undefined {
  return elements[elements.length - 1].type;
}

/** Values in runs, behind the length of all of them: only truth values are written so. */
function checkBooleanRuns(leaf: Leaf, bytes: Uint8Array, at: number, count: number): void {
  const type = typeOf(leaf);
  if (type !== 'BOOLEAN') throw new ParquetError(`a page of type ${type} in runs of values, which is not read`);
  if (at + 4 > bytes.length) throw new ParquetError('a page ends before the length of its runs');
  const start = at + 4;
  const end = start + new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
  readHybrid(bytes, { start, end, width: 1, count }, () => {});
}

function checkLengths(lengths: Int32Array, left: number): void {
  let sum = 0;
  for (const length of lengths) {
    if (length < 0) throw new ParquetError(`a value of ${length} bytes`);
    sum += length;
  }
  if (sum > left) throw new ParquetError(`values of ${sum} bytes where ${left} are left`);
}

function checkPrefixes(prefixes: Int32Array, suffixes: Int32Array): void {
  let sum = 0;
  let before = 0;
  prefixes.forEach((prefix, i) => {
    if (prefix < 0 || prefix > before) throw new ParquetError(`a value repeats ${prefix} bytes of one of ${before}`);
    before = prefix + suffixes[i];
    sum += before;
    if (sum > MAX_PAGE_BYTES)
      throw new ParquetError(`a page of more than ${MAX_PAGE_BYTES} bytes when its prefixes are written out`);
  });
}

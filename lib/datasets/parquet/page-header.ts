// The header in front of each page: read with bounds, and rewritten for pages that were decompressed.
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (PageHeader)
import { ParquetError } from './parquet-error';
import { isThriftStruct, readThriftStruct, type ThriftStruct, writeThriftStruct } from './thrift';

export const ENCODINGS = {
  PLAIN: 0,
  PLAIN_DICTIONARY: 2,
  RLE: 3,
  BIT_PACKED: 4,
  DELTA_BINARY_PACKED: 5,
  DELTA_LENGTH_BYTE_ARRAY: 6,
  DELTA_BYTE_ARRAY: 7,
  RLE_DICTIONARY: 8,
  BYTE_STREAM_SPLIT: 9,
} as const;

const KINDS = ['data', 'index', 'dictionary', 'data v2'] as const;

export interface PageHeader {
  readonly kind: (typeof KINDS)[number];
  /** Of the page behind this header, in the file and decompressed. */
  readonly compressedSize: number;
  readonly size: number;
  readonly crc?: number;
  /** Values with nulls and empty lists; of a dictionary, its entries. */
  readonly values: number;
  readonly encoding: number;
  /** Whether the levels of a v1 page are in the one encoding that is read. */
  readonly plainLevels: boolean;
  /** Of v2 pages. */
  readonly nulls: number;
  readonly rows: number;
  readonly definitionBytes: number;
  readonly repetitionBytes: number;
  readonly isCompressed: boolean;
}

/**
 * A page is held in memory once compressed and once decompressed. Writers aim at 1 MB; a dictionary of a row group of
 * photos comes to 3 MB (100 rows) or 150 MB (1,000 rows).
 */
export const MAX_PAGE_BYTES = 1 << 28;
/** Writers aim at 20,000 values a page; a list of ten answers in each of 100,000 rows is a million. */
const MAX_PAGE_VALUES = 1 << 22;

/** @throws {ThriftEndError} where `bytes` end within the header @throws {ParquetError} */
export function readPageHeader(bytes: Uint8Array): { readonly header: PageHeader; readonly end: number } {
  const { struct, end } = readThriftStruct(bytes);
  const kind = KINDS[number(struct, 1)];
  if (kind === undefined) throw new ParquetError(`a page of the unknown kind ${String(struct.get(1))}`);
  const detail =
    kind === 'index' ? new Map<number, never>() : part(struct, kind === 'data' ? 5 : kind === 'dictionary' ? 7 : 8);
  const isV2 = kind === 'data v2';
  const header: PageHeader = {
    kind,
    size: bounded(number(struct, 2), MAX_PAGE_BYTES, 'decompressed size'),
    compressedSize: bounded(number(struct, 3), MAX_PAGE_BYTES, 'size'),
    ...(typeof struct.get(4) === 'number' && { crc: number(struct, 4) }),
    values: kind === 'index' ? 0 : bounded(number(detail, 1), MAX_PAGE_VALUES, 'number of values'),
    encoding: kind === 'index' ? 0 : number(detail, isV2 ? 4 : 2),
    plainLevels: kind !== 'data' || [detail.get(3), detail.get(4)].every((encoding) => encoding === ENCODINGS.RLE),
    nulls: isV2 ? number(detail, 2) : 0,
    rows: isV2 ? number(detail, 3) : 0,
    definitionBytes: isV2 ? number(detail, 5) : 0,
    repetitionBytes: isV2 ? number(detail, 6) : 0,
    isCompressed: !isV2 || detail.get(7) !== false,
  };
  for (const name of ['nulls', 'rows'] as const) bounded(header[name], header.values, `number of ${name}`);
  bounded(header.definitionBytes, header.size, 'levels');
  bounded(header.repetitionBytes, header.size - header.definitionBytes, 'levels');
  return { header, end };
}

/** The header of the same page without compression. */
export function writePageHeader(header: PageHeader): Uint8Array {
  const { kind, size, values, encoding, nulls, rows, definitionBytes, repetitionBytes } = header;
  return writeThriftStruct([
    [1, KINDS.indexOf(kind)],
    [2, size],
    [3, size],
    ...(kind === 'data'
      ? ([
          [
            5,
            [
              [1, values],
              [2, encoding],
              [3, ENCODINGS.RLE],
              [4, ENCODINGS.RLE],
            ],
          ],
        ] as const)
      : kind === 'dictionary'
        ? ([
            [
              7,
              [
                [1, values],
                [2, ENCODINGS.PLAIN],
              ],
            ],
          ] as const)
        : ([
            [
              8,
              [
                [1, values],
                [2, nulls],
                [3, rows],
                [4, encoding],
                [5, definitionBytes],
                [6, repetitionBytes],
                [7, false],
              ],
            ],
          ] as const)),
  ]);
}

function number(struct: ThriftStruct, field: number): number {
  const value = struct.get(field);
  if (typeof value !== 'number')
    throw new ParquetError(`a page header's field ${field} is ${describe(value)}, expected a number`);
  return value;
}

function part(struct: ThriftStruct, field: number): ThriftStruct {
  const value = struct.get(field);
  if (!isThriftStruct(value))
    throw new ParquetError(`a page header's field ${field} is ${describe(value)}, expected a struct`);
  return value;
}

function describe(value: unknown): string {
  return value === undefined ? 'missing' : typeof value;
}

function bounded(value: number, max: number, what: string): number {
  if (value < 0 || value > max)
    throw new ParquetError(
      `a page with a ${what} of ${value}, where ${max} is the most that is ` +
        `read${max === MAX_PAGE_BYTES ? '. Write the file with smaller row groups (pyarrow: row_group_size=100)' : ''}`,
    );
  return value;
}

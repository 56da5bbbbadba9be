// The end of a parquet file: which columns it has, and where the parts of each row group are.
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (FileMetaData)
import { quote } from '../../core/quote';
import { CODECS, type Codec } from './decompress-page';
import { ParquetError } from './parquet-error';
import type { Range, RangeReader } from './range-reader';
import { isThriftStruct, readThriftStruct, type ThriftStruct, type ThriftValue } from './thrift';

const PHYSICAL_TYPES = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'INT96',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
] as const;
const REPETITIONS = ['REQUIRED', 'OPTIONAL', 'REPEATED'] as const;

/**
 * What is used of a schema's element, as hyparquet has it. Its own type would make every program that uses this library
 * need it.
 */
interface SchemaElement {
  name: string;
  type?: (typeof PHYSICAL_TYPES)[number];
  type_length?: number;
  repetition_type: (typeof REPETITIONS)[number];
  num_children?: number;
  converted_type?: 'UTF8' | 'LIST' | 'UINT_32' | 'UINT_64' | 'DECIMAL';
  /** Digits behind the point of a decimal. */
  scale?: number;
}

/** A leaf of the schema: what parquet calls a column. */
export interface Leaf {
  /** From the top-level column down. */
  readonly path: readonly string[];
  /**
   * The schema's elements along the path, as hyparquet takes them, each inner one with this leaf as its only
   * descendant.
   */
  readonly elements: readonly SchemaElement[];
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

/** The part of a leaf in one row group. */
export interface Chunk extends Range {
  readonly leaf: Leaf;
  readonly codec: Codec;
  /** Of the dictionary, which any of its rows needs whole; 0 when there is none. */
  readonly dictionaryBytes: number;
}

export interface RowGroup {
  /** The row of the file that comes first. */
  readonly first: number;
  readonly rows: number;
  /** In the schema's order. */
  readonly chunks: readonly Chunk[];
}

export interface Footer {
  /** Names of the top-level columns. */
  readonly columns: readonly string[];
  readonly leaves: readonly Leaf[];
  readonly rowGroups: readonly RowGroup[];
  readonly rows: number;
}

const MAGIC = 0x31524150; // PAR1
const ENCRYPTED_MAGIC = 0x45524150; // PARE
/** Magic number, footer, footer's length, magic number. */
const SMALLEST_FILE = 12;
/** Read first: enough for the footer of a shard of 30 row groups of 100 rows with 11 columns. */
const FIRST_READ = 64 * 1024;
/** 2,000 row groups of 11 columns take 5 MB. */
const MAX_FOOTER_BYTES = 1 << 25;
const MAX_SCHEMA_DEPTH = 32;

/** @throws {ParquetError} when the file is not parquet, is truncated, or has a broken footer */
export async function readFooter(reader: RangeReader): Promise<Footer> {
  const fileSize = reader.byteLength;
  if (fileSize < SMALLEST_FILE)
    throw new ParquetError(`it has ${fileSize} bytes, the smallest parquet file ${SMALLEST_FILE}`);
  const tailStart = Math.max(0, fileSize - FIRST_READ);
  const tail = await reader.read(tailStart, fileSize);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const magic = view.getUint32(tail.length - 4, true);
  if (magic === ENCRYPTED_MAGIC) throw new ParquetError('its footer is encrypted');
  if (magic !== MAGIC) throw new ParquetError('it does not end in "PAR1"');
  const size = view.getUint32(tail.length - 8, true);
  if (size > fileSize - SMALLEST_FILE || size > MAX_FOOTER_BYTES)
    throw new ParquetError(
      `its footer should have ${size} bytes: more than ${Math.min(fileSize - SMALLEST_FILE, MAX_FOOTER_BYTES)}`,
    );
  const start = fileSize - 8 - size;
  const bytes =
    start >= tailStart ? tail.subarray(start - tailStart, tail.length - 8) : await reader.read(start, fileSize - 8);
  return parseFooter(readThriftStruct(bytes).struct, start);
}

function parseFooter(struct: ThriftStruct, dataEnd: number): Footer {
  const { columns, leaves } = parseSchema(list(struct, 2));
  let first = 0;
  const rowGroups = list(struct, 4).map((item) => {
    const group = parseRowGroup(asStruct(item, 'a row group'), leaves, first, dataEnd);
    first += group.rows;
    return group;
  });
  return { columns, leaves, rowGroups, rows: first };
}

function parseRowGroup(group: ThriftStruct, leaves: readonly Leaf[], first: number, dataEnd: number): RowGroup {
  const rows = count(group, 3, 'rows of a row group', 2 ** 31);
  const columns = list(group, 1);
  if (columns.length !== leaves.length)
    throw new ParquetError(`a row group has ${columns.length} columns, the schema ${leaves.length}`);
  const chunks = columns.map((item, index): Chunk => {
    const column = asStruct(item, 'a column');
    const leaf = leaves[index];
    const name = quote(leaf.path.join('.'));
    if (column.get(1) !== undefined) throw new ParquetError(`column ${name} is in another file`);
    const meta = column.get(3);
    if (!isThriftStruct(meta)) throw new ParquetError(`column ${name} is encrypted, or has no metadata`);
    const path = list(meta, 3).map((part) => text(part));
    if (path.join('\0') !== leaf.path.join('\0'))
      throw new ParquetError(`a row group's column ${quote(path.join('.'))} is the schema's ${name}`);
    const codec = CODECS[count(meta, 4, `codec of ${name}`, 255)];
    if (!codec) throw new ParquetError(`column ${name} has the unknown codec ${String(meta.get(4))}`);
    const dictionary = meta.get(11) === undefined ? 0 : count(meta, 11, `dictionary of ${name}`, dataEnd);
    const data = count(meta, 9, `pages of ${name}`, dataEnd);
    // 0 cannot be a dictionary's offset (the magic number is there), but some writers write it
    const start = dictionary > 0 ? Math.min(dictionary, data) : data;
    const end = start + count(meta, 7, `size of ${name}`, dataEnd - start);
    return { leaf, codec, start, end, dictionaryBytes: Math.min(data, end) - start };
  });
  return { first, rows, chunks };
}

/** The schema lists the tree depth first, each inner node with the number of its children. */
function parseSchema(items: readonly ThriftValue[]): { columns: string[]; leaves: Leaf[] } {
  const elements = items.map((item) => parseElement(asStruct(item, 'a schema element')));
  const leaves: Leaf[] = [];
  const columns: string[] = [];
  let at = 0;
  const visit = (above: readonly SchemaElement[]): void => {
    const element = elements[at++];
    if (!element || above.length > MAX_SCHEMA_DEPTH)
      throw new ParquetError(
        `the schema of ${elements.length} elements ends early, or is deeper than ${MAX_SCHEMA_DEPTH}`,
      );
    const path = [...above, element];
    if (element.num_children) for (let child = 0; child < element.num_children; child++) visit(path);
    else
      leaves.push({
        path: path.map(({ name }) => name),
        elements: path.map((one) => (one.num_children ? { ...one, num_children: 1 } : one)),
        maxDefinition: path.filter(({ repetition_type }) => repetition_type !== 'REQUIRED').length,
        maxRepetition: path.filter(({ repetition_type }) => repetition_type === 'REPEATED').length,
      });
  };
  const root = elements[at++];
  if (!root) throw new ParquetError('the schema is empty');
  for (let column = 0; column < (root.num_children ?? 0); column++) {
    columns.push(elements[at]?.name ?? '');
    visit([]);
  }
  return { columns, leaves };
}

/**
 * What a value is read as: text, a list, an unsigned number, a decimal. Dates and the like stay the numbers that they
 * are stored as.
 */
const CONVERTED: Readonly<Record<number, SchemaElement['converted_type']>> = {
  0: 'UTF8',
  3: 'LIST',
  4: 'UTF8', // an enumeration's name
  5: 'DECIMAL',
  13: 'UINT_32',
  14: 'UINT_64',
  19: 'UTF8', // JSON
};
/** The same, in the newer annotation. */
const LOGICAL: Readonly<Record<number, SchemaElement['converted_type']>> = {
  1: 'UTF8',
  3: 'LIST',
  4: 'UTF8',
  5: 'DECIMAL',
  12: 'UTF8',
};
/** Its struct has the width in bits, and whether there is a sign. */
const LOGICAL_INTEGER = 10;
/** Its struct begins with the scale. Parquet's own largest decimals have 76 digits. */
const LOGICAL_DECIMAL = 5;
const MAX_SCALE = 76;

function parseElement(element: ThriftStruct): SchemaElement {
  const [type, length, repetition, children] = [1, 2, 3, 5].map((field) => element.get(field));
  const logical = element.get(10);
  const converted = logicalType(logical) ?? CONVERTED[Number(element.get(6) ?? -1)];
  return {
    name: text(element.get(4)),
    ...(typeof type === 'number' && { type: PHYSICAL_TYPES[type] }),
    ...(typeof length === 'number' && { type_length: length }),
    repetition_type: REPETITIONS[typeof repetition === 'number' ? repetition : 0] ?? 'REQUIRED',
    ...(typeof children === 'number' && children > 0 && { num_children: children }),
    ...(converted && { converted_type: converted }),
    ...(converted === 'DECIMAL' && { scale: scaleOf(element) }),
  };
}

function scaleOf(element: ThriftStruct): number {
  const logical = element.get(10);
  const decimal = isThriftStruct(logical) ? logical.get(LOGICAL_DECIMAL) : undefined;
  const scale = (isThriftStruct(decimal) ? decimal.get(1) : undefined) ?? element.get(7) ?? 0;
  if (typeof scale === 'number' && scale >= 0 && scale <= MAX_SCALE) return scale;
  throw new ParquetError(`a decimal with ${String(scale)} digits behind the point, expected 0 to ${MAX_SCALE}`);
}

function logicalType(logical: ThriftValue | undefined): SchemaElement['converted_type'] {
  if (!isThriftStruct(logical)) return undefined;
  const integer = logical.get(LOGICAL_INTEGER);
  if (isThriftStruct(integer))
    return integer.get(2) === false ? (integer.get(1) === 64 ? 'UINT_64' : 'UINT_32') : undefined;
  return Object.entries(LOGICAL).find(([field]) => logical.has(Number(field)))?.[1];
}

function list(struct: ThriftStruct, field: number): readonly ThriftValue[] {
  const value = struct.get(field);
  if (!Array.isArray(value)) throw new ParquetError(`the footer's field ${field} is not a list`);
  return value;
}

function asStruct(value: ThriftValue, what: string): ThriftStruct {
  if (!isThriftStruct(value)) throw new ParquetError(`${what} is not a struct`);
  return value;
}

function count(struct: ThriftStruct, field: number, what: string, max: number): number {
  const value = struct.get(field);
  if ((typeof value !== 'number' && typeof value !== 'bigint') || value < 0 || value > max)
    throw new ParquetError(`${what}: got ${String(value)}, expected 0 to ${max}`);
  return Number(value);
}

function text(value: ThriftValue | undefined): string {
  if (!(value instanceof Uint8Array)) throw new ParquetError('a name is missing in the footer');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
}

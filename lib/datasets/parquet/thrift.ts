// Thrift's compact protocol as parquet uses it: a reader that trusts no length, and a writer for page headers.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
import { ParquetError } from './parquet-error';

export type ThriftValue = boolean | number | bigint | Uint8Array | readonly ThriftValue[] | ThriftStruct;
/** Fields by their id. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

export function isThriftStruct(value: ThriftValue | undefined): value is ThriftStruct {
  return value instanceof Map;
}

/** The bytes end within a value: more of them may help. */
export class ThriftEndError extends ParquetError {}

/** Parquet's own structures nest 7 deep (file, row group, column, column metadata, statistics, …). */
const MAX_DEPTH = 16;
const MAX_VARINT_BYTES = 10;

const TYPE = { true: 1, false: 2, byte: 3, i16: 4, i32: 5, i64: 6, double: 7, binary: 8, list: 9, struct: 12 } as const;

/**
 * Reads one struct. Lists and binaries must fit into the bytes that are there, so nothing is allocated on a length's
 * word alone.
 *
 * @throws {ThriftEndError} where the bytes end too early
 * @throws {ParquetError} where they are no Thrift
 */
export function readThriftStruct(
  bytes: Uint8Array,
  start = 0,
): { readonly struct: ThriftStruct; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;

  function byte(): number {
    if (at >= bytes.length) throw new ThriftEndError(`the bytes end within a Thrift struct (at ${at})`);
    return bytes[at++];
  }

  /** Unsigned LEB128. The first four bytes are added as numbers, which is faster than as bigints. */
  function varint(): bigint {
    let low = 0;
    let result = 0n;
    for (let read = 0; read < MAX_VARINT_BYTES; read++) {
      const next = byte();
      if (read < 4) low += (next & 127) * 2 ** (7 * read);
      else result += BigInt(next & 127) << BigInt(7 * read);
      if (next < 128) return result + BigInt(low);
    }
    throw new ParquetError(`a number of more than ${MAX_VARINT_BYTES} bytes at ${at}`);
  }

  function length(what: string): number {
    const given = varint();
    if (given > BigInt(bytes.length - at))
      throw new ThriftEndError(`a ${what} of ${given} at ${at}, where ${bytes.length - at} bytes are left`);
    return Number(given);
  }

  function zigzag(): bigint {
    const folded = varint();
    return (folded >> 1n) ^ -(folded & 1n);
  }

  function value(type: number, depth: number): ThriftValue {
    if (depth > MAX_DEPTH) throw new ParquetError(`Thrift values nest deeper than ${MAX_DEPTH}`);
    switch (type) {
      case TYPE.true:
        return true;
      case TYPE.false:
        return false;
      case TYPE.byte:
        return (byte() << 24) >> 24;
      case TYPE.i16:
      case TYPE.i32:
        return Number(BigInt.asIntN(32, zigzag()));
      case TYPE.i64:
        return BigInt.asIntN(64, zigzag());
      case TYPE.double: {
        if (at + 8 > bytes.length) throw new ThriftEndError(`the bytes end within a number (at ${at})`);
        at += 8;
        return view.getFloat64(at - 8, true);
      }
      case TYPE.binary: {
        const size = length('binary');
        at += size;
        return bytes.subarray(at - size, at);
      }
      case TYPE.list: {
        const head = byte();
        const size = head >> 4 === 15 ? length('list') : head >> 4;
        const of = head & 15;
        const items: ThriftValue[] = [];
        for (let item = 0; item < size; item++)
          items.push(of === TYPE.true || of === TYPE.false ? byte() === 1 : value(of, depth + 1));
        return items;
      }
      case TYPE.struct:
        return struct(depth + 1);
      default:
        throw new ParquetError(`a value of the unknown Thrift type ${type} at ${at}`);
    }
  }

  function struct(depth: number): ThriftStruct {
    const fields = new Map<number, ThriftValue>();
    for (let id = 0; ; ) {
      const head = byte();
      if (head === 0) return fields;
      id = head >> 4 ? id + (head >> 4) : Number(BigInt.asIntN(16, zigzag()));
      fields.set(id, value(head & 15, depth));
    }
  }

  return { struct: struct(1), end: at };
}

/** Fields in ascending order of their ids: 32-bit numbers, booleans, structs. */
export type WritableFields = readonly (readonly [id: number, value: number | boolean | WritableFields])[];

/** @example writeThriftStruct([[1, -1], [7, [[1, 300]]]]) // 15 01 6c 15 d8 04 00 00 */
export function writeThriftStruct(fields: WritableFields): Uint8Array {
  const bytes: number[] = [];
  const write = (struct: WritableFields): void => {
    let last = 0;
    for (const [id, value] of struct) {
      const head = (id - last) << 4;
      last = id;
      if (typeof value === 'boolean') bytes.push(head | (value ? TYPE.true : TYPE.false));
      else if (typeof value === 'number') {
        bytes.push(head | TYPE.i32);
        let rest = ((value << 1) ^ (value >> 31)) >>> 0;
        for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
        bytes.push(rest);
      } else {
        bytes.push(head | TYPE.struct);
        write(value);
      }
    }
    bytes.push(0);
  };
  write(fields);
  return Uint8Array.from(bytes);
}

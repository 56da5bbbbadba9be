// Bytes that ask for much: counts, lengths and sizes are held to what is there before anything is allocated.
import assert from 'node:assert/strict';
import * as zlib from 'node:zlib';
import { test } from 'node:test';
import { ParquetError, ParquetFile } from '../../../lib/datasets/parquet';
import { checkIndexes, readDeltas, readHybrid, readLevels } from '../../../lib/datasets/parquet/check-encodings';
import { decompressLz4Block } from '../../../lib/datasets/parquet/decompress-lz4';
import { type Codec, decompressPage } from '../../../lib/datasets/parquet/decompress-page';
import { type PageHeader, readPageHeader, writePageHeader } from '../../../lib/datasets/parquet/page-header';
import { readThriftStruct, ThriftEndError, writeThriftStruct } from '../../../lib/datasets/parquet/thrift';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const refused = (act: () => unknown, message: RegExp): void =>
  assert.throws(act, (error: unknown) => error instanceof ParquetError && message.test(error.message));
/** 2^28 or so, as a varint. */
const MUCH = [0xff, 0xff, 0xff, 0x7f];

test('Thrift: what is written is read; lengths, depth and numbers are bounded', () => {
  const written = writeThriftStruct([
    [1, -1],
    [
      5,
      [
        [1, 300],
        [2, true],
      ],
    ],
    [20, 2 ** 31 - 1],
  ]);
  const { struct, end } = readThriftStruct(written);
  assert.equal(end, written.length);
  assert.deepEqual([struct.get(1), struct.get(20)], [-1, 2 ** 31 - 1]);
  assert.deepEqual(
    struct.get(5),
    new Map<number, unknown>([
      [1, 300],
      [2, true],
    ]),
  );
  for (let cut = 0; cut < written.length; cut++)
    assert.throws(() => readThriftStruct(written.subarray(0, cut)), ThriftEndError);
  refused(() => readThriftStruct(bytes(0x19, 0xf5, ...MUCH)), /a list of 268435455 at \d+, where 0 bytes are left/);
  refused(() => readThriftStruct(bytes(0x18, ...MUCH, 1)), /a binary of 268435455/);
  refused(() => readThriftStruct(Buffer.alloc(100, 0x1c)), /nest deeper than 16/);
  refused(() => readThriftStruct(Buffer.alloc(100, 0x19)), /nest deeper than 16/);
  refused(
    () => readThriftStruct(Buffer.concat([bytes(0x16), Buffer.alloc(1000, 0xff)])),
    /a number of more than 10 bytes/,
  );
  refused(() => readThriftStruct(bytes(0x1b, 1, 0x55, 1, 1, 0)), /unknown Thrift type 11/); // a map
});

test('page headers: sizes and counts within limits, written anew as they were read', () => {
  const header: PageHeader = {
    kind: 'data v2',
    size: 100,
    compressedSize: 100,
    values: 20,
    encoding: 8,
    plainLevels: true,
    nulls: 3,
    rows: 17,
    definitionBytes: 4,
    repetitionBytes: 2,
    isCompressed: false,
  };
  assert.deepEqual(readPageHeader(writePageHeader(header)).header, header);
  for (const [change, message] of [
    [{ size: -1 }, /decompressed size of -1/],
    [{ size: 2 ** 30 }, /decompressed size of 1073741824, where 268435456 is the most.*smaller row groups/],
    [{ values: 2 ** 30 }, /number of values of 1073741824/],
    [{ nulls: 21 }, /number of nulls of 21/],
    [{ rows: -1 }, /number of rows of -1/],
    [{ definitionBytes: 101 }, /levels of 101/],
    [{ definitionBytes: 60, repetitionBytes: 60 }, /levels of 60/],
  ] as const)
    refused(() => readPageHeader(writePageHeader({ ...header, ...change })), message);
  refused(
    () =>
      readPageHeader(
        writeThriftStruct([
          [1, 9],
          [2, 1],
          [3, 1],
        ]),
      ),
    /unknown kind 9/,
  );
  refused(
    () =>
      readPageHeader(
        writeThriftStruct([
          [1, 0],
          [2, 1],
          [3, 1],
        ]),
      ),
    /field 5 is missing/,
  );
});

test('levels and indexes: runs no longer than the page, values no higher than they may be', () => {
  const read = (data: Uint8Array, width: number, count: number): number[] => {
    const values: number[] = [];
    readHybrid(data, { start: 0, end: data.length, width, count }, (value, repeat) => {
      for (let i = 0; i < repeat; i++) values.push(value);
    });
    return values;
  };
  assert.deepEqual(read(bytes(3 << 1, 5, 1 << 1, 2), 3, 4), [5, 5, 5, 2]);
  // The example of parquet's documentation: 0 to 7 in 3 bits each.
  assert.deepEqual(read(bytes(0b11, 0b10001000, 0b11000110, 0b11111010), 3, 8), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(read(bytes(0b11, 0b10001000, 0b11000110, 0b11111010), 3, 5), [0, 1, 2, 3, 4]);
  assert.deepEqual(read(bytes(1 << 1, 0xff, 0xff, 0xff, 0xff), 32, 1), [2 ** 32 - 1]);
  refused(() => read(bytes(...MUCH, 1), 3, 4), /run of \d+ values is empty or longer/);
  refused(() => read(bytes(0xfe, 0xff, 0xff, 0x7f, 1), 3, 4), /repeated run of 134217727 values/);
  refused(() => read(bytes(0, 1), 3, 4), /repeated run of 0/);
  refused(() => read(bytes(2 << 1, 1), 3, 4), /is beyond byte/);
  refused(() => read(bytes(1 << 1, 1), 33, 1), /33 bits/);
  refused(() => readLevels(bytes(4 << 1, 3), { start: 0, end: 2, count: 4 }, 2), /a level of 3, where 2/);
  refused(
    () => checkIndexes(bytes(4 << 1, 9), { start: 0, end: 2, width: 4, count: 4 }, 9),
    /an index of 9 into a dictionary of 9/,
  );
});

test('deltas: blocks and lengths that make sense', () => {
  // 128 values in 4 miniblocks, 5 values: 7, 5, 3, 1, 2 (parquet's own example: deltas -2, -2, -2, 1)
  const data = Buffer.concat([bytes(0x80, 1, 4, 5, 14, 3, 2, 0, 0, 0, 0b11000000, 0, 0, 0, 0, 0, 0, 0)]);
  assert.deepEqual([...readDeltas(data, 0, 5, true).values], [7, 5, 3, 1, 2]);
  refused(() => readDeltas(bytes(0x80, 1, 0, 5, 14), 0, 5, true), /in blocks of 128 \/ 0/);
  refused(() => readDeltas(bytes(...MUCH, 1, 5, 14), 0, 5, true), /in blocks of 268435455/);
  refused(() => readDeltas(bytes(0x80, 1, 4, 3, 14), 0, 5, true), /deltas of 3 values/);
  refused(() => readDeltas(bytes(0x80, 1, 4, 5, 14, 3, 60, 0, 0, 0), 0, 5, true), /delta run/);
});

test('codecs: a page is what its header says, whatever its bytes would become', () => {
  const zeros = Buffer.alloc(50_000_000);
  const small: [Codec, Uint8Array][] = [
    ['GZIP', zlib.gzipSync(zeros)],
    ['BROTLI', zlib.brotliCompressSync(zeros, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } })],
    // A Zstandard frame without a size: 400 blocks of 128 KB, each a repeated byte.
    [
      'ZSTD',
      Buffer.concat([
        bytes(0x28, 0xb5, 0x2f, 0xfd, 0, 0x58),
        ...Array.from({ length: 400 }, (_, i) =>
          bytes(
            ((i === 399 ? 1 : 0) | 2 | (0x20000 << 3)) & 255,
            ((0x20000 << 3) >> 8) & 255,
            ((0x20000 << 3) >> 16) & 255,
            0,
          ),
        ),
      ]),
    ],
    ['SNAPPY', Buffer.concat([bytes(0x80, 0xe1, 0xeb, 0x17, 0, 0), Buffer.from('fe0100'.repeat(1000), 'hex')])],
    ['LZ4_RAW', Buffer.concat([bytes(0x1f, 0, 1, 0), Buffer.alloc(10_000, 255), bytes(0, 0)])],
  ];
  for (const [codec, data] of small) {
    const before = process.memoryUsage().arrayBuffers;
    try {
      assert.equal(decompressPage(codec, data, 200_000).length, 200_000, codec); // Zstandard stops at the size
    } catch (error) {
      assert.ok(error instanceof ParquetError && error.message.includes(codec.replace('_RAW', '')), String(error));
    }
    assert.ok(process.memoryUsage().arrayBuffers - before < 20_000_000, codec);
  }
  for (const codec of ['SNAPPY', 'GZIP', 'BROTLI', 'ZSTD', 'LZ4', 'LZ4_RAW'] as const) {
    refused(() => decompressPage(codec, Buffer.alloc(100, 0xa5), 100), new RegExp(codec.replace('_RAW', '')));
    refused(() => decompressPage(codec, Buffer.alloc(100_000), 10), /larger than compression can make 10 bytes/);
    assert.equal(decompressPage(codec, bytes(), 0).length, 0);
  }
  refused(() => decompressPage('LZO', bytes(1), 1), /LZO, which is not read/);
  refused(() => decompressPage('UNCOMPRESSED', bytes(1, 2), 3), /has 2 bytes after UNCOMPRESSED; its header says 3/);
  refused(
    () => decompressPage('GZIP', zlib.gzipSync(Buffer.alloc(10)), 11),
    /has 10 bytes after GZIP; its header says 11/,
  );
});

test('LZ4: literals, matches that overlap, and every kind of damage', () => {
  const text = (data: Uint8Array, size: number): string => Buffer.from(decompressLz4Block(data, size)).toString();
  assert.equal(text(bytes(0x30, 97, 98, 99), 3), 'abc');
  assert.equal(text(bytes(0x22, 97, 98, 2, 0, 0x10, 99), 9), 'abababab' + 'c');
  refused(() => text(bytes(0x30, 97), 3), /broken at byte/); // literals missing
  refused(() => text(bytes(0x12, 97, 2, 0, 0), 9), /broken at byte/); // before the beginning
  refused(() => text(bytes(0x12, 97, 0, 0, 0), 9), /broken at byte/); // offset 0
  refused(() => text(bytes(0x1f, 97, 1, 0, 255), 9), /broken at byte/); // a length that does not end
  refused(() => text(bytes(0x30, 97, 98, 99), 4), /holds 3 bytes where 4/);
});

test('files: cut, too short, encrypted, with a footer of any length', async () => {
  const open = (data: Uint8Array) =>
    ParquetFile.open({
      byteLength: data.length,
      slice: async (start, end = data.length) => new Uint8Array(data.subarray(start, end)).buffer,
    });
  const end = (length: number, magic = 'PAR1') => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(length);
    return Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(20), size, Buffer.from(magic)]);
  };
  for (const [data, message] of [
    [Buffer.alloc(0), /0 bytes/],
    [Buffer.from('PAR1PAR1'), /8 bytes/],
    [Buffer.alloc(100), /does not end in "PAR1"/],
    [end(20, 'PARE'), /encrypted/],
    [end(2 ** 32 - 1), /footer should have 4294967295 bytes/],
    [end(21), /footer should have 21 bytes/],
    [end(20), /field 2 is not a list/],
    [end(0), /end within a Thrift struct/],
  ] as const)
    await assert.rejects(
      open(data),
      (error: unknown) => error instanceof ParquetError && message.test(error.message),
      String(message),
    );
});

// The compression codecs of parquet. Each is held to the size that the page's header promised.
// https://github.com/apache/parquet-format/blob/master/Compression.md
import * as zlib from 'node:zlib';
import { decompressLz4, decompressLz4Block } from './decompress-lz4';
import { loadFzstd, loadHyparquet } from './load-decoders';
import { ParquetError } from './parquet-error';

/** In the order of their numbers in the format. */
export const CODECS = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'LZO', 'BROTLI', 'LZ4', 'ZSTD', 'LZ4_RAW'] as const;
export type Codec = (typeof CODECS)[number];

/** What compression may add to bytes that do not shrink: a sixth, and a little (Snappy's bound, the largest of all). */
const MAX_GROWTH = 7 / 6;
const MAX_OVERHEAD = 1024;

/**
 * @param size what the page's header says, at most a page's limit
 * @throws {ParquetError} names the codec
 */
export function decompressPage(codec: Codec, bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length > size * MAX_GROWTH + MAX_OVERHEAD)
    throw new ParquetError(
      `a page of ${bytes.length} bytes in ${codec} is larger than compression can make ${size} bytes`,
    );
  let page: Uint8Array;
  try {
    page = decompress(codec, bytes, size);
  } catch (error) {
    if (error instanceof ParquetError) throw error;
    throw new ParquetError(`a page is not valid ${codec}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (page.length !== size)
    throw new ParquetError(`a page has ${page.length} bytes after ${codec}; its header says ${size}`);
  return page;
}

function decompress(codec: Codec, bytes: Uint8Array, size: number): Uint8Array {
  if (size === 0) return new Uint8Array();
  switch (codec) {
    case 'UNCOMPRESSED':
      return bytes;
    case 'SNAPPY': {
      const page = new Uint8Array(size);
      loadHyparquet().snappyUncompress(bytes, page);
      return page;
    }
    case 'GZIP':
      return zlib.gunzipSync(bytes, { maxOutputLength: size });
    case 'BROTLI':
      return zlib.brotliDecompressSync(bytes, { maxOutputLength: size });
    case 'ZSTD':
      return loadFzstd().decompress(bytes, new Uint8Array(size)); // writes nothing beyond this array
    case 'LZ4':
      return decompressLz4(bytes, size);
    case 'LZ4_RAW':
      return decompressLz4Block(bytes, size);
    case 'LZO':
      throw new ParquetError('a page is compressed with LZO, which is not read');
  }
}

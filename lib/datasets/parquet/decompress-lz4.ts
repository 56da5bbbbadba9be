// LZ4 blocks, and the frames that Hadoop put around them before parquet had LZ4_RAW. The decoders on npm leave zeros
// where a block is broken; this one tells. https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
import { ParquetError } from './parquet-error';

/** A match is at least this long; its length is stored without it. */
const MIN_MATCH = 4;

/** @returns exactly `size` bytes @throws {ParquetError} when the block is no LZ4 or has another size */
export function decompressLz4Block(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  let to = 0;
  const length = (short: number): number => {
    let total = short;
    for (let more = short === 15 ? 255 : 0; more === 255; total += more) {
      if (at >= bytes.length) throw broken(at);
      more = bytes[at++];
    }
    return total;
  };
  while (at < bytes.length) {
    const token = bytes[at++];
    const literals = length(token >> 4);
    if (at + literals > bytes.length || to + literals > size) throw broken(at);
    out.set(bytes.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    if (at === bytes.length) break; // the last sequence is literals alone
    if (at + 2 > bytes.length) throw broken(at);
    const offset = bytes[at] | (bytes[at + 1] << 8);
    at += 2;
    const match = length(token & 15) + MIN_MATCH;
    if (offset === 0 || offset > to || to + match > size) throw broken(at);
    if (offset >= match) out.copyWithin(to, to - offset, to - offset + match);
    else for (let i = 0; i < match; i++) out[to + i] = out[to + i - offset]; // overlaps itself: repeats
    to += match;
  }
  if (to !== size) throw new ParquetError(`an LZ4 block holds ${to} bytes where ${size} are expected`);
  return out;
}

/** The codec `LZ4`: Hadoop's frames (two big-endian sizes before each block), or, from other writers, a bare block. */
export function decompressLz4(bytes: Uint8Array, size: number): Uint8Array {
  return decompressFrames(bytes, size) ?? decompressLz4Block(bytes, size);
}

function decompressFrames(bytes: Uint8Array, size: number): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Uint8Array(size);
  let at = 0;
  let to = 0;
  while (at < bytes.length) {
    if (at + 8 > bytes.length) return undefined;
    const [whole, packed] = [view.getUint32(at), view.getUint32(at + 4)];
    at += 8;
    if (packed === 0 || at + packed > bytes.length || to + whole > size) return undefined;
    try {
      out.set(decompressLz4Block(bytes.subarray(at, at + packed), whole), to);
    } catch (error) {
      if (error instanceof ParquetError) return undefined;
      throw error;
    }
    at += packed;
    to += whole;
  }
  return to === size ? out : undefined;
}

function broken(at: number): ParquetError {
  return new ParquetError(`an LZ4 block is broken at byte ${at}`);
}

// The file of an index, described in docs/search.md: a header in JSON, features as f32, and a digest of both. What is
// read is bounded before it is believed.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { removeQuietly } from '../core/remove-quietly';
import { describeValue } from '../core/describe-value';
import { isRecord } from '../core/is-record';
import { linkTarget } from '../core/link-target';
import { parseJSON } from '../core/read-json';
import { SearchError } from './errors';
import { parseIndexHeader, type IndexHeader } from './index-header';

/** What an index file holds. */
export interface IndexContents extends IndexHeader {
  /** [images.length, size] f32, in the order of the images. */
  readonly features: Float32Array;
}

/** A file begins with these bytes, then the version and the header's length, 4 bytes each, least byte first. */
const MAGIC = 'BLIPIDX\n';
const VERSION = 1;
const PREFIX_BYTES = 16;
const DIGEST_BYTES = 32;
/** A million images with paths of a hundred characters; a longer text Node.js cannot hold. */
const MAX_HEADER_BYTES = 384 * 2 ** 20;
/** Four values an image. */
const MAX_HEADER_VALUES = 10_000_000;
/** Read and written at once. */
const PIECE_BYTES = 8 * 2 ** 20;
const ADVICE = 'Make it anew: indexImages with rebuild: true (blip-openvino index --rebuild).';

/**
 * Writes an index under another name, then renames it: who reads sees the old one or the new one. The caller holds the
 * lock.
 *
 * @throws the system's error; then the old index is as it was
 */
export async function writeIndexFile(name: string, { features, ...header }: IndexContents): Promise<void> {
  const file = linkTarget(name);
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.write(MAGIC, 'latin1');
  prefix.writeUInt32LE(VERSION, 8);
  prefix.writeUInt32LE(json.length, 12);
  const hash = createHash('sha256');
  const temporary = temporaryFile(file);
  const handle = await fs.promises.open(temporary, 'w');
  try {
    try {
      for (const bytes of [prefix, json, bytesOf(features)])
        for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
          const piece = bytes.subarray(at, at + PIECE_BYTES);
          hash.update(piece);
          await handle.writeFile(piece);
        }
      await handle.writeFile(hash.digest());
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.promises.rename(temporary, file);
  } finally {
    await removeQuietly(temporary);
  }
}

/** One writer at a time: what a killed one left under this name, the next one writes over. */
function temporaryFile(file: string): string {
  return `${file}.part`;
}

/**
 * @throws {SearchError} when it is no index, of another version, cut or damaged
 */
export async function readIndexFile(file: string): Promise<IndexContents> {
  // Without O_NONBLOCK, opening a named pipe waits for a writer.
  const flags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK;
  const handle = await fs.promises.open(file, flags).catch((error: unknown) => {
    throw new SearchError(`${file}: the index cannot be read: ${messageOf(error)}.`, { cause: error });
  });
  try {
    return await readFrom(handle, file);
  } finally {
    await handle.close();
  }
}

async function readFrom(handle: fs.promises.FileHandle, file: string): Promise<IndexContents> {
  const fail = (problem: string): never => {
    throw new SearchError(`${file}: ${problem}. ${ADVICE}`);
  };
  const stat = await handle.stat();
  if (!stat.isFile()) fail(`is ${stat.isDirectory() ? 'a folder' : 'no plain file'}, expected an index`);
  const hash = createHash('sha256');
  const read = async (length: number, at: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await handle.read(bytes, done, Math.min(PIECE_BYTES, length - done), at + done);
      if (bytesRead === 0) fail('was cut while it was read');
      hash.update(bytes.subarray(done, done + bytesRead));
      done += bytesRead;
    }
    return bytes;
  };
  if (stat.size < PREFIX_BYTES + DIGEST_BYTES) fail(`has ${stat.size} bytes, expected an index`);
  const prefix = Buffer.from(await read(PREFIX_BYTES, 0));
  const magic = prefix.toString('latin1', 0, MAGIC.length);
  if (magic !== MAGIC) fail(`begins with ${describeValue(magic)}, expected an index, ${describeValue(MAGIC)}`);
  const version = prefix.readUInt32LE(8);
  if (version !== VERSION) fail(`is an index of version ${version}, expected ${VERSION}: another release wrote it`);
  const length = prefix.readUInt32LE(12);
  if (length > MAX_HEADER_BYTES || PREFIX_BYTES + length + DIGEST_BYTES > stat.size)
    fail(`its header would have ${length} bytes, the file has ${stat.size}: it is cut or damaged`);
  const text = Buffer.from(await read(length, PREFIX_BYTES)).toString('utf8');
  const json = parseJSON(text, file, { error: SearchError, advice: ADVICE, maxValues: MAX_HEADER_VALUES });
  if (!isRecord(json)) return fail('its header is no object');
  const header = parseIndexHeader(json, fail);
  const bytes = 4 * header.images.length * header.size;
  const expected = PREFIX_BYTES + length + bytes + DIGEST_BYTES;
  if (stat.size !== expected) fail(`has ${stat.size} bytes, expected ${expected}: it is cut or damaged`);
  const features = new Float32Array((await read(bytes, PREFIX_BYTES + length)).buffer);
  const digest = hash.copy().digest('hex'); // of all that was read so far
  if (digest !== Buffer.from(await read(DIGEST_BYTES, expected - DIGEST_BYTES)).toString('hex'))
    fail('its SHA-256 does not fit its content: it is damaged');
  return { ...header, features };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Reads safetensors files: https://github.com/huggingface/safetensors, with all checks of its Rust reference.
// Weights stay on disk until they are asked for, one tensor at a time, so a 1.5 GB checkpoint never sits in memory whole.
import * as fs from 'node:fs';
import { BlipError } from '../core/errors';
import { bfloatToFloat, halfToFloat } from '../core/float16';

/** A safetensors file breaks the format; the message names the file, the culprit, what was got and what was expected. */
export class SafetensorsError extends BlipError {}

/** Bytes per value of every dtype of the format. */
const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  F8_E8M0: 1,
  F8_E4M3FNUZ: 1,
  F8_E5M2FNUZ: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
  C64: 8,
} as const;
export type CheckpointDType = keyof typeof DTYPE_BYTES;

/** The reference implementation's limit: a longer header is an attack or a mistake. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;
/** Longer than any shape that is not an attack: 50 dimensions of 20 digits. */
const MAX_LIST_CHARACTERS = 1000;

/** One tensor of a checkpoint. `bytes` and `toFloat32` read from disk at each call and keep nothing. */
export interface CheckpointTensor {
  readonly name: string;
  /** The file that holds it. */
  readonly path: string;
  readonly dtype: CheckpointDType;
  readonly shape: readonly number[];
  readonly byteLength: number;
  /** The values as they lie in the file, little-endian. */
  bytes(): Uint8Array;
  /** F32, F16 and BF16 as numbers. @throws {SafetensorsError} for other dtypes */
  toFloat32(): Float32Array;
  /** The same in pieces, for large tensors. @param memory gives the memory for each piece, and with it the piece's size */
  floatPieces(memory: () => Uint8Array): Generator<Float32Array>;
}

export interface SafetensorsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  readonly metadata: Readonly<Record<string, string>>;
  close(): void;
}

/**
 * Opens a file and checks its header; reads no weights.
 *
 * @example
 * const file = openSafetensors('model.safetensors');
 * file.tensors.get('text_decoder.cls.predictions.bias')?.shape // [ 30524 ]
 * file.close();
 * @throws {SafetensorsError}
 */
export function openSafetensors(path: string): SafetensorsFile {
  if (!fs.existsSync(path)) throw new SafetensorsError(`${path}: no such file.`);
  const fd = fs.openSync(path, 'r');
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) throw new SafetensorsError(`${path}: is not a file.`);
    const { size } = stat;
    const { header, dataStart } = readHeader(fd, size, path);
    const { metadata, entries } = parseHeader(header, path);
    checkOffsets(entries, size - dataStart, path);
    let open = true;
    const read = (position: number, target: Uint8Array): void => {
      // The system may have given the descriptor's number to another file by now.
      if (!open)
        throw new SafetensorsError(
          `${path}: was closed; tensors are read from disk when they are asked for. Call close() later.`,
        );
      readAt(fd, position, target, path);
    };
    const tensors = new Map(entries.map((entry) => [entry.name, new LazyTensor(path, read, dataStart, entry)]));
    return {
      path,
      tensors,
      metadata,
      close: () => {
        if (open) fs.closeSync(fd);
        open = false;
      },
    };
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

interface Entry {
  readonly name: string;
  readonly dtype: CheckpointDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readHeader(fd: number, size: number, path: string): { header: string; dataStart: number } {
  if (size < LENGTH_BYTES)
    throw new SafetensorsError(
      `${path}: ${size} bytes long, expected at least ${LENGTH_BYTES} for the header's length. The download may be incomplete.`,
    );
  const length = readAt(fd, 0, new Uint8Array(LENGTH_BYTES), path);
  const bytes = Number(new DataView(length.buffer, length.byteOffset).getBigUint64(0, true));
  if (bytes > MAX_HEADER_BYTES)
    throw new SafetensorsError(
      `${path}: the header claims ${bytes} bytes, at most ${MAX_HEADER_BYTES} are allowed. Is this a safetensors file?`,
    );
  if (bytes > size - LENGTH_BYTES)
    throw new SafetensorsError(
      `${path}: the header claims ${bytes} bytes, but only ${size - LENGTH_BYTES} follow. The download may be incomplete.`,
    );
  const raw = readAt(fd, LENGTH_BYTES, new Uint8Array(bytes), path);
  if (raw[0] !== 0x7b)
    throw new SafetensorsError(`${path}: the header begins with byte ${raw[0] ?? 'none'}, expected "{".`);
  try {
    return { header: new TextDecoder('utf-8', { fatal: true }).decode(raw), dataStart: LENGTH_BYTES + bytes };
  } catch {
    throw new SafetensorsError(`${path}: the header is not valid UTF-8.`);
  }
}

function parseHeader(header: string, path: string): { metadata: Record<string, string>; entries: Entry[] } {
  let json: unknown;
  try {
    json = JSON.parse(header);
  } catch (error) {
    throw new SafetensorsError(
      `${path}: the header is not JSON: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  if (!isRecord(json)) throw new SafetensorsError(`${path}: the header is not an object.`);
  checkText(header, path);
  const metadata: Record<string, string> = {};
  if (json.__metadata__ !== undefined && json.__metadata__ !== null) {
    if (!isRecord(json.__metadata__)) throw new SafetensorsError(`${path}: __metadata__ is not an object.`);
    for (const [key, value] of Object.entries(json.__metadata__)) {
      if (typeof value !== 'string')
        throw new SafetensorsError(`${path}: __metadata__ "${key}" is ${JSON.stringify(value)}, expected a string.`);
      metadata[key] = value;
    }
  }
  const entries = Object.entries(json)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, info]) => parseEntry(name, info, path));
  return { metadata, entries };
}

function parseEntry(name: string, info: unknown, path: string): Entry {
  const where = `${path}, tensor "${name}"`;
  if (!isRecord(info)) throw new SafetensorsError(`${where}: expected an object with dtype, shape and data_offsets.`);
  const { dtype, shape, data_offsets: offsets } = info;
  if (typeof dtype !== 'string' || !isDType(dtype))
    throw new SafetensorsError(
      `${where}: dtype ${JSON.stringify(dtype)} is unknown, expected one of ${Object.keys(DTYPE_BYTES).join(', ')}.`,
    );
  if (!isCounts(shape))
    throw new SafetensorsError(`${where}: shape ${JSON.stringify(shape)} is not a list of whole numbers.`);
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1])
    throw new SafetensorsError(`${where}: data_offsets ${JSON.stringify(offsets)}, expected [begin, end].`);
  let bytes: number = DTYPE_BYTES[dtype];
  for (const dim of shape) {
    bytes *= dim; // checked at each step: a later 0 must not hide an overflow
    if (!Number.isSafeInteger(bytes)) throw new SafetensorsError(`${where}: shape [${shape.join(', ')}] overflows.`);
  }
  const [begin, end] = offsets;
  if (end - begin !== bytes)
    throw new SafetensorsError(
      `${where}: data_offsets span ${end - begin} bytes, expected ${bytes} for ${dtype}[${shape.join(', ')}].`,
    );
  return { name, dtype, shape, begin, end };
}

/** The data must be covered without holes or overlaps, to the last byte. */
function checkOffsets(entries: readonly Entry[], dataBytes: number, path: string): void {
  let at = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at)
      throw new SafetensorsError(
        `${path}, tensor "${name}": begins at ${begin}, expected ${at} (tensors must lie side by side without holes).`,
      );
    at = end;
  }
  if (at !== dataBytes)
    throw new SafetensorsError(
      `${path}: tensors end at ${at}, but the file holds ${dataBytes} bytes of data. The download may be incomplete.`,
    );
}

/**
 * What JSON.parse passes over, seen by walking the text (known to be JSON): of equal keys it keeps the last, 2.0 it takes for 2, and
 * half a surrogate pair for a character.
 */
function checkText(header: string, path: string): void {
  const open: Set<string>[] = [];
  for (let at = 0; at < header.length; at++) {
    if (header[at] === '{') open.push(new Set());
    else if (header[at] === '}') open.pop();
    else if (header[at] === '"') {
      const end = stringEnd(header, at);
      let next = end;
      while (/\s/.test(header[next])) next++;
      if (header[next] === ':') {
        const key = String(JSON.parse(header.slice(at, end)));
        const keys = open[open.length - 1];
        if (keys.has(key)) throw new SafetensorsError(`${path}: the header has the key "${key}" twice.`);
        keys.add(key);
        if (/\p{Cs}/u.test(key))
          throw new SafetensorsError(`${path}: the header's key ${JSON.stringify(key)} is not valid Unicode.`);
        const list =
          key === 'shape' || key === 'data_offsets'
            ? /^:\s*(\[[^\]"{]*\])/.exec(header.slice(next, next + MAX_LIST_CHARACTERS))?.[1]
            : undefined;
        if (list && /[^\s\d,[\]]/.test(list))
          throw new SafetensorsError(`${path}: the header has the ${key} ${list}, expected a list of whole numbers.`);
      }
      at = end - 1;
    }
  }
}

/** The index after the closing quote of the string that begins at `start`. (A regular expression overflows the stack on long strings.) */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

class LazyTensor implements CheckpointTensor {
  readonly name: string;
  readonly dtype: CheckpointDType;
  readonly shape: readonly number[];
  readonly byteLength: number;
  readonly #position: number;

  constructor(
    readonly path: string,
    readonly read: (position: number, target: Uint8Array) => void,
    dataStart: number,
    { name, dtype, shape, begin, end }: Entry,
  ) {
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
    this.byteLength = end - begin;
    this.#position = dataStart + begin;
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.byteLength); // memory of its own, so that it is aligned
    this.read(this.#position, bytes);
    return bytes;
  }

  toFloat32(): Float32Array {
    return this.#toFloats(this.bytes());
  }

  *floatPieces(memory: () => Uint8Array): Generator<Float32Array> {
    for (let done = 0; done < this.byteLength; ) {
      const piece = memory().subarray(0, this.byteLength - done);
      this.read(this.#position + done, piece);
      done += piece.byteLength;
      yield this.#toFloats(piece);
    }
  }

  #toFloats({ buffer, byteLength }: Uint8Array): Float32Array {
    const count = byteLength / DTYPE_BYTES[this.dtype];
    switch (this.dtype) {
      case 'F32':
        return new Float32Array(buffer, 0, count);
      case 'F16':
        return halfToFloat(new Uint16Array(buffer, 0, count));
      case 'BF16':
        return bfloatToFloat(new Uint16Array(buffer, 0, count));
      default:
        throw new SafetensorsError(
          `${this.path}, tensor "${this.name}": dtype ${this.dtype}, expected F32, F16 or BF16.`,
        );
    }
  }
}

/** Fills `target`, going on where one call gives less than it was asked for. */
function readAt(fd: number, position: number, target: Uint8Array, path: string): Uint8Array {
  for (let done = 0; done < target.byteLength; ) {
    const got = fs.readSync(fd, target, done, target.byteLength - done, position + done);
    if (got === 0)
      throw new SafetensorsError(
        `${path}: ends at byte ${position + done}, expected ${position + target.byteLength}. Was it cut while it was open?`,
      );
    done += got;
  }
  return target;
}

function isDType(name: string): name is CheckpointDType {
  return Object.hasOwn(DTYPE_BYTES, name);
}
function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

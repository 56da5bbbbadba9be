// The header of a safetensors file, parsed and checked: which tensors there are, and where in the file each lies.
// Source: https://github.com/huggingface/safetensors, whose Rust reference makes the same checks.
import { DTYPE_BYTES, type CheckpointDType } from './checkpoint-tensor';
import { SafetensorsError } from './errors';
import { explainOtherFile } from './explain-other-file';
import type { FileReader } from './file-reader';

/** The reference implementation's limit: a longer header is an attack or a mistake. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;
/** Longer than any shape that is not an attack: 50 dimensions of 20 digits. */
const MAX_LIST_CHARACTERS = 1000;

/** Where a tensor lies: bytes `begin` to `end` after the header. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: CheckpointDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  readonly entries: readonly SafetensorsEntry[];
  /** Where in the file the data begins. */
  readonly dataStart: number;
}

/** @throws {SafetensorsError} when the header breaks the format, or the data behind it is not what the header says */
export function readSafetensorsHeader(file: FileReader): SafetensorsHeader {
  const { header, dataStart } = readHeader(file);
  const { metadata, entries } = parseHeader(header, file.path);
  checkOffsets(entries, file.size - dataStart, file.path);
  return { metadata, entries, dataStart };
}

function readHeader(file: FileReader): { header: string; dataStart: number } {
  const { path, size, read } = file;
  if (size < LENGTH_BYTES)
    throw new SafetensorsError(
      `${path}: ${size} bytes long, expected at least ${LENGTH_BYTES} for the header's length. The download may be incomplete.`,
    );
  const length = read(0, new Uint8Array(LENGTH_BYTES));
  const bytes = Number(new DataView(length.buffer, length.byteOffset).getBigUint64(0, true));
  // Text, or the beginning of another format, reads as a length that no file has.
  const other = bytes > size - LENGTH_BYTES ? explainOtherFile(file) : undefined;
  if (other !== undefined && !/safetensors/.test(other)) throw new SafetensorsError(`${path}: ${other}`);
  if (bytes > MAX_HEADER_BYTES)
    throw new SafetensorsError(
      `${path}: the header claims ${bytes} bytes, at most ${MAX_HEADER_BYTES} are allowed. Is this a safetensors file?`,
    );
  if (bytes > size - LENGTH_BYTES)
    throw new SafetensorsError(
      `${path}: the header claims ${bytes} bytes, but only ${size - LENGTH_BYTES} follow. The download may be incomplete.`,
    );
  const raw = read(LENGTH_BYTES, new Uint8Array(bytes));
  if (raw[0] !== 0x7b)
    throw new SafetensorsError(`${path}: the header begins with byte ${raw[0] ?? 'none'}, expected "{".`);
  try {
    return { header: new TextDecoder('utf-8', { fatal: true }).decode(raw), dataStart: LENGTH_BYTES + bytes };
  } catch {
    throw new SafetensorsError(`${path}: the header is not valid UTF-8.`);
  }
}

function parseHeader(header: string, path: string): { metadata: Record<string, string>; entries: SafetensorsEntry[] } {
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

function parseEntry(name: string, info: unknown, path: string): SafetensorsEntry {
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
function checkOffsets(entries: readonly SafetensorsEntry[], dataBytes: number, path: string): void {
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

function isDType(name: string): name is CheckpointDType {
  return Object.hasOwn(DTYPE_BYTES, name);
}
function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

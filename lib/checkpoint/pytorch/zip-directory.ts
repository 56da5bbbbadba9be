// Where each entry of a ZIP archive lies. torch stores its entries uncompressed, so that they can be read in place:
// that is all this does. Nothing is unpacked, and whatever contradicts itself is refused: entries that overlap, lie
// outside, are named twice, or are described differently in the directory and in front of their data. Source: PKWARE's
// APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
import { quote } from '../../core/quote';
import { PyTorchFileError } from '../errors';
import type { FileReader } from '../file-reader';

export interface ZipEntry {
  readonly name: string;
  /** Where in the file its bytes lie. */
  readonly position: number;
  readonly size: number;
}

/** 300,000 entries: BLIP's largest checkpoint has some thousand. */
const MAX_DIRECTORY_BYTES = 1 << 24;
const LOCAL_HEADER = { signature: 0x04034b50, bytes: 30 };
const DIRECTORY_HEADER = { signature: 0x02014b50, bytes: 46 };
const END_RECORD = { signature: 0x06054b50, bytes: 22 };
const END_RECORD_64 = { signature: 0x06064b50, bytes: 56 };
const END_LOCATOR_64 = { signature: 0x07064b50, bytes: 20 };
/** The longest comment behind the end record. */
const MAX_COMMENT_BYTES = 0xffff;
/** Stands for a number that the ZIP64 record or field holds. */
const IN_ZIP64 = 0xffffffff;
const ZIP64_FIELD = 1;
const FLAG_ENCRYPTED = 1;
/** The sizes in front of the data may be missing: they follow behind it. */
const FLAG_SIZES_FOLLOW = 8;
const METHOD_STORED = 0;
const METHODS: Readonly<Record<number, string>> = {
  8: 'deflate',
  9: 'deflate64',
  12: 'bzip2',
  14: 'LZMA',
  93: 'Zstandard',
};

/** An entry as the directory describes it. */
interface Listed {
  readonly name: string;
  readonly nameBytes: number;
  readonly headerAt: number;
  readonly size: number;
  readonly flags: number;
}

/**
 * Reads the directory at the end of the file and the header in front of each entry; no data.
 *
 * @throws {PyTorchFileError}
 */
export function readZipDirectory(file: FileReader): ReadonlyMap<string, ZipEntry> {
  const { begin, end, count } = findDirectory(file);
  const listed = parseDirectory(file, file.read(begin, Buffer.alloc(end - begin)), count);
  const entries = new Map<string, ZipEntry>();
  for (const each of listed) {
    if (entries.has(each.name)) fail(file, `the archive has the entry ${quote(each.name)} twice.`);
    entries.set(each.name, { name: each.name, position: locate(file, each, begin), size: each.size });
  }
  checkOverlaps(file, listed, entries);
  return entries;
}

function fail(file: FileReader, problem: string): never {
  throw new PyTorchFileError(`${file.path}: ${problem} The file is damaged; download it again.`);
}

interface Directory {
  readonly begin: number;
  readonly end: number;
  readonly count: number;
}

function findDirectory(file: FileReader): Directory {
  const tail = Buffer.alloc(Math.min(file.size, END_RECORD.bytes + MAX_COMMENT_BYTES));
  const tailAt = file.size - tail.length;
  file.read(tailAt, tail);
  let at = tail.length - END_RECORD.bytes;
  while (at >= 0 && !(tail.readUInt32LE(at) === END_RECORD.signature && endsFile(tail, at))) at--;
  if (at < 0) fail(file, `begins as a ZIP archive, but has no directory at its end (${file.size} bytes).`);
  const recordAt = tailAt + at;
  const plain = {
    count: tail.readUInt16LE(at + 10),
    bytes: tail.readUInt32LE(at + 12),
    begin: tail.readUInt32LE(at + 16),
  };
  const zip64 = findDirectory64(file, recordAt);
  const { count, bytes, begin } = zip64 ?? plain;
  const end = begin + bytes;
  if (bytes > MAX_DIRECTORY_BYTES)
    fail(file, `the archive's directory claims ${bytes} bytes, expected at most ${MAX_DIRECTORY_BYTES}.`);
  if (end !== (zip64?.recordAt ?? recordAt))
    fail(
      file,
      `the archive's directory claims bytes ${begin} to ${end}, expected it to end at ` +
        `${zip64?.recordAt ?? recordAt}, where the record about it begins.`,
    );
  return { begin, end, count };
}

/**
 * Whether the comment that the record announces reaches just to the file's end: its signature may also occur in the
 * data.
 */
function endsFile(tail: Buffer, at: number): boolean {
  return at + END_RECORD.bytes + tail.readUInt16LE(at + 20) === tail.length;
}

function findDirectory64(file: FileReader, endRecordAt: number) {
  const locatorAt = endRecordAt - END_LOCATOR_64.bytes;
  if (locatorAt < 0) return undefined;
  const locator = Buffer.alloc(END_LOCATOR_64.bytes);
  file.read(locatorAt, locator);
  if (locator.readUInt32LE() !== END_LOCATOR_64.signature) return undefined;
  const recordAt = Number(locator.readBigUInt64LE(8));
  if (recordAt + END_RECORD_64.bytes > locatorAt)
    fail(file, `the archive's ZIP64 record should lie at ${recordAt}, expected a place before byte ${locatorAt}.`);
  const record = Buffer.alloc(END_RECORD_64.bytes);
  file.read(recordAt, record);
  if (record.readUInt32LE() !== END_RECORD_64.signature) fail(file, `there is no ZIP64 record at byte ${recordAt}.`);
  return {
    recordAt,
    count: Number(record.readBigUInt64LE(32)),
    bytes: Number(record.readBigUInt64LE(40)),
    begin: Number(record.readBigUInt64LE(48)),
  };
}

function parseDirectory(file: FileReader, directory: Buffer, count: number): Listed[] {
  const listed: Listed[] = [];
  let at = 0;
  while (at < directory.length) {
    const rest = directory.length - at;
    if (rest < DIRECTORY_HEADER.bytes || directory.readUInt32LE(at) !== DIRECTORY_HEADER.signature)
      fail(file, `the archive's directory is broken after ${listed.length} of ${count} entries.`);
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field));
    const bytes = DIRECTORY_HEADER.bytes + nameBytes + extraBytes + commentBytes;
    if (rest < bytes) fail(file, `the archive's directory is broken after ${listed.length} of ${count} entries.`);
    const nameAt = at + DIRECTORY_HEADER.bytes;
    const name = directory.toString('utf8', nameAt, nameAt + nameBytes);
    const extra = directory.subarray(nameAt + nameBytes, nameAt + nameBytes + extraBytes);
    listed.push(parseListed(file, name, directory.subarray(at, nameAt), extra));
    at += bytes;
  }
  if (listed.length !== count)
    fail(file, `the archive's directory lists ${listed.length} entries, but announces ${count}.`);
  return listed;
}

function parseListed(file: FileReader, name: string, header: Buffer, extra: Buffer): Listed {
  const flags = header.readUInt16LE(8);
  const method = header.readUInt16LE(10);
  if (flags & FLAG_ENCRYPTED)
    throw new PyTorchFileError(`${file.path}: the entry ${quote(name)} is encrypted. Decrypt the archive.`);
  if (/(^|\/)code\/__torch__/.test(name))
    throw new PyTorchFileError(
      `${file.path}: is a TorchScript archive (it has ${quote(name)}): a program, not weights. Save the weights ` +
        'alone: torch.save(model.state_dict(), "pytorch_model.bin").',
    );
  if (method !== METHOD_STORED)
    throw new PyTorchFileError(
      `${file.path}: the entry ${quote(name)} is compressed (${METHODS[method] ?? `method ${method}`}), expected ` +
        'it to be stored as torch.save does. ' +
        'Was the file packed again? Unpack it, or save it again with torch.save.',
    );
  if (/(^|[/\\])\.\.([/\\]|$)|^[/\\]|\0/.test(name)) fail(file, `the archive has an entry ${quote(name)}.`);
  const large = zip64Numbers(extra);
  const wide = (field: number): number => {
    const value = header.readUInt32LE(field);
    return value === IN_ZIP64 ? (large.shift() ?? value) : value;
  };
  const size = wide(24); // in the order in which ZIP64 stores what does not fit
  const packed = wide(20);
  const headerAt = wide(42);
  if (packed !== size) fail(file, `the entry ${quote(name)} takes ${packed} bytes for ${size} stored ones.`);
  return { name, nameBytes: header.readUInt16LE(28), headerAt, size, flags };
}

/** The numbers of a ZIP64 field; which ones they are depends on what does not fit elsewhere. */
function zip64Numbers(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== ZIP64_FIELD) continue;
    const field = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
    return Array.from({ length: Math.floor(field.length / 8) }, (_, i) => Number(field.readBigUInt64LE(8 * i)));
  }
  return [];
}

/** Reads the header in front of an entry's data. @returns where the data begins */
function locate(file: FileReader, entry: Listed, directoryAt: number): number {
  const { name, nameBytes: bytes, headerAt, size, flags } = entry;
  if (headerAt + LOCAL_HEADER.bytes + bytes + size > directoryAt)
    fail(
      file,
      `the entry ${quote(name)} of ${size} bytes should lie at byte ${headerAt}, but its data would reach beyond ` +
        `byte ${directoryAt}.`,
    );
  const header = Buffer.alloc(LOCAL_HEADER.bytes + bytes);
  file.read(headerAt, header);
  if (
    header.readUInt32LE() !== LOCAL_HEADER.signature ||
    header.toString('utf8', LOCAL_HEADER.bytes) !== name ||
    header.readUInt16LE(26) !== bytes
  )
    fail(file, `there is no entry ${quote(name)} at byte ${headerAt}, where the archive's directory has it.`);
  const position = headerAt + LOCAL_HEADER.bytes + bytes + header.readUInt16LE(28);
  const ownSize = header.readUInt32LE(22);
  const sizeIsElsewhere = ownSize === IN_ZIP64 || ((flags & FLAG_SIZES_FOLLOW) !== 0 && ownSize === 0);
  if (header.readUInt16LE(8) !== METHOD_STORED || (ownSize !== size && !sizeIsElsewhere))
    fail(
      file,
      `the entry ${quote(name)} of ${size} bytes is described differently in front of its data (${ownSize} bytes).`,
    );
  if (position + size > directoryAt)
    fail(file, `the entry ${quote(name)} of ${size} bytes at ${position} reaches beyond byte ${directoryAt}.`);
  return position;
}

function checkOverlaps(file: FileReader, listed: readonly Listed[], entries: ReadonlyMap<string, ZipEntry>): void {
  let end = 0;
  let before = '';
  for (const { name, headerAt } of [...listed].sort((a, b) => a.headerAt - b.headerAt)) {
    if (headerAt < end) fail(file, `the entries ${quote(before)} and ${quote(name)} overlap at byte ${headerAt}.`);
    const entry = entries.get(name);
    if (entry) end = entry.position + entry.size;
    before = name;
  }
}

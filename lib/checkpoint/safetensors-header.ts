// The header of a safetensors file, parsed and checked: which tensors there are, and where in the file each lies.
// Source: https://github.com/huggingface/safetensors. The verdict is that of its Rust reference (0.8), also where the
// format's text is stricter: docs/reliability.md lists the few differences.
import { isUtf8 } from 'node:buffer';
import { JSONScanner, JSONSyntaxError } from '../core/json-scanner';
import { quote } from '../core/quote';
import { DTYPE_BYTES, type CheckpointDType } from './checkpoint-tensor';
import { SafetensorsError } from './errors';
import { explainOtherFile } from './explain-other-file';
import type { FileReader } from './file-reader';

/** The reference implementation's limit: a longer header is an attack or a mistake. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;
/** Tensors and metadata together: BLIP-large has 1,000, the largest mixtures of experts some ten thousand per file. */
const MAX_ENTRIES = 200_000;
/** Dimensions of all tensors together. */
const MAX_DIMENSIONS = 2_000_000;
const MAX_U64 = 2n ** 64n - 1n;
const SHOWN_DIMENSIONS = 8;

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
  const { metadata, entries } = new HeaderParser(header, file.path).parse();
  for (const entry of entries) checkSize(entry, file.path);
  checkOffsets(entries, file.size - dataStart, file.path);
  return { metadata, entries, dataStart };
}

function readHeader(file: FileReader): { header: Buffer; dataStart: number } {
  const { path, size, read } = file;
  if (size < LENGTH_BYTES)
    throw new SafetensorsError(
      `${path}: ${size} bytes long, expected at least ${LENGTH_BYTES} for the header's length. The download may ` +
        'be incomplete.',
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
      `${path}: the header claims ${bytes} bytes, but only ${size - LENGTH_BYTES} follow. The download may be ` +
        'incomplete.',
    );
  const header = read(LENGTH_BYTES, Buffer.alloc(bytes));
  if (!isUtf8(header)) throw new SafetensorsError(`${path}: the header is not valid UTF-8.`);
  return { header, dataStart: LENGTH_BYTES + bytes };
}

/** What a tensor's entry says, as far as it was read. */
interface Fields {
  dtype?: CheckpointDType;
  shape?: number[];
  offsets?: readonly [begin: number, end: number];
}
const FIELDS = ['dtype', 'shape', 'data_offsets'] as const;
type Field = (typeof FIELDS)[number];

/** Walks the header's bytes and keeps nothing but tensors and metadata. */
class HeaderParser {
  readonly #json: JSONScanner;
  readonly #entries = new Map<string, SafetensorsEntry>();
  #metadata: Map<string, string> | undefined;
  #hasMetadata = false;
  #dimensions = 0;
  /** For messages: the file, or the file and the tensor. */
  #where: string;

  constructor(
    header: Buffer,
    readonly path: string,
  ) {
    this.#json = new JSONScanner(header);
    this.#where = path;
  }

  parse(): Pick<SafetensorsHeader, 'metadata' | 'entries'> {
    try {
      if (this.#json.peek() !== 'object') this.#fail('the header is not an object');
      this.#json.object((name) => {
        if (name === '__metadata__') this.#readMetadata();
        else this.#entries.set(name, this.#readEntry(name)); // of equal names the last counts, as in the reference
        this.#checkCount(this.#entries.size + (this.#metadata?.size ?? 0));
      });
      this.#json.end();
    } catch (error) {
      if (error instanceof JSONSyntaxError)
        throw new SafetensorsError(`${this.path}: the header is not JSON: ${error.message}.`, { cause: error });
      throw error;
    }
    return { metadata: Object.fromEntries(this.#metadata ?? []), entries: [...this.#entries.values()] };
  }

  #readMetadata(): void {
    if (this.#hasMetadata) this.#fail('the header has __metadata__ twice, expected it once');
    this.#hasMetadata = true;
    const kind = this.#json.peek();
    if (kind === 'null') {
      this.#json.word();
      return;
    }
    if (kind !== 'object') this.#fail(`__metadata__ is a ${kind}, expected an object`);
    const metadata = new Map<string, string>();
    this.#metadata = metadata;
    this.#json.object((key) => {
      const kind = this.#json.peek();
      if (kind !== 'string') this.#fail(`__metadata__ ${quote(key)} is a ${kind}, expected a string`);
      metadata.set(key, this.#json.string());
      this.#checkCount(this.#entries.size + metadata.size);
    });
  }

  #checkCount(count: number): void {
    if (count > MAX_ENTRIES) this.#fail(`has more than ${MAX_ENTRIES} tensors and notes, expected fewer`);
  }

  /** An object, or a list of the three values, which the reference takes as well. */
  #readEntry(name: string): SafetensorsEntry {
    this.#where = `${this.path}, tensor ${quote(name)}`;
    const fields: Fields = {};
    const kind = this.#json.peek();
    if (kind === 'list')
      this.#json.list((index) => {
        if (index >= FIELDS.length) this.#fail('has more than the three values dtype, shape and data_offsets');
        this.#readField(FIELDS[index], fields);
      });
    else if (kind === 'object')
      this.#json.object((key) => {
        const field = FIELDS.find((known) => known === key);
        if (field) this.#readField(field, fields);
        else this.#json.skip();
      });
    else this.#fail(`is a ${kind}, expected an object with dtype, shape and data_offsets`);
    const { dtype, shape, offsets } = fields;
    if (dtype === undefined || shape === undefined || offsets === undefined)
      return this.#fail('lacks one of dtype, shape and data_offsets');
    this.#where = this.path;
    return { name, dtype, shape, begin: offsets[0], end: offsets[1] };
  }

  #readField(field: Field, fields: Fields): void {
    const known = field === 'data_offsets' ? fields.offsets : fields[field];
    if (known !== undefined) this.#fail(`has ${field} twice, expected it once`);
    if (field === 'dtype') fields.dtype = this.#readDtype();
    else if (field === 'shape') fields.shape = this.#readCounts('shape', Number.POSITIVE_INFINITY);
    else {
      const [begin, end, ...rest] = this.#readCounts('data_offsets', 2);
      if (end === undefined || rest.length > 0) this.#fail('data_offsets has one number, expected [begin, end]');
      fields.offsets = [begin, end];
    }
  }

  /** A name, or an object of one name with null, which is how serde writes such a value in another form. */
  #readDtype(): CheckpointDType {
    const kind = this.#json.peek();
    const names: string[] = [];
    if (kind === 'string') names.push(this.#json.string());
    else if (kind === 'object')
      this.#json.object((key) => {
        const inner = this.#json.peek();
        if (inner !== 'null' || names.length > 0) this.#fail('dtype is an object, expected a name');
        this.#json.word();
        names.push(key);
      });
    const [name] = names;
    if (name === undefined) return this.#fail(`dtype is a ${kind}, expected a name`);
    if (!isDType(name))
      return this.#fail(`dtype ${quote(name)} is unknown, expected one of ${Object.keys(DTYPE_BYTES).join(', ')}`);
    return name;
  }

  #readCounts(field: Field, most: number): number[] {
    const kind = this.#json.peek();
    if (kind !== 'list') this.#fail(`${field} is a ${kind}, expected a list of whole numbers`);
    const counts: number[] = [];
    this.#json.list((index) => {
      if (index >= most) this.#fail(`${field} has more than ${most} numbers`);
      if (field === 'shape' && ++this.#dimensions > MAX_DIMENSIONS)
        this.#fail(`the file's tensors have more than ${MAX_DIMENSIONS} dimensions, expected fewer`);
      const kind = this.#json.peek();
      if (kind !== 'number') this.#fail(`${field} has a ${kind}, expected whole numbers`);
      const value = this.#json.number();
      if (value === undefined) return this.#fail(`${field} has a number that is no whole number from 0 to 2^64-1`);
      if (value > Number.MAX_SAFE_INTEGER)
        return this.#fail(`${field} has ${value}, expected at most ${Number.MAX_SAFE_INTEGER}`);
      counts.push(Number(value));
    });
    return counts;
  }

  #fail(problem: string): never {
    throw new SafetensorsError(`${this.#where}: ${problem}.`);
  }
}

/** Shape and data_offsets must agree. */
function checkSize({ name, dtype, shape, begin, end }: SafetensorsEntry, path: string): void {
  const fail = (problem: string): never => {
    throw new SafetensorsError(`${path}, tensor ${quote(name)}: ${problem}.`);
  };
  const bits = countBits(dtype, shape) ?? -1n;
  const rest = shape.length > SHOWN_DIMENSIONS ? ', …' : '';
  const text = `${dtype}[${shape.slice(0, SHOWN_DIMENSIONS).join(', ')}${rest}]`;
  if (bits < 0n) fail(`shape overflows: ${text}`);
  if (bits % 8n !== 0n) fail(`${text} ends within a byte, expected whole bytes`);
  if (end < begin) fail(`data_offsets end at ${end}, before they begin at ${begin}`);
  if (BigInt(end - begin) !== bits / 8n)
    fail(`data_offsets span ${end - begin} bytes, expected ${bits / 8n} for ${text}`);
}

/** In 64 bits, each step checked, as the reference does: a later 0 does not hide an overflow. */
function countBits(dtype: CheckpointDType, shape: readonly number[]): bigint | undefined {
  let count = 1n;
  for (const dim of shape) {
    count *= BigInt(dim);
    if (count > MAX_U64) return undefined;
  }
  const bits = count * BigInt(DTYPE_BYTES[dtype] * 8);
  return bits > MAX_U64 ? undefined : bits;
}

/** The data must be covered without holes or overlaps, to the last byte. */
function checkOffsets(entries: readonly SafetensorsEntry[], dataBytes: number, path: string): void {
  let at = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at)
      throw new SafetensorsError(
        `${path}, tensor ${quote(name)}: begins at ${begin}, expected ${at} (tensors must lie side by side ` +
          'without holes).',
      );
    at = end;
  }
  if (at !== dataBytes)
    throw new SafetensorsError(
      `${path}: tensors end at ${at}, but the file holds ${dataBytes} bytes of data. The download may be incomplete.`,
    );
}

function isDType(name: string): name is CheckpointDType {
  return Object.hasOwn(DTYPE_BYTES, name);
}

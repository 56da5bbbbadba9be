// Writes files in torch's forms with anything wrong in them that a test wants: what torch itself would never write.

export interface Entry {
  readonly name: string;
  readonly data: Uint8Array;
  /** What the directory says; by default what is true. */
  readonly listed?: Readonly<Partial<Record<'method' | 'flags' | 'size' | 'packed' | 'headerAt', number>>>;
  /** What stands in front of the data. */
  readonly local?: Readonly<Partial<Record<'method' | 'size' | 'signature', number>>> & { readonly name?: string };
  /** Its numbers in a ZIP64 field, as those of 4 GiB and more are; `none` leaves the field out. */
  readonly zip64?: 'all' | 'none';
}

export interface End {
  readonly count?: number;
  readonly size?: number;
  readonly begin?: number;
  readonly comment?: string;
}

/** A ZIP archive of stored entries. */
export function zip(entries: readonly Entry[], end: End = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, listed = {}, local = {}, zip64 } of entries) {
    const localName = Buffer.from(local.name ?? name);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(local.signature ?? 0x04034b50, 0);
    header.writeUInt16LE(local.method ?? 0, 8);
    const [size, packed, headerAt] = [
      listed.size ?? data.length,
      listed.packed ?? listed.size ?? data.length,
      listed.headerAt ?? at,
    ];
    const field = zip64 === 'all' ? zip64Field([size, packed, headerAt]) : Buffer.alloc(0);
    const short = (value: number): number => (zip64 ? 0xffffffff : value);
    header.writeUInt32LE(short(local.size ?? data.length), 18);
    header.writeUInt32LE(short(local.size ?? data.length), 22);
    header.writeUInt16LE(localName.length, 26);
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt16LE(listed.flags ?? 0, 8);
    record.writeUInt16LE(listed.method ?? 0, 10);
    record.writeUInt32LE(short(packed), 20);
    record.writeUInt32LE(short(size), 24);
    record.writeUInt16LE(Buffer.byteLength(name), 28);
    record.writeUInt16LE(field.length, 30);
    record.writeUInt32LE(short(headerAt), 42);
    parts.push(header, localName, Buffer.from(data));
    directory.push(record, Buffer.from(name), field);
    at += 30 + localName.length + data.length;
  }
  const listing = Buffer.concat(directory);
  const comment = Buffer.from(end.comment ?? '');
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(end.count ?? entries.length, 8);
  record.writeUInt16LE(end.count ?? entries.length, 10);
  record.writeUInt32LE(end.size ?? listing.length, 12);
  record.writeUInt32LE(end.begin ?? at, 16);
  record.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, listing, record, comment]);
}

/** Another field, then that of ZIP64. */
function zip64Field(numbers: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + 3 + 4 + 8 * numbers.length);
  field.writeUInt16LE(0x5455, 0);
  field.writeUInt16LE(3, 2);
  field.writeUInt16LE(1, 7);
  field.writeUInt16LE(8 * numbers.length, 9);
  numbers.forEach((number, i) => {
    field.writeBigUInt64LE(BigInt(number), 11 + 8 * i);
  });
  return field;
}

/** Pickle instructions, by what they do. */
export const P = {
  proto: Buffer.from([0x80, 2]),
  stop: Buffer.from('.'),
  mark: Buffer.from('('),
  emptyDict: Buffer.from('}'),
  emptyList: Buffer.from(']'),
  emptyTuple: Buffer.from(')'),
  setItem: Buffer.from('s'),
  setItems: Buffer.from('u'),
  append: Buffer.from('a'),
  reduce: Buffer.from('R'),
  build: Buffer.from('b'),
  tuple: Buffer.from('t'),
  tuple1: Buffer.from([0x85]),
  persistentId: Buffer.from('Q'),
  none: Buffer.from('N'),
  global: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`),
  put: (index: number) => Buffer.from([0x71, index]),
  get: (index: number) => Buffer.from([0x68, index]),
  text(value: string): Buffer {
    const bytes = Buffer.from(value);
    const head = Buffer.alloc(5);
    head.write('X');
    head.writeUInt32LE(bytes.length, 1);
    return Buffer.concat([head, bytes]);
  },
  int(value: number): Buffer {
    if (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31) {
      const bytes = Buffer.alloc(5);
      bytes.write('J');
      bytes.writeInt32LE(value, 1);
      return bytes;
    }
    const long = Buffer.alloc(10);
    long.set([0x8a, 8]);
    long.writeBigInt64LE(BigInt(value), 2);
    return long;
  },
  ints: (values: readonly number[]) => Buffer.concat([P.mark, ...values.map(P.int), P.tuple]),
};

export interface TensorOptions {
  readonly type?: string;
  readonly key?: string;
  readonly count?: number;
  readonly offset?: number;
  readonly shape?: readonly number[];
  readonly strides?: readonly number[];
  readonly rebuild?: string;
}

/** A tensor of four numbers, unless told otherwise. */
export function tensor(options: TensorOptions = {}): Buffer {
  const { type = 'FloatStorage', key = '0', count = 4, offset = 0, shape = [4], strides = [1] } = options;
  return Buffer.concat([
    P.global('torch._utils', options.rebuild ?? '_rebuild_tensor_v2'),
    P.mark,
    P.mark,
    P.text('storage'),
    P.global('torch', type),
    P.text(key),
    P.text('cpu'),
    P.int(count),
    P.tuple,
    P.persistentId,
    P.int(offset),
    P.ints(shape),
    P.ints(strides),
    Buffer.from([0x89]), // requires_grad: False
    P.global('collections', 'OrderedDict'),
    P.emptyTuple,
    P.reduce,
    P.tuple,
    P.reduce,
  ]);
}

/** A pickle of `{ name: value, … }`. */
export function dict(items: Readonly<Record<string, Buffer>>): Buffer {
  const pairs = Object.entries(items).flatMap(([name, value]) => [P.text(name), value]);
  return Buffer.concat([P.proto, P.emptyDict, P.mark, ...pairs, P.setItems, P.stop]);
}

/** A checkpoint in the form of a ZIP archive, of this pickle and these storages. */
export function checkpoint(
  pickle: Buffer,
  storages: Readonly<Record<string, Uint8Array>> = { '0': new Uint8Array(16) },
) {
  return [
    { name: 'archive/data.pkl', data: pickle },
    { name: 'archive/byteorder', data: Buffer.from('little') },
    ...Object.entries(storages).map(([key, data]) => ({ name: `archive/data/${key}`, data })),
  ];
}

/** In the form before PyTorch 1.6. */
export function legacy(pickle: Buffer, keys: readonly string[], storages: readonly Uint8Array[]): Buffer {
  const magic = Buffer.concat([
    P.proto,
    Buffer.from([0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]),
    P.stop,
  ]);
  const version = Buffer.concat([P.proto, P.int(1001), P.stop]);
  const system = Buffer.concat([P.proto, P.emptyDict, P.stop]);
  const list = Buffer.concat([P.proto, P.emptyList, ...keys.flatMap((key) => [P.text(key), P.append]), P.stop]);
  const data = storages.map((bytes) => {
    const count = Buffer.alloc(8);
    count.writeBigUInt64LE(BigInt(bytes.length / 4));
    return Buffer.concat([count, bytes]);
  });
  return Buffer.concat([magic, version, system, pickle, list, ...data]);
}

// Writes parquet files of the sizes that a test needs, which would be too large to commit: flat required columns,
// uncompressed.
import { ENCODINGS } from '../../lib/datasets/parquet/page-header';

export interface WrittenColumn {
  readonly name: string;
  readonly values: readonly (string | Uint8Array)[];
  /** A dictionary page first, then indexes: what pyarrow writes for row groups of up to 1,024 rows. */
  readonly dictionary?: boolean;
}

/** Thrift's compact protocol: `[field, type, value]`. */
type Field = readonly [id: number, type: 'i32' | 'i64' | 'binary' | 'list' | 'struct', value: Value];
type Value =
  | number
  | string
  | readonly Field[]
  | { readonly of: 'i32' | 'binary' | 'struct'; readonly items: readonly Value[] };
const TYPES = { i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;

export function writeParquet(
  columns: readonly WrittenColumn[],
  { rowGroupSize, rowsPerPage = rowGroupSize }: { readonly rowGroupSize: number; readonly rowsPerPage?: number },
): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from('PAR1')];
  let at = 4;
  const add = (bytes: Uint8Array): void => {
    parts.push(bytes);
    at += bytes.length;
  };
  const rows = columns[0].values.length;
  const groups: Value[] = [];
  for (let first = 0; first < rows; first += rowGroupSize) {
    const count = Math.min(rowGroupSize, rows - first);
    const chunks = columns.map(({ name, values, dictionary }): Value => {
      const start = at;
      const mine = values.slice(first, first + count).map((value) => Buffer.from(value));
      const entries = dictionary ? [...new Map(mine.map((value) => [value.toString('latin1'), value])).values()] : [];
      const places = new Map(entries.map((value, place) => [value.toString('latin1'), place]));
      if (dictionary)
        add(
          page(
            plain(entries),
            [
              [
                7,
                'struct',
                [
                  [1, 'i32', entries.length],
                  [2, 'i32', 0],
                ],
              ],
            ],
            2,
          ),
        );
      const data = at;
      for (let row = 0; row < count; row += rowsPerPage) {
        const some = mine.slice(row, row + rowsPerPage);
        const body = dictionary ? indexes(some.map((value) => places.get(value.toString('latin1')) ?? 0)) : plain(some);
        const encoding = dictionary ? ENCODINGS.RLE_DICTIONARY : ENCODINGS.PLAIN;
        add(
          page(
            body,
            [
              [
                5,
                'struct',
                [
                  [1, 'i32', some.length],
                  [2, 'i32', encoding],
                  [3, 'i32', 3],
                  [4, 'i32', 3],
                ],
              ],
            ],
            0,
          ),
        );
      }
      const meta: Field[] = [
        [1, 'i32', 6],
        [2, 'list', { of: 'i32', items: [0] }],
        [3, 'list', { of: 'binary', items: [name] }],
        [4, 'i32', 0],
        [5, 'i64', count],
        [6, 'i64', at - start],
        [7, 'i64', at - start],
        [9, 'i64', data],
        ...(dictionary ? ([[11, 'i64', start]] as const) : []),
      ];
      return [
        [2, 'i64', start],
        [3, 'struct', meta],
      ];
    });
    groups.push([
      [1, 'list', { of: 'struct', items: chunks }],
      [2, 'i64', 0],
      [3, 'i64', count],
    ]);
  }
  const schema: Value[] = [
    [
      [4, 'binary', 'schema'],
      [5, 'i32', columns.length],
    ],
    ...columns.map(({ name, values }): Value => {
      const type: Field[] = [
        [1, 'i32', 6],
        [3, 'i32', 0],
        [4, 'binary', name],
      ];
      return typeof values[0] === 'string' ? [...type, [6, 'i32', 0]] : type;
    }),
  ];
  const footer = encode('struct', [
    [1, 'i32', 2],
    [2, 'list', { of: 'struct', items: schema }],
    [3, 'i64', rows],
    [4, 'list', { of: 'struct', items: groups }],
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(footer.length);
  return Buffer.concat([...parts, footer, size, Buffer.from('PAR1')]);
}

function page(body: Uint8Array, detail: readonly Field[], kind: number): Uint8Array {
  return Buffer.concat([
    encode('struct', [[1, 'i32', kind], [2, 'i32', body.length], [3, 'i32', body.length], ...detail]),
    body,
  ]);
}

function plain(values: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    values.flatMap((value) => {
      const size = Buffer.alloc(4);
      size.writeUInt32LE(value.length);
      return [size, value];
    }),
  );
}

/** A run for each index, of 16 bits. */
function indexes(values: readonly number[]): Uint8Array {
  return Buffer.concat([Buffer.of(16), ...values.map((value) => Buffer.of(1 << 1, value & 255, value >> 8))]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.from([...bytes, rest]);
}

function encode(type: keyof typeof TYPES, value: Value): Uint8Array {
  if (typeof value === 'number') return varint(value * 2);
  if (typeof value === 'string') return Buffer.concat([varint(Buffer.byteLength(value)), Buffer.from(value)]);
  if ('of' in value) {
    const { of, items } = value;
    const head =
      items.length < 15
        ? Buffer.of((items.length << 4) | TYPES[of])
        : Buffer.concat([Buffer.of(0xf0 | TYPES[of]), varint(items.length)]);
    return Buffer.concat([head, ...items.map((item) => encode(of, item))]);
  }
  let last = 0;
  const fields = value.map(([id, kind, item]) => {
    const head = Buffer.of(((id - last) << 4) | TYPES[kind]);
    last = id;
    return Buffer.concat([head, encode(kind, item)]);
  });
  return type === 'struct' ? Buffer.concat([...fields, Buffer.of(0)]) : Buffer.concat(fields);
}

// Rows of one column in one row group: only the pages that hold them are read and decompressed; hyparquet decodes them.
import type { FileMetaData } from 'hyparquet';
import { loadHyparquet } from './load-decoders';
import { loadDataPage, loadDictionary, type LoadedPage } from './load-page';
import { type PageHeader, readPageHeader } from './page-header';
import { ParquetError } from './parquet-error';
import type { RangeReader } from './range-reader';
import type { Chunk } from './read-footer';
import { ThriftEndError } from './thrift';

/** A place in a chunk, in the order of the pages. */
interface Page {
  readonly header: PageHeader;
  readonly start: number;
  readonly firstRow: number;
  readonly rows: number;
  readonly startsRow: boolean;
}

/**
 * A header takes 30 bytes, and up to 8 KB more with statistics. Behind it the page itself begins, so nothing of this is
 * wasted.
 */
const HEADER_READ = 64 * 1024;
/** Old writers put the smallest and largest value, which may be images, into each header. */
const MAX_HEADER_BYTES = 1 << 24;
/** A row group of a gigabyte has a thousand. */
const MAX_PAGES = 1 << 16;
const TYPES: readonly (string | undefined)[] = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
];

export class ColumnReader {
  private readonly pages: Page[] = [];
  private dictionary: { readonly parts: readonly Uint8Array[]; readonly entries: number } | undefined;
  private kept: { readonly page: Page; readonly contents: LoadedPage } | undefined;
  /** Where the next page's header begins. */
  private next: number;
  private rowsSeen = 0;

  /** @param rows of the row group */
  constructor(
    private readonly reader: RangeReader,
    readonly chunk: Chunk,
    private readonly rows: number,
  ) {
    this.next = chunk.start;
    const { type } = chunk.leaf.elements[chunk.leaf.elements.length - 1];
    if (!TYPES.includes(type)) throw new ParquetError(`it is of type ${type}, which is not read`);
  }

  /**
   * @param from the row group's row, `to` the one behind the last
   * @returns a value for each row; inside lists and structs it is as deep as the column
   * @throws {ParquetError}
   */
  async readRows(from: number, to: number): Promise<unknown[]> {
    const wanted: Page[] = [];
    const loaded = new Map<Page, LoadedPage>();
    for (let index = 0; ; index++) {
      const page = this.pages[index] ?? (await this.discover(loaded));
      if (!page || (page.startsRow && page.firstRow >= to)) break;
      // What came before is of no use when this page begins at or before the first row that is wanted.
      if (page.startsRow && page.firstRow <= from) for (const one of wanted.splice(0)) loaded.delete(one);
      wanted.push(page);
      if (endOf(page) >= to && (page.header.kind === 'data v2' || this.chunk.leaf.maxRepetition === 0)) break;
    }
    const last = wanted.at(-1);
    if (!last || endOf(last) < to)
      throw new ParquetError(`it has ${last ? endOf(last) : 0} rows, expected ${this.rows}`);
    const parts: Uint8Array[] = [];
    for (const page of wanted) {
      const contents = loaded.get(page) ?? (this.kept?.page === page ? this.kept.contents : await this.load(page));
      parts.push(...contents.parts);
      // The next rows are most likely in the same page, which may be large.
      this.kept = page === last && endOf(page) > to ? { page, contents } : undefined;
    }
    const { firstRow } = wanted[0];
    return this.decode(parts, { rows: endOf(last) - firstRow, from: from - firstRow, to: to - firstRow });
  }

  /** The next page, loaded only where its header does not tell the number of its rows. */
  private async discover(loaded: Map<Page, LoadedPage>): Promise<Page | undefined> {
    const isRepeated = this.chunk.leaf.maxRepetition > 0;
    // The last row of a list may continue in further pages.
    while (this.next < this.chunk.end && (isRepeated || this.rowsSeen < this.rows)) {
      if (this.pages.length === MAX_PAGES) throw new ParquetError(`it has more than ${MAX_PAGES} pages in a row group`);
      const { header, start } = await this.readHeader();
      if (start + header.compressedSize > this.chunk.end)
        throw new ParquetError(
          `a page of ${header.compressedSize} bytes at ${start} ends behind its column (${this.chunk.end})`,
        );
      this.next = start + header.compressedSize;
      if (header.kind === 'index') continue;
      if (header.kind === 'dictionary') {
        if (this.dictionary || this.pages.length > 0) throw new ParquetError('a second dictionary');
        this.dictionary = {
          parts: loadDictionary(this.chunk, header, await this.body(header, start)),
          entries: header.values,
        };
        continue;
      }
      const place = { header, start, firstRow: this.rowsSeen };
      const isTold = header.kind === 'data v2' || !isRepeated;
      const contents = isTold ? undefined : await this.load(place);
      const rows = contents?.rows ?? (header.kind === 'data v2' ? header.rows : header.values);
      const page = { ...place, rows, startsRow: contents?.startsRow ?? true };
      if (contents) loaded.set(page, contents);
      this.rowsSeen += rows;
      if (this.rowsSeen > this.rows) throw new ParquetError(`it has more than the row group's ${this.rows} rows`);
      this.pages.push(page);
      return page;
    }
    return undefined;
  }

  private async readHeader(): Promise<{ header: PageHeader; start: number }> {
    for (let size = HEADER_READ; ; size *= 16) {
      const most = Math.min(this.chunk.end, this.next + size);
      try {
        const { header, end } = readPageHeader(await this.reader.peek(this.next, most));
        return { header, start: this.next + end };
      } catch (error) {
        if (!(error instanceof ThriftEndError) || most === this.chunk.end || size >= MAX_HEADER_BYTES) throw error;
      }
    }
  }

  private async load({ header, start }: Pick<Page, 'header' | 'start'>): Promise<LoadedPage> {
    return loadDataPage(this.chunk, header, await this.body(header, start), this.dictionary?.entries);
  }

  /** With the next page's header, which is asked for next, in the same request. */
  private body(header: PageHeader, start: number): Promise<Uint8Array> {
    return this.reader.read(start, start + header.compressedSize, HEADER_READ, this.chunk.end);
  }

  private async decode(
    pages: readonly Uint8Array[],
    { rows, from, to }: { rows: number; from: number; to: number },
  ): Promise<unknown[]> {
    const { path, elements } = this.chunk.leaf;
    const bytes = join([...(this.dictionary?.parts ?? []), ...pages]);
    const [column] = path;
    const leaf = elements[elements.length - 1];
    const size = BigInt(bytes.byteLength);
    const metadata: FileMetaData = {
      version: 2,
      schema: [{ name: 'root', num_children: 1 }, ...elements],
      num_rows: BigInt(rows),
      row_groups: [
        {
          columns: [
            {
              file_offset: 0n,
              meta_data: {
                type: leaf.type ?? 'BYTE_ARRAY',
                encodings: [],
                path_in_schema: [...path],
                codec: 'UNCOMPRESSED',
                num_values: BigInt(rows),
                total_uncompressed_size: size,
                total_compressed_size: size,
                data_page_offset: 0n,
              },
            },
          ],
          total_byte_size: size,
          num_rows: BigInt(rows),
        },
      ],
      metadata_length: 0,
    };
    const file = {
      byteLength: bytes.byteLength,
      slice: (start: number, end = bytes.byteLength) =>
        start === 0 && end === bytes.byteLength ? bytes : bytes.slice(start, end),
    };
    let records: Record<string, unknown>[];
    try {
      records = await loadHyparquet().parquetReadObjects({
        file,
        metadata,
        columns: [column],
        rowStart: from,
        rowEnd: to,
        utf8: false,
      });
    } catch (error) {
      throw new ParquetError(`it cannot be decoded: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (records.length !== to - from)
      throw new ParquetError(`${records.length} rows were decoded, expected ${to - from}`);
    return records.map((record) => record[column]);
  }
}

function endOf({ firstRow, rows }: Page): number {
  return firstRow + rows;
}

function join(parts: readonly Uint8Array[]): ArrayBuffer {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes.buffer;
}

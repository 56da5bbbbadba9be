// Rows of CSV files (RFC 4180) as they come, also with tabs or semicolons between the fields, as Excel writes them.
import type { Readable } from 'node:stream';
import { BatchError } from './batch-error';
import { inUtf8 } from './in-utf8';

export interface CsvRow {
  readonly fields: readonly string[];
  /** Of its first line, from 1. */
  readonly line: number;
}

/** Longer than a record about one image; a quote that is never closed ends here. */
const MAX_ROW_CHARACTERS = 16 * 2 ** 20;
const MAX_FIELDS = 10_000;
const SEPARATORS = [',', '\t', ';'];

/**
 * Rows that are not empty. A field in quotes may hold separators, line ends and doubled quotes; a quote inside a field
 * that does not begin with one is a character as any other. The separator is the one that the first line has most of.
 *
 * @param source what it is, for messages
 * @throws {BatchError} when it cannot be read, or a row is too long
 * @example
 * // a,b\r\n"1, ""x""",2  ->  { fields: ['a', 'b'], line: 1 }, { fields: ['1, "x"', '2'], line: 2 }
 */
export async function* readCsv(input: Readable, source: string): AsyncGenerator<CsvRow, void, undefined> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: false });
  const rows: CsvRow[] = [];
  const parser = new CsvParser(source, (row) => rows.push(row));
  try {
    for await (const bytes of inUtf8(input)) {
      parser.add(decoder.decode(bytes, { stream: true }));
      yield* rows.splice(0);
    }
  } catch (error) {
    if (error instanceof BatchError) throw error;
    throw new BatchError(`${source}: cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
  parser.end();
  yield* rows;
}

class CsvParser {
  #separator: string | undefined;
  #marks = /[\r\n]/g;
  /** Of the first line, until the separator is known. */
  #head = '';
  #fields: string[] = [];
  #field = '';
  #state: 'start' | 'plain' | 'quoted' | 'closed' = 'start';
  #line = 1;
  #firstLine = 1;
  #size = 0;

  constructor(
    private readonly source: string,
    private readonly emit: (row: CsvRow) => void,
  ) {}

  add(text: string): void {
    if (this.#separator !== undefined) {
      this.#parse(text);
      return;
    }
    this.#head += text;
    if (/[\r\n]/.test(this.#head)) this.#begin();
    else this.#checkSize(this.#head.length);
  }

  end(): void {
    if (this.#separator === undefined) this.#begin();
    if (this.#field !== '' || this.#fields.length > 0 || this.#state !== 'start') this.#endRow();
  }

  #begin(): void {
    const first = /^[^\r\n]*/.exec(this.#head)?.[0].replace(/"[^"]*"/g, '') ?? '';
    const counts = SEPARATORS.map((separator) => first.split(separator).length);
    this.#separator = SEPARATORS[counts.indexOf(Math.max(...counts))];
    this.#marks = new RegExp(`[${this.#separator}\r\n]`, 'g');
    this.#parse(this.#head);
    this.#head = '';
  }

  #parse(text: string): void {
    let at = 0;
    while (at < text.length) {
      const end = this.#state === 'quoted' ? endOf(text.indexOf('"', at), text) : this.#nextMark(text, at);
      this.#take(text.slice(at, end));
      at = end;
      if (at < text.length) this.#mark(text[at++]);
    }
  }

  /** Where a separator or a line end is next, or a quote that may mean something. */
  #nextMark(text: string, at: number): number {
    if (text[at] === '"' && this.#state !== 'plain') return at;
    this.#marks.lastIndex = at;
    return endOf(this.#marks.exec(text)?.index ?? -1, text);
  }

  #take(piece: string): void {
    if (piece === '') return;
    this.#checkSize((this.#size += piece.length));
    this.#field += piece;
    if (this.#state === 'quoted')
      for (let at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', at + 1)) this.#line++;
    else this.#state = 'plain';
  }

  #mark(character: string): void {
    if (character === '"') {
      if (this.#state === 'closed') this.#field += character; // doubled
      this.#state = this.#state === 'quoted' ? 'closed' : 'quoted';
      return;
    }
    if (character === '\n') this.#line++;
    if (character === this.#separator) this.#endField();
    else this.#endRow();
  }

  #endField(): void {
    if (this.#fields.length === MAX_FIELDS)
      throw new BatchError(`${this.source}, line ${this.#firstLine}: has more than ${MAX_FIELDS} fields.`);
    this.#fields.push(this.#field);
    this.#field = '';
    this.#state = 'start';
  }

  #endRow(): void {
    this.#endField();
    if (this.#fields.some((field) => field !== '')) this.emit({ fields: this.#fields, line: this.#firstLine });
    this.#fields = [];
    this.#size = 0;
    this.#firstLine = this.#line;
  }

  #checkSize(size: number): void {
    if (size > MAX_ROW_CHARACTERS)
      throw new BatchError(
        `${this.source}, line ${this.#firstLine}: the row has more than ${MAX_ROW_CHARACTERS} characters; a quote ` +
          'may not be closed.',
      );
  }
}

function endOf(index: number, text: string): number {
  return index < 0 ? text.length : index;
}

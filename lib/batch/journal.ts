// What is done, as a file of JSON lines that only grows: each write ends with whole lines, so that a process that is
// killed loses what it had not handed over, and the next one goes on.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { removeQuietly } from '../core/remove-quietly';
import { isRecord } from '../core/is-record';
import { makeFolder } from '../core/make-folder';
import { parseJSON } from '../core/read-json';
import { BatchError } from './batch-error';
import { explainOutputError } from './explain-output-error';
import { readLines } from './read-lines';

/** A line of the journal, and of an output in JSONL. */
export interface OutputRow {
  readonly image: string;
  readonly question?: string;
  readonly caption?: string;
  readonly answer?: string;
  /** The probability of the whole text, 0 to 1; features have none. */
  readonly score?: number;
  /** Of the image, in single precision. */
  readonly features?: readonly number[];
  /** When it was written, in UTC. */
  readonly time: string;
  readonly model: string;
  /** Of the image file. */
  readonly sha256: string;
  /** Which model and options the text is from, as a short digest. */
  readonly options: string;
  /** Size and time of change of the image file. */
  readonly version?: string;
  /** The start of the SHA-256 of the caption file. */
  readonly written?: string;
}

/** What is remembered of a row. */
export interface JournalEntry {
  readonly options: string;
  readonly sha256: string;
  readonly version: string;
  readonly written: string;
}

/** A name of a megabyte, each of whose characters is escaped, and features. */
const MAX_ROW_BYTES = 16 * 2 ** 20;

export class Journal {
  readonly #entries = new Map<string, string>();
  #superseded = 0;
  #size = 0;

  private constructor(
    readonly file: string,
    private readonly handle: fs.promises.FileHandle,
  ) {}

  /**
   * @param others further journals whose rows count as done
   * @throws {BatchError} when it cannot be read or written, or has lines of another kind
   */
  static async open(file: string, others: readonly string[] = []): Promise<Journal> {
    try {
      await makeFolder(path.dirname(file));
      const stat = fs.statSync(file, { throwIfNoEntry: false });
      if (stat && !stat.isFile())
        throw new BatchError(
          `${file}: cannot be written: it is ${stat.isDirectory() ? 'a folder' : 'no plain file'}. Choose another ` +
            `output.`,
        );
      const journal = new Journal(file, await fs.promises.open(file, 'a'));
      try {
        for (const other of others) if (path.resolve(other) !== path.resolve(file)) await journal.#read(other);
        journal.#superseded = 0;
        await journal.#dropTornLine();
        await journal.#read(file);
        return journal;
      } catch (error) {
        await journal.close();
        throw error;
      }
    } catch (error) {
      throw explainOutputError(error, file);
    }
  }

  /** What the last row of an image, or of a question about it, says. */
  find(image: string, question?: string): JournalEntry | undefined {
    const [options, sha256, version, written] = this.#entries.get(keyOf(image, question))?.split('|') ?? [];
    return options === undefined ? undefined : { options, sha256, version, written };
  }

  /** All of them or none. @throws {BatchError} */
  async append(rows: readonly OutputRow[]): Promise<void> {
    const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    try {
      await this.handle.appendFile(bytes);
      this.#size += bytes.length;
    } catch (error) {
      await this.handle.truncate(this.#size).catch(() => undefined);
      throw explainOutputError(error, this.file);
    }
    for (const row of rows) this.#remember(row);
  }

  /** Leaves one row of each image. @throws {BatchError} */
  async compact(): Promise<void> {
    if (this.#superseded === 0) return;
    const last = new Map<string, number>();
    for await (const { row, number } of readRows(this.file)) last.set(keyOf(row.image, row.question), number);
    const kept = async function* (file: string): AsyncGenerator<string> {
      for await (const { row, number, text } of readRows(file))
        if (last.get(keyOf(row.image, row.question)) === number) yield `${text}\n`;
    };
    await writeStream(this.file, kept(this.file));
    this.#superseded = 0;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  async #read(file: string): Promise<void> {
    for await (const { row } of readRows(file)) this.#remember(row);
  }

  #remember({ image, question, options, sha256, version = '', written = '' }: OutputRow): void {
    const key = keyOf(image, question);
    if (this.#entries.has(key)) this.#superseded++;
    this.#entries.set(key, [options, sha256, version, written].join('|'));
  }

  /** What a process that was killed in the middle of a write has left. */
  async #dropTornLine(): Promise<void> {
    const reader = await fs.promises.open(this.file, 'r');
    try {
      const { size } = await reader.stat();
      const piece = Buffer.alloc(64 * 1024);
      let end = size;
      while (end > 0) {
        const start = Math.max(0, end - piece.length);
        const { bytesRead } = await reader.read(piece, 0, end - start, start);
        const newline = piece.subarray(0, bytesRead).lastIndexOf(0x0a);
        end = newline >= 0 ? start + newline + 1 : start;
        if (newline >= 0) break;
      }
      // A foreign file without any line end is left for #read to refuse
      if (end < size && (end > 0 || (await startsLikeRow(reader)))) await this.handle.truncate(end);
      this.#size = end < size && end === 0 && !(await startsLikeRow(reader)) ? size : end;
    } finally {
      await reader.close();
    }
  }
}

/** Rows of a journal with their lines. @throws {BatchError} for a line of another kind */
export async function* readRows(
  file: string,
): AsyncGenerator<{ readonly row: OutputRow; readonly number: number; readonly text: string }, void, undefined> {
  const lines = readLines(fs.createReadStream(file), { source: file, maxBytes: MAX_ROW_BYTES, skipsLong: true });
  for await (const { text, number, problem } of lines) {
    const advice = 'Choose another output, or move this file away.';
    if (problem !== undefined) throw new BatchError(`${file}, line ${number}: ${problem}. ${advice}`);
    const value = parseJSON(text, `${file}, line ${number}`, { error: BatchError, advice });
    if (!isRow(value)) throw new BatchError(`${file}, line ${number}: is no row that this command wrote. ${advice}`);
    yield { row: value, number, text };
  }
}

/** Writes lines whole or not at all. @throws {BatchError} */
export async function writeStream(file: string, lines: AsyncIterable<string | Uint8Array>): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await fs.promises.writeFile(temporary, lines);
    await fs.promises.rename(temporary, file);
  } catch (error) {
    throw explainOutputError(error, file);
  } finally {
    await removeQuietly(temporary);
  }
}

function isRow(value: unknown): value is OutputRow {
  if (!isRecord(value)) return false;
  const isText = (name: string): boolean => typeof value[name] === 'string';
  const isTextOrAbsent = (name: string): boolean => value[name] === undefined || isText(name);
  return (
    ['image', 'time', 'model', 'sha256', 'options'].every(isText) &&
    ['question', 'caption', 'answer', 'version', 'written'].every(isTextOrAbsent) &&
    (Array.isArray(value.features)
      ? value.features.every((number) => typeof number === 'number')
      : typeof value.score === 'number')
  );
}

async function startsLikeRow(reader: fs.promises.FileHandle): Promise<boolean> {
  const start = Buffer.alloc(8);
  const { bytesRead } = await reader.read(start, 0, start.length, 0);
  return '{"image"'.startsWith(start.subarray(0, bytesRead).toString('latin1'));
}

function keyOf(image: string, question: string | undefined): string {
  return question === undefined ? image : `${image}\0${question}`;
}

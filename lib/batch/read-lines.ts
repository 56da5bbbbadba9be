// Lists of names and records as they come: one a line, or with a null character behind each (`find -print0`).
import type { Readable } from 'node:stream';
import { BatchError } from './batch-error';
import { inUtf8 } from './in-utf8';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const NULL = 0x00;
/** Of a line that is too long, as much as a message shows. */
const SHOWN_BYTES = 60;

export interface LineOptions {
  /** What is read, for messages. */
  readonly source: string;
  /** Of a line. */
  readonly maxBytes: number;
  /** A longer line is a problem of its own, and not kept in memory; else an error. */
  readonly skipsLong?: boolean;
}

export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Why the line cannot be used. */
  readonly problem?: string;
}

/**
 * The lines that are not empty, in UTF-8, or UTF-16 with its mark (what PowerShell's `>` writes). When the piece that
 * holds the first line end has a null character, that ends each name, and a name may hold line ends; else `\n` or
 * `\r\n` does.
 *
 * @throws {BatchError} when it cannot be read, and for a line that is too long
 */
export async function* readLines(input: Readable, options: LineOptions): AsyncGenerator<Line, void, undefined> {
  const { source, maxBytes, skipsLong = false } = options;
  let line = new LineBytes(maxBytes);
  let end: number | undefined;
  let number = 0;
  const finish = (): Line | undefined => {
    number++;
    const done = line.toLine(number, end === NULL);
    line = new LineBytes(maxBytes);
    return done;
  };
  try {
    for await (const bytes of inUtf8(input)) {
      end ??= bytes.includes(NULL) ? NULL : bytes.includes(NEWLINE) ? NEWLINE : undefined;
      let from = 0;
      for (let at = bytes.indexOf(end ?? NEWLINE); at >= 0; at = bytes.indexOf(end ?? NEWLINE, from)) {
        line.add(bytes.subarray(from, at));
        from = at + 1;
        const done = finish();
        if (done) yield done;
      }
      line.add(bytes.subarray(from));
      if (line.size > maxBytes && !skipsLong)
        throw new BatchError(
          `${source}, line ${number + 1}: is longer than ${maxBytes} bytes; expected a path or an address.`,
        );
    }
  } catch (error) {
    if (error instanceof BatchError) throw error;
    throw new BatchError(`${source}: cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
  const last = line.size > 0 ? finish() : undefined;
  if (last) yield last;
}

/** The bytes of a line, as long as they are not too many. */
class LineBytes {
  size = 0;
  #pieces: Buffer[] = [];

  constructor(private readonly maxBytes: number) {}

  add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const isFirst = this.size === 0;
    this.size += bytes.length;
    if (this.size <= this.maxBytes) this.#pieces.push(bytes);
    else this.#pieces = [isFirst ? bytes.subarray(0, SHOWN_BYTES) : this.#pieces[0].subarray(0, SHOWN_BYTES)];
  }

  /** @returns undefined for an empty one */
  toLine(number: number, isName: boolean): Line | undefined {
    const bytes = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
    if (this.size > this.maxBytes) {
      const text = `${bytes.subarray(0, SHOWN_BYTES).toString('latin1')}…`;
      return { text, number, problem: `has ${this.size} bytes; expected at most ${this.maxBytes}` };
    }
    const trimmed = !isName && bytes[bytes.length - 1] === RETURN ? bytes.subarray(0, -1) : bytes;
    try {
      const text = UTF8.decode(trimmed);
      return (isName ? text : text.trim()) === '' ? undefined : { text, number };
    } catch {
      return { text: trimmed.toString('latin1'), number, problem: 'is not text in UTF-8' };
    }
  }
}

/** Leaves out the mark that a file may begin with. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

// Lists of names and records as they come: one a line, or with a null character behind each (`find -print0`).
import type { Readable } from 'node:stream';
import { BatchError } from './batch-error';

/** Longer than any path or address, and than a record about one image without its bytes. */
const MAX_LINE_BYTES = 2 ** 20;
const NEWLINE = 0x0a;
const NULL = 0x00;

export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Whether the bytes are UTF-8. */
  readonly isLegible: boolean;
}

/**
 * The lines that are not empty. When the first 64 KiB have a null character, that ends each name, and a name may hold
 * line ends; else `\n` or `\r\n`.
 *
 * @param source what it is, for messages
 * @throws {BatchError} for a line that is too long, and when it cannot be read
 */
export async function* readLines(input: Readable, source: string): AsyncGenerator<Line, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
  let rest: Buffer = Buffer.alloc(0);
  let end: number | undefined;
  let number = 0;
  const toLine = (bytes: Buffer): Line | undefined => {
    number++;
    const isNames = end === NULL;
    const trimmed = !isNames && bytes[bytes.length - 1] === 0x0d ? bytes.subarray(0, -1) : bytes;
    let [text, isLegible] = ['', true];
    try {
      text = decoder.decode(trimmed);
    } catch {
      [text, isLegible] = [trimmed.toString('latin1'), false];
    }
    return (isNames ? text : text.trim()) === '' ? undefined : { text, number, isLegible };
  };
  try {
    for await (const chunk of input) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      end ??= bytes.includes(NULL) ? NULL : NEWLINE;
      rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      let from = 0;
      for (let at = rest.indexOf(end, from); at >= 0; at = rest.indexOf(end, from)) {
        const line = toLine(rest.subarray(from, at));
        from = at + 1;
        if (line) yield line;
      }
      rest = rest.subarray(from);
      if (rest.length > MAX_LINE_BYTES)
        throw new BatchError(
          `${source}, line ${number + 1}: is longer than ${MAX_LINE_BYTES} bytes; expected one path, address or ` +
            'record a line.',
        );
    }
  } catch (error) {
    if (error instanceof BatchError) throw error;
    throw new BatchError(`${source}: cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
  const last = rest.length > 0 ? toLine(rest) : undefined;
  if (last) yield last;
}

// Reads a small text file that comes from outside: a plain file of bounded size in UTF-8, or an error that says what
// it is.
import * as fs from 'node:fs';
import { BlipError } from './errors';

/** A file cannot be read, or is not what its name promises. */
export class FileError extends BlipError {}

export interface ReadTextOptions {
  /** Checked before anything is read. */
  readonly maxBytes: number;
  /** The class of the error to throw; FileError by default. */
  readonly error?: new (
    message: string,
    options?: ErrorOptions,
  ) => BlipError;
  /** A sentence that ends every message: what to do about it. */
  readonly advice?: string;
  /** Leaves a byte order mark, which is skipped by default, at the start of the text. */
  readonly keepByteOrderMark?: boolean;
}

const BYTE_ORDER_MARK = '\ufeff';

/**
 * The file's text, without the byte order mark that some editors put before it.
 *
 * @throws {FileError | BlipError} when there is no such file, it is no plain file, too large, or not in UTF-8
 */
export function readText(file: string, options: ReadTextOptions): string {
  const { maxBytes, error: ErrorClass = FileError, advice, keepByteOrderMark = false } = options;
  const fail = (problem: string, cause?: unknown): never => {
    throw new ErrorClass(`${file}: ${problem}.${advice ? ` ${advice}` : ''}`, { cause });
  };
  let bytes: Buffer;
  try {
    bytes = readBytes(file, maxBytes, fail);
  } catch (error) {
    if (error instanceof BlipError) throw error;
    return fail(`cannot be read: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  if (bytes[0] === 0xff && bytes[1] === 0xfe)
    return fail('is text in UTF-16; expected UTF-8: save it in that encoding');
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.startsWith(BYTE_ORDER_MARK) && !keepByteOrderMark ? text.slice(1) : text;
  } catch (error) {
    return fail('is not text in UTF-8; expected UTF-8: save it in that encoding, or copy the file again', error);
  }
}

function readBytes(file: string, maxBytes: number, fail: (problem: string) => never): Buffer {
  assertPlain(fs.statSync(file), fail); // Windows opens no folder at all
  // Without O_NONBLOCK, opening a named pipe waits for a writer.
  const handle = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const stat = fs.fstatSync(handle);
    assertPlain(stat, fail);
    if (stat.size > maxBytes)
      return fail(`has ${stat.size} bytes; expected at most ${maxBytes}. Is it the right file?`);
    const bytes = Buffer.alloc(stat.size);
    let length = 0;
    while (length < bytes.length) {
      const read = fs.readSync(handle, bytes, length, bytes.length - length, length);
      if (read === 0) break; // cut by somebody else since
      length += read;
    }
    return bytes.subarray(0, length);
  } finally {
    fs.closeSync(handle);
  }
}

function assertPlain(stat: fs.Stats, fail: (problem: string) => never): void {
  if (!stat.isFile()) fail(`is ${stat.isDirectory() ? 'a folder' : 'no plain file'}; expected a file`);
}

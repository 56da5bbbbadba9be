// Text from other programs as UTF-8.
import type { Readable } from 'node:stream';

/** What the marks of UTF-16 say, in the order of their bytes. */
const UTF16: Readonly<Record<string, string>> = { fffe: 'utf-16le', feff: 'utf-16be' };

/**
 * The bytes of a stream in UTF-8. What begins with the mark of UTF-16 (PowerShell's `>` and Excel write it) is taken as
 * that; a mark of UTF-8 stays.
 */
export async function* inUtf8(input: Readable): AsyncGenerator<Buffer, void, undefined> {
  let decoder: TextDecoder | undefined;
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of input) {
    let bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    if (head) {
      bytes = head.length === 0 ? bytes : Buffer.concat([head, bytes]);
      // The mark takes two bytes, which may come one by one
      if (bytes.length === 1 && (bytes[0] === 0xff || bytes[0] === 0xfe)) {
        head = bytes;
        continue;
      }
      head = undefined;
      const encoding = UTF16[bytes.subarray(0, 2).toString('hex')];
      if (encoding !== undefined) decoder = new TextDecoder(encoding);
    }
    yield decoder ? Buffer.from(decoder.decode(bytes, { stream: true })) : bytes;
  }
  if (head && head.length > 0) yield head;
}

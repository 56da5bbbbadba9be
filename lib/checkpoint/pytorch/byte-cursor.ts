// Reads forward through a part of a file: numbers, texts and lines, in blocks of which only one is in memory.
import type { FileReader } from '../file-reader';
import { PyTorchFileError } from '../errors';

/** Read at once: many pickled values for one call of the system. */
const BLOCK_BYTES = 1 << 16;

export class ByteCursor {
  #block: Buffer = Buffer.alloc(0);
  #blockStart: number;
  #at: number;

  /**
   * @param begin where in the file the part begins; `end` is where it ends
   * @param name of the part, for messages
   */
  constructor(
    readonly file: FileReader,
    begin: number,
    readonly end: number,
    readonly name: string,
  ) {
    this.#at = this.#blockStart = begin;
  }

  /** Where in the file the next byte lies. */
  get position(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.end - this.#at;
  }

  /** @param position of the culprit in the file; by default, that of the next byte */
  fail(problem: string, position = this.#at): never {
    throw new PyTorchFileError(`${this.file.path}, ${this.name}, at byte ${position}: ${problem}`);
  }

  /** The next bytes; what is returned may be overwritten by the next call. */
  take(count: number): Buffer {
    if (count > this.remaining)
      this.fail(`ends after ${this.remaining} of ${count} bytes. The file is cut short or damaged; download it again.`);
    const from = this.#at - this.#blockStart;
    if (from + count > this.#block.length) {
      this.#blockStart = this.#at;
      this.#block = Buffer.alloc(Math.max(count, Math.min(BLOCK_BYTES, this.remaining)));
      this.file.read(this.#at, this.#block);
      this.#at += count;
      return this.#block.subarray(0, count);
    }
    this.#at += count;
    return this.#block.subarray(from, from + count);
  }

  skip(count: number): void {
    if (count > this.remaining) this.take(count); // says what is wrong
    this.#at += count;
    if (this.#at > this.#blockStart + this.#block.length) {
      this.#blockStart = this.#at;
      this.#block = Buffer.alloc(0);
    }
  }

  u8(): number {
    return this.take(1)[0];
  }
  u16(): number {
    return this.take(2).readUInt16LE();
  }
  u32(): number {
    return this.take(4).readUInt32LE();
  }
  i32(): number {
    return this.take(4).readInt32LE();
  }
  /** Beyond 2^53 the number is not exact: it is larger than any file, and compares as that. */
  u64(): number {
    return Number(this.take(8).readBigUInt64LE());
  }
  /** Big-endian, as pickles store it. */
  f64(): number {
    return this.take(8).readDoubleBE();
  }

  text(bytes: number): string {
    return this.take(bytes).toString('utf8');
  }

  /** The text up to the next line feed, which is passed over. */
  line(maxBytes: number): string {
    const start = this.#at;
    const bytes = this.take(Math.min(maxBytes, this.remaining));
    const end = bytes.indexOf(0x0a);
    if (end < 0 && bytes.length < maxBytes)
      this.fail('ends in the middle of a name. The file is cut short or damaged; download it again.', start);
    if (end < 0) this.fail(`expected a line of at most ${maxBytes} bytes. The file is damaged.`, start);
    const text = bytes.toString('utf8', 0, end);
    this.#at = start + end + 1;
    return text;
  }
}

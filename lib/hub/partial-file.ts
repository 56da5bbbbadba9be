// The part of a download received so far: a file on disk and the SHA-256 of its content.
import { createHash, type Hash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { HubError } from './hub-errors';

/** Reading this much at once keeps the event loop and the memory free. */
const READ_BYTES = 2 ** 20;

export class PartialFile {
  #size = 0;
  #hash: Hash = createHash('sha256');

  private constructor(
    readonly path: string,
    private readonly handle: fs.promises.FileHandle,
  ) {}

  /** Opens the file, with the content of an earlier transfer if there is one. */
  static async open(file: string, signal?: AbortSignal): Promise<PartialFile> {
    const partial = new PartialFile(file, await fs.promises.open(file, fs.constants.O_RDWR | fs.constants.O_CREAT));
    try {
      await partial.#readExisting(signal);
    } catch (error) {
      await partial.close();
      throw error;
    }
    return partial;
  }

  /** Bytes received. */
  get size(): number {
    return this.#size;
  }

  async append(chunk: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < chunk.byteLength; ) {
        const { bytesWritten } = await this.handle.write(chunk, done, chunk.byteLength - done, this.#size + done);
        done += bytesWritten;
      }
    } catch (error) {
      throw explainWriteError(this.path, error);
    }
    this.#hash.update(chunk);
    this.#size += chunk.byteLength;
  }

  /** Discards the content. */
  async restart(): Promise<void> {
    await this.handle.truncate(0);
    this.#size = 0;
    this.#hash = createHash('sha256');
  }

  sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  async #readExisting(signal: AbortSignal | undefined): Promise<void> {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await this.handle.read(buffer, 0, buffer.length, this.#size);
      if (bytesRead === 0) return;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#size += bytesRead;
    }
  }
}

function explainWriteError(file: string, error: unknown): HubError {
  const message = error instanceof Error ? error.message : String(error);
  return new HubError(
    `${file}: cannot be written: ${message}. Free space on the disk of ${path.dirname(file)}, or choose another ` +
      'cache folder (HF_HUB_CACHE or the option cache_dir). The part received is kept.',
    { cause: error },
  );
}

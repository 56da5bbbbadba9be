// SHA-256 of a file, read in pieces: the event loop runs between them.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';

/** Two milliseconds of hashing, about. */
const PIECE_BYTES = 4 * 2 ** 20;

export interface FileDigestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each piece, with its size. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * @returns 64 hexadecimal digits
 * @throws the system's error when the file cannot be read; the signal's reason when aborted
 */
export async function fileDigest(file: string, { signal, onBytes }: FileDigestOptions = {}): Promise<string> {
  const hash = createHash('sha256');
  const handle = await fs.promises.open(file, 'r');
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(piece, 0, piece.length);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(piece.subarray(0, bytesRead));
      onBytes?.(bytesRead);
    }
  } finally {
    await handle.close();
  }
}
